"""What the two adapters of Whisper share: which clips are read, and how heard times become words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.asr.word_times import FRAME_SAMPLES, spread
from models.errors import EngineError
from models.types import RATE_HZ, Samples, Word

MAX_CLIP_SAMPLES = 30 * RATE_HZ
"""Whisper hears 30 s at once and no more."""

MIN_CLIP_SAMPLES = RATE_HZ // 10
"""Under 0.1 s no word fits."""

SILENT = 3e-4
"""A clip whose loudest 10 ms stay below this root mean square (-70 dB of full scale) is not read at all."""

LANGUAGE_TAGS = {"jw": "jv"}
"""Whisper's codes that are no BCP 47 tags."""

HEARD_PART = 0.5
"""Times are kept when at least this part of the words has a length inside the clip."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One word with the engine's own times in seconds from the start of the clip, None where it has none."""

    text: str
    start_s: float | None = None
    end_s: float | None = None
    confidence: float | None = None


def checked(clips: Sequence[Samples]) -> list[Samples]:
    """The clips, cut to `MAX_CLIP_SAMPLES`. Raises `EngineError` for what is no mono audio."""
    audios = [np.asarray(clip, dtype=np.float32) for clip in clips]
    for audio in audios:
        if audio.ndim != 1 or not np.isfinite(audio).all():
            raise EngineError("a clip has one dimension and finite samples")
    return [audio[:MAX_CLIP_SAMPLES] for audio in audios]


def is_silent(clip: Samples) -> bool:
    """Whether there is nothing in the clip to be read; Whisper writes words for silence."""
    if len(clip) < MIN_CLIP_SAMPLES:
        return True
    frames = clip[: len(clip) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return float(np.square(frames).mean(axis=1).max()) < SILENT**2


def place(clip: Samples, heard: Sequence[Heard]) -> tuple[Word, ...]:
    """Words held in the clip, starts not decreasing.

    Where a time is missing, or fewer than `HEARD_PART` of the words have a length inside the clip (times
    that lie beyond its end, or all in one place), all are spread over the clip and marked as estimated.
    """
    heard = [each for each in heard if each.text.strip()]
    texts = [each.text.strip() for each in heard]
    times = _clamped(heard, len(clip))
    estimated = sum(end > start for start, end in times) < HEARD_PART * len(heard)
    if estimated:
        times = spread(clip, [len(text) for text in texts])
    return tuple(
        Word(text, start, end, _probability(each.confidence), estimated)
        for text, each, (start, end) in zip(texts, heard, times, strict=True)
    )


def _clamped(heard: Sequence[Heard], length: int) -> list[tuple[int, int]]:
    """Times in samples; none at all where a single one is missing."""
    times: list[tuple[int, int]] = []
    earliest = 0
    for each in heard:
        if each.start_s is None or each.end_s is None:
            return []
        start = min(max(round(each.start_s * RATE_HZ), earliest), length)
        times.append((start, min(max(round(each.end_s * RATE_HZ), start), length)))
        earliest = start
    return times


def _probability(confidence: float | None) -> float | None:
    return None if confidence is None else min(1.0, max(0.0, float(confidence)))

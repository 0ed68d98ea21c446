"""Whisper on CTranslate2 through the package faster-whisper.

Clips of one call to `transcribe` are decoded as a batch, those of one language together. int8 on the CPU,
float16 on CUDA, by what CTranslate2 finds. Weights come from a folder or from `wrapup models pull`; nothing
is downloaded here.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from models.asr.guards import Evidence, Limits, judge
from models.asr.word_times import spread
from models.errors import EngineBusyError, EngineError, MissingWeightsError
from models.machine import accelerator, choose_default_asr
from models.ports import TranscriberCapabilities
from models.types import RATE_HZ, Samples, Transcription, Word
from models.weights import require_weights

MAX_BATCH = 8
MAX_CLIP_SAMPLES = 30 * RATE_HZ
"""Whisper hears 30 s at once and no more."""

COMPUTE = {"cpu": "int8", "cuda": "float16"}
PULL = "faster-whisper:small.en"
NEEDED_FILES = ("model.bin", "tokenizer.json", "config.json")
"""Without tokenizer.json the package would ask the hub for one."""

MIN_CLIP_SAMPLES = RATE_HZ // 10
"""Under 0.1 s no word fits."""


class FasterWhisper:
    """One loaded checkpoint. CTranslate2 takes calls of several threads and runs them in turn."""

    def __init__(self, folder: Path, name: str, device: str, limits: Limits | None = None) -> None:
        """Load the checkpoint in `folder`. Raises `MissingWeightsError`."""
        self._model = _load(folder, device)
        self._limits = limits or Limits()
        self.version = f"faster-whisper:{name}@{version('faster-whisper')}:{COMPUTE[device]}"
        self.capabilities = TranscriberCapabilities(
            languages=None if self._model.model.is_multilingual else frozenset({"en"}),
            max_batch=MAX_BATCH,
            max_clip_samples=MAX_CLIP_SAMPLES,
            word_times=True,
        )

    def transcribe(self, clips: Sequence[Samples]) -> list[Transcription]:
        """See `Transcriber`. Word times come from the cross-attention; confidences are its probabilities."""
        audios = [np.asarray(clip, dtype=np.float32)[:MAX_CLIP_SAMPLES] for clip in clips]
        for audio in audios:
            if audio.ndim != 1 or not np.isfinite(audio).all():
                raise EngineError("a clip has one dimension and finite samples")
        answers = [Transcription(()) for _ in audios]
        by_language: dict[str, list[int]] = {}
        for index, audio in enumerate(audios):
            if len(audio) >= MIN_CLIP_SAMPLES and audio.any():
                by_language.setdefault(self._language(audio), []).append(index)
        for language, indices in by_language.items():
            for index, segments in zip(
                indices, self._decode([audios[i] for i in indices], language), strict=True
            ):
                answers[index] = self._answer(audios[index], segments, language)
        return answers

    def _language(self, audio: Samples) -> str:
        if not self._model.model.is_multilingual:
            return "en"
        try:
            language, _, _ = self._model.detect_language(audio=audio)
        except _ERRORS as error:
            raise _mapped(error) from error
        return str(language)

    def _decode(self, audios: Sequence[Samples], language: str) -> list[list[Any]]:
        """The package's segments of each clip, with their times from the start of the clip's own place."""
        from faster_whisper import BatchedInferencePipeline

        starts_s = _places(audios)
        joined = np.zeros(int(starts_s[-1]) * RATE_HZ + len(audios[-1]), np.float32)
        for start_s, audio in zip(starts_s, audios, strict=True):
            joined[start_s * RATE_HZ : start_s * RATE_HZ + len(audio)] = audio
        spans = [
            {"start": start_s, "end": start_s + len(audio) / RATE_HZ}
            for start_s, audio in zip(starts_s, audios, strict=True)
        ]
        try:
            # An object of this class keeps times of its last call, so each call has its own.
            segments, _ = BatchedInferencePipeline(self._model).transcribe(
                joined,
                language=language,
                clip_timestamps=spans,
                batch_size=MAX_BATCH,
                word_timestamps=True,
                temperature=0.0,
                condition_on_previous_text=False,
            )
            found = list(segments)
        except _ERRORS as error:
            raise _mapped(error) from error
        frames = self._model.frames_per_second
        return [[s for s in found if s.seek == int(start_s * frames)] for start_s in starts_s]

    def _answer(self, audio: Samples, segments: Sequence[Any], language: str) -> Transcription:
        if not segments:
            return Transcription((), language)
        first = segments[0]
        offset_s = round(first.seek / self._model.frames_per_second)
        words = _heard_words(audio, segments, offset_s)
        evidence = Evidence(
            [word.text for word in words], len(audio), first.avg_logprob, None, first.no_speech_prob
        )
        code = judge(evidence, self._limits)
        return Transcription(tuple(words), language) if code == "ok" else Transcription((), language, code)


def open_engine(argument: str) -> FasterWhisper:
    """Open a folder, a name of the catalogue ("small.en"), or the best weights on this machine.

    Raises `MissingWeightsError`, and `UnknownEngineError` for a name that the catalogue lacks.
    """
    device = accelerator().kind
    if "/" in argument or Path(argument or "-").is_dir():
        folder = Path(argument).expanduser()
        return FasterWhisper(folder, folder.name, device)
    name = argument or _best_here()
    return FasterWhisper(require_weights(f"faster-whisper:{name}"), name, device)


def _best_here() -> str:
    chosen, _ = choose_default_asr()
    engine, _, name = chosen.partition(":")
    if engine != "faster-whisper" or not name:
        raise MissingWeightsError(f"no Whisper weights are on this machine: wrapup models pull {PULL}")
    return name


def _load(folder: Path, device: str) -> Any:
    missing = [name for name in NEEDED_FILES if not (folder / name).is_file()]
    if missing:
        raise MissingWeightsError(f"{folder}: no {', '.join(missing)}; expected a CTranslate2 Whisper model")
    from faster_whisper import WhisperModel

    logging.getLogger("faster_whisper").setLevel(logging.WARNING)
    try:
        return WhisperModel(str(folder), device=device, compute_type=COMPUTE[device], local_files_only=True)
    except _ERRORS as error:
        raise MissingWeightsError(f"{folder}: the model cannot be loaded; pull it again") from error


def _places(audios: Sequence[Samples]) -> list[int]:
    """The second at which each clip begins in the joined audio: whole ones, so that frames are exact."""
    starts_s = [0]
    for audio in audios[:-1]:
        starts_s.append(starts_s[-1] + math.ceil(len(audio) / RATE_HZ) + 1)
    return starts_s


def _heard_words(audio: Samples, segments: Sequence[Any], offset_s: int) -> list[Word]:
    """Words with the times of the cross-attention, held in the clip; spread where there are none."""
    timed = [word for segment in segments for word in segment.words or () if word.word.strip()]
    texts = " ".join(segment.text for segment in segments).split()
    if not timed or len(timed) < len(texts) // 2:
        places = spread(audio, [len(text) for text in texts])
        return [Word(text, *place, None, True) for text, place in zip(texts, places, strict=True)]
    words = []
    earliest = 0
    for word in timed:
        start = min(max(round((word.start - offset_s) * RATE_HZ), earliest), len(audio))
        end = min(max(round((word.end - offset_s) * RATE_HZ), start), len(audio))
        earliest = start
        words.append(Word(word.word.strip(), start, end, min(1.0, max(0.0, float(word.probability)))))
    return words


_ERRORS = (RuntimeError, ValueError, OSError)
"""What CTranslate2, the tokenizer and the package raise; out of memory is a RuntimeError by its text."""


def _mapped(error: Exception) -> EngineError:
    if "out of memory" in str(error).lower():
        return EngineBusyError("Whisper ran out of memory")
    return EngineError(f"Whisper failed ({type(error).__name__})")

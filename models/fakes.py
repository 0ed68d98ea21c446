"""Scripted engines: plain functions of what they are given, for tests and demos.

Nothing here listens or understands. The same audio always gives the same answer, in any order and from any
number of threads.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineError
from models.ports import (
    PLAIN,
    UNLIMITED,
    VAD_WINDOW_SAMPLES,
    Decoding,
    NoteLimits,
    SummarizerCapabilities,
    SummarizerOptions,
    TranscriberCapabilities,
)
from models.types import RATE_HZ, NoteRequest, Samples, Statement, Summary, Transcription, Turn, Word

COUNTING = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

Script = Callable[[Samples], str]
"""The text of a clip, shape (n,); an empty text for a clip without words."""


def count_seconds(clip: Samples) -> str:
    """A text as long as the clip: one word of counting for each half second or part of it."""
    return " ".join(COUNTING[i % len(COUNTING)] for i in range(-(-len(clip) // (RATE_HZ // 2))))


def pick_line(lines: Sequence[str]) -> Script:
    """A script that picks one of `lines` by what is in the clip, so that equal clips get equal lines."""

    def script(clip: Samples) -> str:
        heard = np.round(clip * 32767.0).astype("<i2").tobytes()
        return lines[zlib.crc32(heard) % len(lines)]

    return script


class ScriptedTranscriber:
    """Gives each clip the words of `script`, evenly over the clip; a silent clip has none.

    A clip is silent when no sample is louder than `level`. A word is one token, and a step of the decoder,
    before which `go_on` is asked; a word that a draft has at its place takes none. A word that is a hotword
    but for its case is written as the hotword. `steps` has the steps of each clip, for tests to look at.
    """

    def __init__(self, script: Script = count_seconds, max_batch: int = 8, level: float = 0.01) -> None:
        self.version = "scripted:1"
        self.capabilities = TranscriberCapabilities(
            languages=None,
            max_batch=max_batch,
            max_clip_samples=30 * RATE_HZ,
            word_times=False,
            drafts=True,
            hotwords=True,
        )
        self.steps: list[int] = []
        self._script = script
        self._level = level

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        """See `Transcriber`. Raises `EngineError` for more clips than a batch, or than a draft, is for."""
        if len(clips) > self.capabilities.max_batch:
            raise EngineError(f"{len(clips)} clips in a batch of {self.capabilities.max_batch}")
        decoding.check_clips(clips)
        return [self._transcribe(clip, decoding) for clip in clips]

    def _transcribe(self, clip: Samples, decoding: Decoding) -> Transcription:
        decoding.check()
        silent = np.abs(clip).max(initial=0.0) <= self._level
        spelled = {word.casefold(): word for word in decoding.hotwords}
        texts = [] if silent else [spelled.get(t.casefold(), t) for t in self._script(clip).split()]
        tokens = tuple(zlib.crc32(text.encode()) for text in texts)
        pairs = zip(tokens, decoding.draft, strict=False)
        drafted = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        for _ in tokens[drafted:]:
            decoding.check()
        self.steps.append(len(tokens) - drafted)
        bounds = [len(clip) * i // len(texts) for i in range(len(texts) + 1)] if texts else []
        return Transcription(
            tuple(
                Word(text, start, end, confidence=1.0, estimated=True)
                for text, start, end in zip(texts, bounds, bounds[1:], strict=False)
            ),
            tokens=tokens,
        )


class ScriptedVoice:
    """Speech is where a window has a sample louder than `level`."""

    def __init__(self, level: float = 0.05) -> None:
        self.version = "scripted-voice:1"
        self._level = level

    def open(self) -> ScriptedVoice:
        """Start a channel; there is no state to keep apart."""
        return self

    def score(self, windows: Samples) -> NDArray[np.float32]:
        """1 or 0 for each window, see `VoiceActivityStream`."""
        if windows.ndim != 2 or windows.shape[1] != VAD_WINDOW_SAMPLES:
            raise EngineError(f"windows have shape (n, {VAD_WINDOW_SAMPLES}), not {windows.shape}")
        scores: NDArray[np.float32] = (np.abs(windows).max(axis=1) > self._level).astype(np.float32)
        return scores

    def state(self) -> bytes:
        """See `VoiceActivityStream`."""
        return b""

    def restore(self, state: bytes) -> None:
        """See `VoiceActivityStream`."""


class ScriptedDiarizerStream:
    """Gives the turns of the script that began before the audio ended, cut to its length."""

    def __init__(self, turns: Sequence[Turn], online: bool) -> None:
        self._turns = turns
        self._online = online
        self._heard_samples = 0

    def push(self, samples: Samples) -> None:
        """Count the samples."""
        self._heard_samples += len(samples)

    def so_far(self) -> list[Turn]:
        """See `DiarizerStream`."""
        return self.end() if self._online else []

    def end(self) -> list[Turn]:
        """See `DiarizerStream`."""
        heard = self._heard_samples
        return [
            Turn(turn.start_samples, min(turn.end_samples, heard), turn.speaker)
            for turn in self._turns
            if turn.start_samples < heard
        ]


class ScriptedDiarizer:
    """Every recording has the same turns: sorted, not overlapping, labels by first heard."""

    def __init__(self, turns: Sequence[Turn], needs_audio: bool = True, online: bool = True) -> None:
        self.version = "scripted-diarizer:1"
        self.needs_audio = needs_audio
        self.online = online
        self._turns = tuple(turns)

    def open(self) -> ScriptedDiarizerStream:
        """Start a recording."""
        return ScriptedDiarizerStream(self._turns, self.online)


class ScriptedSummarizer:
    """Gives `statements`, or by default quotes the first line as the reason of the call."""

    def __init__(self, statements: Sequence[Statement] = ()) -> None:
        self.version = "scripted-summarizer:1"
        self._statements = tuple(statements)

    @property
    def capabilities(self) -> SummarizerCapabilities:
        """It computes here."""
        return SummarizerCapabilities()

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        """See `Summarizer`."""
        del limits
        lines = (*request.cited, *request.lines)
        if not lines:
            return Summary("no_speech")
        first = lines[0]
        return Summary("ok", self._statements or (Statement("reason", first.text, (first.id,)),))


def open_transcriber(argument: str) -> ScriptedTranscriber:
    """`scripted` counts half seconds; `scripted:some words` gives every clip with sound those words."""
    return ScriptedTranscriber((lambda _: argument) if argument.strip() else count_seconds)


def open_summarizer(argument: str, options: SummarizerOptions) -> ScriptedSummarizer:
    """`scripted` quotes the first line; `scripted:some words` says those of it, as the reason of the call."""
    del options
    return ScriptedSummarizer((Statement("reason", argument, ()),) if argument.strip() else ())

"""Engines for tests of the shell: plain functions of what they are given, some of them faulty."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from models.errors import EngineBusyError, EngineError
from models.ports import (
    PLAIN,
    UNLIMITED,
    Decoding,
    DiarizerStream,
    NoteLimits,
    SummarizerCapabilities,
    TranscriberCapabilities,
)
from models.types import NoteRequest, Samples, Statement, Summary, Transcription, Turn, Word


class LengthTranscriber:
    """Says how long the clip is; fails on clips that are very loud, once or for good."""

    version = "test:length"

    def __init__(self, max_batch: int = 1, busy_times: int = 0) -> None:
        self.capabilities = TranscriberCapabilities(frozenset({"en"}), max_batch, 16_000 * 30, False)
        self.batches: list[int] = []
        self._busy_times = busy_times
        self._lock = threading.Lock()

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        decoding.check()
        with self._lock:
            self.batches.append(len(clips))
            if self._busy_times:
                self._busy_times -= 1
                raise EngineBusyError("no memory now")
        if any(np.abs(clip).max(initial=0.0) > 0.95 for clip in clips):
            raise EngineError("this clip cannot be read")
        return [Transcription((Word(f"{len(clip) // 1_600}", 0, len(clip), 0.9, True),)) for clip in clips]


class BrokenTranscriber(LengthTranscriber):
    """Raises what no engine should."""

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        raise ZeroDivisionError


class HalvesDiarizer:
    """The first half of the recording is one speaker, the second another."""

    version = "test:halves"
    needs_audio = True
    online = True

    def open(self) -> DiarizerStream:
        return _Halves()


class _Halves:
    def __init__(self) -> None:
        self.heard = 0

    def push(self, samples: Samples) -> None:
        self.heard += len(samples)

    def so_far(self) -> list[Turn]:
        return self.end()

    def end(self) -> list[Turn]:
        half = self.heard // 2
        return [Turn(0, half, "S1"), Turn(half, self.heard, "S2")]


class BrokenDiarizer(HalvesDiarizer):
    """Cannot start."""

    def open(self) -> DiarizerStream:
        raise EngineError("no diarizer today")


class StuckDiarizer(HalvesDiarizer):
    """Does not come back from its first block, at which `stuck` is set, before `release` is set."""

    def __init__(self) -> None:
        self.stuck = threading.Event()
        self.release = threading.Event()
        self.thread: threading.Thread | None = None
        self.blocks = 0

    def open(self) -> DiarizerStream:
        self.thread = threading.current_thread()
        return _Stuck(self)


class _Stuck(_Halves):
    def __init__(self, diarizer: StuckDiarizer) -> None:
        super().__init__()
        self._diarizer = diarizer

    def push(self, samples: Samples) -> None:
        self._diarizer.blocks += 1
        self._diarizer.stuck.set()
        self._diarizer.release.wait()
        super().push(samples)


class LineSummarizer:
    """A statement a line."""

    version = "test:lines"

    capabilities = SummarizerCapabilities()

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        del limits
        lines = (*request.cited, *request.lines)
        return Summary("ok", tuple(Statement("key_facts", line.text, (line.id,)) for line in lines))

"""Engines that a test holds at a gate, and a box that results fall into."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence

import numpy as np

from models.ports import PLAIN, Decoding, TranscriberCapabilities
from models.types import RATE_HZ, Samples, Transcription, Word
from pipeline.core.events import Result, TranscribeJob, TranscribeKind

PATIENCE_S = 20.0
"""How long a test waits for what has to come."""


class GatedTranscriber:
    """Says how long each clip is, one step of its decoder at each opening of its gate.

    `began` has the lengths of the clips of each reading, in order; a reading asks `go_on` before each step.
    """

    version = "test:gated"

    def __init__(self, max_batch: int = 1, steps: int = 1) -> None:
        self.capabilities = TranscriberCapabilities(None, max_batch, 30 * RATE_HZ, False, drafts=True)
        self.began: list[list[int]] = []
        self.decodings: list[Decoding] = []
        self._steps = steps
        self._gate = threading.Semaphore(0)
        self._changed = threading.Condition()

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        with self._changed:
            self.began.append([len(clip) for clip in clips])
            self.decodings.append(decoding)
            self._changed.notify_all()
        for _ in range(self._steps):
            assert self._gate.acquire(timeout=PATIENCE_S)
            decoding.check()
        return [Transcription((Word(f"{len(clip)}", 0, len(clip)),)) for clip in clips]

    def until(self, readings: int) -> None:
        """Wait until this many readings began."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.began) >= readings, PATIENCE_S)

    def step(self, times: int = 1) -> None:
        """Let so many steps pass."""
        self._gate.release(times)

    def open(self) -> None:
        """Hold nothing any more."""
        self.step(10_000)


class Box:
    """Results in the order in which they came."""

    def __init__(self) -> None:
        self.put = self._keep
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()

    def _keep(self, result: Result) -> None:
        self._results.put(result)

    def next(self) -> Result:
        return self._results.get(timeout=PATIENCE_S)

    def ids(self, count: int) -> list[str]:
        return [self.next().job_id for _ in range(count)]

    @property
    def empty(self) -> bool:
        return self._results.empty()


def job(
    name: str, kind: TranscribeKind = "final", channel: int = 0, draft: tuple[int, ...] = ()
) -> TranscribeJob:
    return TranscribeJob(name, channel, 0, 160, kind, 9e9, draft)


def clip(samples: int = 160) -> Samples:
    return np.full(samples, 0.5, np.float32)

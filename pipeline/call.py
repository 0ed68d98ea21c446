"""One call from its audio to its events: the shell around a session.

Joins what the core keeps apart: blocks of audio, the ear of each channel, the buffer that jobs cut from,
the workers, and the clock.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterable
from dataclasses import dataclass

from models.ports import Diarizer, VoiceActivity
from models.types import Samples
from pipeline.audio import ChannelBuffer, Ear
from pipeline.core.events import (
    DiarizeJob,
    DurableEvent,
    EndCode,
    Failure,
    Heard,
    Output,
    Partial,
    Result,
    SummarizeJob,
    TranscribeJob,
)
from pipeline.core.session import Session, SessionSettings
from pipeline.workers import PATIENCE_S, DiarizerLane, Workers

MAX_WAITING_JOBS = 16
"""Jobs of one call in the queue at once: enough to keep all workers busy, few enough to bound memory."""


@dataclass(frozen=True, slots=True)
class CallEngines:
    """What a call needs beside the workers. `diarizer` is None where nobody has to be told apart."""

    voice: VoiceActivity
    diarizer: Diarizer | None


class Call:
    """Feeds one session and collects its durable events. Use from one thread, as a context manager."""

    def __init__(
        self,
        settings: SessionSettings,
        engines: CallEngines,
        workers: Workers,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`patience_s`: how long a diarizer is waited for that does not come back; see `DiarizerLane`."""
        self.events: list[DurableEvent] = []
        self._session = Session(settings)
        self._workers = workers
        self._ears = [Ear(index, engines.voice) for index in range(settings.channels)]
        self._buffers = [ChannelBuffer() for _ in range(settings.channels)]
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._waiting = 0
        self._lane = (
            DiarizerLane(engines.diarizer, self._results.put, patience_s) if engines.diarizer else None
        )

    def __enter__(self) -> Call:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lane is not None:
            self._lane.close()

    def hear(self, block: Samples) -> None:
        """More audio, shape (channels, n); waits while too many jobs are waiting."""
        for index, samples in enumerate(block):
            self._buffers[index].append(samples)
            self._push(self._ears[index].push(samples))
            self._buffers[index].drop_before(self._session.needed_from(index))
        if self._lane is not None:
            self._lane.push(block[0])
        while self._waiting >= MAX_WAITING_JOBS or not self._results.empty():
            self._take_result()

    def end(self, code: EndCode) -> None:
        """Hang-up: waits for what is still missing, up to the deadlines; then the call is closed."""
        for ear in self._ears:
            self._push(ear.end())
        self._act(self._session.end(code, _now_s()))
        while not self._session.closed:
            self._take_result()

    def _push(self, item: Heard) -> None:
        self._act(self._session.push(item, _now_s()))

    def _take_result(self) -> None:
        wake_at_s = self._session.wake_at_s
        timeout_s = None if wake_at_s is None else max(0.0, wake_at_s - _now_s())
        try:
            result = self._results.get(timeout=timeout_s)
        except queue.Empty:
            self._waiting = 0
            self._act(self._session.advance(_now_s()))
            return
        self._waiting = max(0, self._waiting - 1)
        self._act(self._session.push(result, _now_s()))

    def _act(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if isinstance(output, TranscribeJob):
                self._transcribe(output)
            elif isinstance(output, DiarizeJob):
                self._diarize(output)
            elif isinstance(output, SummarizeJob):
                self._waiting += 1
                self._workers.summarize(output, self._results.put)
            elif not isinstance(output, Partial):
                self.events.append(output)

    def _transcribe(self, job: TranscribeJob) -> None:
        audio = self._buffers[job.channel].cut(job.start_samples, job.end_samples)
        self._waiting += 1
        self._workers.transcribe(job, audio, self._results.put)

    def _diarize(self, job: DiarizeJob) -> None:
        self._waiting += 1
        if self._lane is None:
            self._results.put(Result(job.id, Failure("no diarizer")))
        else:
            self._lane.finish(job.id)


def _now_s() -> float:
    return time.monotonic()

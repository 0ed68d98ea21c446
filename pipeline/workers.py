"""Jobs of all calls in one queue, run by a few threads: the only place with concurrency.

Finals go before notes, notes before partials; within a kind, first come first served. An engine that can
share a batch gets waiting jobs of several calls at once. Whatever happens, each job gets one result.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from models.errors import WrapupError
from models.ports import Diarizer, DiarizerStream, Summarizer, Transcriber
from models.types import Samples, Transcription, Turn
from pipeline.core.events import Failure, Result, SummarizeJob, TranscribeJob

log = logging.getLogger(__name__)

TRIES = 3
BACKOFF_S = 0.2

PATIENCE_S = 30.0
"""How long anybody waits for an engine that does not come back; its thread is a daemon and may be left."""

Deliver: TypeAlias = Callable[[Result], None]


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines that jobs run on."""

    transcriber: Transcriber
    summarizer: Summarizer


@dataclass(order=True, slots=True)
class _Task:
    priority: int
    number: int
    job: TranscribeJob | SummarizeJob = field(compare=False)
    audio: Samples | None = field(compare=False)
    deliver: Deliver = field(compare=False)


class Workers:
    """A pool of threads over one queue. Use as a context manager."""

    def __init__(self, engines: Engines, threads: int) -> None:
        self._engines = engines
        self._tasks: list[_Task] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._open = True
        # An engine that batches is a device of its own: a second thread would only split its batches.
        count = 1 if engines.transcriber.capabilities.max_batch > 1 else threads
        self._threads = [
            threading.Thread(target=self._work, name=f"wrapup-worker-{index}", daemon=True)
            for index in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._open = False
            self._tasks.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def transcribe(self, job: TranscribeJob, audio: Samples, deliver: Deliver) -> None:
        """Queue a job with its audio, shape (n,); `deliver` is called once, from a worker's thread."""
        self._put(_Task(0 if job.final else 2, next(self._numbers), job, audio, deliver))

    def summarize(self, job: SummarizeJob, deliver: Deliver) -> None:
        """Queue a note; `deliver` as above."""
        self._put(_Task(1, next(self._numbers), job, None, deliver))

    def _put(self, task: _Task) -> None:
        with self._changed:
            heapq.heappush(self._tasks, task)
            self._changed.notify()

    def _take(self) -> list[_Task]:
        """The next task and, for transcription, what may share its batch; empty when closed."""
        limit = self._engines.transcriber.capabilities.max_batch
        with self._changed:
            self._changed.wait_for(lambda: self._tasks or not self._open)
            if not self._tasks:
                return []
            batch = [heapq.heappop(self._tasks)]
            while (
                batch[0].audio is not None
                and len(batch) < limit
                and self._tasks
                and self._tasks[0].priority == batch[0].priority
            ):
                batch.append(heapq.heappop(self._tasks))
            return batch

    def _work(self) -> None:
        while batch := self._take():
            for task, value in zip(batch, self._values(batch), strict=True):
                task.deliver(Result(task.job.id, value))

    def _values(self, batch: Sequence[_Task]) -> Sequence[Any]:
        first = batch[0].job
        if isinstance(first, SummarizeJob):
            return [attempt(partial(self._engines.summarizer.summarize, first.lines))]
        clips = [task.audio for task in batch if task.audio is not None]
        heard: list[Transcription] | Failure = attempt(partial(self._engines.transcriber.transcribe, clips))
        if isinstance(heard, Failure):
            return self._singly(clips) if len(clips) > 1 else [heard]
        if len(heard) != len(clips):
            log.error("engine gave %d results for %d clips", len(heard), len(clips))
            return [Failure("wrong number of results")] * len(clips)
        return heard

    def _singly(self, clips: Sequence[Samples]) -> list[Transcription | Failure]:
        """One bad clip must not take its batch mates along."""
        answers: list[Transcription | Failure] = []
        for clip in clips:
            heard = attempt(partial(self._engines.transcriber.transcribe, [clip]))
            answers.append(heard if isinstance(heard, Failure) else heard[0])
        return answers


def attempt(run: Callable[[], Any]) -> Any:
    """What `run` gives, tried again where its error says so; a `Failure` when it stays failed."""
    for trial in range(1, TRIES + 1):
        try:
            return run()
        except WrapupError as error:
            log.warning("engine failed (try %d of %d): %s: %s", trial, TRIES, type(error).__name__, error)
            if not error.retryable:
                return Failure(type(error).__name__)
            time.sleep(BACKOFF_S * trial)
        except Exception as error:  # noqa: BLE001 - an engine's own bug must not leave a call waiting
            log.error("engine failed: %s", type(error).__name__)
            return Failure(type(error).__name__)
    return Failure("retries")


class DiarizerLane:
    """One mono call's diarizer on a thread of its own: hears blocks in order, keeps few of them waiting.

    A block waits `TRIES` times `patience_s` for its place, and `close` waits `patience_s`, each once: an
    engine that never comes back costs its call no more than that.
    """

    WAITING_BLOCKS = 32

    def __init__(self, diarizer: Diarizer, deliver: Deliver, patience_s: float = PATIENCE_S) -> None:
        self._diarizer = diarizer
        self._deliver = deliver
        self._patience_s = patience_s
        self._abandoned = False
        self._inbox: queue.Queue[Samples | str | None] = queue.Queue(self.WAITING_BLOCKS)
        self._thread = threading.Thread(target=self._work, name="wrapup-diarizer", daemon=True)
        self._thread.start()

    def push(self, samples: Samples) -> None:
        """The next block, shape (n,); waits while too many are waiting, and gives up on a stuck engine."""
        self._put(samples)

    def finish(self, job_id: str) -> None:
        """The audio is over: deliver the turns of the whole call, or a failure."""
        if not self._put(job_id):
            self._deliver(Result(job_id, Failure("stuck")))

    def close(self) -> None:
        """Tidy up, or give up what is waiting; joins the thread."""
        self._abandoned = True
        with contextlib.suppress(queue.Full):
            self._inbox.put(None, timeout=self._patience_s)
            self._thread.join(self._patience_s)

    def _put(self, item: Samples | str) -> bool:
        if not self._abandoned:
            try:
                self._inbox.put(item, timeout=self._patience_s * TRIES)
            except queue.Full:
                log.error("diarizer is stuck: its call goes on without it")
                self._abandoned = True
        return not self._abandoned

    def _work(self) -> None:
        stream: Any = attempt(self._diarizer.open)
        while (item := self._inbox.get()) is not None:
            if self._abandoned:
                return
            if isinstance(item, str):
                turns = stream if isinstance(stream, Failure) else attempt(partial(_turns, stream))
                self._deliver(Result(item, turns))
            elif not isinstance(stream, Failure):
                fault = attempt(partial(stream.push, item))
                stream = fault if isinstance(fault, Failure) else stream


def _turns(stream: DiarizerStream) -> tuple[Turn, ...]:
    return tuple(sorted(stream.end(), key=lambda turn: turn.start_samples))

"""Jobs of all calls in one queue, run by a few threads: the only place with concurrency.

An engine that can share a batch gets waiting jobs of several calls at once; for one that cannot there are
as many threads as cores, each with one clip. A summarizer elsewhere has threads of its own, which only wait
for it. Partials are text for the eye: a newer one replaces one that waits, they yield to everything else, and
when the workers are busy they are not read at all, so that their cadence follows the load. When they are
busier still, chunks of live calls are not noted: the draft reads their lines instead. Whatever happens,
each other job that is still wanted gets one result.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from models.errors import DecodingCancelled, EngineError, WrapupError
from models.ports import Decoding, NoteLimits, Summarizer, Transcriber
from models.types import Samples, Summary, Transcription
from pipeline.core.events import Failure, Result, SummarizeJob, TranscribeJob
from pipeline.jobs import Deliver, JobQueue, Kind, Task
from pipeline.load import Clock, LoadMeter
from pipeline.scribes import Scribes

log = logging.getLogger(__name__)

TRIES = 3
BACKOFF_S = 0.2

PATIENCE_S = 30.0
"""How long anybody waits for an engine that does not come back; its thread is a daemon and may be left."""

PARTIAL_LOAD = 0.7
"""Above this share of the workers' time no partial is read: what is left keeps finals on time."""
CHUNK_LOAD = 0.8
"""Above this share the workers' own threads note no chunk of a live call. Over it new calls are refused."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines that jobs run on, and the site's words for those that take them.

    `stand_in` writes the notes that the summarizer did not; None where that needs nobody beside it.
    """

    transcriber: Transcriber
    summarizer: Summarizer
    hotwords: tuple[str, ...] = ()
    stand_in: Summarizer | None = None


@dataclass(slots=True)
class Tally:
    """What the workers did so far: tasks by kind, seconds that engines took, partials not read, chunks not
    noted."""

    done: dict[Kind, int]
    busy_s: dict[Kind, float]
    shed: int = 0
    chunks_shed: int = 0
    cancelled: int = 0


class Workers:
    """A pool of threads over one queue. Use as a context manager; calls take a `desk` each."""

    def __init__(
        self, engines: Engines, threads: int, clock: Clock = time.monotonic, live: bool = False
    ) -> None:
        """`live`: calls do not wait, so that what can be done without is left out under load."""
        self._engines = engines
        self._clock = clock
        self._live = live
        self._queue = JobQueue()
        self._running: list[Task] = []
        # Finals that wait or are read, the oldest first, and since when.
        self._finals: dict[Task, float] = {}
        self._changed = threading.Condition()
        self._open = True
        # An engine that batches is a device of its own: a second thread would only split its batches.
        self._batches = engines.transcriber.capabilities.max_batch > 1
        count = 1 if self._batches else threads
        self.meter = LoadMeter(count, clock)
        self.tally = Tally({}, {})
        self._threads = [
            threading.Thread(target=self._work, name=f"wrapup-worker-{index}", daemon=True)
            for index in range(count)
        ]
        at_once = engines.summarizer.capabilities.at_once
        self._scribes = Scribes(at_once, self._write) if at_once else None
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._open = False
            for task in self._running:
                task.wanted = False
            self._changed.notify_all()
        if self._scribes is not None:
            self._scribes.close(PATIENCE_S)
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def desk(self, deliver: Deliver, aside: bool = False) -> Desk:
        """A call's place: `deliver` gets its results, each from a worker's thread.

        `aside`: of a file that is read while live calls are in progress. Its jobs come after all of theirs,
        count for no load, and it gets no note.
        """
        return Desk(self, deliver, aside)

    def waiting(self) -> dict[Kind, int]:
        """Tasks in the queue by kind."""
        with self._changed:
            waiting = self._queue.waiting()
        elsewhere = {} if self._scribes is None else self._scribes.waiting()
        return {kind: count + elsewhere.get(kind, 0) for kind, count in waiting.items()}

    def final_ages_s(self) -> list[float]:
        """For how many seconds each final that waits or is read has been due."""
        with self._changed:
            now_s = self._clock()
            return [now_s - since_s for since_s in self._finals.values()]

    def put(self, task: Task) -> None:
        """Queue a task; where all threads are busy and one reads partials, that one makes room."""
        scribes = self._scribes_for(task)
        if scribes is not None:
            scribes.put(task)
            return
        with self._changed:
            self._queue.put(task)
            self._note_final(task)
            if task.kind not in ("chunk", "partial", "file") and len(self._running) >= len(self._threads):
                reading = [other for other in self._running if other.kind == "partial" and other.wanted]
                # Partials of one batch stop together or not at all.
                for other in reading if self._batches else reading[:1]:
                    other.wanted = False
                    self.tally.cancelled += 1
            self._changed.notify()

    def promote(self, task: Task, kind: Kind) -> None:
        """See `JobQueue`."""
        with self._changed:
            self._queue.promote(task, kind)
            self._note_final(task)

    def drop(self, task: Task) -> None:
        """See `JobQueue`."""
        scribes = self._scribes_for(task)
        if scribes is not None:
            scribes.drop(task)
        with self._changed:
            if scribes is None:
                self._queue.drop(task)
            self._finals.pop(task, None)
            self.tally.cancelled += 1

    def shed(self) -> bool:
        """Whether a partial has to be left out now."""
        if self.meter.load() < PARTIAL_LOAD:
            return False
        with self._changed:
            self.tally.shed += 1
        return True

    def shed_chunk(self) -> bool:
        """Whether a chunk is not to be noted now."""
        if not self._live or self._scribes is not None or self.meter.load() < CHUNK_LOAD:
            return False
        with self._changed:
            self.tally.chunks_shed += 1
        return True

    def _scribes_for(self, task: Task) -> Scribes | None:
        """Who writes what a summarizer elsewhere is asked for; None for what runs on the workers' threads."""
        chosen = isinstance(task.job, SummarizeJob) and task.job.by == "chosen"
        return self._scribes if chosen else None

    def _write(self, task: Task) -> None:
        """On a scribe's thread: ask the summarizer. It counts for no load."""
        began_s = self._clock()
        (value,) = self._values([task])
        with self._changed:
            self._tell(task.kind, 1, self._clock() - began_s)
        if not isinstance(value, _Cancelled):
            task.deliver(Result(task.job.id, value))

    def _tell(self, kind: Kind, tasks: int, seconds: float) -> None:
        self.tally.done[kind] = self.tally.done.get(kind, 0) + tasks
        self.tally.busy_s[kind] = self.tally.busy_s.get(kind, 0.0) + seconds

    def _note_final(self, task: Task) -> None:
        if task.kind == "final" and task.wanted and not task.done:
            self._finals.setdefault(task, self._clock())

    def _take(self) -> list[Task]:
        """The next tasks; empty when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._may_take() or not self._open)
            if not self._open:
                return []
            batch = self._queue.take(self._engines.transcriber.capabilities.max_batch)
            self._running += batch
            return batch

    def _may_take(self) -> bool:
        """Whether there is a task for a thread. Of several threads files leave one to the live calls."""
        kind = self._queue.next_kind()
        if kind != "file":
            return kind is not None
        reading = sum(task.kind == "file" for task in self._running)
        return reading < max(1, len(self._threads) - 1)

    def _work(self) -> None:
        while batch := self._take():
            values, seconds = self._measured(batch)
            self._count(batch, seconds)
            for task, value in zip(batch, values, strict=True):
                if not isinstance(value, _Cancelled):
                    task.deliver(Result(task.job.id, value))

    def _measured(self, batch: Sequence[Task]) -> tuple[Sequence[Any], float]:
        """The values of a batch, and the seconds that they took. Files take the time that live calls leave,
        which is not to keep new calls away."""
        if batch[0].kind == "file":
            began_s = self._clock()
            return self._values(batch), self._clock() - began_s
        self.meter.begin()
        return self._values(batch), self.meter.end()

    def _count(self, batch: Sequence[Task], seconds: float) -> None:
        kind = batch[0].kind
        with self._changed:
            for task in batch:
                task.done = True
                self._running.remove(task)
                self._finals.pop(task, None)
            self._tell(kind, len(batch), seconds)
            if kind == "file":
                self._changed.notify_all()

    def _values(self, batch: Sequence[Task]) -> Sequence[Any]:
        first = batch[0].job
        if isinstance(first, SummarizeJob):
            return [attempt(partial(self._summarize, batch[0], first))]
        clips = [task.audio for task in batch if task.audio is not None]
        decoding = self._decoding(batch, first.draft)
        heard = attempt(partial(self._engines.transcriber.transcribe, clips, decoding))
        if isinstance(heard, _Cancelled):
            return [heard] * len(batch)
        if isinstance(heard, Failure):
            return self._singly(batch, clips) if len(clips) > 1 else [heard]
        if len(heard) != len(clips):
            log.error("engine gave %d results for %d clips", len(heard), len(clips))
            return [Failure("wrong number of results")] * len(clips)
        return list(heard)

    def _summarize(self, task: Task, job: SummarizeJob) -> Summary:
        engine = self._engines.summarizer if job.by == "chosen" else self._engines.stand_in
        if engine is None:
            raise EngineError("no summarizer stands in")
        return engine.summarize(job.request, NoteLimits(job.seconds, job.tokens, lambda: task.wanted))

    def _singly(
        self, batch: Sequence[Task], clips: Sequence[Samples]
    ) -> list[Transcription | Failure | _Cancelled]:
        """One bad clip must not take its batch mates along."""
        answers: list[Transcription | Failure | _Cancelled] = []
        for task, clip in zip(batch, clips, strict=True):
            decoding = self._decoding([task], ())
            heard = attempt(partial(self._engines.transcriber.transcribe, [clip], decoding))
            answers.append(heard if isinstance(heard, Failure | _Cancelled) else heard[0])
        return answers

    def _decoding(self, batch: Sequence[Task], draft: tuple[int, ...]) -> Decoding:
        return Decoding(
            hotwords=self._engines.hotwords,
            draft=draft,
            go_on=lambda: any(task.wanted for task in batch),
        )


class Desk:
    """One call's place at the workers. Use from one thread."""

    def __init__(self, workers: Workers, deliver: Deliver, aside: bool = False) -> None:
        self._workers = workers
        self._aside = aside
        self.deliver = deliver
        self._tasks: dict[str, Task] = {}
        self._partials: dict[int, str] = {}

    def transcribe(self, job: TranscribeJob, audio: Samples) -> None:
        """Queue a job with its audio, shape (n,).

        A final whose early reading is under way takes the result of that. A partial may be left out; one that
        waits gives way to a newer one of its channel, and one that is being read is read to its end, so that
        a slow engine shows text too.
        """
        under_way = self._tasks.get(job.id)
        if under_way is not None:
            self._workers.promote(under_way, "file" if self._aside else job.kind)
        elif self._aside:
            self._put(Task(job, audio, self.deliver, "file"))
        elif job.kind != "partial":
            self._put(Task(job, audio, self.deliver, job.kind))
        elif not self._workers.shed():
            earlier = self._tasks.pop(self._partials.get(job.channel, ""), None)
            if earlier is not None and earlier.waiting:
                self._workers.drop(earlier)
            self._partials[job.channel] = job.id
            self._put(Task(job, audio, self.deliver, "partial"))

    def summarize(self, job: SummarizeJob) -> None:
        """Queue a note; that of a chunk may be left out."""
        chunk = job.request.purpose == "chunk"
        if self._aside:
            self.deliver(Result(job.id, Failure("no note is wanted")))
        elif chunk and self._workers.shed_chunk():
            self.deliver(Result(job.id, Failure("shed")))
        else:
            self._put(Task(job, None, self.deliver, "chunk" if chunk else "note"))

    def cancel(self, job_id: str) -> None:
        """Nobody wants this job's result any more."""
        task = self._tasks.pop(job_id, None)
        if task is not None:
            self._workers.drop(task)

    def is_early(self, job_id: str) -> bool:
        """Whether a job that is not done is an early reading, and no final's yet."""
        task = self._tasks.get(job_id)
        return task is not None and task.kind == "early"

    def came(self, job_id: str) -> None:
        """The result of a job has been taken."""
        self._tasks.pop(job_id, None)

    def close(self) -> None:
        """Nobody wants anything any more."""
        for job_id in list(self._tasks):
            self.cancel(job_id)

    def _put(self, task: Task) -> None:
        self._tasks[task.job.id] = task
        self._workers.put(task)


class _Cancelled:
    """Stands for the value of a task that nobody wanted any more."""


def attempt(run: Callable[[], Any]) -> Any:
    """What `run` gives, tried again where its error says so; a `Failure` when it stays failed."""
    for trial in range(1, TRIES + 1):
        try:
            return run()
        except DecodingCancelled:
            return _Cancelled()
        except WrapupError as error:
            if not error.retryable:
                log.warning("engine failed: %s: %s", type(error).__name__, error)
                return Failure(type(error).__name__)
            log.warning("engine failed (try %d of %d): %s: %s", trial, TRIES, type(error).__name__, error)
            time.sleep(BACKOFF_S * trial)
        except Exception as error:  # noqa: BLE001 - an engine's own bug must not leave a call waiting
            log.error("engine failed: %s", type(error).__name__)
            return Failure(type(error).__name__)
    return Failure("retries")

"""What stands around calls: a pool and workers that wait for the scheduler, and what makes calls."""

from __future__ import annotations

import random
import zlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from pydantic import JsonValue

from models.fakes import ScriptedSummarizer, ScriptedVoice
from models.types import Samples, Transcription, Word
from pipeline.core.events import Result, SummarizeJob
from pipeline.core.session import DeadlineSettings, SessionSettings
from pipeline.doors.messages import CallInfo
from pipeline.jobs import Deliver, Kind, Task
from pipeline.limits import Limits
from pipeline.live.call import Ground, Recorder
from pipeline.shell import CallEngines, Value
from pipeline.workers import Desk
from tests.pipeline.clock import VirtualClock

RESUME_S = 8.0
LIMITS = Limits(resume_s=RESUME_S, idle_s=60.0)
WORDS = ("card", "fee", "branch", "lost", "call", "bank", "money", "order", "back", "thanks", "when", "line")


def read(clip: Samples) -> Transcription:
    """Words that any other sample would change; a clip of shape (n,)."""
    found = zlib.crc32(clip.tobytes())
    texts = [WORDS[(found >> 4 * place) % len(WORDS)] for place in range(4)]
    bounds = [len(clip) * place // len(texts) for place in range(len(texts) + 1)]
    return Transcription(
        tuple(
            Word(text, start, end, 1.0, True)
            for text, start, end in zip(texts, bounds, bounds[1:], strict=False)
        )
    )


class SimPool(Executor):
    """Work in the order in which it came, run when the scheduler says so."""

    def __init__(self) -> None:
        self.work: deque[Callable[[], Any]] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See `Executor`; the future is nobody's."""
        self.work.append(lambda: fn(*args, **kwargs))
        return Future()

    def step(self, rng: random.Random) -> None:
        """Run a piece of work: of several calls any may be first."""
        place = rng.randrange(len(self.work))
        self.work.rotate(-place)
        run = self.work.popleft()
        self.work.rotate(place)
        run()


class SimWorkers:
    """As `Workers`: jobs wait, and are answered in any order."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.on_put: Callable[[Task], None] = lambda _: None
        self._summarizer = ScriptedSummarizer()

    def desk(self, deliver: Deliver, aside: bool = False) -> Desk:
        """See `Workers.desk`."""
        return Desk(self, deliver, aside)  # type: ignore[arg-type]

    def put(self, task: Task) -> None:
        """See `Workers`."""
        self.on_put(task)
        self.tasks.append(task)

    def waiting(self) -> dict[Kind, int]:
        """See `Workers`."""
        return {}

    def promote(self, task: Task, kind: Kind) -> None:
        """See `Workers`."""
        task.kind = kind

    def drop(self, task: Task) -> None:
        """See `Workers`."""
        task.wanted = False
        if task in self.tasks:
            self.tasks.remove(task)

    def shed(self) -> bool:
        """Nothing is too much."""
        return False

    shed_chunk = shed

    def step(self, rng: random.Random) -> None:
        """Answer a job, any of them."""
        task = self.tasks.pop(rng.randrange(len(self.tasks)))
        task.waiting = False
        task.done = True
        task.deliver(Result(task.job.id, self._value(task)))

    def _value(self, task: Task) -> Value:
        if isinstance(task.job, SummarizeJob):
            return self._summarizer.summarize(task.job.request)
        assert task.audio is not None
        return read(task.audio)


class SimMaker:
    """As `CallMaker`."""

    def __init__(self, clock: VirtualClock) -> None:
        self.limits = LIMITS
        self.workers = SimWorkers()
        self.pool = SimPool()
        self._clock = clock

    def ground(self, recorder: Recorder) -> Ground:
        """See `CallMaker`."""
        workers: Any = self.workers
        return Ground(workers, self.pool, recorder, self.limits, self._clock, lambda _: None)

    def call_engines(self, info: CallInfo) -> CallEngines:
        """See `CallMaker`."""
        del info
        return CallEngines(ScriptedVoice(), None)

    def settings(self, info: CallInfo, hang_ms: int | None = None) -> SessionSettings:
        """See `CallMaker`. A job may take for ever: what comes late is no other text here."""
        del hang_ms
        deadline = DeadlineSettings(base_s=10_000.0)
        return SessionSettings(len(info.roles), info.roles, early=True, deadline=deadline)

    def provenance(self, info: CallInfo) -> dict[str, JsonValue]:
        """See `CallMaker`."""
        del info
        return {"version": "simulation"}

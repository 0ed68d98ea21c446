"""A site in one thread. The seed says who does the next step, and what goes wrong.

Where a thread of a worker asks the store or Kafka something, others go on in between, and it may die there.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

from models.errors import WrapupError
from pipeline.jobs import Task
from pipeline.kafka import worker as worker_module
from pipeline.kafka.making import WorkerCalls
from pipeline.kafka.partition import Message
from pipeline.kafka.records import RecordError, StreamRecord
from pipeline.kafka.worker import Worker, partition_of
from tests.pipeline.clock import VirtualClock
from tests.simulation.broker import Broker, SimConnection, SimConsumer, SimProducer, UnassignedError
from tests.simulation.calls import CallScript, Sent
from tests.simulation.engines import SimMaker
from tests.simulation.store import StoreModel, StoreView

PARTITIONS = 2
QUANTUM_S = 0.15
STEPS_PER_QUANTUM = 14
PATIENCE_S = 120.0
"""How long all may take to be quiet once nothing goes wrong any more."""
LONGEST_AWAY_S = 3.0

HAPPENINGS = ("kill", "leave", "zombie", "store away", "kafka away", "freeze")
"""Faults that come between steps; the others come with a step."""
FAULTS = (*HAPPENINGS, "store answer", "kafka answer", "repeat", "poison")
NO_FAULTS: frozenset[str] = frozenset()


class Killed(BaseException):
    """A worker is no more."""


class Poison:
    """A record that nobody can read."""


class SimCalls(WorkerCalls):
    """Records are not sealed here: what lies on the topic is read as it is."""

    def decode(self, message: Message) -> StreamRecord:
        """See `Calls`."""
        value: Any = message.value
        if isinstance(value, Poison):
            raise RecordError("poison")
        assert isinstance(value, StreamRecord)
        return value


class SimWorker(Worker):
    """A worker whose threads are steps."""

    def _write(self) -> None:
        """The thread of the ledger is a step of the scheduler."""


@dataclass
class Process:
    """A worker and all that dies with it. `busy`: threads that are in a step now."""

    name: str
    maker: SimMaker
    consumer: SimConsumer
    worker: SimWorker
    dead: bool = False
    frozen_until_s: float = 0.0
    busy: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong in a run, and how often faults happen."""

    faults: frozenset[str]
    rate: float
    poll_limit: int
    tap: float

    @classmethod
    def of(cls, rng: random.Random) -> Plan:
        """Some kinds of faults, often or not."""
        kinds = frozenset(one for one in FAULTS if rng.random() < 0.45)
        rate, poll_limit = rng.choice((0.004, 0.01, 0.03)), rng.choice((1, 3, 10, 500))
        return cls(kinds, rate, poll_limit, rng.choice((0.0, 0.2, 0.5)))


QUIET = Plan(NO_FAULTS, 0.0, 500, 0.0)


class World:
    """One run: `run` it, then look at `store` and `broker`."""

    def __init__(self, seed: int, scripts: Sequence[CallScript], plan: Plan | None = None) -> None:
        self.rng = random.Random(seed)
        self.plan = Plan.of(self.rng) if plan is None else plan
        self.scripts = scripts
        self.clock = VirtualClock()
        self.store = StoreModel()
        self.broker = Broker([[] for _ in range(PARTITIONS)])
        self.broker.outdated = lambda consumer: any(one is consumer for one, _ in self._unaware)
        self.processes: list[Process] = []
        self.counts: Counter[str] = Counter()
        self.broken: list[str] = []
        """What was seen on the way that may not be."""
        self.poisoned: list[tuple[int, int]] = []
        self._begins_s = [self.clock() + self.rng.uniform(0.0, 2.0) for _ in scripts]
        self._left = [list(reversed(script.sent)) for script in scripts]
        self._sent: list[list[Sent]] = [[] for _ in scripts]
        self._healed = False
        self._back_s = {"store": 0.0, "kafka": 0.0}
        self._unaware: list[tuple[SimConsumer, int]] = []
        self._moving = False
        self._depth = 0

    def run(self) -> None:
        """All calls to their end. Raises `AssertionError` where that is not reached."""
        with self._patched():
            for _ in range(1 if self.plan is QUIET else 2):
                self._start()
            while any(self._left) or (self.plan.faults and self.rng.random() < 0.8):
                self._quantum(QUANTUM_S, STEPS_PER_QUANTUM)
            self._heal()
            until_s = self.clock() + PATIENCE_S
            while not self._quiet():
                assert self.clock() < until_s, self._unquiet()
                self._settle()
                self.clock.pass_s(0.6)

    @contextmanager
    def _patched(self) -> Iterator[None]:
        """Waiting is letting others go on."""
        logger = logging.getLogger("pipeline")
        level = logger.level
        logger.setLevel(logging.CRITICAL + 1)
        time = SimpleNamespace(monotonic=self.clock, sleep=self._sleep)
        with (
            mock.patch.object(worker_module, "time", time),
            mock.patch.object(worker_module, "wait", self._wait),
        ):
            try:
                yield
            finally:
                logger.setLevel(level)

    def now(self) -> datetime:
        """The wall clock."""
        return datetime.fromtimestamp(self.clock(), UTC)

    def _start(self) -> Process:
        number = len(self.processes)
        process: Process
        calls: list[Process] = []
        tap = lambda: self._tap(calls[0]) if calls else None  # noqa: E731 - a worker asks while it is made
        consumer = SimConsumer(self.broker, tap, lambda: self.rng.randint(1, self.plan.poll_limit))
        maker: Any = SimMaker(self.clock)
        store: Any = StoreView(self.store, tap, partial(self._happens, "store answer", 0.05))
        maker.workers.on_put = partial(self._check_asked, store)
        connection = SimConnection(("simulated:9092",)).on(
            consumer, lambda: SimProducer(self.broker, tap, partial(self._happens, "kafka answer", 0.02))
        )
        vault: Any = None
        made = SimCalls(maker, store, vault, now=self.now)
        worker = SimWorker(connection, store, made, clock=self.clock)
        stopped: Any = SimpleNamespace(is_set=lambda: False, set=lambda: None, wait=lambda _: None)
        worker._stopped = stopped
        process = Process(f"worker-{number}", maker, consumer, worker)
        calls.append(process)
        self.processes.append(process)
        self._assign()
        return process

    def _check_asked(self, store: StoreView, task: Task) -> None:
        """What was read before a restart is not read again."""
        call: Any = task.deliver
        call_id = call.__self__.info.call_id
        if task.job.id in store.known.get(call_id, ()):
            self.broken.append(f"{call_id}: {task.job.id} was read before, and is read again")

    @property
    def alive(self) -> list[Process]:
        """Workers that were not killed."""
        return [one for one in self.processes if not one.dead]

    def _happens(self, kind: str, chance: float) -> bool:
        found = not self._healed and kind in self.plan.faults and self.rng.random() < chance
        self.counts[kind] += found
        return found

    # What others do while a thread waits.

    def _tap(self, process: Process) -> None:
        if self._depth < 3 and self.rng.random() < self.plan.tap:
            for _ in range(self.rng.randint(1, 3)):
                self._step()
        if process.dead:
            raise Killed

    def _sleep(self, seconds: float) -> None:
        self.clock.pass_s(max(seconds, 0.1))
        for _ in range(4):
            self._step()
        self._raise_if_moved_is_dead()

    def _wait(self, futures: Iterable[Future[None]], seconds: float) -> None:
        until_s = self.clock() + seconds
        waited = list(futures)
        while not all(one.done() for one in waited) and self.clock() < until_s:
            self._sleep(0.1)

    def _raise_if_moved_is_dead(self) -> None:
        if self._mover is not None and self._mover.dead:
            raise Killed

    _mover: Process | None = None

    # Steps.

    def _quantum(self, seconds: float, steps: int) -> None:
        for _ in range(steps):
            self._step()
        self.clock.pass_s(seconds)
        if self.broker.away and self.clock() >= self._back_s["kafka"]:
            self.broker.away = False
        if self.store.away and self.clock() >= self._back_s["store"]:
            self.store.away = False

    def _step(self) -> None:
        self._depth += 1
        try:
            if self.plan.faults and not self._healed and self.rng.random() < self.plan.rate:
                self._fault()
            step = self.rng.choice(self._steps())
            step()
        finally:
            self._depth -= 1

    def _steps(self) -> list[Callable[[], None]]:
        steps: list[Callable[[], None]] = [self._gateway, self._gateway]
        now_s = self.clock()
        for process in self.alive:
            if process.frozen_until_s > now_s:
                continue
            if "read" not in process.busy:
                steps.append(partial(self._thread, process, "read", process.worker._step))
            if "write" not in process.busy:
                steps.append(partial(self._thread, process, "write", process.worker.ledger.step))
            if process.maker.pool.work:
                pool = partial(process.maker.pool.step, self.rng)
                steps += [partial(self._thread, process, "pool", pool)] * 2
            if process.maker.workers.tasks:
                steps.append(partial(process.maker.workers.step, self.rng))
        return steps

    def _thread(self, process: Process, name: str, step: Callable[[], object]) -> None:
        process.busy.add(name)
        try:
            step()
        except Killed:
            assert process.dead
        except UnassignedError:
            # Nobody catches it: the process ends, and what watches over it begins another.
            self.counts["crash"] += 1
            self._die(process)
            self._start()
            self._assign()
        except WrapupError as error:
            if name != "write":
                raise
            assert getattr(error, "retryable", False), error
        finally:
            process.busy.discard(name)

    def _gateway(self) -> None:
        """A gateway writes what it has of a call."""
        due = [
            index
            for index, left in enumerate(self._left)
            if left and self._begins_s[index] + left[-1].at_s <= self.clock()
        ]
        if not due or self.broker.away:
            return
        index = self.rng.choice(due)
        for _ in range(min(self.rng.randint(1, 3), len(self._left[index]))):
            if self._begins_s[index] + self._left[index][-1].at_s > self.clock():
                break
            sent = self._left[index].pop()
            self._append(index, sent)
            if self._happens("repeat", 0.05):
                same = [one for one in self._sent[index] if one.record.stream == sent.record.stream]
                for again in same[-self.rng.randint(1, 3) :]:
                    self._append(index, again)
            if self._happens("poison", 0.05):
                partition = partition_of(sent.record.call_id, PARTITIONS)
                self.poisoned.append((partition, len(self.broker.partitions[partition])))
                self.broker.append(partition, sent.record.call_id, Poison())

    def _append(self, index: int, sent: Sent) -> None:
        self._sent[index].append(sent)
        record = sent.record
        self.broker.append(partition_of(record.call_id, PARTITIONS), record.call_id, record)

    # What goes wrong.

    def _fault(self) -> None:
        kinds = [one for one in HAPPENINGS if one in self.plan.faults]
        if not kinds:
            return
        kind = self.rng.choice(kinds)
        happened = {
            "kill": self._kill,
            "leave": self._leave,
            "zombie": self._zombie,
            "store away": self._store_away,
            "kafka away": self._kafka_away,
            "freeze": self._freeze,
        }[kind]()
        self.counts[kind] += happened
        if self._unaware and self.rng.random() < 0.5:
            self._tell_lost(self._unaware.pop(self.rng.randrange(len(self._unaware))))

    def _kill(self) -> bool:
        process = self.rng.choice(self.alive)
        self._die(process)
        if self.rng.random() < 0.7 or not self.alive:
            self._start()
        self._assign()
        return True

    def _die(self, process: Process) -> None:
        process.dead = True
        for partition, owner in list(self.broker.owners.items()):
            if owner is process.consumer:
                del self.broker.owners[partition]
        self._unaware = [one for one in self._unaware if one[0] is not process.consumer]

    def _assign(self) -> None:
        """The group gives partitions that are nobody's to somebody."""
        for partition in range(PARTITIONS):
            if partition not in self.broker.owners and not self._moving:
                self._give(self.rng.choice(self.alive).consumer, partition)

    def _give(self, consumer: SimConsumer, partition: int) -> None:
        """Who was replaced without knowing, and gets the partition again, hears first that it was."""
        for one in [one for one in self._unaware if one == (consumer, partition)]:
            self._unaware.remove(one)
            self._tell_lost(one)
        consumer.given(partition)

    def _leave(self) -> bool:
        """A partition is handed over in good order."""
        if self._moving or self._depth > 2:
            return False
        partition = self.rng.randrange(PARTITIONS)
        owner = self._owner(partition)
        others = [one for one in self.alive if one is not owner]
        if owner is None or not others or owner.frozen_until_s > self.clock():
            return False
        self._moving, self._mover = True, owner
        try:
            owner.consumer.asked_back(partition)
        except Killed:
            pass
        finally:
            self._moving, self._mover = False, None
        if self.broker.owners.get(partition) is owner.consumer:
            del self.broker.owners[partition]
        others = [one for one in self.alive if one is not owner]
        if others:
            self._give(self.rng.choice(others).consumer, partition)
        self._assign()
        return True

    def _owner(self, partition: int) -> Process | None:
        consumer = self.broker.owners.get(partition)
        return next((one for one in self.alive if one.consumer is consumer), None)

    def _zombie(self) -> bool:
        """A partition goes to another while who had it goes on."""
        partition = self.rng.randrange(PARTITIONS)
        owner = self._owner(partition)
        others = [one for one in self.alive if one is not owner]
        if self._moving or owner is None or not others:
            return False
        self._unaware.append((owner.consumer, partition))
        if self.rng.random() < 0.3:
            owner.frozen_until_s = self.clock() + self.rng.uniform(1.0, 12.0)
        self._give(self.rng.choice(others).consumer, partition)
        return True

    def _tell_lost(self, unaware: tuple[SimConsumer, int]) -> None:
        consumer, partition = unaware
        consumer.told_lost(partition)

    def _store_away(self) -> bool:
        self.store.away = True
        self._back_s["store"] = self.clock() + self.rng.uniform(0.1, LONGEST_AWAY_S)
        return True

    def _kafka_away(self) -> bool:
        self.broker.away = True
        self._back_s["kafka"] = self.clock() + self.rng.uniform(0.1, LONGEST_AWAY_S)
        return True

    def _freeze(self) -> bool:
        self.rng.choice(self.alive).frozen_until_s = self.clock() + self.rng.uniform(0.2, 2.0)
        return True

    def _heal(self) -> None:
        """Nothing goes wrong from here on."""
        self._healed = True
        self.store.away = self.broker.away = False
        for process in self.alive:
            process.frozen_until_s = 0.0
        while self._unaware:
            self._tell_lost(self._unaware.pop())
        self._assign()

    # Until all is quiet.

    def _settle(self) -> None:
        """All that can be done now, in an order of chance."""
        for process in self.alive:
            for _ in range(3):
                self._thread(process, "read", process.worker._step)
                while process.maker.pool.work or process.maker.workers.tasks:
                    if process.maker.pool.work:
                        self._thread(process, "pool", partial(process.maker.pool.step, self.rng))
                    if process.maker.workers.tasks:
                        process.maker.workers.step(self.rng)
                self._thread(process, "write", process.worker.ledger.step)

    def _quiet(self) -> bool:
        return not self._unquiet()

    def _unquiet(self) -> str:
        """What still goes on; empty where nothing does."""
        begun = {one.record.call_id for sent in self._sent for one in sent}
        if open_calls := sorted(begun - set(self.store.closed)):
            return f"calls are open: {open_calls}"
        if self.store.untold:
            return f"untold: {sorted(self.store.untold)}"
        ends = {number: len(log) for number, log in enumerate(self.broker.partitions)}
        committed = {number: self.broker.committed.get(number, 0) for number in ends}
        if committed != ends:
            return f"committed {committed} of {ends}"
        if any(one.worker.ledger.waiting for one in self.alive):
            return "a ledger is not empty"
        return ""


def scripts_for(seed: int, choose: Callable[[int], CallScript], pool: int = 60) -> list[CallScript]:
    """Two to four calls of a pool, whose reference runs are shared by many seeds."""
    rng = random.Random(f"scripts {seed}")
    return [choose(one) for one in rng.sample(range(pool), rng.randint(2, 4))]

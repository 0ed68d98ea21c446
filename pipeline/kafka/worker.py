"""A worker of the audio topic: one of a group that shares the calls by partition.

Three threads beside those of the calls: one reads, another stores and tells, and kafka-python's own keeps the
worker in its group. Nothing slow happens on that one but the saving of calls that go elsewhere.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Literal, Self

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka import errors as faults
from kafka.partitioner.default import murmur2
from kafka.structs import OffsetAndMetadata

from models.errors import WrapupError
from pipeline.kafka.connection import Connection, KafkaError
from pipeline.kafka.ledger import Ledger, PartitionBook
from pipeline.kafka.partition import Calls, Message, Partition
from pipeline.kafka.records import AUDIO_TOPIC
from pipeline.kafka.teller import Teller
from pipeline.load import Clock
from pipeline.store.store import Store

log = logging.getLogger(__name__)

GROUP = "wrapup-workers"
SESSION_MS = 6_000
"""How long a worker that says nothing keeps its partitions: the least that brokers allow by default."""
HEARTBEAT_MS = 500

POLL_MS = 50
MOST_RECORDS = 500
TICK_S = 0.1
LOOK_S = 1.0
COMMIT_S = 0.5
AGAIN_S = 0.5
"""Before the store or Kafka is tried again."""
HAND_OVER_S = 2.0
"""How long calls that go to another worker may take to be saved; without that it reads more again."""
ENDED_AT_ONCE = 20
"""Calls without records that go on at a time, to end."""
LEAST_AHEAD_S = 30.0
"""Audio that may be read and wait to be heard; with more calls than that a second of each."""

Strategy = Literal["eager", "cooperative"]


def partition_of(call_id: str, partitions: int) -> int:
    """Where the records of a call lie, as all of Kafka's clients have it by default."""
    found: int = (murmur2(call_id.encode()) & 0x7FFFFFFF) % partitions
    return found


def is_refused(error: faults.KafkaError) -> bool:
    """Whether another try would fail again."""
    return not getattr(error, "retriable", False)


@dataclass
class Standing:
    """How a worker is doing, for its metrics. Counts of records by partition, and of calls."""

    lag: dict[int, int] = field(default_factory=dict)
    calls: int = 0
    buried: int = 0
    ready: bool = False


class Worker:
    """Reads until `stop`. A context manager."""

    def __init__(
        self,
        connection: Connection,
        store: Store,
        calls: Calls,
        strategy: Strategy = "cooperative",
        clock: Clock = time.monotonic,
    ) -> None:
        """Connect and join the group. Raises `WrapupError`."""
        self.standing = Standing()
        self._connection = connection
        self._store = store
        self._calls = calls
        self._clock = clock
        self._teller = Teller(connection)
        self.ledger = Ledger(store, self._teller)
        self._stopped = threading.Event()
        self._broke: Exception | None = None
        self._partitions: dict[int, Partition] = {}
        self._assigned: queue.Queue[int] = queue.Queue()
        self._mine: set[int] = set()
        self._pending: deque[tuple[int, Message]] = deque()
        self._committed: dict[int, int] = {}
        self._caught_up: set[int] = set()
        self._caught_up_since_s: dict[int, float] = {}
        self._paused = False
        self._ticked_s = self._looked_s = self._committed_s = 0.0
        self._writing = threading.Thread(target=self._write, name="wrapup-ledger", daemon=True)
        self._consumer = self._open(connection, strategy)
        self._writing.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        with contextlib.suppress(faults.KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=int(2_000 * HAND_OVER_S))
        self._writing.join(HAND_OVER_S)
        self._teller.__exit__(kind, error, trace)

    def stop(self) -> None:
        """Hand the calls over; from any thread."""
        self._stopped.set()

    def run(self) -> None:
        """Read and hand to calls, until `stop`. Raises `WrapupError` where Kafka refuses this worker, or a
        thread of it broke: others take its calls over then."""
        while not self._stopped.is_set():
            self._step()
        if self._broke is not None:
            raise KafkaError(f"the worker broke: {type(self._broke).__name__}") from self._broke

    def _open(self, connection: Connection, strategy: Strategy) -> Any:
        from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
        from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

        assignor = CooperativeStickyAssignor if strategy == "cooperative" else StickyPartitionAssignor
        consumer: Any = connection.open(
            KafkaConsumer,
            group_id=GROUP,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            partition_assignment_strategy=(assignor,),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=MOST_RECORDS,
            request_timeout_ms=5_000,
            reconnect_backoff_max_ms=1_000,
        )
        consumer.subscribe([AUDIO_TOPIC], listener=_Listener(self))
        return consumer

    def _step(self) -> None:
        try:
            self._poll()
            self._take_over()
            self._read()
            self._keep_time()
        except WrapupError as error:
            if not error.retryable:
                raise
            log.warning("the worker waits: %s", error)
            self._stopped.wait(AGAIN_S)

    def _poll(self) -> None:
        self._keep_pace()
        try:
            polled = self._consumer.poll(timeout_ms=POLL_MS, max_records=MOST_RECORDS)
        except faults.KafkaError as error:
            if is_refused(error):
                raise KafkaError(f"Kafka takes this worker no more: {type(error).__name__}") from error
            return
        for place, records in polled.items():
            self._pending.extend((place.partition, _message(one)) for one in records)

    def _keep_pace(self) -> None:
        """Read no more than can be heard and stored soon; what lies on the topic is safe there."""
        partitions = self._list()
        waiting_s = sum(one.waiting_s for one in partitions)
        allowed_s = max(LEAST_AHEAD_S, float(sum(len(one) for one in partitions)))
        behind = self.ledger.behind or self._calls.full
        full = bool(self._pending) or behind or waiting_s > allowed_s
        assigned = self._consumer.assignment()
        for place in assigned:
            # It may have gone to another since.
            with contextlib.suppress(KeyError):
                if full:
                    self._consumer.pause(place)
                elif self._paused:
                    self._consumer.resume(place)
        self._paused = full

    def _take_over(self) -> None:
        """Partitions that are this worker's from now on: who had them can write nothing more."""
        while not self._assigned.empty():
            number = self._assigned.queue[0]
            if number in self._mine:
                self._begin(number)
            self._assigned.get()

    def _begin(self, number: int) -> None:
        """A partition is here, unless it goes to another meanwhile."""
        try:
            self._partitions[number] = self._partition(number)
        except ValueError:
            # kafka-python seeks nowhere in a partition that is not assigned any more. One that still is must
            # not be left unread: its records would pass by.
            if number in self._mine:
                raise
            return
        if number not in self._mine:
            for partition in self._remove([number]):
                partition.lose()

    def _partition(self, number: int) -> Partition:
        epoch = self._store.claim_partition(number)
        place = TopicPartition(AUDIO_TOPIC, number)
        start = self._connection.tried(partial(self._start_of, place))
        # What was polled before may be of the time when this worker had the partition once already.
        self._pending = deque(one for one in self._pending if one[0] != number)
        self._consumer.seek(place, start)
        count = len(self._consumer.partitions_for_topic(AUDIO_TOPIC))
        book = PartitionBook(self.ledger, number, epoch, start)
        untold = self._store.untold(number)
        for record in untold:
            stored = self._store.call(record.call_id)
            if stored is not None:
                book.goes_on(stored.record)
        self.ledger.tell_again([book.envelope(record) for record in untold])
        mine = [one for one in self._store.open_call_ids() if partition_of(one, count) == number]
        log.info("partition %d is here from offset %d, with %d calls", number, start, len(mine))
        return Partition(book, self._calls, partial(self._bury, number), mine, self._clock)

    def _start_of(self, place: TopicPartition) -> int:
        committed: int | None = self._consumer.committed(place, timeout_ms=5_000)
        first: int = self._consumer.beginning_offsets([place])[place]
        # What nobody read in time is gone.
        return first if committed is None else max(committed, first)

    def _bury(self, number: int, message: Message, why: str) -> None:
        self._teller.bury(
            message.key, message.headers, message.value, why, f"{AUDIO_TOPIC}/{number}/{message.offset}"
        )
        self.standing.buried += 1
        log.warning("record %d of partition %d cannot be read: %s", message.offset, number, why)

    def _read(self) -> None:
        """Hand on what was polled. What fails stays, and is tried again."""
        while self._pending:
            number, message = self._pending[0]
            partition = self._partitions.get(number)
            if partition is not None:
                partition.take(message)
            self._pending.popleft()

    def _keep_time(self) -> None:
        now_s = self._clock()
        if now_s >= self._looked_s + LOOK_S:
            self._looked_s = now_s
            self._regain()
            self._look()
        if now_s >= self._ticked_s + TICK_S:
            self._ticked_s = now_s
            for partition in self._list():
                partition.tick(partition.book.partition in self._caught_up)
        if now_s >= self._committed_s + COMMIT_S:
            self._committed_s = now_s
            self._commit()

    def _regain(self) -> None:
        """Partitions that somebody else had in between, and that are still this worker's, as the group says
        that takes a commit from it."""
        for partition in self._list():
            if not partition.book.lost:
                continue
            number = partition.book.partition
            place = TopicPartition(AUDIO_TOPIC, number)
            try:
                committed = OffsetAndMetadata(self._start_of(place), "", -1)
                self._consumer.commit({place: committed}, timeout_ms=2_000)
            except faults.KafkaError:
                continue
            partition.lose()
            self._remove([number])
            self._assigned.put(number)

    def _look(self) -> None:
        """How far behind the end of the topic each partition is. Without an answer nobody is up to date."""
        places = {number: TopicPartition(AUDIO_TOPIC, number) for number in list(self._partitions)}
        self._caught_up.clear()
        self.standing.calls = sum(len(one) for one in self._list())
        self.standing.ready = bool(places)
        if not places:
            return
        try:
            ends = self._consumer.end_offsets(list(places.values()), timeout_ms=2_000)
        except (faults.KafkaError, ValueError):
            self.standing.ready = False
            self._caught_up_since_s.clear()
            return
        self.standing.lag = {}
        for number, place in places.items():
            partition = self._partitions.get(number)
            if partition is not None:
                self._judge(partition, ends[place] - partition.next_offset)

    def _judge(self, partition: Partition, lag: int) -> None:
        number = partition.book.partition
        self.standing.lag[number] = lag
        if lag > 0:
            self._caught_up_since_s.pop(number, None)
            return
        self._caught_up.add(number)
        since_s = self._caught_up_since_s.setdefault(number, self._clock())
        # A call of which nothing comes for so long has nobody on it any more: it goes on to be ended.
        if self._clock() >= since_s + self._calls.resume_s:
            for _ in range(ENDED_AT_ONCE):
                if not partition.end_one():
                    break

    def _commit(self) -> None:
        offsets: dict[TopicPartition, OffsetAndMetadata] = {}
        for partition in self._list():
            number, offset = partition.book.partition, partition.book.committable()
            if self._committed.get(number) != offset:
                self._committed[number] = offset
                offsets[TopicPartition(AUDIO_TOPIC, number)] = OffsetAndMetadata(offset, "", -1)
        if offsets:
            # What is not committed is read again, and changes nothing.
            self._consumer.commit_async(offsets, callback=self._noted)

    def _noted(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], answer: Any) -> None:
        """On kafka-python's thread: what was not committed is committed with the next."""
        if isinstance(answer, Exception):
            log.info("offsets were not committed: %s", type(answer).__name__)
            for place in offsets:
                self._committed.pop(place.partition, None)

    def _write(self) -> None:
        """The thread of the ledger."""
        try:
            self._write_all()
        except Exception as error:  # noqa: BLE001 - nothing is stored any more: it must not go unseen
            log.error("the ledger broke: %s", type(error).__name__)
            self._broke = error
            self._stopped.set()

    def _write_all(self) -> None:
        """Until all is written after the stop."""
        failing = False
        while not (self._stopped.is_set() and not self._partitions and self.ledger.waiting == 0):
            try:
                if not self.ledger.step():
                    self.ledger.wait(TICK_S)
                failing = False
            except WrapupError as error:
                if not failing:
                    log.warning("what calls said waits for the store or for Kafka: %s", error)
                failing = True
                time.sleep(AGAIN_S)

    def _list(self) -> list[Partition]:
        return list(self._partitions.values())

    def assigned(self, numbers: Iterable[int]) -> None:
        """On kafka-python's thread: partitions are this worker's."""
        for number in numbers:
            self._mine.add(number)
            self._assigned.put(number)

    def revoked(self, numbers: Iterable[int]) -> None:
        """On kafka-python's thread: partitions go to others, with all that was heard so far where that is
        quickly saved."""
        self._mine.difference_update(numbers)
        leaving = self._remove(numbers)
        log.info("partitions %s go to others", [partition.book.partition for partition in leaving])
        try:
            saving = [saved for partition in leaving for saved in partition.save()]
            deadline_s = time.monotonic() + HAND_OVER_S
            wait(saving, HAND_OVER_S / 2)
            while any(one.book.waiting for one in leaving) and time.monotonic() < deadline_s:
                time.sleep(0.01)
        finally:
            for partition in leaving:
                partition.lose()

    def lost(self, numbers: Iterable[int]) -> None:
        """On kafka-python's thread: others have these partitions already."""
        self._mine.difference_update(numbers)
        for partition in self._remove(numbers):
            partition.lose()

    def _remove(self, numbers: Iterable[int]) -> Sequence[Partition]:
        found = [self._partitions.pop(number, None) for number in numbers]
        for number in numbers:
            self._committed.pop(number, None)
            self._caught_up_since_s.pop(number, None)
            self._caught_up.discard(number)
        return [partition for partition in found if partition is not None]


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """What kafka-python tells of the group, on its own thread."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self._worker.assigned([place.partition for place in assigned])

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self._worker.revoked([place.partition for place in revoked])

    def on_partitions_lost(self, lost: Sequence[TopicPartition]) -> None:
        self._worker.lost([place.partition for place in lost])


def _message(record: Any) -> Message:
    return Message(record.offset, record.key, record.headers, record.value)

"""Kafka as workers see it: partitions, offsets, a group, and topics that they write to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka import errors as faults
from kafka.structs import OffsetAndMetadata

from pipeline.kafka.connection import Connection
from pipeline.kafka.partition import Message
from pipeline.kafka.records import AUDIO_TOPIC
from tests.simulation.store import LoseAnswer, Tap

Written = tuple[bytes, list[tuple[str, bytes]], bytes]
"""Key, headers and value of a record."""


class UnassignedError(ValueError, KeyError):
    """As kafka-python 3 raises it: a partition went to another since it was looked at."""


@dataclass
class Broker:
    """All of Kafka. `owners`: whose each partition is, as the group has it.

    `outdated` members do not know yet that the group has moved on, and may commit nothing; of all others
    brokers take commits for any partition.
    """

    partitions: list[list[Message]]
    committed: dict[int, int] = field(default_factory=dict)
    owners: dict[int, SimConsumer] = field(default_factory=dict)
    outdated: Callable[[SimConsumer], bool] = lambda _: False
    topics: dict[str, list[Written]] = field(default_factory=dict)
    away: bool = False
    on_commit: Callable[[int], None] = lambda _: None

    def append(self, partition: int, key: str, value: Any) -> None:
        """A record of a gateway."""
        log = self.partitions[partition]
        log.append(Message(len(log), key.encode(), (), value))

    def commit(self, consumer: SimConsumer, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        """Raises `KafkaError`."""
        if self.away:
            raise faults.KafkaConnectionError("away")
        if self.outdated(consumer):
            raise faults.UnknownMemberIdError("the group has moved on")
        for place, offset in offsets.items():
            self.committed[place.partition] = offset.offset
            self.on_commit(place.partition)


class SimConsumer:
    """As `KafkaConsumer`: one member of the group. `poll_limit` says how many records a poll gives."""

    def __init__(self, broker: Broker, tap: Tap, poll_limit: Callable[[], int]) -> None:
        self.listener: Any = None
        self.mine: set[int] = set()
        self._broker = broker
        self._tap = tap
        self._poll_limit = poll_limit
        self._next: dict[int, int] = {}
        self._paused: set[int] = set()

    def subscribe(self, _: Sequence[str], listener: Any) -> None:
        """See `KafkaConsumer`."""
        self.listener = listener

    def given(self, partition: int) -> None:
        """The group gives it a partition."""
        self._broker.owners[partition] = self
        self.mine.add(partition)
        self._paused.discard(partition)
        self._next[partition] = self._broker.committed.get(partition, 0)
        self.listener.on_partitions_assigned([TopicPartition(AUDIO_TOPIC, partition)])

    def told_lost(self, partition: int) -> None:
        """It hears that the group has given a partition to another."""
        self.mine.discard(partition)
        self.listener.on_partitions_lost([TopicPartition(AUDIO_TOPIC, partition)])

    def asked_back(self, partition: int) -> None:
        """The group wants a partition back, and waits for that."""
        self.listener.on_partitions_revoked([TopicPartition(AUDIO_TOPIC, partition)])
        self.mine.discard(partition)

    def assignment(self) -> set[TopicPartition]:
        """See `KafkaConsumer`."""
        return {TopicPartition(AUDIO_TOPIC, one) for one in self.mine}

    def pause(self, *places: TopicPartition) -> None:
        """See `KafkaConsumer`."""
        self._check(places)
        self._paused |= {one.partition for one in places}

    def resume(self, *places: TopicPartition) -> None:
        """See `KafkaConsumer`."""
        self._check(places)
        self._paused -= {one.partition for one in places}

    def _check(self, places: Sequence[TopicPartition]) -> None:
        for place in places:
            if place.partition not in self.mine:
                raise UnassignedError(place)

    def seek(self, place: TopicPartition, offset: int) -> None:
        """See `KafkaConsumer`."""
        if place.partition not in self.mine:
            raise UnassignedError(place)
        self._next[place.partition] = offset

    def poll(self, timeout_ms: int = 0, max_records: int = 0) -> dict[TopicPartition, list[Message]]:
        """See `KafkaConsumer`. Who was replaced still gets records, which no broker forbids."""
        del timeout_ms
        self._tap()
        found: dict[TopicPartition, list[Message]] = {}
        for partition in sorted(self.mine - self._paused):
            start = self._next[partition]
            records = self._broker.partitions[partition][start : start + min(max_records, self._poll_limit())]
            if records and not self._broker.away:
                self._next[partition] = start + len(records)
                found[TopicPartition(AUDIO_TOPIC, partition)] = records
        self._tap()
        return {place: records for place, records in found.items() if place.partition in self.mine}

    def committed(self, place: TopicPartition, timeout_ms: int = 0) -> int | None:
        """See `KafkaConsumer`."""
        self._ask()
        return self._broker.committed.get(place.partition)

    def beginning_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """See `KafkaConsumer`."""
        self._ask()
        return dict.fromkeys(places, 0)

    def end_offsets(self, places: Sequence[TopicPartition], timeout_ms: int = 0) -> dict[TopicPartition, int]:
        """See `KafkaConsumer`."""
        self._ask()
        return {place: len(self._broker.partitions[place.partition]) for place in places}

    def partitions_for_topic(self, _: str) -> set[int]:
        """See `KafkaConsumer`."""
        return set(range(len(self._broker.partitions)))

    def commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], timeout_ms: int = 0) -> None:
        """See `KafkaConsumer`."""
        self._ask()
        self._broker.commit(self, offsets)

    def commit_async(
        self, offsets: Mapping[TopicPartition, OffsetAndMetadata], callback: Callable[[Any, Any], None]
    ) -> None:
        """See `KafkaConsumer`."""
        self._tap()
        try:
            self._broker.commit(self, offsets)
        except faults.KafkaError as error:
            callback(offsets, error)
        else:
            callback(offsets, None)

    def _ask(self) -> None:
        self._tap()
        if self._broker.away:
            raise faults.KafkaConnectionError("away")


class SimProducer:
    """As `KafkaProducer`. A record that was taken may be said not to have been."""

    def __init__(self, broker: Broker, tap: Tap, loses_answer: LoseAnswer) -> None:
        self._broker = broker
        self._tap = tap
        self._loses_answer = loses_answer

    def send(self, topic: str, value: bytes, key: bytes, headers: list[tuple[str, bytes]]) -> Future[None]:
        """See `KafkaProducer`."""
        sent: Future[None] = Future()
        if self._broker.away:
            sent.set_exception(faults.KafkaConnectionError("away"))
            return _Sent(sent, self._tap)  # type: ignore[return-value]
        self._broker.topics.setdefault(topic, []).append((key, headers, value))
        if self._loses_answer():
            sent.set_exception(faults.KafkaConnectionError("no answer"))
        else:
            sent.set_result(None)
        return _Sent(sent, self._tap)  # type: ignore[return-value]

    def close(self, timeout: float | None = None) -> None:
        """See `KafkaProducer`."""


class _Sent:
    def __init__(self, future: Future[None], tap: Tap) -> None:
        self._future = future
        self._tap = tap

    def get(self, timeout: float) -> None:
        """See kafka-python's futures."""
        self._tap()
        return self._future.result(timeout)


class SimConnection(Connection):
    """Opens clients of a broker."""

    def on(self, consumer: SimConsumer, producer: Callable[[], SimProducer]) -> SimConnection:
        """With these clients."""
        object.__setattr__(self, "_clients", (consumer, producer))
        return self

    def open(self, client: Callable[..., Any], **_: Any) -> Any:
        """See `Connection`."""
        consumer, producer = self._clients  # type: ignore[attr-defined]
        return consumer if client is KafkaConsumer else producer()

"""What a gateway hears of its calls: events and partials off their topics, in the order of the feed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka import errors as faults

from pipeline.kafka.connection import Connection
from pipeline.kafka.ordering import InOrder
from pipeline.kafka.records import EVENTS_TOPIC, PARTIALS_TOPIC, RecordError
from pipeline.kafka.told import decode_envelope
from pipeline.live.feed import Envelope
from pipeline.load import Clock
from pipeline.store.errors import StoreError

log = logging.getLogger(__name__)

POLL_MS = 100
MISSING_S = 1.0
"""How long an event is waited for that others with higher numbers came before; then the store is asked."""
PAGE = 500
AGAIN_S = 1.0

Read = Callable[[int, int], list[Envelope]]
"""Stored events with a number over the first argument, so many at most, in order. Raises `StoreError`."""


class Following:
    """A thread from `start` to `close`. Each gateway hears all events, whoever's calls they are of."""

    def __init__(self, connection: Connection, read: Read, last: Callable[[], int], clock: Clock) -> None:
        """Connect. `last` gives the highest number in the store. Raises `WrapupError`."""
        self._read = read
        self._clock = clock
        self._consumer: Any = connection.open(
            KafkaConsumer, enable_auto_commit=False, reconnect_backoff_max_ms=1_000, group_id=None
        )
        places = connection.tried(self._places)
        self._consumer.assign(places)
        self._consumer.seek_to_end(*places)
        # Where each topic ends is fixed before the store is asked: what comes in between is heard twice at
        # most, and never not at all.
        for place in places:
            connection.tried(partial(self._consumer.position, place))
        self._order = InOrder(last())
        self._missing_since_s: float | None = None
        self._closed = threading.Event()
        self._publish: Callable[[Envelope], None] = _to_nobody
        self._thread = threading.Thread(target=self._run, name="wrapup-following", daemon=True)

    def start(self, publish: Callable[[Envelope], None]) -> None:
        """Tell events from here on."""
        self._publish = publish
        self._thread.start()

    def close(self) -> None:
        """Hear nothing more."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()
        self._consumer.close(autocommit=False)

    def _places(self) -> list[TopicPartition]:
        topics = (EVENTS_TOPIC, PARTIALS_TOPIC)
        return [
            TopicPartition(topic, number)
            for topic in topics
            for number in sorted(self._consumer.partitions_for_topic(topic))
        ]

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                polled = self._consumer.poll(timeout_ms=POLL_MS)
            except faults.KafkaError as error:
                log.warning("events cannot be read now: %s", type(error).__name__)
                self._closed.wait(AGAIN_S)
                continue
            try:
                for place, records in polled.items():
                    for record in records:
                        self._take(place, record)
                self._fill()
            except Exception as error:  # noqa: BLE001 - who follows must hear of what comes after it
                log.error("events were not told: %s", type(error).__name__)

    def _take(self, place: TopicPartition, record: Any) -> None:
        try:
            envelope = decode_envelope(record.headers, record.value)
        except RecordError as error:
            log.warning("record %d of %s/%d: %s", record.offset, place.topic, place.partition, error)
            return
        for one in self._order.take(envelope):
            self._publish(one)

    def _fill(self) -> None:
        """What did not come in time is in the store, since it was numbered there."""
        if not self._order.misses:
            self._missing_since_s = None
            return
        since_s = self._missing_since_s = self._missing_since_s or self._clock()
        if self._clock() < since_s + MISSING_S:
            return
        try:
            stored = self._read(self._order.last, PAGE)
        except StoreError as error:
            log.warning("events that are missing cannot be read: %s", type(error).__name__)
            return
        self._missing_since_s = None
        for one in self._order.fill(stored):
            self._publish(one)


def _to_nobody(_: Envelope) -> None:
    """Nobody follows yet."""

"""Who writes events, partials and what cannot be read to their topics."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from kafka import KafkaProducer
from kafka import errors as faults

from pipeline.kafka.connection import Connection, KafkaError
from pipeline.kafka.records import DEAD_TOPIC, EVENTS_TOPIC, PARTIALS_TOPIC, REVIEWS_TOPIC, Headers
from pipeline.kafka.told import encode_envelope, encode_review
from pipeline.live.feed import Envelope
from pipeline.store.records import ReviewRecord

log = logging.getLogger(__name__)

CONFIRMED_S = 10.0
"""How long an event may take to be confirmed before it is sent again."""
BLOCKED_MS = 2_000
"""How long a record waits for the client's own buffer or for who leads its partition."""


class Teller:
    """A producer, made anew where it can go on no more. A context manager; safe from several threads."""

    def __init__(self, connection: Connection) -> None:
        """Connect. Raises `WrapupError`."""
        self._connection = connection
        self._lock = threading.Lock()
        self._producer: Any = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._producer.close(timeout=CONFIRMED_S)

    def tell(self, envelopes: Sequence[Envelope]) -> None:
        """Publish durable events, in order; returns once all are confirmed. Raises `WrapupError`: then some
        may have been published, and will be again."""
        told = [(EVENTS_TOPIC, *encode_envelope(one)) for one in envelopes]
        self._confirmed(told)

    def show(self, envelope: Envelope) -> None:
        """Publish an ephemeral event, or do not."""
        key, headers, value = encode_envelope(envelope)
        with contextlib.suppress(faults.KafkaError):
            self._producer.send(PARTIALS_TOPIC, value, key, headers)

    def review(self, record: ReviewRecord) -> None:
        """Publish a review. Raises `WrapupError`."""
        self._confirmed([(REVIEWS_TOPIC, *encode_review(record))])

    def bury(
        self, key: bytes | None, headers: Headers, value: bytes | None, why: str, came_from: str
    ) -> None:
        """A record that cannot be read, as it was, with the reason. Raises `WrapupError`."""
        # A header may have no value on a topic, but not in this client.
        told = [(name, data or b"") for name, data in headers]
        told += [("reason", why.encode()), ("from", came_from.encode())]
        try:
            self._confirmed([(DEAD_TOPIC, key or b"", told, value or b"")])
        except KafkaError:
            # As it may be where it is as long as a record can be.
            length = ("cut", str(len(value or b"")).encode())
            self._confirmed([(DEAD_TOPIC, key or b"", [*told[-2:], length], b"")])

    def _confirmed(self, told: Sequence[tuple[str, bytes, Sequence[tuple[str, bytes]], bytes]]) -> None:
        try:
            self._connection.tried(lambda: self._send(told))
        except KafkaError:
            # What a producer does not get over it does not get over at the next record either.
            self._renew()
            raise

    def _send(self, told: Sequence[tuple[str, bytes, Sequence[tuple[str, bytes]], bytes]]) -> None:
        sent = [self._producer.send(topic, value, key, list(headers)) for topic, key, headers, value in told]
        for one in sent:
            one.get(timeout=CONFIRMED_S)

    def _renew(self) -> None:
        with self._lock:
            close: Callable[..., None] = self._producer.close
            close(timeout=0)
            self._producer = self._open()

    def _open(self) -> Any:
        return self._connection.open(
            KafkaProducer,
            acks="all",
            linger_ms=2,
            max_block_ms=BLOCKED_MS,
            delivery_timeout_ms=int(CONFIRMED_S * 1000),
            request_timeout_ms=5_000,
        )

"""A gateway: doors without engines. Calls go to the audio topic, and what becomes of them comes back."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from models.errors import WrapupError
from pipeline.config import Config
from pipeline.core.events import CallClosed
from pipeline.doors.messages import Started
from pipeline.formats.call_json import CallDocument
from pipeline.kafka.connection import Connection
from pipeline.kafka.following import Following
from pipeline.kafka.gateway_call import GatewayCall
from pipeline.kafka.outbox import Outbox
from pipeline.kafka.teller import Teller
from pipeline.live.admission import RETRY_S, Refusal
from pipeline.live.archive import Archive
from pipeline.live.feed import Envelope
from pipeline.live.journal import Publish
from pipeline.live.metrics import Metrics
from pipeline.live.switchboard import Switchboard
from pipeline.load import Clock
from pipeline.store.errors import StoreAwayError, StoreError
from pipeline.store.records import ReviewRecord
from pipeline.store.store import Store
from pipeline.store.vault import Vault

KAFKA_LATE_S = 2.0
"""When Kafka has taken nothing for so long, calls in progress are kept, and new ones turned away."""


class Gateway:
    """See `Served`. A context manager."""

    takes_files = False
    """Recordings want engines."""

    def __init__(
        self,
        config: Config,
        connection: Connection,
        store: Store,
        vault: Vault,
        clock: Clock = time.monotonic,
    ) -> None:
        """Connect. Raises `WrapupError`."""
        self.config = config
        self.metrics = Metrics()
        self.limits = replace(config.live.limits(), waiting_s=config.kafka.keeps_s)
        self._teller = Teller(connection)
        self.archive = _GatewayArchive(store, self._teller, clock)
        self._store = store
        self._clock = clock
        self._outbox = Outbox(connection, vault, self.limits.waiting_s, clock)
        self._following = Following(connection, self._events, store.numbers_given, clock)
        self.switchboard = Switchboard(self, _Judge(config.live.max_calls, self._outbox), self.metrics)
        self._publish: Publish = _to_nobody

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._outbox.__exit__(kind, error, trace)
        self._following.close()
        self.archive.close()
        self._teller.__exit__(kind, error, trace)

    def begin(self, started: Started) -> GatewayCall:
        """See `Beginnings`."""
        info = started.info
        self.archive.remember(info.call_id, info.site)
        return GatewayCall(info, self._outbox, self.limits, self._clock, self._wanted_from(info.call_id))

    def is_over(self, call_id: str) -> bool:
        """See `Beginnings`."""
        return self.archive.is_over(call_id)

    def publish_to(self, publish: Publish) -> None:
        """See `Served`."""
        self._publish = publish
        self._following.start(self._heard)

    def restore(self) -> int:
        """See `Served`: the workers do."""
        return 0

    def stop_files(self) -> None:
        """See `Served`."""

    def transcribe(
        self, path: Path, call_id: str, unwanted: Callable[[], bool]
    ) -> Future[CallDocument] | None:
        """See `Served`."""
        return None

    def _heard(self, envelope: Envelope) -> None:
        self._publish(envelope)
        if isinstance(envelope.event, CallClosed):
            self.archive.closed(envelope.call_id)
            call = self.switchboard.find(envelope.call_id)
            if isinstance(call, GatewayCall):
                call.closed(envelope.event.code)

    def _events(self, after: int, limit: int) -> list[Envelope]:
        return list(self.archive.read(None, after, limit))

    def _wanted_from(self, call_id: str) -> int:
        """Up to where the workers have a call's audio; a store that is away costs its client only more to
        send again."""
        try:
            return self._store.wanted_from(call_id) or 0
        except StoreError:
            return 0


class _GatewayArchive(Archive):
    """Reviews go out on their topic."""

    def __init__(self, store: Store, teller: Teller, clock: Clock) -> None:
        super().__init__(store, clock)
        self._teller = teller

    def add_review(self, record: ReviewRecord) -> bool:
        """Store it, and publish it; a client that is told that this failed posts the same again."""
        created = super().add_review(record)
        try:
            self._teller.review(record)
        except WrapupError as error:
            raise StoreAwayError(f"the review is not published yet: {error}") from error
        return created


class _Judge:
    """See `Judge`."""

    def __init__(self, most: int | None, outbox: Outbox) -> None:
        self._most = most
        self._outbox = outbox

    def judge(self, calls: int) -> Refusal | None:
        """See `Judge`."""
        if self._most is not None and calls >= self._most:
            return Refusal(f"{calls} calls are in progress, which is all that is configured", RETRY_S)
        if self._outbox.late_s > KAFKA_LATE_S:
            return Refusal("Kafka takes nothing now; calls in progress come first", RETRY_S)
        return None

    def took(self) -> None:
        """See `Judge`."""


def _to_nobody(_: Envelope) -> None:
    """Nobody follows yet."""

"""Where the facts of live calls go: to the spool first, from there to the store, and to who follows.

An event is on this machine's disk before anybody hears of it. A call's events come from its one thread; their
numbers grow over all calls in the order in which they were kept.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from pydantic import JsonValue

from pipeline.core.events import (
    AudioGap,
    EphemeralEvent,
    Event,
    Result,
    UtteranceLost,
)
from pipeline.doors.messages import CallInfo
from pipeline.live.archive import Archive
from pipeline.live.feed import Envelope
from pipeline.live.metrics import Backlog, Metrics
from pipeline.load import Clock
from pipeline.store.errors import SpoolFullError
from pipeline.store.feed import events_after, notes_of
from pipeline.store.records import (
    CallRecord,
    EventRecord,
    JobResultRecord,
    Record,
    SnapshotRecord,
)
from pipeline.store.spool import Spool, ends_call
from pipeline.store.store import Store
from pipeline.store.writer import StoreWriter

log = logging.getLogger(__name__)

RESERVED_IDS = 1_000
"""Numbers of events that are set aside at a time: what a server that died gave out is not given out again."""


Publish = Callable[[Envelope], None]
Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The wall clock, with its zone."""
    return datetime.now(UTC)


class Journal(Archive):
    """Records of all calls of one server; also the history that its feed reads, what the store does not have
    yet among it."""

    def __init__(
        self,
        spool: Spool,
        writer: StoreWriter,
        store: Store,
        metrics: Metrics,
        now: Now = utc_now,
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__(store, clock)
        self._spool = spool
        self._writer = writer
        self._metrics = metrics
        self._now = now
        self._full = False
        self._next = max(spool.last_seq(), store.last_seq(), spool.reserved_seq()) + 1
        self._reserved = 0
        self._publish: Publish = _to_nobody
        self._given: dict[str, set[str]] = {}
        self._in_progress: dict[str, str | None] = {}
        self._lock = threading.Lock()

    def publish_to(self, publish: Publish) -> None:
        """Who hears of events from here on, from the thread of each call."""
        self._publish = publish

    def opened(self, info: CallInfo, provenance: Mapping[str, JsonValue]) -> None:
        """A call began."""
        self._in_progress[info.call_id] = self.remember(info.call_id, info.site)
        record = CallRecord(
            call_id=info.call_id,
            opened_at=self._now(),
            roles=info.roles,
            queue=info.queue,
            direction=info.direction,
            language=info.language,
            site=info.site,
            tenant=None,
            provenance=provenance,
        )
        self._keep(record)

    def adopt(self, call: CallRecord) -> None:
        """A call goes on after a restart: what it says again of what is known is not said twice.

        Raises `StoreError`.
        """
        self._in_progress[call.call_id] = self.remember(call.call_id, call.site)
        self._given[call.call_id] = self._store.event_ids(call.call_id)

    def closed(self, call_id: str) -> None:
        """All of a call is out."""
        self._given.pop(call_id, None)
        self._in_progress.pop(call_id, None)
        super().closed(call_id)

    def event(self, call_id: str, event: Event) -> None:
        """See `Recorder`."""
        site = self._in_progress.get(call_id)
        if isinstance(event, EphemeralEvent):
            self._publish(Envelope(None, call_id, self._now(), event, site))
            return
        if event.id in self._given.get(call_id, ()):
            return
        self._count(event)
        with self._lock:
            seq, at = self._next, self._now()
            self._next += 1
            if seq > self._reserved:
                self._reserved = seq + RESERVED_IDS
                self._spool.reserve_seq(self._reserved)
            self._keep(EventRecord(seq, call_id, at, event))
            self._publish(Envelope(seq, call_id, at, event, site))

    def result(self, call_id: str, result: Result) -> None:
        """See `Recorder`."""
        self._keep(JobResultRecord(call_id, result.job_id, result.value))

    def snapshot(self, call_id: str, data: bytes) -> None:
        """See `Recorder`."""
        self._keep(SnapshotRecord(call_id, data))

    def backlog(self) -> Backlog:
        """What waits for the store."""
        spool, writer = self._spool, self._writer
        return Backlog(spool.waiting_records, spool.waiting_bytes, writer.reachable, writer.rejected)

    def close(self) -> None:
        """Ask the store nothing more; the next server goes on with the next number."""
        if self._reserved:
            self._spool.reserve_seq(self._next - 1)
        super().close()

    def _keep(self, record: Record) -> None:
        """A full spool loses the record, which is counted, and never the call."""
        try:
            self._spool.append(record)
        except SpoolFullError as error:
            self._metrics.not_stored.inc()
            if not self._full:
                log.error("records are not kept from here on: %s", error)
            self._full = True
        else:
            # The ends of calls have room of their own, and say nothing of the rest.
            if self._full and not ends_call(record):
                log.warning("records are kept again")
                self._full = False

    def _events(self, call_id: str | None, after: int, limit: int) -> list[EventRecord]:
        return events_after(self._store, self._spool, call_id, after, limit)

    def _notes(self, call_id: str) -> list[EventRecord]:
        return notes_of(self._store, self._spool, call_id)

    def _answers(self) -> bool:
        return self._writer.reachable

    def _count(self, event: Event) -> None:
        if isinstance(event, AudioGap):
            self._metrics.gaps.labels(event.reason).inc()
        elif isinstance(event, UtteranceLost):
            self._metrics.lost.labels(event.reason).inc()


def _to_nobody(_: Envelope) -> None:
    """Nobody follows yet."""

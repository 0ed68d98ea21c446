"""Where the facts of live calls go: to the spool first, from there to the store, and to who follows.

An event is on this machine's disk before anybody hears of it. A call's events come from its one thread; their
numbers grow over all calls in the order in which they were kept.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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
from pipeline.live.feed import Envelope
from pipeline.live.metrics import Backlog, Metrics
from pipeline.load import Clock
from pipeline.store.errors import SpoolFullError, StoreError
from pipeline.store.feed import events_after, notes_of
from pipeline.store.records import (
    CallRecord,
    EventRecord,
    JobResultRecord,
    Opening,
    Record,
    ReviewRecord,
    SiteRecord,
    SnapshotRecord,
    StoredCall,
)
from pipeline.store.spool import Spool, ends_call
from pipeline.store.store import Store
from pipeline.store.writer import StoreWriter

log = logging.getLogger(__name__)

REMEMBERED = 20_000
"""Calls whose site and end are remembered, so that events and streams do not cost a query each."""

ASK_S = 0.5
"""How long the beginning of a call waits for the store."""
ASK_AGAIN_S = 5.0
"""How long the store is asked nothing more after it did not answer in time."""

RESERVED_IDS = 1_000
"""Numbers of events that are set aside at a time: what a server that died gave out is not given out again."""


@dataclass(frozen=True, slots=True)
class CallNotes:
    """Notes of a call, in order: those of chunks and drafts; what was opened. Of the store: `legs`, and
    whether it has the call."""

    records: tuple[EventRecord, ...]
    openings: tuple[Opening, ...]
    legs: int
    stored: bool


Publish = Callable[[Envelope], None]
Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The wall clock, with its zone."""
    return datetime.now(UTC)


class Journal:
    """Records of all calls of one server; also the history that its feed reads."""

    def __init__(
        self,
        spool: Spool,
        writer: StoreWriter,
        store: Store,
        metrics: Metrics,
        now: Now = utc_now,
        clock: Clock = time.monotonic,
    ) -> None:
        self._spool = spool
        self._writer = writer
        self._store = store
        self._metrics = metrics
        self._now = now
        self._clock = clock
        self._ask_from_s = clock()
        self._full = False
        self._next = max(spool.last_seq(), store.last_seq(), spool.reserved_seq()) + 1
        self._reserved = 0
        self._publish: Publish = _to_nobody
        self._given: dict[str, set[str]] = {}
        self._sites: OrderedDict[str, str | None] = OrderedDict()
        self._in_progress: dict[str, str | None] = {}
        self._over: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._asking = ThreadPoolExecutor(2, thread_name_prefix="wrapup-ask")

    def publish_to(self, publish: Publish) -> None:
        """Who hears of events from here on, from the thread of each call."""
        self._publish = publish

    def opened(self, info: CallInfo, provenance: Mapping[str, JsonValue]) -> None:
        """A call began."""
        self._in_progress[info.call_id] = self._remember(info.call_id, info.site)
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
        self._in_progress[call.call_id] = self._remember(call.call_id, call.site)
        self._given[call.call_id] = self._store.event_ids(call.call_id)

    def closed(self, call_id: str) -> None:
        """All of a call is out."""
        self._given.pop(call_id, None)
        self._in_progress.pop(call_id, None)
        self._over[call_id] = None
        if len(self._over) > REMEMBERED:
            self._over.popitem(last=False)

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

    def read(self, call_id: str | None, after: int, limit: int) -> Sequence[Envelope]:
        """See `History`. Raises `StoreError`."""
        records = events_after(self._store, self._spool, call_id, after, limit)
        sites = {call_id: self.site_of(call_id) for call_id in {record.call_id for record in records}}
        return [Envelope(one.seq, one.call_id, one.at, one.event, sites[one.call_id]) for one in records]

    def notes(self, call_id: str) -> CallNotes:
        """The notes of a call so far. Raises `StoreError`."""
        records = tuple(notes_of(self._store, self._spool, call_id))
        stored = self._store.call(call_id)
        legs = 0 if stored is None else len(stored.legs)
        return CallNotes(records, tuple(self._store.openings(call_id)), legs, stored is not None)

    def open_note(self, call_id: str, opening: Opening) -> Opening:
        """See `Store.open_note`. Raises `StoreError`."""
        return self._store.open_note(call_id, opening)

    def add_review(self, record: ReviewRecord) -> bool:
        """See `Store.add_review`. Raises `StoreError`, `ReviewConflictError`."""
        return self._store.add_review(record)

    def put_site(self, site: SiteRecord) -> None:
        """See `Store.put_site`. Raises `StoreError`."""
        self._store.put_site(site)

    def call(self, call_id: str) -> StoredCall | None:
        """A call as the store knows it. Raises `StoreError`."""
        return self._store.call(call_id)

    def knows(self, call_id: str) -> bool:
        """Whether there is or was a call of that id. Raises `StoreError`."""
        return call_id in self._sites or self._store.call(call_id) is not None

    def site_of(self, call_id: str) -> str | None:
        """The site of a call. Raises `StoreError`."""
        if call_id in self._sites:
            return self._sites[call_id]
        stored = self._store.call(call_id)
        return self._remember(call_id, None if stored is None else stored.record.site)

    def is_over(self, call_id: str) -> bool:
        """Whether a call is closed already, also where the store does not know yet.

        A store that is away or slow is not waited for, nor asked again for some seconds: a call never waits
        for it, and one that is opened again under the same id changes nothing of what was kept.
        """
        if call_id in self._over:
            return True
        if not self._writer.reachable or self._clock() < self._ask_from_s:
            return False
        try:
            stored = self._asking.submit(self._store.call, call_id).result(ASK_S)
        except (TimeoutError, StoreError) as error:
            self._ask_from_s = self._clock() + ASK_AGAIN_S
            log.warning("the store did not say whether a call is over: %s", type(error).__name__)
            return False
        return stored is not None and stored.end_code is not None

    def backlog(self) -> Backlog:
        """What waits for the store."""
        spool, writer = self._spool, self._writer
        return Backlog(spool.waiting_records, spool.waiting_bytes, writer.reachable, writer.rejected)

    def close(self) -> None:
        """Ask the store nothing more; the next server goes on with the next number."""
        if self._reserved:
            self._spool.reserve_seq(self._next - 1)
        self._asking.shutdown(wait=False, cancel_futures=True)

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

    def _remember(self, call_id: str, site: str | None) -> str | None:
        self._sites[call_id] = site
        if len(self._sites) > REMEMBERED:
            self._sites.popitem(last=False)
        return site

    def _count(self, event: Event) -> None:
        if isinstance(event, AudioGap):
            self._metrics.gaps.labels(event.reason).inc()
        elif isinstance(event, UtteranceLost):
            self._metrics.lost.labels(event.reason).inc()


def _to_nobody(_: Envelope) -> None:
    """Nobody follows yet."""

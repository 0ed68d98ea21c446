"""Calls of a worker: new ones, and those that another worker had, made again from the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pipeline.callmaker import CallMaker
from pipeline.core.events import DurableEvent
from pipeline.core.session import Session
from pipeline.doors.messages import CallInfo, Started
from pipeline.kafka.call import Before, LoggedCall
from pipeline.kafka.ledger import PartitionBook
from pipeline.kafka.note_jobs import Asking
from pipeline.kafka.partition import Message
from pipeline.kafka.records import StreamRecord, decode
from pipeline.live.call import Ground
from pipeline.live.journal import utc_now
from pipeline.live.state import LiveState, restored
from pipeline.store.errors import StoreError
from pipeline.store.records import CallRecord
from pipeline.store.store import Store
from pipeline.store.vault import Vault

ALL_EVENTS = 1_000_000

MANY_JOBS = 200
"""Jobs that may wait before no more is read: each holds its audio, and a topic half an hour of it."""


class WorkerCalls:
    """See `Calls`."""

    def __init__(
        self,
        maker: CallMaker,
        store: Store,
        vault: Vault,
        asking: Asking | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`asking`: who is asked for notes, where they are not written here."""
        self._asking = asking
        self.resume_s = maker.limits.resume_s
        self._maker = maker
        self._store = store
        self._vault = vault
        self._now = now

    @property
    def full(self) -> bool:
        """See `Calls`."""
        return sum(self._maker.workers.waiting().values()) > MANY_JOBS

    def decode(self, message: Message) -> StreamRecord:
        """See `Calls`."""
        return decode(message.key, message.headers, message.value, self._vault)

    def is_over(self, call_id: str) -> bool | None:
        """See `Calls`."""
        stored = self._store.call(call_id)
        return None if stored is None else stored.end_code is not None

    def begin(self, started: Started, book: PartitionBook, offset: int) -> LoggedCall:
        """See `Calls`."""
        info, maker = started.info, self._maker
        record = CallRecord(
            call_id=info.call_id,
            opened_at=self._now(),
            roles=info.roles,
            queue=info.queue,
            direction=info.direction,
            language=info.language,
            site=info.site,
            tenant=None,
            provenance=maker.provenance(info),
        )
        session = Session(maker.settings(info, started.hang_ms))
        call = LoggedCall(info, session, maker.call_engines(info), self._ground(info, book), book, offset)
        # Only what came to be has begun: nobody would close it.
        book.begun(record)
        return call

    def go_on(self, call_id: str, book: PartitionBook, offset: int) -> LoggedCall:
        """See `Calls`."""
        stored = self._store.call(call_id)
        if stored is None:
            raise StoreError(f"call {call_id} is not in the store")
        record, maker = stored.record, self._maker
        book.goes_on(record)
        info = CallInfo(call_id, record.roles, site=record.site, queue=record.queue)
        state: LiveState | None = None
        snapshot = self._store.snapshot(call_id)
        if snapshot is None:
            session = Session(maker.settings(info))
        else:
            session, state = restored(snapshot, self._told(call_id))
        before = Before(self._store.job_results(call_id), state)
        engines, ground = maker.call_engines(info), self._ground(info, book)
        return LoggedCall(info, session, engines, ground, book, offset, before)

    def _ground(self, info: CallInfo, book: PartitionBook) -> Ground:
        ground = self._maker.ground(book)
        if self._asking is None:
            return ground
        return replace(ground, workers=self._asking.in_front_of(self._maker.workers, info.call_id))

    def _told(self, call_id: str) -> list[DurableEvent]:
        return [kept.event for kept in self._store.events(call_id, 0, ALL_EVENTS)]

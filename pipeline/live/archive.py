"""What a server reads of calls, for those who follow, ask for notes and review them: from the store alone."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipeline.live.feed import Envelope
from pipeline.load import Clock
from pipeline.store.errors import StoreError
from pipeline.store.records import EventRecord, Opening, ReviewRecord, SiteRecord, StoredCall
from pipeline.store.store import Store

log = logging.getLogger(__name__)

REMEMBERED = 20_000
"""Calls whose site and end are remembered, so that events and streams do not cost a query each."""

ASK_S = 0.5
"""How long the beginning of a call waits for the store."""
ASK_AGAIN_S = 5.0
"""How long the store is asked nothing more after it did not answer in time."""


@dataclass(frozen=True, slots=True)
class CallNotes:
    """Notes of a call, in order: those of chunks and drafts; what was opened. Of the store: `legs`, and
    whether it has the call."""

    records: tuple[EventRecord, ...]
    openings: tuple[Opening, ...]
    legs: int
    stored: bool


class Archive:
    """The store, for readers. Safe from several threads."""

    def __init__(self, store: Store, clock: Clock = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._ask_from_s = clock()
        self._sites: OrderedDict[str, str | None] = OrderedDict()
        self._over: OrderedDict[str, None] = OrderedDict()
        self._asking = ThreadPoolExecutor(2, thread_name_prefix="wrapup-ask")

    def read(self, call_id: str | None, after: int, limit: int) -> Sequence[Envelope]:
        """See `History`. Raises `StoreError`."""
        records = self._events(call_id, after, limit)
        sites = {call_id: self.site_of(call_id) for call_id in {record.call_id for record in records}}
        return [Envelope(one.seq, one.call_id, one.at, one.event, sites[one.call_id]) for one in records]

    def notes(self, call_id: str) -> CallNotes:
        """The notes of a call so far. Raises `StoreError`."""
        records = tuple(self._notes(call_id))
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
        site = None if stored is None else stored.record.site
        return site if stored is None else self.remember(call_id, site)

    def is_over(self, call_id: str) -> bool:
        """Whether a call is closed already, also where the store does not know yet.

        A store that is away or slow is not waited for, nor asked again for some seconds: a call never waits
        for it, and one that is opened again under the same id changes nothing of what was kept.
        """
        if call_id in self._over:
            return True
        if not self._answers() or self._clock() < self._ask_from_s:
            return False
        try:
            stored = self._asking.submit(self._store.call, call_id).result(ASK_S)
        except (TimeoutError, StoreError) as error:
            self._ask_from_s = self._clock() + ASK_AGAIN_S
            log.warning("the store did not say whether a call is over: %s", type(error).__name__)
            return False
        return stored is not None and stored.end_code is not None

    def remember(self, call_id: str, site: str | None) -> str | None:
        """The site of a call that is in progress."""
        self._sites[call_id] = site
        if len(self._sites) > REMEMBERED:
            self._sites.popitem(last=False)
        return site

    def closed(self, call_id: str) -> None:
        """All of a call is out."""
        self._over[call_id] = None
        if len(self._over) > REMEMBERED:
            self._over.popitem(last=False)

    def close(self) -> None:
        """Ask the store nothing more."""
        self._asking.shutdown(wait=False, cancel_futures=True)

    def _events(self, call_id: str | None, after: int, limit: int) -> list[EventRecord]:
        return self._store.events(call_id, after, limit)

    def _notes(self, call_id: str) -> list[EventRecord]:
        return self._store.notes(call_id)

    def _answers(self) -> bool:
        """Whether the store was there when it was last asked."""
        return True

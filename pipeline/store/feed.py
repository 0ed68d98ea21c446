"""Events for a feed: those in the store, and those that still wait in the spool, as one sequence."""

from __future__ import annotations

from pipeline.store.records import EventRecord
from pipeline.store.spool import Spool
from pipeline.store.store import NOTES, Store

ALL_WAITING = 1_000_000


def events_after(
    store: Store, spool: Spool, call_id: str | None, after_seq: int, limit: int
) -> list[EventRecord]:
    """The first `limit` events with a seq over `after_seq`, of one call or of all, in order of seq.

    The spool is read first: an event that moves meanwhile is then in both, and never in neither. Raises
    `StoreError`.
    """
    waiting = spool.pending(call_id, after_seq, limit)
    stored = store.events(call_id, after_seq, limit)
    found = {(record.call_id, record.event.id): record for record in [*waiting, *stored]}
    return sorted(found.values(), key=lambda record: record.seq)[:limit]


def notes_of(store: Store, spool: Spool, call_id: str) -> list[EventRecord]:
    """Notes of chunks and drafts of a call, in order of seq. Raises `StoreError`."""
    waiting = [one for one in spool.pending(call_id, 0, ALL_WAITING) if isinstance(one.event, NOTES)]
    found = {record.event.id: record for record in [*waiting, *store.notes(call_id)]}
    return sorted(found.values(), key=lambda record: record.seq)

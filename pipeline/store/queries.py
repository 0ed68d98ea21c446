"""Rows back into records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from pipeline.core.events import DraftReady
from pipeline.formats.event_json import type_name
from pipeline.store.records import CallRecord, LegRecord, Opening, StoredCall, StoredLeg
from pipeline.store.tables import call_keys, calls, events, legs, note_openings


def events_of(call_id: str | None, after_seq: int) -> Select[Any]:
    """Events after a seq, with what opens them; those that were emptied are left out."""
    query = (
        select(events, call_keys.c.wrapped, calls.c.forgotten_at)
        .join_from(events, calls)
        .outerjoin(call_keys, call_keys.c.call_id == calls.c.call_id)
        .where(events.c.seq > after_seq, events.c.event.is_not(None))
        .order_by(events.c.seq, events.c.call_id, events.c.event_id)
    )
    return query if call_id is None else query.where(events.c.call_id == call_id)


def drafts_of(call_ids: Sequence[str]) -> Select[Any]:
    """Drafts of calls, in no order, with what opens them."""
    return (
        select(events, call_keys.c.wrapped, calls.c.forgotten_at)
        .join_from(events, calls)
        .outerjoin(call_keys, call_keys.c.call_id == calls.c.call_id)
        .where(events.c.call_id.in_(call_ids), events.c.type == type_name(DraftReady))
    )


def openings_of(connection: Connection, call_ids: Sequence[str]) -> Mapping[str, list[Opening]]:
    """Call id -> which draft the review of each leg began with, by leg."""
    found: dict[str, list[Opening]] = {}
    query = select(note_openings).where(note_openings.c.call_id.in_(call_ids))
    for row in connection.execute(query.order_by(note_openings.c.call_id, note_openings.c.leg)):
        found.setdefault(row.call_id, []).append(Opening(row.leg, row.revision, row.opened_at))
    return found


def legs_of(connection: Connection, call_ids: Sequence[str]) -> Mapping[str, list[StoredLeg]]:
    """Call id -> its legs, in order."""
    found: dict[str, list[StoredLeg]] = {}
    query = select(legs).where(legs.c.call_id.in_(call_ids)).order_by(legs.c.call_id, legs.c.leg)
    for row in connection.execute(query):
        record = LegRecord(row.call_id, row.leg, row.associate, row.queue, row.channel, row.from_samples)
        found.setdefault(row.call_id, []).append(StoredLeg(record, row.to_samples))
    return found


def call_record(row: Row[Any]) -> CallRecord:
    """The record of a row that has all columns of `calls`."""
    return CallRecord(
        call_id=row.call_id,
        opened_at=row.opened_at,
        roles=tuple(row.roles),
        queue=row.queue,
        direction=row.direction,
        language=row.language,
        site=row.site,
        tenant=row.tenant,
        provenance=row.provenance,
    )


def stored_call(row: Row[Any], of_legs: Mapping[str, list[StoredLeg]]) -> StoredCall:
    """The call of a row that has all columns of `calls`."""
    return StoredCall(
        record=call_record(row),
        legs=tuple(of_legs.get(row.call_id, ())),
        closed_at=row.closed_at,
        end_code=row.end_code,
        duration_samples=row.duration_samples,
        spoken_language=row.spoken_language,
        forgotten_at=row.forgotten_at,
    )

"""Records into rows. Every row has a derived key and stays as it was first written, so that writing a record
again changes nothing, however the records were grouped. Only the text of an utterance follows what becomes
known of its masks.

What has changed of a call is told by its state: the end of a call closes it, and takes its snapshot and its
jobs' results with it, which hold what was said before the mask; a call without its key is forgotten, and
nothing of it is kept any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, bindparam, case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.core.events import CallClosed, DraftReady, LegStarted
from pipeline.store.errors import StoreError
from pipeline.store.packing import pack_value
from pipeline.store.projections import CallState, Row, Rows, event_rows, note_version, place
from pipeline.store.records import (
    CallRecord,
    EventRecord,
    JobResultRecord,
    LegRecord,
    Record,
    SnapshotRecord,
)
from pipeline.store.revealing import reveal
from pipeline.store.tables import (
    associates,
    call_keys,
    calls,
    job_results,
    legs,
    metadata,
    snapshots,
    versions,
)
from pipeline.store.vault import Cipher, Vault


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that knows ON CONFLICT, which both databases say in the same words."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def write_records(connection: Connection, vault: Vault, records: Sequence[Record]) -> None:
    """Write records in the transaction of `connection`. Raises `StoreError` for a call that nobody opened."""
    _write_calls(connection, vault, [record for record in records if isinstance(record, CallRecord)])
    # What is written of a call while it is forgotten would stay behind.
    states = call_states(connection, vault, {record.call_id for record in records}, hold=True)
    kept = [record for record in records if _state(states, record).cipher is not None]
    _write_legs(connection, states, _legs_in(kept))
    _insert_all(connection, _results(states, kept))
    of_events = [record for record in kept if isinstance(record, EventRecord)]
    _insert_all(
        connection, (row for record in of_events for row in event_rows(record, _state(states, record)))
    )
    reveal(connection, states, of_events)
    _write_versions(connection, states, of_events)
    _write_snapshots(connection, states, kept)
    _close(connection, [record for record in of_events if isinstance(record.event, CallClosed)])
    _end_legs(connection, kept)


def call_states(
    connection: Connection, vault: Vault, call_ids: Iterable[str], hold: bool = False
) -> dict[str, CallState]:
    """The state of these calls, as far as they are known. Raises `UnreadableError`.

    `hold`: others change nothing of it before the transaction ends.
    """
    version = calls.c.provenance["version"].as_string()
    query = (
        select(calls.c.call_id, calls.c.opened_at, calls.c.closed_at, calls.c.forgotten_at, version)
        .add_columns(call_keys.c.wrapped)
        .outerjoin_from(calls, call_keys)
        .where(calls.c.call_id.in_(sorted(call_ids)))
    )
    found = connection.execute(query.with_for_update(read=True, of=calls) if hold else query)
    return {
        call_id: CallState(
            opened_at, closed_at is not None, made_by, cipher_of(vault, call_id, forgotten, key)
        )
        for call_id, opened_at, closed_at, forgotten, made_by, key in found
    }


def cipher_of(vault: Vault, call_id: str, forgotten_at: datetime | None, key: bytes | None) -> Cipher | None:
    """The cipher of a call; None when it was forgotten. Raises `UnreadableError`."""
    if forgotten_at is not None or (vault.encrypts and key is None):
        return None
    return vault.cipher(call_id, key or b"")


def _state(states: Mapping[str, CallState], record: Record) -> CallState:
    if record.call_id not in states:
        raise StoreError(f"{type(record).__name__} of call {record.call_id!r}, which nobody has opened")
    return states[record.call_id]


def _write_calls(connection: Connection, vault: Vault, records: Sequence[CallRecord]) -> None:
    if not records:
        return
    ids = sorted({record.call_id for record in records})
    known = set(connection.scalars(select(calls.c.call_id).where(calls.c.call_id.in_(ids))))
    statement = insert(connection, calls)
    new = statement.excluded
    details = ("queue", "direction", "language", "site", "tenant")
    change: Row = {name: func.coalesce(new[name], calls.c[name]) for name in details}
    change |= {"roles": new.roles, "provenance": new.provenance}
    connection.execute(
        statement.on_conflict_do_update(index_elements=[calls.c.call_id], set_=change),
        [_call_row(record) for record in records],
    )
    # A key is made with its call and never again: a call without one was forgotten.
    fresh = [call_id for call_id in ids if call_id not in known] if vault.encrypts else []
    _insert_all(
        connection, ((call_keys, {"call_id": call, "wrapped": vault.new_key(call)}) for call in fresh)
    )


def _call_row(record: CallRecord) -> Row:
    return {
        "call_id": record.call_id,
        "opened_at": record.opened_at,
        "roles": list(record.roles),
        "queue": record.queue,
        "direction": record.direction,
        "language": record.language,
        "site": record.site,
        "tenant": record.tenant,
        "provenance": dict(record.provenance),
    }


def _legs_in(records: Sequence[Record]) -> list[LegRecord]:
    """Legs as they were handed over, and as events say that they began."""
    found: list[LegRecord] = []
    for record in records:
        if isinstance(record, LegRecord):
            found.append(record)
        elif isinstance(record, EventRecord) and isinstance(record.event, LegStarted):
            leg = record.event
            found.append(
                LegRecord(record.call_id, leg.number, leg.associate, leg.queue, None, leg.start_samples)
            )
    return found


def _write_legs(
    connection: Connection, states: Mapping[str, CallState], records: Sequence[LegRecord]
) -> None:
    if not records:
        return
    statement = insert(connection, legs)
    new = statement.excluded
    change = {name: func.coalesce(new[name], legs.c[name]) for name in ("associate", "queue", "channel")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=[legs.c.call_id, legs.c.leg], set_=change),
        [
            {
                "call_id": record.call_id,
                "leg": record.leg,
                "associate": record.associate,
                "queue": record.queue,
                "channel": record.channel,
                "from_samples": record.from_samples,
            }
            for record in records
        ],
    )
    people = [(record.associate, states[record.call_id].opened_at) for record in records if record.associate]
    _write_associates(connection, people)


def _write_associates(connection: Connection, people: Sequence[tuple[str, datetime]]) -> None:
    """Who took part in a call, and when it began: each keeps the earliest."""
    statement = insert(connection, associates)
    earlier, kept = statement.excluded.first_call_at, associates.c.first_call_at
    change = {"first_call_at": case((earlier < kept, earlier), else_=kept)}
    statement = statement.on_conflict_do_update(index_elements=[associates.c.associate], set_=change)
    for associate, opened_at in sorted(people):
        connection.execute(statement, {"associate": associate, "first_call_at": opened_at})


def _write_versions(
    connection: Connection, states: Mapping[str, CallState], records: Sequence[EventRecord]
) -> None:
    """Versions of drafts: each was released when its first draft came."""
    released: dict[str, datetime] = {}
    for record in records:
        if isinstance(record.event, DraftReady):
            version = note_version(record.event, states[record.call_id])
            if version:
                released[version] = min(record.at, released.get(version, record.at))
    statement = insert(connection, versions)
    earlier, kept = statement.excluded.released_at, versions.c.released_at
    change = {"released_at": case((earlier < kept, earlier), else_=kept)}
    statement = statement.on_conflict_do_update(index_elements=[versions.c.version], set_=change)
    for version, at in sorted(released.items()):
        connection.execute(statement, {"version": version, "released_at": at})


def _results(states: Mapping[str, CallState], records: Sequence[Record]) -> Rows:
    for record in records:
        state = states[record.call_id]
        if isinstance(record, JobResultRecord) and state.cipher is not None and not state.closed:
            value = state.cipher.seal(pack_value(record.value), place(job_results, "value", record.job_id))
            yield job_results, {"call_id": record.call_id, "job_id": record.job_id, "value": value}


def _write_snapshots(
    connection: Connection, states: Mapping[str, CallState], records: Sequence[Record]
) -> None:
    newest = {record.call_id: record for record in records if isinstance(record, SnapshotRecord)}
    statement = insert(connection, snapshots)
    statement = statement.on_conflict_do_update(
        index_elements=[snapshots.c.call_id],
        set_={"data": statement.excluded.data, "wanted_from": statement.excluded.wanted_from},
    )
    for call_id, record in sorted(newest.items()):
        state = states[call_id]
        if state.cipher is not None and not state.closed:
            data = state.cipher.seal(record.data, place(snapshots, "data", ""))
            row = {"call_id": call_id, "data": data, "wanted_from": record.wanted_from}
            connection.execute(statement, row)


def _insert_all(connection: Connection, rows: Rows) -> None:
    """Insert what is not there yet, tables that others refer to first."""
    by_table: dict[str, list[Row]] = {}
    for table, row in rows:
        by_table.setdefault(table.name, []).append(row)
    for table in metadata.sorted_tables:
        if table.name in by_table:
            connection.execute(insert(connection, table).on_conflict_do_nothing(), by_table[table.name])


def _close(connection: Connection, records: Sequence[EventRecord]) -> None:
    closed = update(calls).where(calls.c.call_id == bindparam("closed_id"), calls.c.closed_at.is_(None))
    for record in records:
        assert isinstance(record.event, CallClosed)
        end = {
            "closed_at": record.at,
            "end_code": record.event.code,
            "duration_samples": record.event.duration_samples,
            "spoken_language": record.event.language,
        }
        connection.execute(closed.values(end), {"closed_id": record.call_id})
        for table in (snapshots, job_results):
            connection.execute(delete(table).where(table.c.call_id == record.call_id))


def _end_legs(connection: Connection, records: Sequence[Record]) -> None:
    """A leg ends where the next one of its call begins, the last one with the call."""
    touched = {record.call_id for record in _legs_in(records)}
    touched |= {
        record.call_id
        for record in records
        if isinstance(record, EventRecord) and isinstance(record.event, CallClosed)
    }
    if not touched:
        return
    later = legs.alias("later")
    following = (
        select(func.min(later.c.from_samples))
        .where(later.c.call_id == legs.c.call_id, later.c.leg > legs.c.leg)
        .scalar_subquery()
    )
    duration = select(calls.c.duration_samples).where(calls.c.call_id == legs.c.call_id).scalar_subquery()
    connection.execute(
        update(legs)
        .where(legs.c.call_id.in_(sorted(touched)))
        .values(to_samples=func.coalesce(following, duration))
    )

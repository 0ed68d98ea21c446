"""What is kept of calls, in SQLite or PostgreSQL. Safe to use from several threads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, Engine, Row, delete, func, null, select, update

from models.errors import InputError
from pipeline.core.events import ChunkNoted, DraftReady
from pipeline.formats.event_json import decode_durable, type_name
from pipeline.store import sharing
from pipeline.store.columns import SealedText
from pipeline.store.database import (
    Claim,
    claim,
    lock_schema,
    make_folder,
    open_engine,
    reading,
    shown,
    truncate_wal,
    writing,
)
from pipeline.store.errors import StoreAwayError, StoreError
from pipeline.store.export import exported
from pipeline.store.migrations import migrate
from pipeline.store.packing import unpack_value
from pipeline.store.projections import place
from pipeline.store.queries import call_record, drafts_of, events_of, legs_of, openings_of, stored_call
from pipeline.store.records import (
    CallRecord,
    EventRecord,
    Opening,
    Record,
    ResultValue,
    ReviewRecord,
    SiteRecord,
    StoredCall,
)
from pipeline.store.reviewing import Anchors, ReviewedCall, add_review, anchors, put_site, reviews_of
from pipeline.store.tables import (
    call_keys,
    calls,
    events,
    job_results,
    metadata,
    note_openings,
    snapshots,
    untold_events,
    vault_proof,
)
from pipeline.store.vault import Cipher, Vault
from pipeline.store.writing import call_states, cipher_of, insert, write_records

CALLS_A_PAGE = 50

NOTES = (ChunkNoted, DraftReady)
"""Events that are notes."""
NOTE_TYPES = tuple(type_name(event) for event in NOTES)


class Store:
    """Calls, their events, and what was made of them. Every method raises `StoreError`."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        """Use `Store.open`."""
        self._engine = engine
        self._vault = vault
        self._claim: Claim | None = None
        self._shared = False

    @classmethod
    def open(cls, url: str, vault: Vault) -> Store:
        """The store at a URL, its schema brought forward; a SQLite file is made with its folder.

        Raises `ConfigError` for a URL that cannot be used, `MissingExtraError` without PostgreSQL's driver,
        `StoreAwayError` while the database is away, `StoreError` where it was written with another key.
        """
        engine = open_engine(url)
        try:
            make_folder(engine)
            with writing(engine) as connection:
                lock_schema(connection)
                migrate(connection)
                _check_vault(connection, vault, shown(engine))
        except CommandError as error:
            engine.dispose()
            raise StoreError(f"{shown(engine)}: made by a newer version of Wrapup") from error
        except StoreError:
            engine.dispose()
            raise
        return cls(engine, vault)

    def close(self) -> None:
        """Give up the connections."""
        if self._claim is not None:
            self._claim.close()
        self._engine.dispose()

    def claim(self) -> None:
        """Keep a second server off this database: it would go on with the calls of the first.

        Until `close`; `write` claims it again when PostgreSQL was away. Raises `StoreAwayError` while another
        server is there.
        """
        self._claim = claim(self._engine, self._claim, self._shared)
        if not self._shared:
            # Workers that come back later must claim their partitions anew: their calls went on here.
            with writing(self._engine) as connection:
                sharing.end_claims(connection)

    def share(self) -> None:
        """As `claim`, but with others who share the database: gateways and workers."""
        self._shared = True
        self.claim()

    def claim_partition(self, partition: int) -> int:
        """A partition of the calls is this worker's; the epoch of its claim. See `keep`."""
        with writing(self._engine) as connection:
            return sharing.claim_partition(connection, partition)

    def keep(
        self, claims: Mapping[int, int], records: Sequence[tuple[int, Record]], told: Sequence[int]
    ) -> list[EventRecord]:
        """As `write`, for a worker: records with their partitions, under its `claims`, partition to epoch.

        Events come without numbers, and those that were not stored before are given back with theirs. They
        are untold until a later call names their numbers in `told`. All of it happens or nothing: raises
        `PartitionLostError` where one of the partitions has another owner by now.
        """
        self._stand()
        with writing(self._engine) as connection:
            return sharing.keep(connection, self._vault, claims, records, told)

    def untold(self, partition: int) -> list[EventRecord]:
        """Events of a partition that are stored, and perhaps not published, in order of seq."""
        query = events_of(None, 0).join(untold_events, untold_events.c.seq == events.c.seq)
        with reading(self._engine) as connection:
            found = connection.execute(query.where(untold_events.c.partition == partition))
            return [_event_record(row, event) for row, event in self._opened(found)]

    def open_call_ids(self) -> list[str]:
        """Calls that were never closed, the oldest first."""
        query = select(calls.c.call_id).where(calls.c.closed_at.is_(None), calls.c.forgotten_at.is_(None))
        with reading(self._engine) as connection:
            return list(connection.scalars(query.order_by(calls.c.opened_at, calls.c.call_id)))

    def wanted_from(self, call_id: str) -> int | None:
        """From which sample on an open call wants audio that is sent again, as its last snapshot says."""
        query = select(snapshots.c.wanted_from).join_from(snapshots, calls)
        with reading(self._engine) as connection:
            return connection.scalar(query.where(calls.c.call_id == call_id, calls.c.forgotten_at.is_(None)))

    def numbers_given(self) -> int:
        """The highest number of an event of any worker; 0 where there are none."""
        with reading(self._engine) as connection:
            return sharing.numbers_given(connection)

    def ping(self) -> None:
        """Raises `StoreAwayError` while the database is away."""
        with reading(self._engine) as connection:
            connection.execute(select(1))

    def write(self, records: Sequence[Record]) -> None:
        """Write records, in order, all or none of them; those that are there already change nothing.

        The record of a call comes before all else of it. Nothing is kept of a call that was forgotten.
        Raises `StoreAwayError` where the database was claimed, went away, and has another server now.
        """
        self._stand()
        with writing(self._engine) as connection:
            write_records(connection, self._vault, records)

    def _stand(self) -> None:
        if self._claim is not None and not self._claim.stands():
            self.claim()

    def forget(self, call_id: str) -> bool:
        """Make a call's text unreadable for good: its key is deleted and its sealed columns are emptied.

        That there was a call, when, and how it was reviewed, stays. False where there is no such call.
        Raises `StoreAwayError` while a reader keeps old pages of SQLite alive: then forget it once more.
        """
        with writing(self._engine) as connection:
            of_call = calls.c.call_id == call_id
            moment = func.coalesce(calls.c.forgotten_at, datetime.now(UTC))
            found = connection.execute(update(calls).where(of_call).values(forgotten_at=moment)).rowcount
            for table in metadata.sorted_tables:
                emptied = {column.name: null() for column in table.columns if _is_sealed(column.type)}
                if emptied:
                    connection.execute(update(table).where(table.c.call_id == call_id).values(emptied))
            connection.execute(delete(call_keys).where(call_keys.c.call_id == call_id))
        if not truncate_wal(self._engine):
            raise StoreAwayError(f"call {call_id}: forgotten, but its key may still be in the log; repeat")
        return found > 0

    def events(self, call_id: str | None, after_seq: int, limit: int) -> list[EventRecord]:
        """Events of one call, or of all, with a seq over `after_seq`, in order of seq."""
        with reading(self._engine) as connection:
            found = connection.execute(events_of(call_id, after_seq).limit(limit))
            return [_event_record(row, event) for row, event in self._opened(found)]

    def notes(self, call_id: str) -> list[EventRecord]:
        """Notes of chunks and drafts of a call, in order of seq."""
        with reading(self._engine) as connection:
            found = connection.execute(events_of(call_id, 0).where(events.c.type.in_(NOTE_TYPES)))
            return [_event_record(row, event) for row, event in self._opened(found)]

    def open_note(self, call_id: str, opening: Opening) -> Opening:
        """A leg's review begins; the opening that counts: of each leg the first one stays.

        The call must be in the store.
        """
        row = {
            "call_id": call_id,
            "leg": opening.leg,
            "revision": opening.revision,
            "opened_at": opening.opened_at,
        }
        with writing(self._engine) as connection:
            connection.execute(insert(connection, note_openings).on_conflict_do_nothing(), row)
        return next(found for found in self.openings(call_id) if found.leg == opening.leg)

    def openings(self, call_id: str) -> list[Opening]:
        """Which draft the review of each leg began with, by leg."""
        with reading(self._engine) as connection:
            return openings_of(connection, [call_id]).get(call_id, [])

    def add_review(self, record: ReviewRecord) -> bool:
        """Write a review; False where it is there already. See `reviewing.add_review`."""
        with writing(self._engine) as connection:
            return add_review(connection, self._vault, record)

    def put_site(self, site: SiteRecord) -> None:
        """A site, in place of what was known of it."""
        with writing(self._engine) as connection:
            put_site(connection, site)

    def anchors(self) -> Anchors:
        """From when on days are counted."""
        with reading(self._engine) as connection:
            return anchors(connection)

    def reviewed_calls(self) -> Iterator[ReviewedCall]:
        """Calls that are closed, by the time they were opened, and how they were reviewed.

        They are read as `export` does. Of a call that was forgotten there are no drafts and no texts.
        """
        after: tuple[datetime, str] | None = None
        while page := self._page(None, None, after):
            yield from self._reviewed([call for call in page if call.closed_at is not None])
            after = page[-1].record.opened_at, page[-1].record.call_id

    def _reviewed(self, page: Sequence[StoredCall]) -> list[ReviewedCall]:
        ids = [call.record.call_id for call in page]
        with reading(self._engine) as connection:
            found = connection.execute(drafts_of(ids)).all()
            drafts = [_event_record(row, event) for row, event in self._opened(found)]
            openings = openings_of(connection, ids)
            states = call_states(connection, self._vault, ids)
            reviews = reviews_of(connection, {name: state.cipher for name, state in states.items()})
        by_call: dict[str, list[EventRecord]] = {}
        for draft in sorted(drafts, key=lambda one: one.seq):
            by_call.setdefault(draft.call_id, []).append(draft)
        return [
            ReviewedCall(
                call,
                tuple(by_call.get(name, ())),
                tuple(openings.get(name, ())),
                tuple(reviews.get(name, ())),
            )
            for name, call in zip(ids, page, strict=True)
        ]

    def event_ids(self, call_id: str) -> set[str]:
        """Ids of all events of a call, also of a forgotten one."""
        with reading(self._engine) as connection:
            return set(connection.scalars(select(events.c.event_id).where(events.c.call_id == call_id)))

    def last_seq(self) -> int:
        """The highest seq of all events; 0 where there are none."""
        with reading(self._engine) as connection:
            return connection.scalar(select(func.max(events.c.seq))) or 0

    def open_calls(self) -> list[CallRecord]:
        """Calls that were never closed, the oldest first."""
        query = select(calls).where(calls.c.closed_at.is_(None), calls.c.forgotten_at.is_(None))
        with reading(self._engine) as connection:
            found = connection.execute(query.order_by(calls.c.opened_at, calls.c.call_id))
            return [call_record(row) for row in found]

    def snapshot(self, call_id: str) -> bytes | None:
        """The newest snapshot of an open call; None where there is none."""
        query = select(snapshots.c.data, call_keys.c.wrapped, calls.c.forgotten_at)
        query = query.join_from(snapshots, calls).outerjoin(call_keys)
        with reading(self._engine) as connection:
            row = connection.execute(query.where(snapshots.c.call_id == call_id)).one_or_none()
        if row is None or row.data is None:
            return None
        cipher = cipher_of(self._vault, call_id, row.forgotten_at, row.wrapped)
        return None if cipher is None else cipher.open(row.data, place(snapshots, "data", ""))

    def call(self, call_id: str) -> StoredCall | None:
        """A call by its id; None where there is none."""
        with reading(self._engine) as connection:
            row = connection.execute(select(calls).where(calls.c.call_id == call_id)).one_or_none()
            return None if row is None else stored_call(row, legs_of(connection, [call_id]))

    def job_results(self, call_id: str) -> dict[str, ResultValue]:
        """Job id -> result, of a call that is open."""
        query = select(job_results, call_keys.c.wrapped, calls.c.forgotten_at)
        query = query.join_from(job_results, calls).outerjoin(call_keys)
        with reading(self._engine) as connection:
            found: dict[str, ResultValue] = {}
            for row in connection.execute(query.where(job_results.c.call_id == call_id)):
                cipher = cipher_of(self._vault, call_id, row.forgotten_at, row.wrapped)
                if cipher is not None and row.value is not None:
                    value = cipher.open(row.value, place(job_results, "value", row.job_id))
                    found[row.job_id] = unpack_value(value)
            return found

    def export(
        self, since: datetime | None = None, call_ids: Sequence[str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Each call as a JSON object, with its legs and events, by the time it was opened.

        Calls are read a page at a time, and their events a call at a time, each in a transaction of its own:
        what is held does not grow with the number of calls, and a slow reader holds nobody back.
        """
        after: tuple[datetime, str] | None = None
        while page := self._page(since, call_ids, after):
            for call in page:
                yield exported(call, self._exported_events(call.record.call_id))
            after = page[-1].record.opened_at, page[-1].record.call_id

    def _page(
        self,
        since: datetime | None,
        call_ids: Sequence[str] | None,
        after: tuple[datetime, str] | None,
    ) -> list[StoredCall]:
        query = select(calls).order_by(calls.c.opened_at, calls.c.call_id).limit(CALLS_A_PAGE)
        if since is not None:
            query = query.where(calls.c.opened_at >= since)
        if call_ids is not None:
            query = query.where(calls.c.call_id.in_(call_ids))
        if after is not None:
            opened_at, call_id = after
            later = (calls.c.opened_at == opened_at) & (calls.c.call_id > call_id)
            query = query.where((calls.c.opened_at > opened_at) | later)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
            of_legs = legs_of(connection, [row.call_id for row in rows]) if rows else {}
            return [stored_call(row, of_legs) for row in rows]

    def _exported_events(self, call_id: str) -> list[dict[str, Any]]:
        with reading(self._engine) as connection:
            found = connection.execute(events_of(call_id, 0))
            return [{"seq": row.seq, "at": row.at.isoformat(), **event} for row, event in self._opened(found)]

    def _opened(self, rows: Any) -> Iterator[tuple[Row[Any], dict[str, Any]]]:
        """Rows of `events_of` and what they say; those of forgotten calls are left out."""
        ciphers: dict[str, Cipher | None] = {}
        for row in rows:
            if row.call_id not in ciphers:
                ciphers[row.call_id] = cipher_of(self._vault, row.call_id, row.forgotten_at, row.wrapped)
            cipher = ciphers[row.call_id]
            if cipher is not None and row.event is not None:
                yield row, json.loads(cipher.open(row.event, place(events, "event", row.event_id)))


def _is_sealed(kind: object) -> bool:
    return isinstance(kind, SealedText)


def _event_record(row: Row[Any], event: dict[str, Any]) -> EventRecord:
    try:
        return EventRecord(row.seq, row.call_id, row.at, decode_durable(event))
    except InputError as error:
        raise StoreError(f"event {row.event_id} of call {row.call_id} cannot be read: {error}") from error


def _check_vault(connection: Connection, vault: Vault, name: str) -> None:
    """Raises `StoreError` where the database was written with another key, or the switch set otherwise."""
    first = {"id": 1, "encrypted": vault.encrypts, "proof": vault.proof()}
    connection.execute(insert(connection, vault_proof).on_conflict_do_nothing(), first)
    encrypted, proof = connection.execute(select(vault_proof.c.encrypted, vault_proof.c.proof)).one()
    if encrypted != vault.encrypts:
        written, setting = ("with", "true") if encrypted else ("without", "false")
        raise StoreError(f"{name}: written {written} encryption; set store.encrypt = {setting}")
    if not vault.knows(proof):
        raise StoreError(f"{name}: written with another key; put its own key file back (store.key_file)")

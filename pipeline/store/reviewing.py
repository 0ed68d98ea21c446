"""Reviews in the tables: a row each, never changed; an amendment is a row that names what it amends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, union_all

from pipeline.store.errors import ReviewConflictError, StoreError
from pipeline.store.projections import place
from pipeline.store.records import EventRecord, Opening, ReviewRecord, SiteRecord, StoredCall
from pipeline.store.tables import calls, legs, note_openings, reviews, sites, versions
from pipeline.store.vault import Cipher, Vault
from pipeline.store.writing import call_states, insert


@dataclass(frozen=True, slots=True)
class ReviewedCall:
    """A closed call as it was reviewed: its drafts in order, and its reviews in that of saving."""

    call: StoredCall
    drafts: tuple[EventRecord, ...]
    openings: tuple[Opening, ...]
    reviews: tuple[ReviewRecord, ...]


@dataclass(frozen=True, slots=True)
class Anchors:
    """From when on days are counted, and teams. Of an associate it is the first call whose draft was shown to
    them; the team is that of their last review.
    """

    associates: Mapping[str, datetime]
    teams: Mapping[str, str]
    sites: Mapping[str, SiteRecord]
    versions: Mapping[str, datetime]


def add_review(connection: Connection, vault: Vault, record: ReviewRecord) -> bool:
    """Write a review; False where it is there already, the same in every word.

    Raises `ReviewConflictError` for another review of this id, a second one of the leg that is no amendment,
    or an amendment of nothing; `StoreError` for a call that is not there, or was forgotten.
    """
    # Whoever comes second waits for this row, and sees what the first one wrote.
    connection.execute(select(calls.c.call_id).where(calls.c.call_id == record.call_id).with_for_update())
    state = call_states(connection, vault, [record.call_id]).get(record.call_id)
    if state is None or state.cipher is None or record.final is None:
        raise StoreError(f"a review of call {record.call_id!r}, which is not there")
    known = select(reviews).where(reviews.c.review_id == record.review_id)
    row = connection.execute(known).one_or_none()
    if row is not None:
        if _record(row, state.cipher if row.call_id == record.call_id else None) == record:
            return False
        raise ReviewConflictError(f"there is another review {record.review_id!r}; give each an id of its own")
    _check(record, reviews_of(connection, {record.call_id: None}).get(record.call_id, []))
    sealed = state.cipher.seal(record.final.encode(), place(reviews, "final_text", record.review_id))
    connection.execute(insert(connection, reviews), _row(record) | {"final_text": sealed})
    return True


def reviews_of(
    connection: Connection, ciphers: Mapping[str, Cipher | None]
) -> Mapping[str, list[ReviewRecord]]:
    """Call id -> its reviews in the order of saving; without their texts where there is no cipher."""
    found: dict[str, list[ReviewRecord]] = {}
    query = select(reviews).where(reviews.c.call_id.in_(sorted(ciphers)), reviews.c.note_id.is_not(None))
    for row in connection.execute(query.order_by(reviews.c.saved_at, reviews.c.review_id)):
        found.setdefault(row.call_id, []).append(_record(row, ciphers[row.call_id]))
    return found


def put_site(connection: Connection, site: SiteRecord) -> None:
    """A site, in place of what was known of it."""
    row = {"site": site.site, "rollout_at": site.rollout_at, "zone": site.zone}
    statement = insert(connection, sites)
    change = {"rollout_at": statement.excluded.rollout_at, "zone": statement.excluded.zone}
    connection.execute(statement.on_conflict_do_update(index_elements=[sites.c.site], set_=change), row)


def anchors(connection: Connection) -> Anchors:
    """What is known of associates, sites and versions."""
    opened = (
        select(legs.c.associate, calls.c.opened_at)
        .join_from(note_openings, calls)
        .join(legs, (legs.c.call_id == note_openings.c.call_id) & (legs.c.leg == note_openings.c.leg))
    )
    saved = select(reviews.c.associate, calls.c.opened_at).join_from(reviews, calls)
    shown = union_all(opened, saved).subquery()
    first = select(shown.c.associate, func.min(shown.c.opened_at).label("at")).group_by(shown.c.associate)
    teams = select(reviews.c.associate, reviews.c.team).where(
        reviews.c.team.is_not(None), reviews.c.associate.is_not(None)
    )
    teams = teams.order_by(reviews.c.saved_at, reviews.c.review_id)
    return Anchors(
        {row.associate: row.at for row in connection.execute(first) if row.associate},
        {row.associate: row.team for row in connection.execute(teams)},
        {
            row.site: SiteRecord(row.site, row.rollout_at, row.zone)
            for row in connection.execute(select(sites))
        },
        {row.version: row.released_at for row in connection.execute(select(versions))},
    )


def _check(record: ReviewRecord, others: Sequence[ReviewRecord]) -> None:
    of_leg = [one for one in others if one.leg == record.leg]
    if record.amends is None:
        if of_leg:
            raise ReviewConflictError(
                f"leg {record.leg} has the review {of_leg[0].review_id!r}; what comes later amends it"
            )
    elif record.amends not in {one.review_id for one in of_leg}:
        raise ReviewConflictError(f"leg {record.leg} has no review {record.amends!r} to amend")


def _row(record: ReviewRecord) -> dict[str, Any]:
    named = {column.name for column in reviews.columns} - {"final_text"}
    return {name: getattr(record, name) for name in named}


def _record(row: Row[Any], cipher: Cipher | None) -> ReviewRecord:
    final = None
    if cipher is not None and row.final_text is not None:
        final = cipher.open(row.final_text, place(reviews, "final_text", row.review_id)).decode()
    return ReviewRecord(
        review_id=row.review_id,
        call_id=row.call_id,
        leg=row.leg,
        associate=row.associate,
        team=row.team,
        note_id=row.note_id,
        note_version=row.note_version,
        final=final,
        used=row.used,
        edited=row.edited,
        focus_s=row.focus_s,
        opened_at=row.opened_at,
        first_key_at=row.first_key_at,
        saved_at=row.saved_at,
        amends=row.amends,
    )

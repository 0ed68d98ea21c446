"""Reviews of the store, as every command on reviews reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.reviews.columns import ReviewSet, ReviewWriter, open_reviews
from eval.reviews.importing import MATURE_HOURS
from eval.reviews.review import Review
from pipeline.core.events import DraftReady
from pipeline.document import note
from pipeline.store.records import EventRecord, Opening, ReviewRecord, SiteRecord, StoredLeg
from pipeline.store.reviewing import Anchors, ReviewedCall
from pipeline.store.store import Store

FORGOTTEN = "forgotten"


@contextmanager
def stored_reviews(
    store: Store,
    mature_hours: float = MATURE_HOURS,
    within: Path | None = None,
    one_read: Callable[[], object] = lambda: None,
) -> Iterator[ReviewSet]:
    """All legs of closed calls. Their texts lie in a temporary folder of this user alone, while it is open.

    `within`: where that folder is made, else where the system has such folders. `one_read` is called after
    each. Raises `StoreError`.
    """
    source = {"made_by": "the store", "mature_hours": mature_hours}
    # Made with mode 700, and removed with all that is in it.
    with TemporaryDirectory(prefix="wrapup-reviews-", dir=within) as folder:
        left_out: Counter[str] = Counter()
        with ReviewWriter(Path(folder), source) as writer:
            for review in reviews_in(store, mature_hours, left_out):
                writer.add_one(review)
                one_read()
            writer.tell(given=writer.written + left_out.total(), bad=0, left_out=dict(left_out))
        with open_reviews([Path(folder)]) as found:
            yield found


def reviews_in(store: Store, mature_hours: float, left_out: Counter[str]) -> Iterator[Review]:
    """A review for each leg of each closed call, by the time the calls began.

    Legs of calls that were forgotten have no texts to compare: they are counted in `left_out`. Raises
    `StoreError`.
    """
    anchors = store.anchors()
    for call in store.reviewed_calls():
        legs: dict[int, StoredLeg | None] = {leg.record.leg: leg for leg in call.call.legs}
        for number, leg in sorted(legs.items() or {1: None}.items()):
            if call.call.forgotten_at is not None:
                left_out[FORGOTTEN] += 1
            else:
                yield _review(call, number, leg, anchors, timedelta(hours=mature_hours))


def _review(
    call: ReviewedCall, number: int, leg: StoredLeg | None, anchors: Anchors, mature: timedelta
) -> Review:
    record = call.call.record
    opening = next((one for one in call.openings if one.leg == number), None)
    first, later = _saved(call.reviews, number)
    draft = _draft_of_record(call.drafts, opening)
    associate = (first and first.associate) or (leg and leg.record.associate) or ""
    version = _version(draft, record.provenance.get("version"))
    site = anchors.sites.get(record.site or "", SiteRecord("", None, "UTC"))
    shown = Review(
        call_id=record.call_id,
        leg=number,
        associate=associate,
        started_at=record.opened_at,
        team=anchors.teams.get(associate, ""),
        queue=(leg and leg.record.queue) or record.queue or "",
        site=record.site or "",
        language=call.call.spoken_language or record.language or "",
        version=version,
        zone=site.zone,
        first_assisted_at=anchors.associates.get(associate),
        rollout_at=site.rollout_at,
        released_at=anchors.versions.get(version),
        drafted_at=None if draft is None else draft.at,
        draft="" if draft is None else _text(draft),
    )
    shown = replace(shown, opened_at=_opened_at(shown.drafted_at, opening, first))
    return shown if first is None else _with_saved(shown, first, later, mature)


def _with_saved(
    shown: Review, first: ReviewRecord, later: Sequence[ReviewRecord], mature: timedelta
) -> Review:
    in_time = [one for one in later if first.saved_at <= one.saved_at <= first.saved_at + mature]
    last = in_time[-1] if in_time else first
    return replace(
        shown,
        team=first.team or shown.team,
        first_key_at=first.first_key_at,
        saved_at=first.saved_at,
        amended_at=last.saved_at if in_time else None,
        final=first.final or "",
        mature=last.final or "",
        used=first.used,
        focus_s=first.focus_s,
    )


def _saved(reviews: Sequence[ReviewRecord], leg: int) -> tuple[ReviewRecord | None, list[ReviewRecord]]:
    """The review of a leg, and its amendments in the order of saving."""
    of_leg = [one for one in reviews if one.leg == leg]
    first = next((one for one in of_leg if one.amends is None), None)
    return first, [one for one in of_leg if one.amends is not None]


def _draft_of_record(drafts: Sequence[EventRecord], opening: Opening | None) -> EventRecord | None:
    """The draft on the screen when the review began; before that the first one."""
    revision = 1 if opening is None else opening.revision
    of_revision = (one for one in drafts if _event(one).revision == revision)
    return next((one for one in of_revision if _text(one)), None)


def _opened_at(
    drafted_at: datetime | None, opening: Opening | None, first: ReviewRecord | None
) -> datetime | None:
    """When the draft was shown: it was there by then, whatever the clock of a desktop says."""
    told = None if first is None else first.opened_at or first.saved_at
    if opening is not None:
        told = opening.opened_at
    return told if told is None or drafted_at is None else max(told, drafted_at)


def _version(draft: EventRecord | None, of_call: object) -> str:
    said = "" if draft is None else _event(draft).version
    return said or (of_call if isinstance(of_call, str) else "")


def _text(draft: EventRecord) -> str:
    return note(_event(draft).summary).text


def _event(record: EventRecord) -> DraftReady:
    assert isinstance(record.event, DraftReady)
    return record.event

"""Reviews as a desktop posts them: what became of a draft, and, later on, of the saved note."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, FastAPI, HTTPException, Path, Request, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from pipeline.core.events import DraftReady
from pipeline.document import note
from pipeline.formats.moments import FIRST_YEAR, LAST_YEAR, zone_named
from pipeline.live.archive import CallNotes
from pipeline.live.feed import HistoryTooSlow, Hub, HubClosed
from pipeline.store.errors import ReviewConflictError, StoreError
from pipeline.store.records import Opening, ReviewRecord, SiteRecord
from pipeline.web.bodies import BoundedRoute
from pipeline.web.callers import key_of
from pipeline.web.keys import ApiKey, KeyRing
from pipeline.web.served import Served

T = TypeVar("T")


RETRY_S = 5
BETWEEN = "~"
"""Between call and draft in the id of a note; no call id has it."""
ANSWERS: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such note, or the call has no such leg."},
    409: {"description": "The leg has another review or draft of record, or there is nothing to amend."},
    413: {"description": "The body is too long."},
    422: {"description": "The first thing that is wrong with the body, in one line."},
    503: {"description": "The store cannot be reached now; post the same again."},
}


def _words(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("expected whole characters, not half of a surrogate pair") from error
    return text


def _zone(name: str) -> str:
    try:
        zone_named(name)
    except ValueError as error:
        raise ValueError("expected a zone of the IANA database, such as Europe/London") from error
    return name


def _near(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"expected a year from {FIRST_YEAR} to {LAST_YEAR}")
    return moment


ReviewId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]
Name = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,200}$"), AfterValidator(_words)]
Moment = Annotated[AwareDatetime, AfterValidator(_near)]


class NewReview(BaseModel):
    """What the associate of a leg made of the draft that was shown. Moments have a zone."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    review_id: ReviewId | None = None
    """The client's own id: a review that is posted again under it is written once."""
    leg: int = Field(default=1, ge=1, le=2**31 - 1)
    associate: Name | None = None
    """A pseudonym; where it is not said, the leg's associate."""
    team: Name | None = None
    final: Annotated[str, AfterValidator(_words)]
    """The note as it was saved, compared with the draft's `text`."""
    used: bool = True
    """False where the draft was discarded."""
    edited: bool | None = None
    """Whether the client saw an edit; where it is not said, whether the texts differ."""
    focus_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Seconds for which the draft was in front of the associate."""
    opened_at: Moment | None = None
    first_key_at: Moment | None = None
    saved_at: Moment
    amends: ReviewId | None = None
    """The review of the leg that this one amends."""

    @model_validator(mode="after")
    def _in_order(self) -> NewReview:
        for earlier, later in (("opened_at", "first_key_at"), ("opened_at", "saved_at")):
            first, second = getattr(self, earlier), getattr(self, later)
            if first is not None and second is not None and second < first:
                raise ValueError(f"{later} is before {earlier}")
        return self


class Reviewed(BaseModel):
    """A review that is kept."""

    review_id: str
    note_id: str
    leg: int
    saved_at: AwareDatetime
    amends: str | None


class Site(BaseModel):
    """When the associates of a site got drafts, and the zone at whose midnight its days begin."""

    model_config = ConfigDict(extra="forbid")

    rollout_at: Moment | None = None
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"


@dataclass(frozen=True, slots=True)
class NoteId:
    """The id of a draft over all calls."""

    call_id: str
    event_id: str

    @classmethod
    def parse(cls, text: str) -> NoteId | None:
        """None for what is no id of a note."""
        found = re.fullmatch(rf"([^{BETWEEN}]+){BETWEEN}([^{BETWEEN}]+)", text)
        return None if found is None else cls(found[1], found[2])

    def __str__(self) -> str:
        return f"{self.call_id}{BETWEEN}{self.event_id}"


class ReviewRoutes:
    """The routes of one service."""

    def __init__(self, service: Served, keys: KeyRing, hub: Callable[[], Hub]) -> None:
        self._archive = service.archive
        self._keys = keys
        self._hub = hub

    def add_to(self, app: FastAPI) -> None:
        """Answer under /api/v1."""
        router = APIRouter(route_class=BoundedRoute)
        router.add_api_route(
            "/api/v1/notes/{note_id}/reviews",
            self.post,
            methods=["POST"],
            status_code=201,
            responses=ANSWERS | {200: {"description": "It was there already.", "model": Reviewed}},
        )
        router.add_api_route("/api/v1/sites/{site}", self.put_site, methods=["PUT"], status_code=204)
        app.include_router(router)

    async def post(self, request: Request, response: Response, note_id: str, review: NewReview) -> Reviewed:
        """Keep a review of the draft `note_id`, or an amendment of one; it is never changed."""
        key = key_of(request, self._keys, "review")
        record, created = await self._ask(partial(self._add, key, note_id, review))
        if not created:
            response.status_code = 200
        return Reviewed(
            review_id=record.review_id,
            note_id=note_id,
            leg=record.leg,
            saved_at=record.saved_at,
            amends=record.amends,
        )

    async def put_site(
        self, request: Request, site: Annotated[Name, Path(description="As calls name it.")], facts: Site
    ) -> None:
        """Say when a site's associates got drafts, and its zone; in place of what was said before."""
        key = key_of(request, self._keys, "review")
        if not key.covers(site):
            raise HTTPException(404, "no such site")
        await self._ask(partial(self._archive.put_site, SiteRecord(site, facts.rollout_at, facts.zone)))

    async def _ask(self, read: Callable[[], T]) -> T:
        try:
            return await self._hub().ask(read)
        except ReviewConflictError as error:
            raise HTTPException(409, str(error)) from error
        except (StoreError, HistoryTooSlow, HubClosed) as error:
            headers = {"Retry-After": str(RETRY_S)}
            raise HTTPException(
                503, "the store cannot be reached now; post the same again", headers
            ) from error

    def _add(self, key: ApiKey, note_id: str, review: NewReview) -> tuple[ReviewRecord, bool]:
        named = NoteId.parse(note_id)
        archive = self._archive
        if (
            named is None
            or not archive.knows(named.call_id)
            or not key.covers(archive.site_of(named.call_id))
        ):
            raise HTTPException(404, "no such note")
        notes = archive.notes(named.call_id)
        draft = _draft(notes, named.event_id)
        if not notes.stored:
            raise StoreError("the call is not in the store yet")
        if review.leg > max(1, notes.legs):
            raise HTTPException(404, "no such leg")
        record = self._record(named, review, draft)
        self._open(record, notes, draft)
        return record, archive.add_review(record)

    def _record(self, named: NoteId, review: NewReview, draft: DraftReady) -> ReviewRecord:
        stored = self._archive.call(named.call_id)
        legs = {} if stored is None else {one.record.leg: one.record for one in stored.legs}
        of_leg = legs.get(review.leg)
        associate = review.associate or (of_leg and of_leg.associate)
        if not associate:
            raise HTTPException(422, "associate: the call does not say whose leg it is, so the review must")
        version = None if stored is None else stored.record.provenance.get("version")
        edited = review.final != note(draft.summary).text if review.edited is None else review.edited
        return ReviewRecord(
            review_id=review.review_id or str(uuid.uuid4()),
            call_id=named.call_id,
            leg=review.leg,
            associate=associate,
            team=review.team,
            note_id=named.event_id,
            note_version=draft.version or (str(version) if version else None),
            final=review.final,
            used=review.used,
            edited=edited,
            focus_s=review.focus_s,
            opened_at=review.opened_at,
            first_key_at=review.first_key_at,
            saved_at=review.saved_at,
            amends=review.amends,
        )

    def _open(self, record: ReviewRecord, notes: CallNotes, draft: DraftReady) -> None:
        """A review that begins with what it saves; else it must be of the leg's draft of record."""
        opening = next((one for one in notes.openings if one.leg == record.leg), None)
        if opening is None and record.amends is not None:
            raise ReviewConflictError(f"leg {record.leg} has no review {record.amends!r} to amend")
        if opening is None:
            at = record.opened_at or record.saved_at
            opening = self._archive.open_note(record.call_id, Opening(record.leg, draft.revision, at))
        if opening.revision != draft.revision:
            raise ReviewConflictError(
                f"the draft of record of leg {record.leg} is revision {opening.revision}; review that one"
            )


def _draft(notes: CallNotes, event_id: str) -> DraftReady:
    drafts = (one.event for one in notes.records if isinstance(one.event, DraftReady))
    found = next((draft for draft in drafts if draft.id == event_id), None)
    if found is None:
        raise HTTPException(404, "no such note")
    return found

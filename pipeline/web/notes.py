"""A call's notes: drafts, the one of record, and, while the call goes on, a brief of what was said so far.

The draft of record is the one that was on the screen when a review was opened: later ones are offered beside
it, never swapped in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from pipeline.core.clock import seconds
from pipeline.core.events import ChunkNoted, DraftReady
from pipeline.document import note
from pipeline.formats.event_json import encode_event
from pipeline.live.archive import CallNotes
from pipeline.live.feed import HistoryTooSlow, Hub, HubClosed
from pipeline.live.journal import utc_now
from pipeline.store.errors import StoreError
from pipeline.store.records import Opening
from pipeline.web.callers import key_of
from pipeline.web.keys import ApiKey, KeyRing
from pipeline.web.paths import CallId
from pipeline.web.reviews import NoteId
from pipeline.web.served import Served

T = TypeVar("T")

RETRY_S = 5


class Draft(BaseModel):
    """A draft. `offered`: it came when a review may have begun with the one before it.

    `version` stands for all that made it. `text` is what an associate is to be shown and may edit; a review
    of it is posted under `note_id`.
    """

    note_id: str
    revision: int
    version: str
    at: datetime
    offered: bool
    text: str
    summary: dict[str, Any]


class NotedChunk(BaseModel):
    """The newest note of one chunk of the call, of what was said from `start_s` to `end_s`."""

    number: int
    revision: int
    version: str
    start_s: float
    end_s: float
    summary: dict[str, Any]


class OfRecord(BaseModel):
    """The draft that the review of a leg began with."""

    leg: int
    revision: int
    opened_at: datetime


class NotePage(BaseModel):
    """All notes of a call; the brief tells of it up to the last chunk that is noted."""

    call_id: str
    drafts: list[Draft]
    of_record: list[OfRecord]
    brief: list[NotedChunk]


class Opened(BaseModel):
    """A review begins: `revision` of the draft is on the screen of the associate of `leg`."""

    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=1)
    leg: int = Field(default=1, ge=1)


class NoteRoutes:
    """The routes of one service."""

    def __init__(self, service: Served, keys: KeyRing, hub: Callable[[], Hub]) -> None:
        self._archive = service.archive
        self._keys = keys
        self._hub = hub

    def add_to(self, app: FastAPI) -> None:
        """Answer under /api/v1."""
        app.add_api_route("/api/v1/calls/{call_id}/note", self.show, methods=["GET"])
        app.add_api_route("/api/v1/calls/{call_id}/note/opened", self.open, methods=["POST"])

    async def show(self, request: Request, call_id: CallId) -> NotePage:
        """Drafts of a call, those of record, and the brief."""
        key = key_of(request, self._keys, "read")
        return _page(call_id, await self._ask(partial(self._read, key, call_id)))

    async def open(self, request: Request, call_id: CallId, opened: Opened) -> OfRecord:
        """A leg's review begins: the answer is the draft of record, which is the first that was opened."""
        key = key_of(request, self._keys, "read")
        found = await self._ask(partial(self._open, key, call_id, opened))
        return _of_record(found)

    async def _ask(self, read: Callable[[], T]) -> T:
        try:
            return await self._hub().ask(read)
        except (StoreError, HistoryTooSlow, HubClosed) as error:
            headers = {"Retry-After": str(RETRY_S)}
            raise HTTPException(503, "the store cannot be read now", headers) from error

    def _read(self, key: ApiKey, call_id: str) -> CallNotes:
        archive = self._archive
        if not archive.knows(call_id) or not key.covers(archive.site_of(call_id)):
            raise HTTPException(404, "no such call")
        return archive.notes(call_id)

    def _open(self, key: ApiKey, call_id: str, opened: Opened) -> Opening:
        notes = self._read(key, call_id)
        if not notes.stored:
            raise StoreError("the call is not in the store yet")
        if opened.leg > max(1, notes.legs):
            raise HTTPException(404, "no such leg")
        drafts = {one.event.revision for one in notes.records if isinstance(one.event, DraftReady)}
        if opened.revision not in drafts:
            raise HTTPException(409, "no such revision of the draft yet")
        return self._archive.open_note(call_id, Opening(opened.leg, opened.revision, utc_now()))


def _page(call_id: str, notes: CallNotes) -> NotePage:
    drafts: list[Draft] = []
    chunks: dict[int, NotedChunk] = {}
    for record in notes.records:
        event = record.event
        if isinstance(event, DraftReady):
            drafts.append(
                Draft(
                    note_id=str(NoteId(call_id, event.id)),
                    revision=event.revision,
                    version=event.version,
                    at=record.at,
                    offered=event.revision > 1,
                    text=note(event.summary).text,
                    summary=encode_event(event)["summary"],
                )
            )
        elif isinstance(event, ChunkNoted):
            chunks[event.number] = _chunk(event)
    return NotePage(
        call_id=call_id,
        drafts=drafts,
        of_record=[_of_record(opening) for opening in notes.openings],
        brief=[chunks[number] for number in sorted(chunks)],
    )


def _chunk(event: ChunkNoted) -> NotedChunk:
    return NotedChunk(
        number=event.number,
        revision=event.revision,
        version=event.version,
        start_s=seconds(event.start_samples),
        end_s=seconds(event.end_samples),
        summary=encode_event(event)["summary"],
    )


def _of_record(opening: Opening) -> OfRecord:
    return OfRecord(leg=opening.leg, revision=opening.revision, opened_at=opening.opened_at)

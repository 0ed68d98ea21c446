"""What the shell hands over to be kept, and what it reads back.

Times of a call are samples since its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from pydantic import JsonValue

from models.types import Role, Summary, Transcription, Turn
from pipeline.core.events import DurableEvent, Failure

ResultValue: TypeAlias = Transcription | tuple[Turn, ...] | Summary | Failure


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call has begun, or more is known of it: members that are None leave what was known before.

    `roles` by channel. `opened_at` has a zone; the first one stays. `provenance` says what makes the
    call's text, and holds no words of it.
    """

    call_id: str
    opened_at: datetime
    roles: tuple[Role, ...]
    queue: str | None
    direction: str | None
    language: str | None
    site: str | None
    tenant: str | None
    provenance: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class LegRecord:
    """An associate takes part from `from_samples` on: the first leg, or the next one after a transfer.

    Legs count from 1. The event `LegStarted` says the same, except for the channel.
    """

    call_id: str
    leg: int
    associate: str | None
    queue: str | None
    channel: int | None
    from_samples: int


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A durable event. `seq` grows over all calls and is what a feed resumes from; `at` has a zone."""

    seq: int
    call_id: str
    at: datetime
    event: DurableEvent


@dataclass(frozen=True, slots=True)
class JobResultRecord:
    """What a worker found, for a replay; kept while the call is open, for it may hold what the mask hides."""

    call_id: str
    job_id: str
    value: ResultValue


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """A session's state, in place of the call's older one; kept while the call is open.

    `wanted_from`: the sample from which on a client that comes back is to send its audio again, where that is
    not asked of the session.
    """

    call_id: str
    data: bytes
    wanted_from: int | None = None


Record: TypeAlias = CallRecord | LegRecord | EventRecord | JobResultRecord | SnapshotRecord


@dataclass(frozen=True, slots=True)
class Opening:
    """A leg's review began with this revision of the draft on the screen: the draft of record of that leg."""

    leg: int
    revision: int
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """What an associate made of a draft, or, where it `amends` another review, of their saved note later on.

    `note_id` is the id of the draft's event. `final` is the text as it was saved; None once the call is
    forgotten. `edited` is what the client says of it. Moments have a zone.
    """

    review_id: str
    call_id: str
    leg: int
    associate: str
    team: str | None
    note_id: str
    note_version: str | None
    final: str | None
    used: bool
    edited: bool
    focus_s: float | None
    opened_at: datetime | None
    first_key_at: datetime | None
    saved_at: datetime
    amends: str | None


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """A site: when its associates got drafts, and the IANA zone at whose midnight its days begin."""

    site: str
    rollout_at: datetime | None
    zone: str


@dataclass(frozen=True, slots=True)
class StoredLeg:
    """A leg and its end: the start of the next one or of nothing; None while it goes on."""

    record: LegRecord
    to_samples: int | None


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call as the store knows it. The last five members are None while it is open, or is not forgotten."""

    record: CallRecord
    legs: tuple[StoredLeg, ...]
    closed_at: datetime | None
    end_code: str | None
    duration_samples: int | None
    spoken_language: str | None
    forgotten_at: datetime | None

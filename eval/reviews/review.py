"""A review: one leg of a call, its draft, and what the associate made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SCHEMA = "wrapup.reviews/1"


@dataclass(frozen=True, slots=True)
class Review:
    """One leg that was eligible for a draft. Moments have a zone; those that never came are None.

    Without `drafted_at` there was no draft, without `opened_at` nobody opened it, without `saved_at` nothing
    was saved. `final` is the text as it was saved, `mature` the text a day later, amendments in it; both are
    "" where nothing was saved. `used` is False where the associate discarded the draft. `associate` is a
    pseudonym; `first_assisted_at` is stated by an import, or derived: the associate's first review of a draft
    that was shown. Unknown strings are "". `zone` is the site's IANA zone: days begin at its midnight.
    """

    call_id: str
    leg: int
    associate: str
    started_at: datetime
    team: str = ""
    queue: str = ""
    site: str = ""
    language: str = ""
    version: str = ""
    zone: str = "UTC"
    first_assisted_at: datetime | None = None
    rollout_at: datetime | None = None
    released_at: datetime | None = None
    drafted_at: datetime | None = None
    opened_at: datetime | None = None
    first_key_at: datetime | None = None
    saved_at: datetime | None = None
    amended_at: datetime | None = None
    draft: str = ""
    final: str = ""
    mature: str = ""
    used: bool = True
    focus_s: float | None = None

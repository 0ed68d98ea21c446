"""A row of a file, by its mapping, into a review; or one line that says why not."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from eval.reviews.mapping import MOMENTS, Mapping, first_fault
from eval.reviews.moments import MomentError, moment_of, zone_of
from eval.reviews.review import Review

TWICE = "a time in the hour that came twice when the clocks were set back; taken as the first"
NO_TEXT = "a draft without a text, which counts as none"
ANCHORS = ("first_assisted_at", "rollout_at", "released_at")


class RowError(ValueError):
    """A row that is no review: the message says which field, and what was expected."""


class Fields(BaseModel):
    """The schema of a row, once its moments are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call_id: str = Field(min_length=1, max_length=1_000)
    leg: int = Field(default=1, ge=1, le=2**31 - 1)
    associate: str = Field(min_length=1, max_length=1_000)
    team: str = ""
    queue: str = ""
    site: str = ""
    language: str = ""
    version: str = ""
    zone: str = "UTC"
    started_at: datetime
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
    mature: str | None = None
    used: bool = True
    focus_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    review_id: str = ""
    amends: str = ""
    amended: bool = False

    @field_validator("*")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        # What was no UTF-8, and halves of a surrogate pair that JSON let through.
        if isinstance(value, str) and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise ValueError("not UTF-8") from error
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Fields:
        for earlier, later in (
            ("started_at", "saved_at"),
            ("opened_at", "saved_at"),
            ("opened_at", "first_key_at"),
            ("saved_at", "amended_at"),
        ):
            first, second = getattr(self, earlier), getattr(self, later)
            if first is not None and second is not None and second < first:
                raise ValueError(f"{later} is before {earlier}")
        if self.saved_at is None and (self.final or self.mature):
            raise ValueError("a saved text without saved_at")
        return self


@dataclass(frozen=True, slots=True)
class Converted:
    """A review, what there is to note about it, and whether it is an amendment of an earlier row."""

    review: Review
    review_id: str
    amends: str
    amended: bool
    notes: tuple[str, ...]

    @property
    def is_amendment(self) -> bool:
        """Whether it gives a later text of a review that another row has."""
        return self.amended or bool(self.amends)


def pseudonyms(key: bytes) -> Callable[[str], str]:
    """The pseudonym of an associate under a key: HMAC-SHA256, of which 16 digits are kept."""

    @lru_cache(maxsize=10_000)
    def named(name: str) -> str:
        return f"a-{hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:16]}"

    return named


class Converter:
    """Rows into reviews by one mapping; `pseudonym` names an associate."""

    def __init__(self, mapping: Mapping, pseudonym: Callable[[str], str]) -> None:
        self._mapping = mapping
        self._pseudonym = pseudonym

    def convert(self, values: dict[str, Any]) -> Converted:
        """The review of a row. Raises `RowError`."""
        notes: list[str] = []
        told = self._told(values)
        try:
            zone = str(told.get("zone") or self._mapping.zone)
            if zone:
                zone_of(zone)
                told["zone"] = zone
        except MomentError as error:
            raise RowError(f"zone: {error}") from error
        self._look_up(told)
        for name in MOMENTS:
            if name in told:
                told[name] = self._moment(name, told[name], zone, notes)
        try:
            fields = Fields.model_validate(told)
        except ValidationError as error:
            raise RowError(first_fault(error)) from error
        review = self._review(fields, notes)
        return Converted(review, fields.review_id, fields.amends, fields.amended, tuple(notes))

    def _told(self, values: dict[str, Any]) -> dict[str, Any]:
        """Fields that the row tells; an empty cell tells nothing."""
        told: dict[str, Any] = dict(self._mapping.constants)
        for name, column in self._mapping.columns.items():
            value = values.get(column)
            if value is not None and value != "":
                told[name] = str(value) if name in _NUMBERS_AS_TEXT and _is_number(value) else value
        return told

    def _look_up(self, told: dict[str, Any]) -> None:
        mapping = self._mapping
        for name, key, table in (
            ("team", "associate", mapping.teams),
            ("rollout_at", "site", mapping.rollouts),
            ("released_at", "version", mapping.releases),
        ):
            of = told.get(key)
            if name not in told and isinstance(of, str) and of in table:
                told[name] = table[of]

    def _moment(self, name: str, value: Any, zone: str, notes: list[str]) -> datetime:
        form = self._mapping.form_of(name) if self._mapping.has(name) else "iso"
        try:
            moment, twice = moment_of(value, form, zone)
        except MomentError as error:
            raise RowError(f"{name}: {error}") from error
        if twice:
            notes.append(f"{name}: {TWICE}")
        return moment

    def _review(self, fields: Fields, notes: list[str]) -> Review:
        told = fields.model_dump(exclude={"review_id", "amends", "amended"})
        told["associate"] = self._pseudonym(fields.associate)
        self._add_moments(told)
        if told["drafted_at"] is not None and not fields.draft:
            notes.append(NO_TEXT)
            told["drafted_at"] = None
        if told["drafted_at"] is None and fields.draft:
            raise RowError("a draft without drafted_at")
        told["mature"] = fields.final if fields.mature is None else fields.mature
        notes += [
            f"started_at is before {name}: no day on that clock"
            for name in ANCHORS
            if told[name] is not None and fields.started_at < told[name]
        ]
        return Review(**told)

    def _add_moments(self, told: dict[str, Any]) -> None:
        """What a file has no column for: a saved review was opened, and an opened draft was there by then."""
        if not self._mapping.has("opened_at") and told["draft"]:
            told["opened_at"] = told["first_key_at"] or told["saved_at"]
        if not self._mapping.has("drafted_at") and told["draft"]:
            told["drafted_at"] = told["opened_at"] or told["started_at"]


_NUMBERS_AS_TEXT = frozenset(
    {"call_id", "associate", "team", "queue", "site", "language", "version", "review_id", "amends"}
)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

"""Moments as files tell them: ISO 8601, a form of strptime, or numbers since 1970; in the end with a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.formats.moments import FIRST_YEAR, LAST_YEAR, zone_named

ISO = "iso"
EPOCH = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
"""Formats of numbers since 1970, and their microseconds."""
LONGEST = 60
"""Characters of a moment; more is shown to nobody."""


class MomentError(ValueError):
    """Not a moment: the message says what is wrong with it."""


def moment_of(value: Any, form: str, zone: str) -> tuple[datetime, bool]:
    """The moment in UTC, and whether its hour came twice that night, when the clocks were set back.

    Of such an hour the first is taken. `zone` is that of moments that name none; "" where none is known.
    Raises `MomentError`, also for an hour that the clocks left out.
    """
    try:
        told = value if isinstance(value, datetime) else _read(value, form)
        moment, twice = (told.astimezone(UTC), False) if told.tzinfo is not None else _in_zone(told, zone)
    except OverflowError as error:
        raise MomentError(f"{_shown(value)} is out of range") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise MomentError(f"{_shown(value)} is out of range")
    return moment, twice


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo:
    """A zone of the IANA database. Raises `MomentError`."""
    try:
        return zone_named(name)
    except ValueError as error:
        raise MomentError(f"{_shown(name)} is no time zone such as Europe/London") from error


def _read(value: Any, form: str) -> datetime:
    if isinstance(value, date):
        return datetime.combine(value, time())
    try:
        if form in EPOCH:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
                microseconds=round(float(value) * EPOCH[form])
            )
        if not isinstance(value, str):
            raise ValueError
        text = value.strip()
        return datetime.fromisoformat(text) if form == ISO else datetime.strptime(text, form)
    except (ValueError, TypeError) as error:
        expected = "a date and time such as 2026-03-01T09:30:00+00:00" if form == ISO else f"the form {form}"
        raise MomentError(f"{_shown(value)} is not {expected}") from error


def _in_zone(told: datetime, zone: str) -> tuple[datetime, bool]:
    if not zone:
        raise MomentError(f'{told.isoformat(" ")} has no zone; name one in the mapping, as zone = "..."')
    first = told.replace(tzinfo=zone_of(zone), fold=0)
    moment = first.astimezone(UTC)
    if moment.astimezone(zone_of(zone)).replace(tzinfo=None) != told:
        raise MomentError(f"{told.isoformat(' ')} was left out when the clocks of {zone} were set forward")
    return moment, first.utcoffset() != first.replace(fold=1).utcoffset()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."

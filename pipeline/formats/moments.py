"""Moments that others tell: in which zone, and how far away they may be."""

from __future__ import annotations

from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1970, 2199
"""Days can be added to moments of these years."""

_OF_THE_MACHINE = ("localtime", "posix", "right/")
"""Names that are in no IANA database: another zone on each machine, or files of its own."""


def zone_named(name: str) -> ZoneInfo:
    """The zone of this name. Raises `ValueError` where there is none."""
    try:
        if not name.startswith(_OF_THE_MACHINE):
            return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"no such zone: {name!r}") from error
    raise ValueError(f"no zone of the IANA database: {name!r}")

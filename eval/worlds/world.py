"""Worlds: what makes the rate of untouched drafts rise, in one cause each, and by how much on each day.

Every world draws about the same curve on the associate clock: 25 % in the first week, 75 % at day 30, 82 % at
day 60. A number that cannot tell the worlds apart says nothing about the drafts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from models.errors import ConfigError

Floats: TypeAlias = npt.NDArray[np.float64]
Numbers: TypeAlias = npt.NDArray[np.int64]

WorldName: TypeAlias = Literal["model", "habit", "dropout", "lax", "bad-version"]
WORLDS: tuple[WorldName, ...] = get_args(WorldName)

FIRST_DAY = date(2026, 2, 2)
"""A Monday; summer time begins at two of the sites within the next 90 days."""

INITIAL, AT_30, AT_60 = 0.25, 0.75, 0.82
ICC = 0.2
"""Correlation of two calls of one associate on one day: how far apart associates are."""

HABIT_DAYS: Floats = np.array([0.0, 3.0, 6.0, 18.0, 27.0, 33.0, 57.0, 63.0, 90.0])
HABIT_RATES: Floats = np.array([0.20, 0.25, 0.30, 0.61, 0.735, 0.765, 0.815, 0.825, 0.83])
"""The curve where associates change: its windows of days 0-6, 27-33 and 57-63 have the three rates."""

GOOD_SHARE, GOOD_RATE, POOR_RATE = 0.235, 0.822, 0.074
STAYS_POOR = 0.025
"""The curve where associates leave: a quarter of them have drafts that fit, the others go between days 7 and
26, all but a few, and these between days 34 and 54."""
DROPOUT_ICC = 0.05

MATERIAL_SHARE = 0.2
"""Of the drafts that are edited, those in which a critical token is wrong."""
CARELESS = 0.03
"""Share of notes saved unread by an associate who reads."""


@dataclass(frozen=True, slots=True)
class Release:
    """A version: the day of the calendar it came out, how often its drafts need no change, and of the others
    the share with a wrong critical token."""

    name: str
    day: int
    rate: float
    material_share: float = MATERIAL_SHARE


@dataclass(frozen=True, slots=True)
class World:
    """What is simulated. Days are counted from the first rollout; raises `ConfigError` for what cannot be.

    `together`: everybody starts on day 0, so that days of the calendar, days of an associate and versions
    cannot be told apart.
    """

    name: WorldName
    associates: int = 700
    days: int = 90
    calls_per_day: float = 13.0
    seed: int = 1
    together: bool = False

    def __post_init__(self) -> None:
        """Check all of it."""
        world_name(self.name)
        if self.associates < 1 or self.days < 1 or not 0 < self.calls_per_day <= 200:
            raise ConfigError("a world has an associate, a day, and up to 200 calls a day at least")
        if self.seed < 0:
            raise ConfigError("a seed is 0 or more")

    @property
    def releases(self) -> tuple[Release, ...]:
        """The versions in order; where another cause is at work all are equally good."""
        releases: tuple[Release, ...] = _BAD if self.name == "bad-version" else _MODEL
        if self.together:
            releases = tuple(
                replace(each, day=day) for each, day in zip(releases, _TOGETHER_DAYS, strict=False)
            )
        if self.name in ("model", "bad-version"):
            return releases
        return tuple(replace(each, rate=AT_60) for each in releases)

    def version_on(self, day: int) -> int:
        """Place of the version in use on a day of the calendar."""
        return max(place for place, release in enumerate(self.releases) if release.day <= day)


_MODEL = (
    Release("note@1", 0, INITIAL),
    Release("note@2", 20, 0.55),
    Release("note@3", 26, AT_30),
    Release("note@4", 49, AT_60),
)
"""Associates start on days 0 to 13. So the first weeks of all see note@1 alone, those around their day 30
note@3 and those around day 60 note@4, and yet a release finds associates at different days of their own."""

_BAD = (
    *_MODEL[:3],
    Release("note@4", 47, 0.62, 0.75),
    Release("note@5", 54, AT_60),
)

_TOGETHER_DAYS = (0, 14, 27, 48, 55)
"""Where all start on one day: releases fall on the milestones of everybody."""


def world_name(name: str) -> WorldName:
    """A name as given on the command line. Raises `ConfigError` for a name that no world has."""
    for known in WORLDS:
        if name == known:
            return known
    raise ConfigError(f"no world is called {name!r}; there are {', '.join(WORLDS)}")


def habit_rate(own_day: Numbers) -> Floats:
    """The curve of associates who change, by their own days."""
    return np.interp(own_day, HABIT_DAYS, HABIT_RATES)


def reads_share(own_day: Numbers) -> Floats:
    """Where drafts stay poor and reading ends: the share of notes still read on a day of an associate.

    Unread notes are saved as they are, so rate = INITIAL + (1 - INITIAL) (1 - reads). The first days are
    flat, since nobody can read more than all.
    """
    wanted = np.maximum(habit_rate(own_day), INITIAL)
    share: Floats = (1 - wanted) / (1 - INITIAL)
    return share


def calendar_day(day: int) -> date:
    """The date of a day of the world."""
    return FIRST_DAY + timedelta(days=day)

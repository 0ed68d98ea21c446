"""The associates of a world: where they sit, when they start and leave, and what they are like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from eval.worlds.world import (
    DROPOUT_ICC,
    GOOD_RATE,
    GOOD_SHARE,
    ICC,
    POOR_RATE,
    STAYS_POOR,
    Floats,
    Numbers,
    World,
)


@dataclass(frozen=True, slots=True)
class Site:
    """A site, its zone, the day it rolls out, and the languages of its customers."""

    name: str
    zone: str
    rollout_day: int
    languages: tuple[str, ...]


SITES = (
    Site("site-1", "America/New_York", 0, ("en", "es")),
    Site("site-2", "Europe/London", 3, ("en",)),
    Site("site-3", "Asia/Kolkata", 6, ("en", "hi")),
    Site("site-4", "America/Chicago", 9, ("en", "es")),
)
TEAM_SIZE = 14
SPREAD_DAYS = 5
"""Days over which the associates of a site start."""
LEAVES_SHARE = 0.04
"""Associates who leave in every world, whatever their drafts are like."""


@dataclass(frozen=True, slots=True)
class People:
    """One entry an associate in every array.

    `ends` is the first day they are gone; `rank` their place among all, 0 to 1, which they keep on every day:
    the associate of rank u has on a day of mean rate p the u-quantile of a beta distribution around p.
    `fixed_rate` is NaN unless their rate is their own and never changes.
    """

    site: Numbers
    starts: Numbers
    ends: Numbers
    rank: Floats
    load: Floats
    words_a_minute: Floats
    fixed_rate: Floats

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.site)

    def present(self, day: int) -> npt.NDArray[np.intp]:
        """Who works on a day of the calendar."""
        return np.flatnonzero((self.starts <= day) & (day < self.ends))


def associate_name(place: int) -> str:
    """The pseudonym of an associate."""
    return f"a{place + 1:04d}"


def team_name(place: int, site: int) -> str:
    """The team of an associate; teams are of one site."""
    return f"{SITES[site].name}-team-{place // (TEAM_SIZE * len(SITES)) + 1}"


def draw_people(world: World) -> People:
    """The associates of a world, by its seed."""
    generator = np.random.default_rng([world.seed, 0])
    count = world.associates
    site = np.arange(count, dtype=np.int64) % len(SITES)
    waves = np.array([one.rollout_day for one in SITES], dtype=np.int64)
    starts = waves[site] + generator.integers(0, SPREAD_DAYS, count)
    if world.together:
        starts = np.zeros(count, dtype=np.int64)
    ends = np.full(count, world.days, dtype=np.int64)
    leaves = generator.random(count) < LEAVES_SHARE
    ends[leaves] = starts[leaves] + generator.integers(10, 80, int(leaves.sum()))
    fixed = np.full(count, np.nan)
    if world.name == "dropout":
        fixed, stays = _dropouts(generator, count)
        ends = np.minimum(ends, starts + stays)
    return People(
        site=site,
        starts=starts,
        ends=np.minimum(ends, world.days),
        rank=generator.random(count),
        load=np.clip(generator.gamma(9.0, 1 / 9.0, count), 0.3, 2.5),
        words_a_minute=np.clip(generator.normal(240.0, 35.0, count), 150.0, 330.0),
        fixed_rate=fixed,
    )


def _dropouts(generator: np.random.Generator, count: int) -> tuple[Floats, Numbers]:
    """Rates of their own, and after how many days those with low ones are gone.

    How many are of each kind is fixed, not drawn: with few associates the curve would be another.
    """
    good = np.zeros(count, dtype=bool)
    good[: max(1, round(GOOD_SHARE * count))] = True
    slow = np.zeros(count, dtype=bool)
    slow[int(good.sum()) : int(good.sum()) + round(STAYS_POOR * count)] = True
    order = generator.permutation(count)
    good, slow = good[order], slow[order]
    spread = (1 - DROPOUT_ICC) / DROPOUT_ICC
    mean = np.where(good, GOOD_RATE, POOR_RATE)
    rates: Floats = generator.beta(mean * spread, (1 - mean) * spread)
    stays = generator.integers(7, 27, count)
    stays[slow] = generator.integers(34, 55, int(slow.sum()))
    stays[good] = 10_000
    return rates, stays.astype(np.int64)


def rates_of(people: People, who: npt.NDArray[np.intp], mean: Floats) -> Floats:
    """The associates' rates on a day on which all together have `mean`, one entry each."""
    spread = (1 - ICC) / ICC
    rates: Floats = betaincinv(mean * spread, (1 - mean) * spread, people.rank[who])
    own = people.fixed_rate[who]
    chosen: Floats = np.where(np.isnan(own), rates, own)
    return chosen

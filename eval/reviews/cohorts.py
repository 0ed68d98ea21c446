"""Rates of the initial, 30-day and 60-day cohorts, for all associates and for a fixed panel of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from eval.edits.edit import EDIT_CLASSES
from eval.reviews.rates import COUNTED, METRICS
from eval.reviews.tallies import Counts, Flags, Tally
from eval.stats.clusters import ClusterCounts, Difference, Rate, cluster_rate, difference
from models.errors import ConfigError

MILESTONES = (0, 30, 60)
WINDOW_DAYS = 7

Panel: TypeAlias = Literal["all", "fixed"]


@dataclass(frozen=True, slots=True)
class Window:
    """Days of a clock around a milestone, from first to last, both in."""

    milestone: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """What is known of a window: the associates at risk, its counts, and its rates by name of the metric.

    At risk is whose clock had reached the milestone when the data ended; only their notes are counted. For
    `unfinished` of them the window was not over then.
    """

    window: Window
    panel: Panel
    at_risk: int
    unfinished: int
    counts: Mapping[str, int]
    rates: Mapping[str, Rate]

    @property
    def classes(self) -> dict[str, int]:
        """Edit class -> saved notes."""
        return {name: self.counts[name] for name in EDIT_CLASSES}


@dataclass(frozen=True, slots=True)
class CurveDay:
    """A day of the curve: the rate of its notes."""

    day: int
    rate: Rate


def windows_of(milestones: Sequence[int] = MILESTONES, days: int = WINDOW_DAYS) -> list[Window]:
    """A window for each milestone: centred on it, or the first days where that would begin before day 0.

    Raises `ConfigError` for milestones that are no rising days, or windows that overlap.
    """
    if days < 1:
        raise ConfigError("a window has a day at least")
    firsts = [max(0, milestone - days // 2) for milestone in milestones]
    found = [Window(m, first, first + days - 1) for m, first in zip(milestones, firsts, strict=True)]
    if not found or any(milestone < 0 for milestone in milestones):
        raise ConfigError("milestones are days from 0 on, such as 0,30,60")
    for before, after in pairwise(found):
        if after.first <= before.last:
            raise ConfigError(
                f"the windows of days {before.milestone} and {after.milestone} overlap:"
                " set them further apart, or the window shorter"
            )
    return found


def cohorts(tally: Tally, windows: Sequence[Window], panel: Panel) -> list[Cohort]:
    """A cohort a window. The fixed panel is who saved a note in every window."""
    each, members = _of_panel(tally, windows, panel)
    return [
        Cohort(
            window,
            panel,
            int(np.count_nonzero(members & tally.at_risk(window.milestone))),
            int(np.count_nonzero(members & tally.at_risk(window.milestone) & ~tally.at_risk(window.last))),
            dict(zip(COUNTED, map(int, counts.sum(axis=0)), strict=True)),
            {name: rate_of(counts, name) for name in METRICS},
        )
        for window, counts in zip(windows, each, strict=True)
    ]


def fixed_panel(windows: Sequence[Counts]) -> Flags:
    """Which associates saved a note in every window: a truth value each."""
    saved = COUNTED.index("saved")
    least = np.stack([counts[:, saved] for counts in windows]).min(axis=0)
    return np.asarray(least > 0)


def rate_of(counts: Counts, metric: str) -> Rate:
    """A metric's rate, out of counts by associate."""
    return cluster_rate(cluster_counts(counts, metric))


def cluster_counts(counts: Counts, metric: str) -> ClusterCounts:
    """A metric's successes and trials by associate."""
    defined = METRICS[metric]
    places = [COUNTED.index(name) for name in defined.counts]
    return ClusterCounts(counts[:, places].sum(axis=1), counts[:, COUNTED.index(defined.over)])


def rises(tally: Tally, windows: Sequence[Window], metric: str, panel: Panel) -> list[Difference | None]:
    """How the rate changed from the first window to each later one, paired by associate."""
    each, _ = _of_panel(tally, windows, panel)
    first, *later = [cluster_counts(counts, metric) for counts in each]
    return [difference(first, counts) for counts in later]


def _of_panel(tally: Tally, windows: Sequence[Window], panel: Panel) -> tuple[list[Counts], Flags]:
    """Counts of each window by associate, and who is in the panel."""
    each = [tally.between(window.first, window.last, window.milestone) for window in windows]
    if panel == "all":
        return each, np.ones(len(tally.associates), dtype=np.bool_)
    stays = fixed_panel(each)
    return [counts * stays[:, None] for counts in each], stays


def curve(tally: Tally, metric: str) -> list[CurveDay]:
    """The rate of each day that has a note."""
    days = [CurveDay(day, rate_of(counts, metric)) for day, counts in sorted(tally.by_day().items())]
    return [one for one in days if one.rate.trials]

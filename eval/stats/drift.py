"""Did a daily rate change? Two charts with few false alarms where days differ more than chance makes them.

At thousands of calls a day the limits of a plain p-chart are narrower than the days' own unrest, and it
alarms on nearly half of the days. Laney's p' chart measures that unrest and widens the limits by it (Laney
2002). A one-sided CUSUM (Page 1954) adds up small rises that no single day shows.

Each day is compared with days before it, the baseline, because a rate that is meant to rise has no level of
its own; days without trials are left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

BASELINE_DAYS = 28
LEAST_DAYS = 14
"""Baseline days under which a day is not judged."""
CUSUM_GAP_DAYS = 7
"""Days between a day and its baseline in the CUSUM, so that a slow rise is not taken for the level."""
CUSUM_SLACK = 0.5
"""Rise of a day, in its standard errors, under which nothing is added up: half of the rise to be found."""
CUSUM_LIMIT = 7.0
"""Sum at which the CUSUM alarms: simulated, false alarms are more than a year apart."""
LIMIT_SIGMAS = 3.0
_RANGE_TO_SIGMA = 1.128
"""Mean of the range of two draws from a normal distribution, in its standard deviations."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day, counted from any day 0, with its successes out of its trials."""

    day: int
    successes: int
    trials: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A day on a chart. Limits are None, and there is no alarm, where the baseline is too short.

    `value` is the day's rate; `statistic` the CUSUM's sum, in standard errors, or None on a p' chart.
    """

    day: int
    trials: int
    value: float
    centre: float | None
    low: float | None
    high: float | None
    statistic: float | None
    alarm: bool


@dataclass(frozen=True, slots=True)
class _Level:
    """What the days of a baseline say: their rate, and how many times chance they are unrestful.

    `spread` is the rate by which chance is judged: where all calls are alike, the one that so many calls
    leave open at 95 % (the rule of three), since an error of 0 would let every later day pass unjudged.
    """

    rate: float
    spread: float
    unrest: float

    def error(self, trials: int) -> float:
        """Standard error of the rate of a day."""
        return self.unrest * math.sqrt(self.spread * (1 - self.spread) / trials)


def laney(days: Sequence[Day]) -> list[Judged]:
    """Laney's p' chart: an alarm where a day is outside three sigmas of the 28 days before it."""
    return _p_chart(days, widened=True)


def plain(days: Sequence[Day]) -> list[Judged]:
    """A plain p-chart, to compare with: the limits of `laney` with nothing but chance in them."""
    return _p_chart(days, widened=False)


def cusum(days: Sequence[Day], limit: float = CUSUM_LIMIT) -> list[Judged]:
    """One-sided CUSUM of rises over the 28 days that ended a week before; begins anew after an alarm."""
    some = sorted((day for day in days if day.trials), key=lambda day: day.day)
    judged = []
    total = 0.0
    for place, day in enumerate(some):
        until = place - CUSUM_GAP_DAYS
        level = _level(some[max(0, until - BASELINE_DAYS) : max(0, until)])
        value = day.successes / day.trials
        if level is None:
            judged.append(Judged(day.day, day.trials, value, None, None, None, None, False))
            continue
        total = max(0.0, total + (value - level.rate) / level.error(day.trials) - CUSUM_SLACK)
        alarm = total > limit
        judged.append(Judged(day.day, day.trials, value, level.rate, None, None, total, alarm))
        total = 0.0 if alarm else total
    return judged


def draw_days(rate: float, trials: int, unrest: float, length: int, seed: int) -> list[Day]:
    """Days whose true rate is spread around `rate`, so that daily rates are `unrest` times as wide as chance.

    The spread is a beta distribution's with the variance (unrest^2 - 1) / (trials - 1) of that of a coin.
    Raises `ValueError` where no beta distribution is so wide.
    """
    generator = np.random.default_rng(seed)
    rates: npt.NDArray[np.float64] = np.full(length, rate)
    if unrest > 1:
        share = (unrest**2 - 1) / (trials - 1)
        if share >= 1:
            raise ValueError("so few trials cannot be so unrestful")
        strength = (1 - share) / share
        rates = generator.beta(rate * strength, (1 - rate) * strength, size=length)
    return [
        Day(day, int(successes), trials) for day, successes in enumerate(generator.binomial(trials, rates))
    ]


def _p_chart(days: Sequence[Day], widened: bool) -> list[Judged]:
    some = sorted((day for day in days if day.trials), key=lambda day: day.day)
    judged = []
    for place, day in enumerate(some):
        level = _level(some[max(0, place - BASELINE_DAYS) : place])
        value = day.successes / day.trials
        if level is None:
            judged.append(Judged(day.day, day.trials, value, None, None, None, None, False))
            continue
        reach = LIMIT_SIGMAS * level.error(day.trials) / (1.0 if widened else level.unrest)
        low, high = max(0.0, level.rate - reach), min(1.0, level.rate + reach)
        alarm = not low <= value <= high
        judged.append(Judged(day.day, day.trials, value, level.rate, low, high, None, alarm))
    return judged


def _level(days: Sequence[Day]) -> _Level | None:
    """What a baseline says; None where it is too short. Unrest under that of chance counts as chance's."""
    if len(days) < LEAST_DAYS:
        return None
    trials = sum(day.trials for day in days)
    rate = sum(day.successes for day in days) / trials
    if rate in (0.0, 1.0):
        return _Level(rate, 3 / (trials + 3), 1.0)
    scores = [(day.successes / day.trials - rate) / math.sqrt(rate * (1 - rate) / day.trials) for day in days]
    ranges = [abs(after - before) for before, after in pairwise(scores)]
    return _Level(rate, rate, max(1.0, sum(ranges) / len(ranges) / _RANGE_TO_SIGMA))

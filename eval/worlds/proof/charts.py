"""False alarms: days on which nothing happened, and teams that do not differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import mean, median

import numpy as np

from eval.stats.clusters import ClusterCounts
from eval.stats.drift import CUSUM_LIMIT, Day, Judged, cusum, draw_days, laney, plain
from eval.stats.slices import FALSE_DISCOVERIES, compare_slices
from eval.worlds.people import rates_of_mean
from eval.worlds.proof.claims import Part, Row, band, band_told, in_percent

Chart = Callable[[Sequence[Day]], list[Judged]]

MOST_ALARMS = 0.01
"""Share of days: Laney's limits are measured on 28 days, so that it is more than that of a known normal
distribution (0.0027)."""
YEAR_DAYS = 365
QUIET = ((0.75, 9_000, 3.0), (0.82, 9_000, 2.0), (0.75, 300, 1.5))
"""Rate, calls a day, and how many times as far apart as chance makes them days are."""
STEADY = ((0.05, 9_000, 3.0), (0.05, 9_000, 1.5), (0.05, 300, 1.5), (0.20, 9_000, 2.0))
"""The same of edits that are material, and of those that are material or worse."""
CHART_DAYS, LONG_DAYS = 400, 1_500
RISE_FROM = 0.05
RISES_TO = (0.06, 0.075, 0.10)
TEAMS, TEAM_SIZE, CALLS = 20, 14, 60


def false_alarms(runs: int) -> Part:
    """Days outside of the limits of Laney's chart and of a plain p-chart, where nothing happened."""
    rows = []
    for rate, trials, unrest in QUIET:
        series = [draw_days(rate, trials, unrest, CHART_DAYS, seed) for seed in range(runs)]
        for name, chart in (("Laney p'", laney), ("plain p", plain)):
            alarms, judged = _alarms(series, chart)
            found = band(alarms, judged)
            holds = found.low <= MOST_ALARMS if chart is laney else None
            told = (f"{rate:.2f}", f"{trials:,}", f"{unrest:g}", name, f"{judged:,}")
            rows.append(Row((*told, in_percent(alarms / judged)), holds))
    return Part(
        "False alarms of the daily chart",
        f"{runs} histories of {CHART_DAYS} days each on which nothing happened but that days differ more than"
        " chance makes them.",
        "holds where the 99 % band of the share of days that alarm reaches down to"
        f" {in_percent(MOST_ALARMS)}",
        ("rate", "calls a day", "unrest", "chart", "days judged", "days that alarm"),
        tuple(rows),
    )


def run_lengths(runs: int) -> Part:
    """Days to the CUSUM's first alarm, where nothing happens and after a rise."""
    rows = []
    for rate, trials, unrest in STEADY:
        firsts = [_first(draw_days(rate, trials, unrest, LONG_DAYS, seed), 0) for seed in range(runs)]
        told = (f"{rate:.3f}", f"{trials:,}", f"{unrest:g}", f"{runs:,}")
        rows.append(Row((*told, *_days_told(firsts)), mean(firsts) > YEAR_DAYS))
    for risen in RISES_TO:
        firsts = [_first(_rising(risen, seed), CHART_DAYS // 2) for seed in range(runs)]
        told = (f"{RISE_FROM:.3f} to {risen:.3f}", "9,000", "1.5", f"{runs:,}")
        rows.append(Row((*told, *_days_told(firsts))))
    return Part(
        "Run lengths of the CUSUM",
        f"Days to the first alarm of material edits at the limit {CUSUM_LIMIT:g}, at most {LONG_DAYS:,} where"
        " nothing happens (so that the means are too small, if anything), and after a rise of the rate.",
        f"holds where false alarms are more than {YEAR_DAYS} days apart on average",
        ("rate", "calls a day", "unrest", "runs", "mean days", "median days"),
        tuple(rows),
    )


def slices(runs: int, seed: int = 1) -> Part:
    """Teams that do not differ: how often one is said to."""
    generator = np.random.default_rng(seed)
    anyone = plainly = 0
    for _ in range(runs):
        found = compare_slices(_teams(generator))
        anyone += any(each.differs for each in found)
        p_values = [each.against_rest.p_value for each in found if each.against_rest is not None]
        plainly += any(value is not None and value <= FALSE_DISCOVERIES for value in p_values)
    rows = []
    for name, count, judged in (("Benjamini-Hochberg", anyone, True), ("each at 5 %", plainly, False)):
        share = band(count, runs)
        cells = (name, f"{runs:,}", in_percent(count / runs), band_told(share))
        rows.append(Row(cells, share.low <= FALSE_DISCOVERIES if judged else None))
    return Part(
        "Slices that do not differ",
        f"{TEAMS} teams of {TEAM_SIZE} associates with {CALLS} calls each and one true rate. How many reports"
        " say of a team that it differs.",
        f"holds where the 99 % band reaches down to {in_percent(FALSE_DISCOVERIES)}",
        ("judged by", "reports", "with a false finding", "99 % band"),
        tuple(rows),
    )


def _alarms(series: Sequence[Sequence[Day]], chart: Chart) -> tuple[int, int]:
    judged = [day for days in series for day in chart(days) if day.centre is not None]
    return sum(day.alarm for day in judged), len(judged)


def _first(days: Sequence[Day], since: int) -> int:
    """Days from `since`, or from the first judged day, to the first alarm after it; all days without one."""
    judged = [day for day in cusum(days) if day.centre is not None and day.day >= since]
    for place, day in enumerate(judged):
        if day.alarm:
            return place + 1
    return len(judged)


def _rising(risen: float, seed: int) -> list[Day]:
    half = CHART_DAYS // 2
    before = draw_days(RISE_FROM, 9_000, 1.5, half, seed)
    after = draw_days(risen, 9_000, 1.5, half, seed + 1_000_000)
    return before + [Day(day.day + half, day.successes, day.trials) for day in after]


def _days_told(days: Sequence[int]) -> tuple[str, str]:
    return f"{mean(days):,.1f}", f"{median(days):,.1f}"


def _teams(generator: np.random.Generator) -> dict[str, ClusterCounts]:
    count = TEAMS * TEAM_SIZE
    rates = rates_of_mean(0.75, generator.random(count))
    trials = np.full(count, CALLS)
    successes = generator.binomial(trials, rates)
    team = np.arange(count) // TEAM_SIZE
    return {
        f"team {place + 1}": ClusterCounts(successes * (team == place), trials * (team == place))
        for place in range(TEAMS)
    }

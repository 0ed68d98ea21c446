"""Coverage: how often intervals hold the truth when calls of an associate are alike."""

from __future__ import annotations

import numpy as np

from eval.stats.clusters import ClusterCounts, cluster_rate, difference
from eval.stats.proportions import Interval, wilson
from eval.worlds.people import rates_of_mean
from eval.worlds.proof.claims import Part, Row, band, band_told, in_percent
from eval.worlds.world import ICC, INITIAL, Floats

ASSOCIATES = 50
RATES = (INITIAL, 0.50, 0.75, 0.82, 0.95)
MEAN_CALLS = 60
LEAST_CALLS, MOST_CALLS = 5, 2 * MEAN_CALLS - 5
REACHES = 0.92


def intervals(runs: int, seed: int = 1) -> Part:
    """Coverage of one rate, beside Wilson's interval of the pooled calls, and of a paired difference."""
    rows = [row for place, rate in enumerate(RATES) for row in _one_rate(rate, runs, seed + place)]
    rows.append(_paired(runs, seed))
    return Part(
        "Intervals",
        f"{ASSOCIATES} associates with {LEAST_CALLS} to {MOST_CALLS} calls each, the rates of associates beta"
        f" distributed with ICC {ICC}. How many of the 95 % intervals hold the true rate.",
        f"holds where the 99 % band of the coverage reaches {REACHES}",
        ("true rate", "interval", "runs", "coverage", "99 % band"),
        tuple(rows),
    )


def _one_rate(rate: float, runs: int, seed: int) -> list[Row]:
    generator = np.random.default_rng(seed)
    robust = pooled = 0
    for _ in range(runs):
        counts = _drawn(generator, rates_of_mean(rate, generator.random(ASSOCIATES)))
        found = cluster_rate(counts)
        robust += _holds(found.interval, rate)
        pooled += _holds(wilson(found.successes, found.trials), rate)
    return [
        _row(f"{rate:.2f}", "by associate (CR2)", robust, runs, judged=True),
        _row(f"{rate:.2f}", "pooled (Wilson)", pooled, runs, judged=False),
    ]


def _paired(runs: int, seed: int) -> Row:
    """Initial to day 60; associates keep their rank. The true difference is that of the two means."""
    generator = np.random.default_rng([seed, 1])
    before, after = INITIAL, 0.82
    inside = 0
    for _ in range(runs):
        ranks = generator.random(ASSOCIATES)
        first, last = (_drawn(generator, rates_of_mean(rate, ranks)) for rate in (before, after))
        found = difference(first, last)
        inside += found is not None and _holds(found.interval, after - before)
    return _row(f"{before:.2f} to {after:.2f}", "paired difference (CR2)", inside, runs, judged=True)


def _drawn(generator: np.random.Generator, rates: Floats) -> ClusterCounts:
    trials = generator.integers(LEAST_CALLS, MOST_CALLS + 1, len(rates))
    return ClusterCounts(generator.binomial(trials, rates), trials)


def _holds(interval: Interval | None, truth: float) -> bool:
    return interval is not None and interval.low <= truth <= interval.high


def _row(rate: str, name: str, inside: int, runs: int, judged: bool) -> Row:
    found = band(inside, runs)
    cells = (rate, name, f"{runs:,}", in_percent(inside / runs), band_told(found))
    return Row(cells, found.high >= REACHES if judged else None)

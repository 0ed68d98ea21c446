"""Coverage: how often intervals hold the truth when calls of an associate are alike."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from eval.stats.clusters import ClusterCounts, cluster_rate, difference
from eval.stats.proportions import Interval, wilson
from eval.worlds.people import rates_of_mean
from eval.worlds.proof.claims import Part, Row, band, band_told, in_percent
from eval.worlds.world import ICC, INITIAL, Floats

RATES = (INITIAL, 0.50, 0.75, 0.82, 0.95)
REACHES = 0.92


class Window(NamedTuple):
    """So many associates with from `least` to `most` calls each."""

    associates: int
    least: int
    most: int


USUAL = Window(50, 5, 115)
SMALL = (Window(12, 5, 20), Window(12, 40, 80), Window(20, 5, 115), Window(50, 1, 3))
"""Windows of few associates, or of few calls each."""
RARE = (0.05, 0.01)
"""Rates of edits that are rare: many samples have none, or those of one associate."""


def intervals(runs: int, seed: int = 1) -> Part:
    """Coverage of one rate, beside Wilson's interval of the pooled calls, and of a paired difference."""
    rows = [row for place, rate in enumerate(RATES) for row in _one_rate(rate, runs, seed + place)]
    rows.append(_paired((INITIAL, 0.82), USUAL, runs, seed))
    return Part(
        "Intervals",
        f"{USUAL.associates} associates with {USUAL.least} to {USUAL.most} calls each, their rates"
        f" beta distributed with ICC {ICC}. How many of the 95 % intervals hold the true rate.",
        f"holds where the 99 % band of the coverage reaches {REACHES}",
        ("true rate", "interval", "runs", "coverage", "99 % band"),
        tuple(rows),
    )


def small_intervals(runs: int, seed: int = 1) -> Part:
    """Coverage where there is little to go by: few associates, few calls, or hardly an edit."""
    found = [
        (window, rate, _covered(rate, window, runs, seed + place))
        for window in (*SMALL, USUAL)
        for place, rate in enumerate((INITIAL, 0.82, *RARE))
        if window != USUAL or rate in RARE
    ]
    return Part(
        "Intervals of little",
        "As before, in windows of few associates or few calls, and of rare edits. Alike: runs in which all"
        " calls came out alike, so that the interval is Clopper and Pearson's by associate.",
        f"holds where the 99 % band of the coverage reaches {REACHES}",
        ("true rate", "associates", "calls each", "runs", "alike", "coverage", "99 % band"),
        tuple(_small_row(window, rate, runs, *counted) for window, rate, counted in found),
    )


def _one_rate(rate: float, runs: int, seed: int) -> list[Row]:
    generator = np.random.default_rng(seed)
    robust = pooled = 0
    for _ in range(runs):
        found = cluster_rate(_drawn(generator, USUAL, rate))
        robust += _holds(found.interval, rate)
        pooled += _holds(wilson(found.successes, found.trials), rate)
    return [
        _row(f"{rate:.2f}", "by associate", robust, runs, judged=True),
        _row(f"{rate:.2f}", "pooled (Wilson)", pooled, runs, judged=False),
    ]


def _covered(rate: float, window: Window, runs: int, seed: int) -> tuple[int, int]:
    """Runs in which the interval holds the rate, and in which all calls came out alike."""
    generator = np.random.default_rng(seed)
    inside = alike = 0
    for _ in range(runs):
        found = cluster_rate(_drawn(generator, window, rate))
        inside += _holds(found.interval, rate)
        alike += found.successes in (0, found.trials)
    return inside, alike


def _small_row(window: Window, rate: float, runs: int, inside: int, alike: int) -> Row:
    found = band(inside, runs)
    cells = (
        f"{rate:.2f}",
        str(window.associates),
        f"{window.least} to {window.most}",
        f"{runs:,}",
        in_percent(alike / runs),
        in_percent(inside / runs),
        band_told(found),
    )
    return Row(cells, found.high >= REACHES)


def _paired(rates: tuple[float, float], window: Window, runs: int, seed: int) -> Row:
    """From one rate to another; associates keep their rank. The true difference is that of the two means."""
    generator = np.random.default_rng([seed, 1])
    before, after = rates
    inside = 0
    for _ in range(runs):
        ranks = generator.random(window.associates)
        first, last = (_counted(generator, window, rates_of_mean(rate, ranks)) for rate in rates)
        found = difference(first, last)
        inside += found is not None and _holds(found.interval, after - before)
    return _row(f"{before:.2f} to {after:.2f}", "paired difference (CR2)", inside, runs, judged=True)


def _drawn(generator: np.random.Generator, window: Window, rate: float) -> ClusterCounts:
    return _counted(generator, window, rates_of_mean(rate, generator.random(window.associates)))


def _counted(generator: np.random.Generator, window: Window, rates: Floats) -> ClusterCounts:
    trials = generator.integers(window.least, window.most + 1, len(rates))
    return ClusterCounts(generator.binomial(trials, rates), trials)


def _holds(interval: Interval | None, truth: float) -> bool:
    return interval is not None and interval.low <= truth <= interval.high


def _row(rate: str, name: str, inside: int, runs: int, judged: bool) -> Row:
    found = band(inside, runs)
    cells = (rate, name, f"{runs:,}", in_percent(inside / runs), band_told(found))
    return Row(cells, found.high >= REACHES if judged else None)

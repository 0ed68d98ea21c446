"""Intervals of a share of independent items, by statsmodels."""

from __future__ import annotations

from dataclasses import dataclass

from statsmodels.stats.proportion import proportion_confint


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, how it was found, and the degrees of freedom where it has any."""

    low: float
    high: float
    method: str
    df: float | None = None


def wilson(successes: int, trials: int, level: float = 0.95) -> Interval | None:
    """Wilson's interval; None without a trial."""
    return _interval(successes, trials, level, "wilson", "Wilson")


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> Interval | None:
    """Clopper and Pearson's exact interval, for "none found" too; None without a trial."""
    return _interval(successes, trials, level, "beta", "Clopper-Pearson")


def _interval(successes: int, trials: int, level: float, method: str, name: str) -> Interval | None:
    if not trials:
        return None
    low, high = proportion_confint(successes, trials, alpha=1 - level, method=method)
    return Interval(float(low), float(high), name)

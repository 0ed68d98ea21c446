"""Rates over calls that come in clusters: the notes of one associate are alike, so they count for less.

An interval that takes calls as independent covers the truth far too seldom. Here each associate is a cluster
of the linear model "one mean a window" with the bias-reduced variance CR2 and Satterthwaite's degrees of
freedom (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018), which have closed forms for such a model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from eval.stats.proportions import Interval, clopper_pearson

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

REFUSED_UNDER = 10
"""Clusters under which no interval is given: its coverage would be luck."""
FEW_UNDER = 20
THIN_UNDER = 20

RARE_UNDER = 20
"""Effective successes, or failures, under which a sample cannot tell how alike an associate's calls are."""
LEAST_ICC = 0.1
"""The correlation that is then taken at least: a usual one of associates."""

Flag = Literal["thin", "few associates", "too few associates"]


@dataclass(frozen=True, slots=True)
class ClusterCounts:
    """Successes and trials, one entry a cluster, in one order of clusters; entries may be 0."""

    successes: Counts
    trials: Counts

    def __post_init__(self) -> None:
        """Raises `ValueError` for counts that cannot be."""
        if self.successes.shape != self.trials.shape or self.trials.ndim != 1:
            raise ValueError("one number of successes and one of trials a cluster")
        if np.any(self.successes < 0) or np.any(self.successes > self.trials):
            raise ValueError("successes lie between 0 and the trials")

    @property
    def clusters(self) -> int:
        """Clusters with a trial."""
        return int(np.count_nonzero(self.trials))


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate, how sure it is, and on how much it stands; None is what cannot be known.

    `icc` is the correlation of two calls of one associate; `effective_n` the number of independent calls
    that would tell as much.
    """

    successes: int
    trials: int
    clusters: int
    value: float | None
    interval: Interval | None
    icc: float | None
    design_effect: float | None
    effective_n: float | None
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Rate of the second window minus that of the first, with its interval and its two-sided p-value.

    The p-value is that of the log odds, which are less skewed: where a window has few associates, a test of
    the rates themselves finds far too many small p-values.
    """

    value: float
    interval: Interval | None
    p_value: float | None
    clusters: int


def cluster_rate(counts: ClusterCounts, level: float = 0.95) -> Rate:
    """The rate over all calls, with an interval at `level` that takes clusters into account.

    The interval is symmetric in the log odds. No variance is taken to be less than that of independent
    calls: a sample in which associates are more alike than chance makes them proves no precision. What is
    rare comes of a few associates, of whom a sample may have none: see `_rare`. Where all calls are alike the
    interval is Clopper and Pearson's with each associate as one trial, which holds for any correlation.
    """
    trials, successes = int(counts.trials.sum()), int(counts.successes.sum())
    clusters = counts.clusters
    flags = _flags(trials, clusters)
    if not trials:
        return Rate(0, 0, 0, None, None, None, None, None, flags)
    value = successes / trials
    if clusters < REFUSED_UNDER:
        return Rate(successes, trials, clusters, value, None, _icc(counts), None, None, flags)
    if successes in (0, trials):
        interval = clopper_pearson(clusters if successes else 0, clusters, level)
        return Rate(successes, trials, clusters, value, interval, None, None, None, flags)
    independent = value * (1 - value) / trials
    variance, df = _contrast([counts], [1.0])
    variance = max(variance, independent)
    effective, icc = trials * independent / variance, _icc(counts)
    if min(value, 1 - value) * effective < RARE_UNDER:
        effective = min(effective, trials / design_effect(counts, max(icc or 0.0, LEAST_ICC)))
        interval = _rare(value, effective, level, df)
    else:
        half = float(stats.t.ppf((1 + level) / 2, df)) * math.sqrt(variance) / (value * (1 - value))
        middle = math.log(value / (1 - value))
        interval = Interval(_expit(middle - half), _expit(middle + half), "CR2 logit-t", df)
    return Rate(successes, trials, clusters, value, interval, icc, trials / effective, effective, flags)


def _rare(value: float, effective: float, level: float, df: float) -> Interval:
    """Korn and Graubard's interval (1998): Clopper and Pearson's for so many effective trials, fewer by the
    degrees of freedom that their number was found with."""
    certain = float(stats.norm.ppf((1 + level) / 2)) / float(stats.t.ppf((1 + level) / 2, df))
    trials = effective * certain**2
    low, high = proportion_confint(value * trials, trials, alpha=1 - level, method="beta")
    return Interval(float(low), float(high), "Korn-Graubard", df)


def design_effect(counts: ClusterCounts, icc: float) -> float:
    """How many times the variance of independent calls (Kish 1965), for clusters of unequal size."""
    typical = float(np.square(counts.trials).sum() / counts.trials.sum())
    return 1 + (typical - 1) * icc


def difference(first: ClusterCounts, second: ClusterCounts, level: float = 0.95) -> Difference | None:
    """How the rate changed from one window to another, the same clusters in the same order in both.

    What a cluster has in both windows is compared with itself. Where all calls of a window are alike, its
    residuals are 0 and say nothing of how sure its rate is: then the interval is put together from those of
    both rates (Newcombe's; without the pairing, and so too wide if anything), and there is no p-value. None
    where a window has no trial.
    """
    if first.trials.shape != second.trials.shape:
        raise ValueError("both windows need the same clusters, in the same order")
    if not first.trials.sum() or not second.trials.sum():
        return None
    rates = [counts.successes.sum() / counts.trials.sum() for counts in (first, second)]
    value = float(rates[1] - rates[0])
    clusters = int(np.count_nonzero(first.trials + second.trials))
    if min(first.clusters, second.clusters) < REFUSED_UNDER:
        return Difference(value, None, None, clusters)
    if any(rate in (0.0, 1.0) for rate in rates):
        return Difference(value, _newcombe(first, second, level), None, clusters)
    variance, df = _contrast([first, second], [-1.0, 1.0])
    if not variance > 0:
        return Difference(value, None, None, clusters)
    error = math.sqrt(variance)
    half = float(stats.t.ppf((1 + level) / 2, df)) * error
    interval = Interval(max(-1.0, value - half), min(1.0, value + half), "CR2 t, paired by associate", df)
    return Difference(value, interval, _p_value([first, second], rates), clusters)


def _newcombe(first: ClusterCounts, second: ClusterCounts, level: float) -> Interval | None:
    """The interval of a difference out of those of both rates, as if they were independent."""
    before, after = cluster_rate(first, level), cluster_rate(second, level)
    if before.value is None or after.value is None or before.interval is None or after.interval is None:
        return None
    value = after.value - before.value
    low = math.hypot(after.value - after.interval.low, before.interval.high - before.value)
    high = math.hypot(after.interval.high - after.value, before.value - before.interval.low)
    return Interval(max(-1.0, value - low), min(1.0, value + high), "Newcombe, not paired")


def _p_value(windows: list[ClusterCounts], rates: list[float]) -> float:
    """Two-sided, of the log odds being alike."""
    odds = [math.log(rate / (1 - rate)) for rate in rates]
    slopes = [1 / (rate * (1 - rate)) for rate in rates]
    variance, df = _contrast(windows, [-slopes[0], slopes[1]])
    return float(2 * stats.t.sf(abs(odds[1] - odds[0]) / math.sqrt(variance), df)) if variance > 0 else 1.0


def _contrast(windows: list[ClusterCounts], weights: list[float]) -> tuple[float, float]:
    """CR2 variance of a weighted sum of the windows' rates, and Satterthwaite's degrees of freedom.

    With n trials of a cluster of N in all, the adjustment (I - H)^(-1/2) multiplies the cluster's sum of
    residuals by (1 - n / N)^(-1/2), since the hat matrix of a mean is constant. The degrees of freedom are
    tr(M)^2 / tr(M^2) of the quadratic form's M = diag(d) - B B', under a working model of independence.
    """
    trials = np.stack([counts.trials for counts in windows], axis=1).astype(np.float64)
    successes = np.stack([counts.successes for counts in windows], axis=1).astype(np.float64)
    total = trials.sum(axis=0)
    share = np.minimum(trials / total, 1 - 1e-12)
    adjusted = np.asarray(weights) / total / np.sqrt(1 - share)
    residuals = successes - trials * (successes.sum(axis=0) / total)
    variance = float(np.square((adjusted * residuals).sum(axis=1)).sum())
    own = (np.square(adjusted) * trials).sum(axis=1)
    shared: Floats = adjusted * trials / np.sqrt(total)
    trace = own.sum() - np.square(shared).sum()
    squared = np.square(own).sum() - 2 * (own * np.square(shared).sum(axis=1)).sum()
    squared += np.square(shared.T @ shared).sum()
    return variance, float(trace**2 / squared)


def _icc(counts: ClusterCounts) -> float | None:
    """The correlation inside clusters, by analysis of variance (Ridout, Demetrio and Firth 1999).

    None where there is one call a cluster, one cluster, or no variance.
    """
    some = counts.trials > 0
    trials = counts.trials[some].astype(np.float64)
    successes = counts.successes[some].astype(np.float64)
    total, clusters = trials.sum(), len(trials)
    if clusters < 2 or total == clusters:
        return None
    rate = successes.sum() / total
    between = (trials * np.square(successes / trials - rate)).sum() / (clusters - 1)
    within = (successes * (1 - successes / trials)).sum() / (total - clusters)
    typical = (total - np.square(trials).sum() / total) / (clusters - 1)
    variance = between + (typical - 1) * within
    return float((between - within) / variance) if variance > 0 else None


def _flags(trials: int, clusters: int) -> tuple[Flag, ...]:
    flags: list[Flag] = ["thin"] if trials < THIN_UNDER else []
    if clusters < REFUSED_UNDER:
        flags.append("too few associates")
    elif clusters < FEW_UNDER:
        flags.append("few associates")
    return tuple(flags)


def _expit(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))

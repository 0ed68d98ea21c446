"""Estimates that are no plain rate, such as the share of a rise: their error by what each cluster adds to it.

An estimate's influence says how far each cluster pulls it from the truth, to the first order. Sums,
differences and ratios of estimates have influences by the rules of calculus (Deville 1999), and the sum of
their squares is the cluster-robust variance (CR1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from eval.stats.clusters import REFUSED_UNDER, ClusterCounts, Floats
from eval.stats.proportions import Interval


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, and the influence of each cluster on it, in one order of clusters."""

    value: float
    influence: Floats

    def __sub__(self, other: Estimate) -> Estimate:
        return Estimate(self.value - other.value, self.influence - other.influence)

    def over(self, other: Estimate) -> Estimate:
        """This in units of the other, which is not 0."""
        share = self.value / other.value
        return Estimate(share, (self.influence - share * other.influence) / other.value)


def rate_estimate(counts: ClusterCounts) -> Estimate | None:
    """The rate over all trials; None without a trial."""
    total = int(counts.trials.sum())
    if not total:
        return None
    value = int(counts.successes.sum()) / total
    return Estimate(value, (counts.successes - value * counts.trials) / total)


def interval_of(estimate: Estimate, clusters: float, level: float = 0.95) -> Interval | None:
    """Its interval, by t with one less than `clusters` degrees of freedom; None with too few of them."""
    if clusters < REFUSED_UNDER:
        return None
    variance = float(np.square(estimate.influence).sum()) * clusters / (clusters - 1)
    half = float(stats.t.ppf((1 + level) / 2, clusters - 1)) * math.sqrt(variance)
    return Interval(estimate.value - half, estimate.value + half, "CR1 t", clusters - 1)

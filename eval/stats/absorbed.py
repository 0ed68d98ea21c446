"""A linear probability model on counts in which every cluster has a level of its own.

Levels are absorbed: regressors and outcome stand as distances from the cluster's own mean, so that only what
changes inside clusters is explained. Fitted by statsmodels; variance by clusters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import statsmodels.api as sm

from eval.stats.clusters import Counts, Floats
from eval.stats.influence import Estimate

_ALIASED = 1e-6
"""Share of a contrast outside of what the data vary in, from which on it cannot be told."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """An estimated contrast, and how many clusters as informative as the mean of them it rests on."""

    estimate: Estimate
    clusters: float


class Absorbed:
    """A fitted model. `design` has a row a cell and a column a regressor; `cluster` numbers clusters from 0.

    Cells without trials are left out. Regressors may be aliased (dummies that add up to one): the model is
    fitted on the directions in which they vary inside clusters.
    """

    def __init__(self, design: Floats, cluster: Counts, successes: Counts, trials: Counts) -> None:
        some = trials > 0
        self._clusters = int(cluster.max()) + 1 if len(cluster) else 0
        self._cluster = cluster[some]
        weights = trials[some].astype(np.float64)
        outcome = successes[some] / weights
        root = np.sqrt(weights)
        centred = self._centred(design[some], weights)
        rows: Floats = centred * root[:, None]
        values, vectors = np.linalg.eigh(rows.T @ rows)
        self._basis: Floats = vectors[:, values > max(float(values.max(initial=0.0)), 1.0) * 1e-9]
        inside = centred @ self._basis
        centred_outcome = self._centred(outcome[:, None], weights)[:, 0]
        result = sm.WLS(centred_outcome, inside, weights, hasconst=False).fit(method="qr")
        self._coefficients: Floats = np.asarray(result.params, dtype=np.float64)
        self._spread: Floats = np.asarray(result.normalized_cov_params, dtype=np.float64)
        self._rows: Floats = inside * root[:, None]
        self._residuals: Floats = np.asarray(result.resid, dtype=np.float64) * root

    def contrast(self, weights: Floats) -> Contrast | None:
        """The sum of coefficients by `weights`; None where the data cannot tell it."""
        length = float(np.linalg.norm(weights))
        inside = self._basis.T @ weights
        outside = float(np.linalg.norm(weights - self._basis @ inside))
        if length > 0 and outside > _ALIASED * length:
            return None
        pull: Floats = self._rows @ (self._spread @ inside)
        influence = self._by_cluster(pull * self._residuals)
        leverage = self._by_cluster(np.square(pull))
        total = float(np.square(leverage).sum())
        clusters = float(leverage.sum()) ** 2 / total if total else float(self._clusters)
        return Contrast(Estimate(float(inside @ self._coefficients), influence), clusters)

    def _by_cluster(self, values: Floats) -> Floats:
        summed = np.bincount(self._cluster, weights=values, minlength=self._clusters)
        return np.asarray(summed, dtype=np.float64)

    def _centred(self, columns: Floats, weights: Floats) -> Floats:
        total = self._by_cluster(weights)
        total[total == 0] = 1.0
        centred = np.empty_like(columns, dtype=np.float64)
        for place in range(columns.shape[1]):
            means = self._by_cluster(columns[:, place] * weights) / total
            centred[:, place] = columns[:, place] - means[self._cluster]
        return centred


def dummies(values: npt.NDArray[np.int64], levels: int) -> Floats:
    """A column for each of the levels 0 to levels - 1, 1 where a value is that level."""
    return np.eye(levels)[values]


def merged(parts: Mapping[str, Floats]) -> tuple[Floats, dict[str, slice]]:
    """Blocks of columns side by side, and where each stands."""
    places: dict[str, slice] = {}
    start = 0
    for name, part in parts.items():
        places[name] = slice(start, start + part.shape[1])
        start += part.shape[1]
    return np.concatenate(list(parts.values()), axis=1), places

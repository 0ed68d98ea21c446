"""Rates of clusters: cases by hand, the same by whole matrices, and by statsmodels where it has them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from eval.stats.clusters import ClusterCounts, cluster_rate, difference

Floats = npt.NDArray[np.float64]


def counts(successes: list[int], trials: list[int]) -> ClusterCounts:
    return ClusterCounts(np.array(successes, dtype=np.int64), np.array(trials, dtype=np.int64))


def by_matrices(windows: list[ClusterCounts], weights: list[float]) -> tuple[float, float]:
    """CR2's variance and degrees of freedom of a contrast, as defined: with every matrix written out."""
    rows = [
        (cluster, window, float(success))
        for window, one in enumerate(windows)
        for cluster, (yes, of) in enumerate(zip(one.successes, one.trials, strict=True))
        for success in [1] * int(yes) + [0] * int(of - yes)
    ]
    cluster = np.array([row[0] for row in rows])
    design = np.array([[float(row[1] == window) for window in range(len(windows))] for row in rows])
    outcome = np.array([row[2] for row in rows])
    bread = np.linalg.inv(design.T @ design)
    hat = design @ bread @ design.T
    residual = outcome - hat @ outcome
    rest = np.eye(len(rows)) - hat
    contrast = np.asarray(weights)
    variance, columns = 0.0, []
    for name in np.unique(cluster):
        own = cluster == name
        adjusted = inverse_root(np.eye(own.sum()) - hat[np.ix_(own, own)])
        weight = contrast @ bread @ design[own].T @ adjusted
        variance += float(weight @ residual[own]) ** 2
        columns.append(rest[:, own] @ weight)
    form = np.array([[a @ b for b in columns] for a in columns])
    return variance, float(np.trace(form) ** 2 / np.trace(form @ form))


def inverse_root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(values**-0.5) @ vectors.T


UNEVEN = counts([1, 4, 2, 0, 5, 3, 2, 2, 1, 6, 0, 3], [3, 4, 6, 2, 9, 5, 2, 7, 4, 8, 1, 3])


def test_fifty_associates_with_two_notes_each_by_hand() -> None:
    # 25 with both, 25 with none: the rate is 1/2, each cluster's sum of residuals 1 in size. The adjustment
    # is 1 / (1 - 2 / 100), so the variance is 50 / 0.98 / 100^2 = 1 / 196; on the log odds 4 / 14; t of 49.
    rate = cluster_rate(counts([2] * 25 + [0] * 25, [2] * 50))
    assert rate.interval is not None
    assert (rate.interval.method, rate.interval.df) == ("CR2 logit-t", pytest.approx(49))
    half = stats.t.ppf(0.975, 49) * 4 / 14
    assert rate.interval.high == pytest.approx(1 / (1 + math.exp(-half)))
    assert rate.interval.low == pytest.approx(1 - rate.interval.high)
    # Independent calls would have 1 / 400: the design effect is 400 / 196, and 100 calls tell as much as 49.
    assert rate.design_effect == pytest.approx(400 / 196)
    assert rate.effective_n == pytest.approx(49)
    assert rate.icc == pytest.approx(1.0)


def korn_graubard(value: float, effective: float, df: float) -> tuple[float, float]:
    trials = effective * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, df)) ** 2
    yes = value * trials
    return stats.beta.ppf(0.025, yes, trials - yes + 1), stats.beta.ppf(0.975, yes + 1, trials - yes)


def test_ten_associates_with_two_notes_each_are_few() -> None:
    # As above, but 10 / 0.9 / 20^2 = 1 / 36 against 1 / 80: 20 calls tell as much as 9, of which 4.5 succeed.
    rate = cluster_rate(counts([2] * 5 + [0] * 5, [2] * 10))
    assert rate.interval is not None
    assert (rate.interval.method, rate.effective_n) == ("Korn-Graubard", pytest.approx(9))
    assert (rate.interval.low, rate.interval.high) == pytest.approx(korn_graubard(0.5, 9, 9))


def test_of_rare_successes_associates_count_as_alike_though_these_are_not() -> None:
    # 18 associates with 1 of 10: no correlation is seen; with 0.1 the design effect is 1 + 9 x 0.1.
    rate = cluster_rate(counts([1] * 18, [10] * 18))
    assert rate.interval is not None and rate.icc is not None and rate.icc < 0
    assert rate.design_effect == pytest.approx(1.9)
    assert (rate.interval.low, rate.interval.high) == pytest.approx(korn_graubard(0.1, 180 / 1.9, 17))


def test_uneven_clusters_as_by_matrices() -> None:
    often = counts([*UNEVEN.successes] * 4, [*UNEVEN.trials] * 4)
    rate = cluster_rate(often)
    variance, df = by_matrices([often], [1.0])
    assert rate.interval is not None and rate.value is not None
    assert (rate.interval.method, rate.interval.df) == ("CR2 logit-t", pytest.approx(df))
    error = math.sqrt(variance) / (rate.value * (1 - rate.value))
    high = math.log(rate.value / (1 - rate.value)) + stats.t.ppf(0.975, df) * error
    assert rate.interval.high == pytest.approx(1 / (1 + math.exp(-high)))


def test_a_difference_as_by_matrices() -> None:
    before = counts([1, 0, 2, 3, 0, 1, 2, 2, 0, 0, 1, 1], [4, 2, 5, 6, 0, 3, 4, 2, 6, 1, 3, 2])
    found = difference(before, UNEVEN)
    variance, df = by_matrices([before, UNEVEN], [-1.0, 1.0])
    assert found is not None and found.interval is not None
    assert found.value == pytest.approx(29 / 54 - 13 / 38)
    assert found.interval.df == pytest.approx(df)
    half = stats.t.ppf(0.975, df) * math.sqrt(variance)
    assert found.interval.high - found.value == pytest.approx(half)
    # The p-value is of the log odds, whose slope at a rate p is 1 / (p (1 - p)).
    slopes = [38**2 / (13 * 25), 54**2 / (29 * 25)]
    variance, df = by_matrices([before, UNEVEN], [-slopes[0], slopes[1]])
    odds = math.log(29 / 25) - math.log(13 / 25)
    assert found.p_value == pytest.approx(2 * stats.t.sf(odds / math.sqrt(variance), df))


def test_a_difference_from_none_is_as_unsure_as_both_rates() -> None:
    none = counts([0] * 12, [4] * 12)
    found, rate = difference(none, UNEVEN), cluster_rate(UNEVEN).interval
    assert found is not None and found.interval is not None and rate is not None
    low = math.hypot(29 / 54 - rate.low, 1 - 0.025 ** (1 / 12))
    assert (found.value, found.interval.low) == (pytest.approx(29 / 54), pytest.approx(29 / 54 - low))
    assert (found.interval.high, found.p_value) == (pytest.approx(rate.high), None)


def test_none_of_a_few_calls_is_no_sure_difference() -> None:
    # Both rates are 3 %: none of 30 calls is what chance makes of it in 40 % of windows.
    found = difference(counts([0] * 30, [1] * 30), counts([6] * 30, [200] * 30))
    assert found is not None and found.interval is not None
    assert found.interval.low < 0 < found.interval.high


def test_even_clusters_as_in_statsmodels() -> None:
    # With even clusters CR2 is the sandwich times G / (G - 1), which is CR1 but for (N - 1) / (N - 1).
    yes = [0, 3, 1, 4, 2, 2, 5, 1, 0, 3, 4, 5]
    outcome = np.concatenate([[1] * n + [0] * (5 - n) for n in yes])
    groups = np.repeat(np.arange(12), 5)
    fit = sm.OLS(outcome, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": groups})
    rate = cluster_rate(counts(yes, [5] * 12))
    assert rate.value is not None and rate.design_effect is not None
    assert rate.design_effect * rate.value * (1 - rate.value) / 60 == pytest.approx(fit.bse[0] ** 2)


def test_associates_who_are_all_the_same_prove_no_precision() -> None:
    rate = cluster_rate(counts([3] * 30, [6] * 30))
    assert rate.design_effect == pytest.approx(1.0)
    assert rate.icc is not None and rate.icc < 0


@pytest.mark.parametrize(
    ("each", "low", "high"), [(0, 0.0, 1 - 0.025 ** (1 / 20)), (7, 0.025 ** (1 / 20), 1.0)]
)
def test_all_alike_counts_associates_and_not_calls(each: int, low: float, high: float) -> None:
    rate = cluster_rate(counts([each] * 20, [7] * 20))
    assert rate.interval is not None
    assert (rate.interval.low, rate.interval.high) == (pytest.approx(low), pytest.approx(high))
    assert rate.interval.method == "Clopper-Pearson"


def test_no_trial_says_nothing() -> None:
    rate = cluster_rate(counts([], []))
    assert (rate.value, rate.interval, rate.flags) == (None, None, ("thin", "too few associates"))
    assert difference(counts([0] * 12, [0] * 12), counts([1] * 12, [2] * 12)) is None


@pytest.mark.parametrize(
    ("clusters", "flags"),
    [(1, ("too few associates",)), (9, ("too few associates",)), (10, ("few associates",)), (20, ())],
)
def test_few_associates_are_flagged_and_too_few_get_no_interval(
    clusters: int, flags: tuple[str, ...]
) -> None:
    rate = cluster_rate(counts([10] * clusters, [30] * clusters))
    assert rate.flags == flags
    assert rate.value == pytest.approx(1 / 3)
    assert (rate.interval is None) == (clusters < 10)


def test_one_associate_with_nearly_all_calls_gets_wide_limits() -> None:
    rate = cluster_rate(counts([500, *[1] * 12], [1000, *[1] * 12]))
    assert rate.interval is not None and rate.interval.df is not None
    assert rate.interval.df < 2


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and the trials"):
        counts([3], [2])
    with pytest.raises(ValueError, match="one number"):
        counts([1, 1], [2])
    with pytest.raises(ValueError, match="the same clusters"):
        difference(counts([1], [2]), counts([1, 1], [2, 2]))


@given(arrays.arrays(np.int64, st.integers(10, 40), elements=st.integers(0, 50)), st.data())
def test_an_interval_holds_its_rate_and_stays_in_bounds(
    trials: npt.NDArray[np.int64], data: st.DataObject
) -> None:
    successes = np.array([data.draw(st.integers(0, int(n))) for n in trials], dtype=np.int64)
    rate = cluster_rate(ClusterCounts(successes, trials))
    if rate.interval is not None:
        assert rate.value is not None
        assert 0 <= rate.interval.low <= rate.value <= rate.interval.high <= 1


@given(st.permutations(range(12)))
def test_the_order_of_associates_does_not_count(order: list[int]) -> None:
    shuffled = ClusterCounts(UNEVEN.successes[order], UNEVEN.trials[order])
    found, expected = cluster_rate(shuffled).interval, cluster_rate(UNEVEN).interval
    assert found is not None and expected is not None
    assert found.low == pytest.approx(expected.low)

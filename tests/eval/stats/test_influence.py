"""Estimates by influence: by hand, and beside statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eval.stats.clusters import ClusterCounts
from eval.stats.influence import Estimate, interval_of, rate_estimate


def counts(successes: list[int], trials: list[int]) -> ClusterCounts:
    return ClusterCounts(np.array(successes, dtype=np.int64), np.array(trials, dtype=np.int64))


def rate(successes: list[int], trials: list[int]) -> Estimate:
    found = rate_estimate(counts(successes, trials))
    assert found is not None
    return found


def test_a_rate_and_who_pulls_it() -> None:
    found = rate([1, 3], [2, 4])
    # 4 of 6: the first has 1 where 4/3 were expected, the second 3 where 8/3 were.
    assert found.value == pytest.approx(4 / 6)
    assert found.influence == pytest.approx([-1 / 18, 1 / 18])
    assert rate_estimate(counts([0], [0])) is None


def test_a_share_by_hand() -> None:
    # Value 0.5; the influence is that of the numerator less half of that of the denominator, over 0.4.
    share = Estimate(0.2, np.array([0.04, -0.04])).over(Estimate(0.4, np.array([0.08, 0.0])))
    assert share.value == pytest.approx(0.5)
    assert share.influence == pytest.approx([0.0, -0.1])
    # A thing has no error as a share of itself.
    one = rate([1, 3, 0], [2, 4, 2])
    assert one.over(one).influence == pytest.approx([0, 0, 0])


def test_the_interval_of_a_rate_as_in_statsmodels() -> None:
    yes, trials = [0, 3, 1, 4, 2, 2, 5, 1, 0, 3, 4, 5], [5] * 12
    outcome = np.concatenate([[1] * n + [0] * (5 - n) for n in yes])
    groups = np.repeat(np.arange(12), 5)
    fit = sm.OLS(outcome, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": groups})
    found = interval_of(rate(yes, trials), 12)
    assert found is not None
    assert found.high - found.low == pytest.approx(2 * stats.t.ppf(0.975, 11) * fit.bse[0])


def test_the_error_of_a_share_is_that_of_repeated_draws() -> None:
    generator = np.random.default_rng(3)
    shares, errors = [], []
    for _ in range(400):
        skill = generator.beta(4, 4, 60)
        first, second = (generator.binomial(10, skill * factor) for factor in (0.9, 0.5))
        whole = rate(first.tolist(), [10] * 60)
        share = rate(second.tolist(), [10] * 60).over(whole)
        shares.append(share.value)
        errors.append(math.sqrt(np.square(share.influence).sum() * 60 / 59))
    assert np.mean(errors) == pytest.approx(float(np.std(shares)), rel=0.1)


def test_few_clusters_have_no_interval() -> None:
    assert interval_of(rate([1] * 9, [2] * 9), 9) is None

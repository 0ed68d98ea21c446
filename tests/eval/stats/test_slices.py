"""Slices beside the rest."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import fdrcorrection

from eval.stats.clusters import ClusterCounts
from eval.stats.slices import compare_slices


def drawn(rate: float, trials: int, seed: int, clusters: int = 40) -> ClusterCounts:
    generator = np.random.default_rng(seed)
    each = np.full(clusters, trials, dtype=np.int64)
    return ClusterCounts(generator.binomial(each, rate).astype(np.int64), each)


def test_the_slice_that_is_worse_is_named_and_small_ones_are_not_judged() -> None:
    slices = {f"queue {n}": drawn(0.8, 40, n) for n in range(6)}
    slices["bad"] = drawn(0.6, 40, 9)
    slices["tiny"] = ClusterCounts(np.array([1] + [0] * 39), np.array([2] * 10 + [0] * 30))
    found = {one.name: one for one in compare_slices(slices)}
    worst = min((one for one in found.values() if one.differs), key=lambda one: one.rate.value or 0)
    assert worst.name == "bad"
    assert found["bad"].against_rest is not None and found["bad"].against_rest.value < -0.15
    assert found["tiny"].q_value is None and not found["tiny"].differs


def test_q_values_are_those_of_statsmodels_other_function() -> None:
    found = compare_slices({str(n): drawn(0.7 + n / 100, 30, n) for n in range(5)})
    p_values = [one.against_rest.p_value for one in found if one.against_rest is not None]
    assert [one.q_value for one in found] == pytest.approx(list(fdrcorrection(p_values)[1]))


def test_one_slice_has_no_rest() -> None:
    (one,) = compare_slices({"all": drawn(0.7, 30, 1)})
    assert one.against_rest is None and not one.differs


def test_slices_that_are_alike_are_seldom_called_different() -> None:
    called = sum(
        any(
            one.differs for one in compare_slices({str(n): drawn(0.75, 20, 100 * seed + n) for n in range(8)})
        )
        for seed in range(60)
    )
    assert called <= 8  # 5 % of 60 and the 99 % binomial band above it

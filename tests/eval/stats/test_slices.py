"""Slices beside the rest."""

from __future__ import annotations

from math import comb

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


def block(successes: int, trials: int, first: int, count: int, of: int = 60) -> ClusterCounts:
    """So many of each of `count` associates from `first` on; the others have no note in the slice."""
    here = (np.arange(of) >= first) & (np.arange(of) < first + count)
    return ClusterCounts(here * successes, here * trials)


def test_a_slice_whose_notes_are_all_alike_is_judged_by_the_correlation_of_the_rest() -> None:
    rest = drawn(0.8, 33, 1, clusters=60)
    rest.trials[:12] = rest.successes[:12] = 0
    found = {one.name: one for one in compare_slices({"none": block(0, 33, 0, 12), "rest": rest})}
    assert (found["none"].rate.value, found["none"].differs, found["rest"].differs) == (0.0, True, True)
    few = {one.name: one for one in compare_slices({"none": block(0, 2, 0, 12), "rest": rest})}
    assert few["none"].q_value is None


def test_where_all_are_alike_each_associate_is_one_note() -> None:
    none, every = block(0, 100, 0, 30), block(5, 5, 30, 30)
    slices = compare_slices({"none": none, "every": every})
    assert [one.differs for one in slices] == [True, True]
    # By hand, Fisher's test of 0 of 30 and 30 of 30: two tables of C(60, 30) are as extreme.
    assert slices[0].q_value == pytest.approx(2 / comb(60, 30))
    unsure = compare_slices({"none": block(0, 100, 0, 29), "every": every})
    assert [one.q_value is None for one in unsure] == [True, False]


def test_slices_with_hardly_an_edit_are_seldom_called_different() -> None:
    called = sum(
        any(
            one.differs
            for one in compare_slices({str(n): drawn(0.99, 20, 100 * seed + n, 12) for n in range(6)})
        )
        for seed in range(60)
    )
    assert called <= 8

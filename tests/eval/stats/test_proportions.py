"""Intervals of independent items against values found by hand."""

from __future__ import annotations

import pytest

from eval.stats.proportions import clopper_pearson, wilson


def test_wilson_by_hand() -> None:
    # 10 of 20, z = 1.959964: (0.5 +- z sqrt(0.25 / 20 + z^2 / 1600)) / (1 + z^2 / 20), about its centre.
    found = wilson(10, 20)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(0.2993, abs=1e-4), pytest.approx(0.7007, abs=1e-4))


def test_none_found_leaves_a_bound() -> None:
    found = clopper_pearson(0, 3000)
    assert found is not None
    assert (found.low, found.high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 3000)))


def test_nothing_looked_at_says_nothing() -> None:
    assert wilson(0, 0) is None
    assert clopper_pearson(0, 0) is None

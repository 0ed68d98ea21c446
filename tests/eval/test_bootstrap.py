from __future__ import annotations

import pytest

from eval.bootstrap import paired_difference
from eval.counts import ErrorCounts
from models.errors import ConfigError


def errors(*pairs: tuple[int, int]) -> list[ErrorCounts]:
    return [ErrorCounts(substitutions=wrong, length=length) for wrong, length in pairs]


def test_a_constant_difference_has_no_width() -> None:
    found = paired_difference(errors((1, 10), (2, 20)), errors((2, 10), (4, 20)))
    assert found is not None
    assert (found.difference, found.low, found.high) == pytest.approx((-0.1, -0.1, -0.1))
    assert (found.better_share, found.n, found.resamples) == (1.0, 2, 10_000)


def test_an_interval_over_two_calls() -> None:
    # Draws of two of two: both first (-1) 1/4, both second (0) 1/4, one each (-0.5) 1/2.
    found = paired_difference(errors((0, 10), (5, 10)), errors((10, 10), (5, 10)), resamples=20_000)
    assert found is not None
    assert found.difference == -0.5
    assert (found.low, found.high) == (-1.0, 0.0)
    assert found.better_share == pytest.approx(0.75, abs=0.02)


def test_the_same_seed_gives_the_same_interval() -> None:
    first, second = errors((1, 9), (4, 7), (0, 5), (3, 8)), errors((2, 9), (2, 7), (1, 5), (3, 8))
    found = [paired_difference(first, second, resamples=700, seed=seed) for seed in (1, 1, 2)]
    assert found[0] == found[1]
    assert found[0] is not None
    assert found[0].low <= found[0].difference <= found[0].high


def test_resamples_without_words_are_left_out() -> None:
    found = paired_difference(errors((0, 0), (1, 4)), errors((0, 0), (2, 4)), resamples=400)
    assert found is not None
    assert found.resamples < 400
    assert (found.low, found.high) == (-0.25, -0.25)


def test_nothing_to_compare() -> None:
    assert paired_difference([], []) is None
    assert paired_difference(errors((1, 0)), errors((0, 0))) is None


def test_other_references_are_refused() -> None:
    with pytest.raises(ConfigError, match="the same references"):
        paired_difference(errors((1, 10)), errors((1, 11)))

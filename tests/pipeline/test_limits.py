"""Allowances that come back with time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.limits import Bucket

steps = st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 50)), max_size=40)


def test_what_was_taken_comes_back_at_its_rate() -> None:
    bucket = Bucket(rate=2.0, most=10.0, now_s=100.0)
    assert bucket.take(10.0, 100.0)
    assert not bucket.take(0.5, 100.0)
    assert bucket.take(2.0, 101.0)
    assert not bucket.take(0.1, 101.0)


def test_an_hour_of_rest_allows_no_more_than_a_start() -> None:
    bucket = Bucket(rate=2.0, most=10.0, now_s=0.0)
    assert not bucket.take(10.1, 3_600.0)
    assert bucket.take(10.0, 3_600.0)
    assert not bucket.take(0.1, 3_600.0)


@given(steps)
def test_from_any_moment_on_no_more_than_a_burst_and_the_rate_passes(
    steps: list[tuple[float, float]],
) -> None:
    bucket, now_s = Bucket(2.0, 10.0, 0.0), 0.0
    taken: list[tuple[float, float]] = []
    for passed_s, amount in steps:
        now_s += passed_s
        if bucket.take(amount, now_s):
            taken.append((now_s, amount))
    for first, (begin_s, _) in enumerate(taken):
        total = 0.0
        for at_s, amount in taken[first:]:
            total += amount
            assert total <= 10.0 + 2.0 * (at_s - begin_s) + 1e-6

"""Windows, panels and rates, by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from eval.reviews.cohorts import (
    Window,
    cluster_counts,
    cohorts,
    curve,
    fixed_panel,
    rises,
    windows_of,
)
from eval.reviews.rates import COUNTED
from eval.reviews.tallies import Tally
from models.errors import ConfigError


def counted(**counts: int) -> list[int]:
    assert set(counts) <= set(COUNTED)
    return [counts.get(name, 0) for name in COUNTED]


def tally(*rows: tuple[str, int, list[int]], reach: Mapping[str, int] | None = None) -> Tally:
    """Rows of associate, day and counts; the data end on day 90 of everybody not told of in `reach`."""
    names = tuple(sorted({row[0] for row in rows}))
    return Tally(
        names,
        np.array([names.index(row[0]) for row in rows]),
        np.array([row[1] for row in rows]),
        np.array([(reach or {}).get(row[0], 90) for row in rows]),
        np.array([row[2] for row in rows], dtype=np.int64).reshape(len(rows), len(COUNTED)),
    )


def saved(exact: int, of: int) -> list[int]:
    return counted(exact=exact, minor=of - exact, saved=of, eligible=of + 1, timed=of, unread=exact // 2)


THREE = tally(
    ("a", 0, saved(1, 4)),
    ("a", 6, saved(1, 4)),
    ("a", 30, saved(3, 4)),
    ("b", 3, saved(0, 2)),
    ("b", 33, saved(1, 2)),
    ("b", 34, saved(2, 2)),
    ("c", 27, saved(2, 2)),
)


def test_windows_are_those_of_the_specification() -> None:
    assert windows_of() == [Window(0, 0, 6), Window(30, 27, 33), Window(60, 57, 63)]
    assert windows_of([0, 30], 1) == [Window(0, 0, 0), Window(30, 30, 30)]
    assert windows_of([2], 7) == [Window(2, 0, 6)]


@pytest.mark.parametrize(
    ("milestones", "days", "told"),
    [
        ([], 7, "0,30,60"),
        ([-1, 30], 7, "0,30,60"),
        ([0, 5], 7, "overlap"),
        ([30, 0], 7, "overlap"),
        ([0], 0, "a day"),
    ],
)
def test_windows_that_cannot_be(milestones: list[int], days: int, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        windows_of(milestones, days)


def test_all_associates_and_the_fixed_panel() -> None:
    windows = windows_of([0, 30])
    first, second = cohorts(THREE, windows, "all")
    assert (first.counts["saved"], first.counts["exact"], first.at_risk) == (10, 2, 3)
    assert (second.counts["saved"], second.counts["exact"], second.at_risk) == (8, 6, 3)
    assert second.rates["nmn"].value == 6 / 8
    assert second.rates["nmn_eligible"].value == 6 / 11
    assert second.rates["unread"].value == 2 / 8
    first, second = cohorts(THREE, windows, "fixed")
    assert (first.counts["saved"], second.counts["saved"], second.counts["exact"]) == (10, 6, 4)
    assert second.at_risk == 2


def test_only_whose_clock_reached_the_milestone_is_counted() -> None:
    reach = {"a": 29, "b": 30, "c": 33}
    rows = [(name, day, saved(1, 4)) for name in reach for day in (0, 28)]
    found = tally(*rows, reach=reach)
    first, second = cohorts(found, windows_of([0, 30]), "all")
    assert (first.at_risk, first.unfinished, first.counts["saved"]) == (3, 0, 12)
    assert (second.at_risk, second.unfinished, second.counts["saved"]) == (2, 1, 8)
    _, panel = cohorts(found, windows_of([0, 30]), "fixed")
    assert (panel.at_risk, panel.unfinished, panel.counts["saved"]) == (2, 1, 8)


def test_the_fixed_panel_is_who_saved_in_every_window() -> None:
    each = [THREE.between(0, 6), THREE.between(27, 33)]
    assert fixed_panel(each).tolist() == [True, True, False]


def test_a_rise_is_the_later_rate_less_the_first() -> None:
    windows = windows_of([0, 30])
    (everybody,) = rises(THREE, windows, "nmn", "all")
    (panel,) = rises(THREE, windows, "nmn", "fixed")
    assert everybody is not None and panel is not None
    assert everybody.value == pytest.approx(6 / 8 - 2 / 10)
    assert panel.value == pytest.approx(4 / 6 - 2 / 10)


def test_a_window_that_nobody_reached_says_so() -> None:
    (late,) = cohorts(THREE, windows_of([100]), "all")
    assert (late.at_risk, late.unfinished) == (0, 0)
    assert late.rates["nmn"].value is None
    assert late.rates["nmn"].flags == ("thin", "too few associates")
    assert rises(THREE, windows_of([0, 100]), "nmn", "all") == [None]


def test_the_curve_has_the_days_with_a_note() -> None:
    with_none = tally(("a", 0, saved(1, 4)), ("a", 1, counted(eligible=3)), ("b", 2, saved(2, 2)))
    assert [(one.day, one.rate.value) for one in curve(with_none, "nmn")] == [(0, 0.25), (2, 1.0)]


def test_a_metric_sums_its_classes() -> None:
    counts = tally(
        ("a", 0, counted(exact=1, normalized=2, cosmetic=4, material=8, rewritten=16, saved=31))
    ).counts
    assert [
        int(cluster_counts(counts, name).successes[0]) for name in ("nmn", "nmn_normalized", "nmn_content")
    ] == [1, 3, 7]
    assert int(cluster_counts(counts, "material").successes[0]) == 8

"""Causes in sentences."""

from __future__ import annotations

import pytest

from eval.report.causes import cause_line, cause_lines
from eval.reviews.attribution import Attribution, Cause
from eval.stats.clusters import Difference
from eval.stats.proportions import Interval

BETWEEN = Interval(-0.004, 0.02, "t", 30.0)


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (
            Cause("versions", 0.91, Interval(0.8, 1.02, "t", 20.0), "explains"),
            "Other versions: explains it, 91 % of the rise [80, 102].",
        ),
        (
            Cause("composition", -0.001, BETWEEN, "does not"),
            "Other associates: does not explain it, 0 % of the rise [0, 2].",
        ),
        (
            Cause("own days", None, None, "NOT IDENTIFIED", "all started together"),
            "Associates who got used to it: NOT IDENTIFIED (all started together).",
        ),
        (
            Cause("bad version", None, None, "explains", "note@3 stands out"),
            "A bad version: yes (note@3 stands out).",
        ),
        (Cause("bad version", None, None, "does not"), "A bad version: none."),
    ],
)
def test_a_cause_in_a_sentence(cause: Cause, told: str) -> None:
    assert cause_line(cause) == told


def test_the_rise_comes_first() -> None:
    moved = Difference(0.5, Interval(0.4, 0.6, "t", 9.0), 0.001, 12)
    lines = cause_lines(Attribution(moved, None, (), ()), 60)
    assert lines == [
        "From the first window to day 60 the NMN rate moved by +50.0 points [+40.0, +60.0];"
        " of those who were there throughout by what nobody knows."
    ]
    assert cause_lines(Attribution(None, None, (), ()), 60) == [
        "From the first window to day 60: no notes to compare."
    ]

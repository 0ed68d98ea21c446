"""Causes of a rise: cells by hand, and what no data can tell."""

from __future__ import annotations

import numpy as np
import pytest

from eval.reviews.attribution import SHARING, Attribution, attribute
from eval.reviews.cells import Cells, cells_of
from eval.reviews.cohorts import Window

WINDOWS = (Window(0, 0, 1), Window(4, 4, 5))
Row = tuple[int, int, int, int, int, int, int, int]


def cells(rows: list[Row], versions: tuple[str, ...] = ("v1", "v2")) -> Cells:
    """Rows: associate, version, own day, calendar day, saved, exact, severe, unread."""
    table = np.array(rows, dtype=np.int64).reshape(len(rows), 8)
    return cells_of(versions, table[:, :4], table[:, 4:], WINDOWS, int(table[:, 3].max(initial=0)))


def history(starts: list[int], by_version: float, by_day: float, unread: float = 0.0) -> list[Row]:
    """Six own days of an associate each; version 1 comes on day 8. A little unrest, so that errors exist."""
    generator = np.random.default_rng(1)
    rows: list[Row] = []
    for associate, start in enumerate(starts):
        for day in range(6):
            version = int(start + day >= 8)
            share = 0.2 + by_version * version + by_day * day / 5
            read = int(generator.binomial(60, share))
            glanced = int(generator.binomial(60, unread * day / 5))
            rows.append((associate, version, day, start + day, 60 + glanced, read + glanced, 5, glanced))
    return rows


STAGGERED = [place % 13 for place in range(39)]
EARLY = [4] * 20


def said(found: Attribution) -> dict[str, str]:
    return {cause.name: cause.verdict for cause in found.causes if cause.name in SHARING}


def test_versions_are_found() -> None:
    starts = [2 + place % 7 for place in range(39)]
    found = said(attribute(cells(history(starts, 0.5, 0.0)), WINDOWS))
    assert (found["versions"], found["own days"], found["attention"]) == ("explains", "does not", "does not")


def test_own_days_are_found() -> None:
    found = said(attribute(cells(history(STAGGERED, 0.0, 0.5)), WINDOWS))
    assert (found["versions"], found["own days"], found["composition"]) == (
        "does not",
        "explains",
        "does not",
    )


def test_both_can_explain() -> None:
    starts = [2 + place % 7 for place in range(39)]
    found = attribute(cells(history(starts, 0.3, 0.3)), WINDOWS)
    assert [found.verdict(name) for name in ("versions", "own days")] == ["explains", "explains"]


def test_attention_is_found() -> None:
    found = said(attribute(cells(history(STAGGERED, 0.0, 0.0, unread=0.9)), WINDOWS))
    assert found["attention"] == "explains"
    assert "explains" not in (found["versions"], found["own days"], found["composition"])


def test_composition_is_found_where_nobody_changed() -> None:
    # Twenty have 2 of 20 and leave after day 1, fifteen have 16 of 20 and stay: 0.4 to 0.8, nothing inside.
    rows: list[Row] = []
    for associate in range(35):
        stays = associate >= 20
        for day in range(6 if stays else 2):
            start = associate % 13
            odd = (associate + day) % 2
            exact = 15 + 2 * odd if stays else 1 + 2 * odd
            rows.append((associate, int(start + day >= 8), day, start + day, 20, exact, 1, 0))
    found = attribute(cells(rows), WINDOWS)
    assert found.rise is not None and found.rise.value == pytest.approx(0.4)
    assert found.panel_rise is not None and found.panel_rise.value == pytest.approx(0.0, abs=0.01)
    cause = next(each for each in found.causes if each.name == "composition")
    assert (cause.verdict, cause.share) == ("explains", pytest.approx(1.0, abs=0.03))


def test_where_all_started_together_versions_and_own_days_are_not_told_apart() -> None:
    found = attribute(cells(history(EARLY, 0.5, 0.0)), WINDOWS)
    assert said(found)["versions"] == said(found)["own days"] == "NOT IDENTIFIED"
    assert "together" in next(each.reason for each in found.causes if each.name == "versions")
    assert said(found)["composition"] == "does not"


def test_staggered_starts_do_not_help_where_versions_followed_own_days() -> None:
    rows: list[Row] = [
        (associate, int(day >= 3), day, day + 3 * associate, 20, 4 + 2 * day + associate * day % 3, 1, 0)
        for associate in range(20)
        for day in range(6)
    ]
    found = attribute(cells(rows), WINDOWS)
    assert said(found)["versions"] == said(found)["own days"] == "NOT IDENTIFIED"
    assert "days of its own" in next(each.reason for each in found.causes if each.name == "versions")


def test_versions_that_are_not_known_are_not_judged() -> None:
    found = attribute(cells(history(STAGGERED, 0.0, 0.5), versions=("v1", "")), WINDOWS)
    assert said(found)["versions"] == said(found)["own days"] == "NOT IDENTIFIED"
    assert found.verdict("bad version") == "NOT IDENTIFIED"


def test_a_few_notes_without_a_version_hide_nothing() -> None:
    starts = [2 + place % 7 for place in range(39)]
    told = history(starts, 0.5, 0.0)
    odd = [(who, 2, day, start, 1, 1, 0, 0) for who, _, day, start, *_ in told]
    found = attribute(cells([*told, *odd], ("v1", "v2", "")), WINDOWS)
    assert found.verdict("versions") == "explains"
    assert found.verdict("bad version") == "does not"
    assert {each.version for each in found.excesses} == {"v2"}
    many = [(who, 2, day, start, 6, 4, 0, 0) for who, _, day, start, *_ in told]
    lost = attribute(cells([*told, *many], ("v1", "v2", "")), WINDOWS)
    assert "9%" in next(cause.reason for cause in lost.causes if cause.name == "versions")


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "no notes"),
        (history([place % 13 for place in range(6)], 0.0, 0.5), "fewer than 10"),
        (history(STAGGERED, 0.0, 0.0), "no rise"),
        ([(who, 0, day, day, 9, day, 0, 0) for who in range(20) for day in range(6)], "all alike"),
    ],
)
def test_without_a_sure_rise_nothing_is_explained(rows: list[Row], reason: str) -> None:
    found = attribute(cells(rows), WINDOWS)
    assert set(said(found).values()) == {"NOT IDENTIFIED"}
    assert all(reason in cause.reason for cause in found.causes if cause.name in SHARING)


def with_severe(rates: list[float], days: int = 6) -> Cells:
    """Three versions of four days of the calendar each, and their rates of severe edits."""
    generator = np.random.default_rng(2)
    rows: list[Row] = []
    for associate in range(40):
        start = associate % 7
        for day in range(days):
            version = min(2, (start + day) // 4)
            severe = int(generator.binomial(200, rates[version]))
            rows.append((associate, version, day, start + day, 200, 80, severe, 0))
    return cells(rows, ("v1", "v2", "v3"))


def test_a_version_above_both_neighbours_is_bad() -> None:
    found = attribute(with_severe([0.05, 0.25, 0.05]), WINDOWS)
    assert found.verdict("bad version") == "explains"
    assert "v2" in next(cause.reason for cause in found.causes if cause.name == "bad version")
    worst = max(found.excesses, key=lambda each: each.excess)
    assert (worst.version, worst.excess) == ("v2", pytest.approx(0.2, abs=0.02))


def test_the_last_version_is_bad_beside_the_one_before() -> None:
    found = attribute(with_severe([0.05, 0.05, 0.25]), WINDOWS)
    assert found.verdict("bad version") == "explains"


@pytest.mark.parametrize("rates", [[0.25, 0.15, 0.05], [0.1, 0.1, 0.1]])
def test_versions_that_improve_or_stay_are_not_bad(rates: list[float]) -> None:
    assert attribute(with_severe(rates), WINDOWS).verdict("bad version") == "does not"


def test_a_single_version_has_no_neighbour() -> None:
    rows = [(row[0], 0, *row[2:]) for row in history(STAGGERED, 0.0, 0.5)]
    found = attribute(cells([tuple(row) for row in rows], ("v1",)), WINDOWS)
    assert (found.verdict("bad version"), found.verdict("versions")) == ("does not", "does not")
    assert found.verdict("own days") == "explains"

"""The proof with few runs: that it holds, and that it would not if the harness were wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.edits.edit import EDIT_CLASSES
from eval.reviews.attribution import Attribution, Cause, CauseName, Verdict
from eval.worlds.proof.causes import Size, causes, outcome_of
from eval.worlds.proof.charts import false_alarms, run_lengths, slices
from eval.worlds.proof.claims import Part, Row, band
from eval.worlds.proof.edits import Pair, edits, read_pairs
from eval.worlds.proof.intervals import intervals, small_intervals
from eval.worlds.proof.page import failures, page_of
from models.errors import InputError


def shares(part: Part, name: str, place: int) -> list[float]:
    return [float(row.cells[place].removesuffix(" %")) for row in part.rows if name in row.cells]


def test_intervals_by_associate_cover_and_pooled_ones_do_not() -> None:
    part = intervals(runs=150)
    assert part.holds
    assert min(shares(part, "by associate", 3)) > 88
    assert max(shares(part, "pooled (Wilson)", 3)) < 55


def test_intervals_of_few_associates_and_rare_edits_cover() -> None:
    part = small_intervals(runs=100)
    assert part.holds
    assert len(part.rows) == 4 * 4 + 2
    assert max(float(row.cells[4].removesuffix(" %")) for row in part.rows) > 30


def test_daily_charts_seldom_alarm() -> None:
    part = false_alarms(runs=4)
    assert part.holds
    assert max(shares(part, "Laney p'", 5)) < 2
    assert max(shares(part, "plain p", 5)) > 20


def test_false_alarms_of_the_cusum_are_far_apart_and_rises_are_found() -> None:
    part = run_lengths(runs=40)
    assert part.holds
    found = [float(row.cells[4]) for row in part.rows if " to " in row.cells[0]]
    assert found == sorted(found, reverse=True) and found[0] < 10


def test_teams_that_do_not_differ_are_seldom_said_to() -> None:
    part = slices(runs=120)
    assert part.holds
    assert shares(part, "each at 5 %", 2)[0] > 30
    assert shares(part, "Benjamini-Hochberg", 2)[0] < 15


def golden(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_golden_pairs_are_read_once_each(tmp_path: Path) -> None:
    golden(tmp_path, "form", 'pairs = [["a", "a", "exact", ""], ["a", "a", "exact", ""]]')
    golden(tmp_path, "near", 'pairs = [["$50", "$500", "material", "money"]]')
    assert read_pairs(tmp_path) == [Pair("a", "a", "exact"), Pair("$50", "$500", "material", True)]
    assert read_pairs(tmp_path / "none") == []


@pytest.mark.parametrize("text", ["pairs = 1", "other = []", "pairs = [['a']]", "pairs"])
def test_a_file_without_pairs_is_named(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"form\.toml"):
        read_pairs(golden(tmp_path, "form", text))


def test_all_golden_pairs_must_be_classed_right() -> None:
    pairs = [Pair(f"Fee {place}.", f"Fee {place}.", "exact") for place in range(240)]
    near = [Pair(f"${place}", f"${place}0", "material", True) for place in range(1, 61)]
    part = edits([*pairs, *near], planted=20)
    assert part.holds
    assert [row.cells[1:] for row in part.rows[:2]] == [("300", "300"), ("60", "60")]
    assert len(part.rows) == 2 + len(EDIT_CLASSES)
    wrong = edits([*pairs, *near, Pair("one", "two", "exact")], planted=1)
    assert [row.holds for row in wrong.rows[:2]] == [False, True]
    assert not edits([*pairs[:10], *near], planted=1).holds


def test_causes_over_seeds() -> None:
    part = causes(Size(60, 75, 3.0), seeds=1)
    assert part.holds
    assert [row.cells[1] for row in part.rows] == ["staggered", "together"] * 5


def attribution(verdicts: dict[CauseName, Verdict]) -> Attribution:
    causes_found = tuple(Cause(name, None, None, verdict) for name, verdict in verdicts.items())
    return Attribution(None, None, causes_found, ())


def test_what_counts_as_recovered() -> None:
    right: dict[CauseName, Verdict] = {
        "composition": "does not",
        "versions": "explains",
        "own days": "does not",
        "attention": "does not",
        "bad version": "NOT IDENTIFIED",
    }
    assert outcome_of(attribution(right), "model") == "recovered"
    assert outcome_of(attribution({**right, "versions": "NOT IDENTIFIED"}), "model") == "NOT IDENTIFIED"
    assert outcome_of(attribution({**right, "versions": "does not"}), "model") == "wrong"
    assert outcome_of(attribution({**right, "attention": "explains"}), "model") == "wrong"
    assert outcome_of(attribution(right), "bad-version") == "NOT IDENTIFIED"
    assert outcome_of(attribution({**right, "bad version": "explains"}), "bad-version") == "recovered"


def test_a_page_tells_what_does_not_hold() -> None:
    good = Part("Good", "Done.", "holds always", ("what",), (Row(("one",), True), Row(("other",))))
    bad = replace(good, title="Bad", rows=(*good.rows, Row(("third",), False)))
    page = page_of([good, bad])
    assert "| Good | yes |" in page and "| Bad | NO |" in page and "| third | NO |" in page
    assert [title for title, _ in failures([good, bad])] == ["Bad"]
    assert not replace(good, rows=(Row(("other",)),)).holds


def test_a_band_needs_runs() -> None:
    assert band(5, 10).low < 0.5 < band(5, 10).high
    with pytest.raises(ValueError, match="no runs"):
        band(0, 0)


def test_the_command_fails_where_something_does_not_hold(tmp_path: Path) -> None:
    import typer

    from eval.worlds.proof.__main__ import main

    app = typer.Typer()
    app.command()(main)
    out = tmp_path / "proof.md"
    options = ["--out", str(out), "--golden", str(tmp_path / "none"), "--runs", "20", "--seeds", "1"]
    done = CliRunner().invoke(app, options)
    assert done.exit_code == 2
    assert "golden" in done.output
    assert "## Causes of the rise, 60 associates" in out.read_text(encoding="utf-8")

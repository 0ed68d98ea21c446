"""The edit ladder on the terminal: counts, one call's edit explained, and two sets compared."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.commands.explaining import marked
from eval.reviews.columns import ReviewWriter
from eval.reviews.review import Review
from tests.eval.reviews.examples import DRAFT, review

Write = Callable[..., Path]

HISTORY = [
    review("same", associate="a-1"),
    review("fee", associate="a-1", final=DRAFT.replace("$35", "$53")),
    review("word", associate="a-2", final=DRAFT.replace("Refunded", "Returned")),
    review("gone", associate="a-2", used=False, final="Called about a fee."),
    review("open", associate="a-3", saved_at=None, final=""),
    review("none", associate="a-3", drafted_at=None, opened_at=None, draft=""),
]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes reviews into a folder of that name."""

    def writes(reviews: Sequence[Review], name: str = "reviews") -> Path:
        with ReviewWriter(tmp_path / name, {"source": "a test"}) as writer:
            writer.add(reviews)
        return tmp_path / name

    return writes


def edits(*arguments: str | Path) -> tuple[int, str, list[str]]:
    result = CliRunner().invoke(app, ["edits", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr.splitlines()


def test_counts_by_class_section_and_deciding_kind(write: Write, tmp_path: Path) -> None:
    folder = write(HISTORY)
    code, told, _ = edits(folder, "--json", tmp_path / "r.json", "--csv", tmp_path / "r.csv")
    assert code == 0
    assert "4 saved notes whose draft was shown, of 6 legs of calls" in told
    rows = [tuple(row.values()) for row in csv.DictReader((tmp_path / "r.csv").read_text().splitlines())]
    assert ("all", "", "exact", "1", "0.25", "1") in rows
    assert ("all", "", "minor", "1", "0.25", "1") in rows
    assert ("all", "", "material", "1", "0.25", "1") in rows
    assert ("all", "", "discarded", "1", "0.25", "1") in rows
    assert ("all", "", "rewritten", "0", "0.0", "0") in rows
    assert ("decided by", "money", "material", "1", "0.25", "1") in rows
    assert next(row for row in rows if row[:3] == ("section", "reason", "material"))[3] == "1"
    found = json.loads((tmp_path / "r.json").read_text())
    assert (found["command"], found["n_given"], found["n_scored"]) == ("edits", 6, 4)
    assert [tuple(map(str, row.values()))[3] for row in found["total"]] == [row[3] for row in rows]
    assert "calls" not in found


def test_one_edit_explained(write: Write, tmp_path: Path) -> None:
    folder = write(HISTORY)
    code, told, _ = edits(folder, "--explain", "fee", "--json", tmp_path / "r.json")
    assert code == 0
    assert "Call fee, leg 1" in told
    assert "class: material, decided by money: '$35' -> '$53'" in told
    assert "by section: " in told
    (leg,) = json.loads((tmp_path / "r.json").read_text())["legs"]
    assert leg["class"] == "material"
    assert leg["decided_by"] == {"kind": "money", "before": "$35", "after": "$53", "section": "reason"}
    assert leg["changes"] == [leg["decided_by"]]


def test_rows_of_calls_call_material_what_the_report_does(write: Write, tmp_path: Path) -> None:
    anew = review("anew", final="Wanted to close it. Nothing else was of any use to her today, she said.")
    edits(write([*HISTORY, anew]), "--calls", "--json", tmp_path / "r.json")
    rows = {row["call"]: row for row in json.loads((tmp_path / "r.json").read_text())["calls"]}
    assert rows["anew"]["edit"] == "rewritten"
    assert [name for name, row in rows.items() if row["material"]["material"]] == ["fee"]


def test_names_are_no_markup(write: Write) -> None:
    folder = write([review("[/x]", draft="[/y]:\nFee of $35.", final="[/y]:\nFee of $36.", team="[/z]")])
    assert "Call [/x], leg 1" in edits(folder, "--explain", "[/x]")[1]
    assert edits(folder)[0] == 0
    done = CliRunner().invoke(app, ["reviews", str(folder), "--by", "team"])
    assert done.exit_code == 0
    assert "[/z]" in done.stdout


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("same", "class: exact"),
        ("gone", "class: discarded"),
        ("open", "call open, leg 1: nothing was saved"),
        ("none", "call none, leg 1: there was no draft"),
    ],
)
def test_calls_without_an_edit_say_so(write: Write, call: str, message: str) -> None:
    code, told, _ = edits(write(HISTORY), "--explain", call)
    assert code == 0
    assert message in told


def test_texts_do_not_control_the_terminal(write: Write) -> None:
    bad = "Reason:\nFee of $35.\x1b[2J[bold]x[/bold]"
    _, told, _ = edits(write([review("bad", draft=bad, final=bad.replace("$35", "$36"))]), "--explain", "bad")
    assert "\x1b[2J" not in told
    assert "[bold]x[/bold]" in told
    turned = DRAFT.replace("$35", "\u202e$53")
    _, told, _ = edits(write([review("turned", final=turned)], "turned"), "--explain", "turned")
    assert "\u202e" not in told
    assert "<U+202E>$53" in told


def test_what_is_said_is_marked_once_and_what_decides_stands_out() -> None:
    text = marked("Fee of $35, then $35.\nCard blocked", [("$35", True), ("card", False), ("", False)], "red")
    assert [(span.start, span.end, str(span.style)) for span in text.spans] == [
        (7, 10, "red bold reverse"),
        (22, 26, "red"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reviews", "--explain", "other"], "no call 'other' among these reviews (6)"),
        (
            ["reviews", "--explain", "fee", "--calls"],
            "--explain shows one call; leave out --calls, --csv and --html",
        ),
        (["nowhere"], "nowhere"),
        (["none"], "there are no reviews: no edit to count"),
    ],
)
def test_one_line_and_exit_code_2(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], message: str
) -> None:
    write(HISTORY)
    write([], "none")
    monkeypatch.chdir(tmp_path)
    code, _, errors = edits(*arguments)
    assert (code, len(errors)) == (2, 1)
    assert message in errors[0]


def history(associates: int, changed: int) -> list[Review]:
    """Two notes of each associate; those of the first `changed` have another amount."""
    return [
        review(
            f"{who}-{call}",
            associate=f"a-{who}",
            final=DRAFT.replace("$35", "$53") if who < changed else DRAFT,
        )
        for who in range(associates)
        for call in range(2)
    ]


def compare(tmp_path: Path, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(
        app, ["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"), *arguments]
    )
    return result.exit_code, result.stdout, result.stderr


def test_two_sets_are_compared_by_associate(write: Write, tmp_path: Path) -> None:
    for name, changed in (("a", 6), ("b", 3)):
        edits(write(history(12, changed), name), "--calls", "--json", tmp_path / f"{name}.json")
    code, told, _ = compare(tmp_path, "--json", str(tmp_path / "c.json"))
    assert code == 0
    assert "12 associates" in told
    found = json.loads((tmp_path / "c.json").read_text())["total"]["NMN rate"]
    assert (found["by"], found["first"], found["second"]) == ("associates", 0.5, 0.75)
    # Each of 12 associates draws 0 or 1, 3 of them 1: the standard error is sqrt(3/12 * 9/12 / 12) = 0.125.
    assert found["difference"]["low"] == pytest.approx(0.25 - 1.96 * 0.125, abs=0.05)
    assert found["difference"]["high"] == pytest.approx(0.25 + 1.96 * 0.125, abs=0.05)


def test_few_associates_have_no_interval(write: Write, tmp_path: Path) -> None:
    for name, changed in (("a", 4), ("b", 3)):
        edits(write(history(9, changed), name), "--calls", "--json", tmp_path / f"{name}.json")
    compare(tmp_path, "--json", str(tmp_path / "c.json"))
    found = json.loads((tmp_path / "c.json").read_text())["total"]["NMN rate"]["difference"]
    assert (found["n"], found["low"], found["high"]) == (9, None, None)


def test_without_rows_nothing_is_compared(write: Write, tmp_path: Path) -> None:
    folder = write(HISTORY)
    for name in ("a", "b"):
        edits(folder, "--json", tmp_path / f"{name}.json")
    code, _, error = compare(tmp_path)
    assert code == 2
    assert "it has no row a note; write it with --calls" in error

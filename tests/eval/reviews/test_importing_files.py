"""Files, mappings and forms of reviews from elsewhere."""

from __future__ import annotations

import csv
import json
import textwrap
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.reviews.mapping import FIELDS, read_mapping
from tests.conftest import ROOT
from tests.eval.reviews.desk import GOOD, HEADER, MAPPING, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_long_notes_emoji_right_to_left_and_combining_marks_come_through(desk: Desk) -> None:
    texts = [
        "x y " * 1_250_000,
        "\U0001f469\u200d\U0001f4bb \U0001f1e9\U0001f1ea",
        "\u05e9\u05dc\u05d5\u05dd \u200f\u0661\u0662\u0663",
        "e\u0301 = \u00e9",
    ]
    rows = [
        {"Id": f"c{n}", "Agent": "ann", "Start": "2026-01-05T09:00:00Z", "Draft": text, "Opened": None,
         "Saved": "2026-01-05T09:09:00Z", "Text": text}
        for n, text in enumerate(texts)
    ]  # fmt: skip
    lines = desk.folder / "rows.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    wide = desk.folder / "rows.csv"
    with wide.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for path in (lines, wide):
        assert desk.run(path).exit_code == 0
        assert [each.final for each in desk.reviews()] == texts
        assert desk.edits() == [("exact", "exact")] * 4


def test_what_is_no_utf_8_or_no_json_is_told(desk: Desk) -> None:
    good = json.dumps(dict(zip(HEADER.split(","), GOOD.split(","), strict=True)))
    path = desk.folder / "rows.jsonl"
    lonely = good.replace("Fee waived.", "\\ud83d")
    path.write_bytes(
        "\n".join([good, "{", "[1]", lonely, ""]).encode() + good.replace("Fee", "F\xfc").encode("latin-1")
    )
    desk.run(path)
    assert [(line, reason) for line, reason, _ in desk.told()] == [
        ("2", "not a line of JSON"),
        ("3", "not a JSON object"),
        ("4", "draft: not UTF-8"),
        ("5", "draft: not UTF-8"),
    ]


def test_lines_are_those_where_a_row_begins(desk: Desk) -> None:
    long = GOOD.replace("Fee waived.,2026", '"Fee\nwaived.",2026', 1).replace("c1", "c0")
    desk.run(desk.csv(long, "bad", GOOD))
    assert [line for line, _, _ in desk.told()] == ["4"]
    assert desk.reviews()[0].draft == "Fee\nwaived."


def test_parquet_is_read_too(desk: Desk) -> None:
    path = desk.folder / "rows[1].parquet"
    desk.map(MAPPING + '[constants]\nqueue = "cards"\n')
    duckdb.sql(
        "SELECT i AS Id, 'ann' AS Agent, TIMESTAMP '2026-07-05 10:00:00' AS Start, 'D' AS Draft, "
        "TIMESTAMPTZ '2026-07-05 09:08:00+00' AS Opened, TIMESTAMP '2026-07-05 10:09:00' AS Saved, "
        "'D' AS Text "
        "FROM range(2500) t(i)"
    ).write_parquet(str(path))
    assert desk.run(path).exit_code == 0
    reviews = desk.reviews()
    assert [each.call_id for each in reviews] == [str(number) for number in range(2500)]
    assert reviews[0].started_at.isoformat() == "2026-07-05T09:00:00+00:00"
    assert reviews[0].queue == "cards"


def test_files_and_mappings_that_cannot_be_used_are_one_line(desk: Desk) -> None:
    good = desk.csv(GOOD)
    bare = desk.csv("c1", header="Id")
    for mapping, file, said in (
        (
            MAPPING,
            desk.folder / "rows.xml",
            "expected a file named *.csv, *.tsv, *.jsonl, *.ndjson, *.parquet",
        ),
        (MAPPING, desk.folder / "none.csv", "none.csv: cannot be read (No such file or directory)"),
        (MAPPING, bare, "which the mapping names; it has Id"),
        ("[columns", good, "not TOML"),
        (MAPPING.replace("final", "finale"), good, "finale is no field of a review"),
        (MAPPING.replace('final = "Text"', ""), good, "no column for final"),
        (MAPPING.replace("London", "Londen"), good, "zone: 'Europe/Londen' is no time zone"),
        (MAPPING + "\n[constants]\nfinal = 'x'\n", good, "final is both a column and a constant"),
        ("hue = 1\n" + MAPPING, good, "hue: Extra inputs are not permitted"),
    ):
        desk.map(mapping)
        (desk.folder / "rows.xml").write_text("<rows/>")
        result = desk.run(file)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.stderr
        assert said in result.stderr


def test_no_review_is_an_answer(desk: Desk) -> None:
    result = desk.run(desk.csv())
    assert (result.exit_code, result.stdout, desk.reviews()) == (0, "0 rows: 0 reviews, 0 left out\n", [])


def test_the_same_files_give_the_same_bytes(desk: Desk) -> None:
    rows = desk.csv(GOOD, GOOD.replace("c1", "c2"))
    desk.run(rows)
    before = {path.name: path.read_bytes() for path in desk.out.iterdir()}
    desk.run(rows)
    assert {path.name: path.read_bytes() for path in desk.out.iterdir()} == before


def test_help_has_an_example() -> None:
    assert "wrapup eval import desktop.csv --map mapping.toml" in " ".join(
        CliRunner().invoke(app, ["import", "--help"], env={"COLUMNS": "200"}).stdout.split()
    )


def test_the_mapping_of_the_readme_is_one_and_all_fields_are_named_there(desk: Desk) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split("Parquet:\n\n", 1)[1].split("\n\nOther fields", 1)[0]
    desk.map(textwrap.dedent(block))
    mapping = read_mapping(desk.folder / "mapping.toml").mapping
    assert mapping.teams == {"jdoe": "North"}
    assert [name for name in FIELDS if f"`{name}`" not in readme and f"\n    {name} = " not in readme] == []


def test_discarded_drafts_numbers_for_ids_and_other_separators(desk: Desk) -> None:
    desk.map('delimiter = ";"' + MAPPING + 'used = "Used"\nleg = "Leg"\nfocus_s = "Focus"\n')
    row = GOOD.replace(",", ";") + ";no;2;3.5"
    assert desk.run(desk.csv(row, header=HEADER.replace(",", ";") + ";Used;Leg;Focus")).exit_code == 0
    (review,) = desk.reviews()
    assert (review.used, review.leg, review.focus_s) == (False, 2, 3.5)
    assert desk.edits() == [("discarded", "discarded")]
    lines = desk.folder / "rows.ndjson"
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    lines.write_text(
        json.dumps({**cells, "Id": 7, "Agent": 8, "Used": False, "Leg": 1, "Focus": None}) + "\n"
    )
    assert desk.run(lines).exit_code == 0
    (review,) = desk.reviews()
    assert (review.call_id, review.used, review.focus_s) == ("7", False, None)


def test_several_files_are_one_set_in_their_order(desk: Desk) -> None:
    first = desk.csv(GOOD)
    second = first.rename(desk.folder / "first.csv")
    other = desk.csv(GOOD.replace("c1", "c2"), GOOD)
    assert desk.run(second, other).exit_code == 2
    assert [one.call_id for one in desk.reviews()] == ["c1", "c2"]
    with (desk.folder / "bad.csv").open(newline="") as file:
        assert [(row["file"], row["line"]) for row in csv.DictReader(file)] == [(str(other), "3")]


def test_a_list_where_a_table_is_looked_up_is_a_bad_row(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.map(MAPPING + '[teams]\nann = "cards"\n')
    names = HEADER.split(",")
    good = dict(zip(names, GOOD.split(","), strict=True))
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in (good, {**good, "Id": "c2", "Agent": ["ann"]})))
    done = desk.run(path)
    assert (done.exit_code, [one.team for one in desk.reviews()]) == (2, ["cards"])
    assert "line 2: associate: " in done.stderr


def test_a_moment_to_which_no_day_can_be_added_is_a_bad_row(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    done = desk.run(desk.csv(GOOD, GOOD.replace("c1", "c2").replace("2026", "9999")))
    assert (done.exit_code, len(desk.reviews())) == (2, 1)
    assert "is out of range" in done.stderr


@pytest.mark.parametrize("zone", ["localtime", "posix/Europe/London", "right/UTC", "Moon"])
def test_zones_that_reports_cannot_read_are_refused(tmp_path: Path, zone: str) -> None:
    desk = Desk(tmp_path)
    desk.map(MAPPING.replace("Europe/London", zone))
    done = desk.run(desk.csv(GOOD))
    assert done.exit_code == 2 and "is no time zone" in done.stderr

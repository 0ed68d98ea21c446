"""Reviews from elsewhere: every row is a review, belongs to one, or is told with its line and a reason."""

from __future__ import annotations

import csv
import json
import textwrap
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from eval.cli import app
from eval.reviews.columns import open_reviews, review_of
from eval.reviews.mapping import FIELDS, read_mapping
from eval.reviews.review import Review
from tests.conftest import ROOT

HEADER = "Id,Agent,Start,Draft,Opened,Saved,Text"
MAPPING = """
zone = "Europe/London"
[columns]
call_id = "Id"
associate = "Agent"
started_at = "Start"
draft = "Draft"
opened_at = "Opened"
saved_at = "Saved"
final = "Text"
"""
GOOD = "c1,ann,2026-01-05 09:00:00,Fee waived.,2026-01-05 09:08:00,2026-01-05 09:09:00,Fee waived."


class Desk:
    """A folder to import in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "reviews"
        (folder / "mapping.toml").write_text(MAPPING)

    def map(self, text: str) -> None:
        (self.folder / "mapping.toml").write_text(text)

    def csv(self, *lines: str, header: str = HEADER) -> Path:
        path = self.folder / "rows.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    def run(self, *files: Path, options: tuple[str, ...] = ()) -> Result:
        arguments = [*map(str, files), "--map", str(self.folder / "mapping.toml"), "--out", str(self.out)]
        bad = ["--bad", str(self.folder / "bad.csv"), "--json", str(self.folder / "counts.json")]
        return CliRunner().invoke(app, ["import", *arguments, *bad, *options])

    def reviews(self) -> list[Review]:
        with open_reviews([self.out]) as found:
            rows = found.connection.execute("SELECT * FROM reviews").fetchall()
        return [review_of(row) for row in rows]

    def edits(self) -> list[tuple[str, ...]]:
        with open_reviews([self.out]) as found:
            return found.connection.execute("SELECT edit, edit_mature FROM reviews").fetchall()

    def counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = json.loads((self.folder / "counts.json").read_text())
        assert counts["given"] == counts["written"] + counts["joined"] + counts["bad"]
        return counts

    def told(self) -> list[tuple[str, str, str]]:
        with (self.folder / "bad.csv").open(newline="") as file:
            return [(row["line"], row["reason"], row["kept"]) for row in csv.DictReader(file)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_rows_become_reviews(desk: Desk) -> None:
    result = desk.run(
        desk.csv(GOOD, GOOD.replace("c1", "c2").replace("Fee waived.,2026", "Fee kept.,2026", 1))
    )
    assert (result.exit_code, result.stdout) == (0, "2 rows: 2 reviews, 0 left out\n")
    first, second = desk.reviews()
    assert (first.call_id, first.leg, first.draft, first.used) == ("c1", 1, "Fee waived.", True)
    assert first.started_at.isoformat() == "2026-01-05T09:00:00+00:00"
    assert first.drafted_at == first.opened_at
    assert first.zone == "Europe/London"
    assert first.mature == first.final == "Fee waived."
    assert second.draft == "Fee kept."
    assert first.first_assisted_at == second.first_assisted_at == first.started_at
    assert desk.edits() == [("exact", "exact"), ("minor", "minor")]
    about = json.loads((desk.out / "reviews.json").read_text())
    assert (about["given"], about["bad"], about["files"][0]["name"]) == (2, 0, "rows.csv")
    assert about["mature_hours"] == 24.0
    assert len(about["files"][0]["sha256"]) == 64


def test_associates_are_pseudonyms_under_a_key_that_is_kept_apart(desk: Desk) -> None:
    rows = desk.csv(GOOD, GOOD.replace("c1", "c2"), GOOD.replace("c1,ann", "c3,bob"))
    desk.run(rows)
    key = desk.folder / "pseudonym.key"
    assert key.stat().st_mode & 0o777 == 0o600
    names = [each.associate for each in desk.reviews()]
    assert names[0] == names[1] != names[2]
    assert all(name.startswith("a-") and len(name) == 18 for name in names)
    assert "ann" not in str(names)
    desk.run(rows)
    assert [each.associate for each in desk.reviews()] == names
    key.unlink()
    desk.run(rows)
    assert not set(names) & {each.associate for each in desk.reviews()}
    inside = desk.run(rows, options=("--pseudonym-key", str(desk.out / "key")))
    assert (inside.exit_code, "keep it apart" in inside.stderr) == (2, True)


def test_names_that_are_pseudonyms_already_stay(desk: Desk) -> None:
    desk.map("already_pseudonymous = true\n" + MAPPING)
    desk.run(desk.csv(GOOD))
    assert desk.reviews()[0].associate == "ann"
    assert not (desk.folder / "pseudonym.key").exists()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GOOD.replace("c1", ""), "call_id: Field required"),
        (GOOD.replace("ann", ""), "associate: Field required"),
        (GOOD + ",more", "8 cells where the header has 7"),
        (
            GOOD.replace("09:00:00", "9 o'clock"),
            "started_at: \"2026-01-05 9 o'clock\" is not a date and time such as 2026-03-01T09:30:00+00:00",
        ),
        (GOOD.replace("09:09:00", "09:07:00"), "saved_at is before opened_at"),
        (GOOD.replace("09:00:00", "09:10:00"), "saved_at is before started_at"),
        (
            GOOD.replace("2026-01-05 09:09:00,", ","),
            "a saved text without saved_at",
        ),
        (
            GOOD.replace("2026-01-05 09:00:00", "2026-03-29 01:30:00"),
            "started_at: 2026-03-29 01:30:00 was left out when the clocks of Europe/London were set forward",
        ),
        (
            GOOD.replace("2026-01-05 09:00:00", "0001-01-01 00:00:00+01:00"),
            "started_at: '0001-01-01 00:00:00+01:00' is out of range",
        ),
    ],
)  # fmt: skip
def test_bad_rows_are_told_and_the_good_ones_written(desk: Desk, row: str, reason: str) -> None:
    path = desk.csv(GOOD.replace("c1", "c0"), row, GOOD.replace("c1", "c9"))
    result = desk.run(path)
    assert result.exit_code == 2
    assert result.stderr == f"wrapup: {path}, line 3: {reason}\n"
    assert desk.told() == [("3", reason, "no")]
    assert [each.call_id for each in desk.reviews()] == ["c0", "c9"]
    assert (desk.counts()["bad"], json.loads((desk.out / "reviews.json").read_text())["bad"]) == (1, 1)


def test_the_first_twenty_bad_rows_are_shown_and_all_are_written(desk: Desk) -> None:
    result = desk.run(desk.csv(*["x"] * 23))
    lines = result.stderr.splitlines()
    assert len(lines) == 21
    assert lines[-1] == f"wrapup: 3 more rows were left out; all are in {desk.folder / 'bad.csv'}"
    assert len(desk.told()) == 23
    assert (desk.reviews(), result.exit_code) == ([], 2)


def test_moments_without_zone_are_told_where_no_zone_is_named(desk: Desk) -> None:
    desk.map(MAPPING.replace('zone = "Europe/London"', ""))
    aware = GOOD.replace("c1", "c2").replace(":00,", ":00-05:00,")
    desk.run(desk.csv(GOOD, aware))
    ((line, reason, _),) = desk.told()
    assert (line, reason) == (
        "2",
        'started_at: 2026-01-05 09:00:00 has no zone; name one in the mapping, as zone = "..."',
    )
    (review,) = desk.reviews()
    assert review.started_at.isoformat() == "2026-01-05T14:00:00+00:00"


def test_an_hour_that_came_twice_is_the_first_and_is_noted(desk: Desk) -> None:
    row = GOOD.replace("2026-01-05 09:00:00", "2025-10-26 01:30:00")
    result = desk.run(desk.csv(row))
    assert desk.reviews()[0].started_at.isoformat() == "2025-10-26T00:30:00+00:00"
    assert [kept for _, _, kept in desk.told()] == ["yes"]
    assert "1 noted: started_at: a time in the hour that came twice" in result.stdout
    assert result.exit_code == 0


def test_times_of_other_forms(desk: Desk) -> None:
    desk.map('time_format = "%d.%m.%Y %H:%M"' + MAPPING + '[time_formats]\nsaved_at = "epoch_ms"\n')
    desk.run(desk.csv("c1,ann,05.07.2026 10:00,D,05.07.2026 10:01,1783242120500,D"))
    (review,) = desk.reviews()
    assert review.started_at.isoformat() == "2026-07-05T09:00:00+00:00"
    assert review.saved_at is not None
    assert review.saved_at.isoformat() == "2026-07-05T09:02:00.500000+00:00"


def test_of_a_call_and_leg_the_first_row_is_kept_and_the_others_told(desk: Desk) -> None:
    other = GOOD.replace("Fee waived.,2026", "Other.,2026", 1)
    result = desk.run(desk.csv(GOOD, other, GOOD))
    assert [each.draft for each in desk.reviews()] == ["Fee waived."]
    assert [(line, kept) for line, _, kept in desk.told()] == [("3", "no"), ("4", "no")]
    assert desk.counts()["bad_reasons"] == {"duplicate": 2}
    assert result.exit_code == 2


def test_a_draft_shown_twice_is_one_review_opened_first_and_saved_later(desk: Desk) -> None:
    first = "c1,ann,2026-01-05 09:00:00,Fee waived.,2026-01-05 09:05:00,,"
    desk.run(desk.csv(first, GOOD, GOOD))
    (review,) = desk.reviews()
    assert review.opened_at is not None and review.saved_at is not None
    assert (review.opened_at.minute, review.saved_at.minute, review.final) == (5, 9, "Fee waived.")
    counts = desk.counts()
    assert (counts["joined"], counts["bad"]) == (1, 1)
    assert [line for line, _, kept in desk.told() if kept == "yes"] == ["3"]


AMENDING = MAPPING + 'review_id = "Rid"\namends = "Amends"\namended = "Again"\n'


def amending(**cells: str) -> str:
    row = {
        "saved": "2026-01-05 09:09:00",
        "text": "Fee waived.",
        "rid": "",
        "amends": "",
        "again": "",
        **cells,
    }
    opened = "" if row["amends"] or row["again"] else "2026-01-05 09:08:00"
    return (
        f"c1,ann,2026-01-05 09:00:00,Fee waived.,{opened},{row['saved']},{row['text']},"
        f"{row['rid']},{row['amends']},{row['again']}"
    )


def test_the_mature_text_is_the_last_amendment_within_a_day(desk: Desk) -> None:
    desk.map(AMENDING)
    rows = [
        amending(rid="r2", amends="r1", saved="2026-01-05 12:00:00", text="Second."),
        amending(rid="r1"),
        amending(again="yes", saved="2026-01-06 09:09:00", text="Third."),
        amending(amends="r2", saved="2026-01-06 09:09:01", text="Too late."),
        amending(amends="r1", saved="2026-01-05 09:08:30", text="Too early."),
        amending(amends="r7", saved="2026-01-05 13:00:00", text="Of no review."),
    ]
    path = desk.csv(*rows, header=HEADER + ",Rid,Amends,Again")
    desk.run(path)
    (review,) = desk.reviews()
    assert (review.final, review.mature) == ("Fee waived.", "Third.")
    assert review.amended_at is not None
    assert review.amended_at.isoformat() == "2026-01-06T09:09:00+00:00"
    assert desk.edits() == [("exact", "material")]
    assert sorted(desk.told()) == [
        ("5", "an amendment after the mature text was taken", "yes"),
        ("6", "an amendment before its review was saved", "no"),
        ("7", "amends a review that is not there", "no"),
    ]
    assert desk.counts()["joined"] == 3
    desk.run(path, options=("--mature-hours", "1"))
    assert desk.reviews()[0].mature == "Fee waived."


def test_an_amendment_without_its_review_is_told(desk: Desk) -> None:
    desk.map(AMENDING)
    desk.run(desk.csv(amending(amends="r1"), header=HEADER + ",Rid,Amends,Again"))
    assert desk.told() == [("2", "amends a review that is not there", "no")]


def test_a_mature_text_of_a_column_counts_if_it_was_in_time(desk: Desk) -> None:
    desk.map(MAPPING + 'mature = "Later"\namended_at = "At"\n')
    rows = [
        f"{GOOD},Second.,2026-01-05 10:00:00",
        f"{GOOD.replace('c1', 'c2')},Second.,2026-01-07 10:00:00",
    ]
    desk.run(desk.csv(*rows, header=HEADER + ",Later,At"))
    assert [each.mature for each in desk.reviews()] == ["Second.", "Fee waived."]
    assert desk.counts()["notes"] == {"an amendment after the mature text was taken": 1}


def test_calls_before_an_anchor_are_kept_and_noted(desk: Desk) -> None:
    desk.map(
        MAPPING
        + 'site = "Site"\nversion = "Version"\n'
        + '[rollouts]\nLeeds = 2026-01-06\n[releases]\nv1 = "2026-01-01T00:00:00Z"\n'
        + "[teams]\nann = 'North'\n"
    )
    result = desk.run(desk.csv(GOOD + ",Leeds,v1", header=HEADER + ",Site,Version"))
    (review,) = desk.reviews()
    assert review.rollout_at is not None and review.released_at is not None
    assert (review.rollout_at.isoformat(), review.released_at.day) == ("2026-01-06T00:00:00+00:00", 1)
    assert review.team == "North"
    assert desk.told() == [("2", "started_at is before rollout_at: no day on that clock", "yes")]
    assert result.exit_code == 0


def test_the_first_assisted_call_is_the_first_whose_draft_was_there_when_it_was_opened(desk: Desk) -> None:
    desk.map(MAPPING + 'drafted_at = "Drafted"\n')
    late = GOOD.replace("c1", "c0").replace("01-05", "01-02") + ",2026-01-02 09:30:00"
    unseen = "c3,ann,2026-01-03 09:00:00,Fee.,,,,2026-01-03 09:01:00"
    shown = GOOD + ",2026-01-05 09:07:00"
    later = GOOD.replace("c1", "c2").replace("01-05", "01-09") + ",2026-01-09 09:07:00"
    desk.run(desk.csv(later, late, unseen, shown, header=HEADER + ",Drafted"))
    assert {each.first_assisted_at.day for each in desk.reviews() if each.first_assisted_at} == {5}


def test_legs_without_a_draft_or_a_saved_note_are_reviews_too(desk: Desk) -> None:
    rows = [
        "c1,ann,2026-01-05 09:00:00,,,,",
        "c2,ann,2026-01-05 09:00:00,Fee.,,,",
        "c3,ann,2026-01-05 09:00:00,Fee.,2026-01-05 09:08:00,,",
    ]
    assert desk.run(desk.csv(*rows)).exit_code == 0
    shown = [(one.drafted_at is not None, one.opened_at is not None, one.saved_at) for one in desk.reviews()]
    assert shown == [(False, False, None), (True, False, None), (True, True, None)]
    assert desk.edits() == [(None, None)] * 3


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

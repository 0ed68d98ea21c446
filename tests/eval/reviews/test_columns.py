"""Reviews as columns: what is written is read again, and what is no set of reviews is refused."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.edits.edit import LADDER_VERSION
from eval.reviews.columns import COLUMNS, ReviewWriter, connect, open_reviews, review_of
from eval.reviews.review import Review
from models.errors import InputError
from tests.eval.reviews.examples import DRAFT, STARTED, review

LONELY = {"associate": "ö \U0001f600", "draft": "שלום\r\n\ttwo", "final": "", "focus_s": 0.0, "used": False}


def written(folder: Path, reviews: list[Review], **options: Any) -> Path:
    with ReviewWriter(folder, {"from": "a test"}, **options) as writer:
        assert writer.add(reviews) == []
    return folder


def read(folder: Path) -> list[Review]:
    with open_reviews([folder]) as found:
        return [review_of(row) for row in found.connection.execute("SELECT * FROM reviews").fetchall()]


moments = st.none() | st.datetimes(
    datetime(2000, 1, 1),
    datetime(2100, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))]),
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.builds(
            review,
            associate=texts,
            draft=texts,
            final=texts,
            drafted_at=moments,
            opened_at=moments,
            saved_at=moments,
            focus_s=st.none() | st.floats(0, 1e6),
            used=st.booleans(),
        ),
        max_size=4,
    )
)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, reviews: list[Review]
) -> None:
    numbered = [dataclasses.replace(each, call_id=str(place)) for place, each in enumerate(reviews)]
    assert read(written(tmp_path_factory.mktemp("reviews"), numbered)) == numbered


def test_a_folder_has_the_columns_of_its_schema_and_tells_where_they_come_from(tmp_path: Path) -> None:
    written(tmp_path, [review(), review("call-2", **LONELY)])
    with open_reviews([tmp_path]) as found:
        described = found.connection.execute("DESCRIBE reviews").fetchall()
        provenance = found.provenance()
    types = {row[0]: row[1] for row in described}
    assert tuple(types) == COLUMNS
    assert types["saved_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["section_edits"] == "MAP(VARCHAR, VARCHAR)"
    assert (types["leg"], types["draft_words"], types["used"]) == ("INTEGER", "INTEGER", "BOOLEAN")
    assert provenance["reviews"] == 2
    assert provenance["sources"][0]["from"] == "a test"


def test_classes_are_stored_at_saving_when_mature_and_by_section(tmp_path: Path) -> None:
    amended = DRAFT.replace("Solved", "Not solved yet")
    written(
        tmp_path,
        [
            review("1"),
            review("2", mature=amended),
            review("3", final="", used=False),
            review("4", saved_at=None, final="", mature=""),
            review("5", drafted_at=None, opened_at=None, draft=""),
        ],
    )
    with open_reviews([tmp_path]) as found:
        rows = found.connection.execute(
            "SELECT edit, edit_mature, section_edits, draft_words, ladder FROM reviews"
        ).fetchall()
    sections = {"reason": "exact", "actions": "exact", "outcome": "exact"}
    words = len(DRAFT.split())
    assert rows == [
        ("exact", "exact", sections, words, LADDER_VERSION),
        ("exact", "material", {**sections, "outcome": "material"}, words, LADDER_VERSION),
        ("discarded", "discarded", {}, words, LADDER_VERSION),
        (None, None, {}, words, LADDER_VERSION),
        (None, None, {}, 0, LADDER_VERSION),
    ]


def test_batches_and_processes_change_nothing(tmp_path: Path) -> None:
    reviews = [review(str(number), final=DRAFT[number:]) for number in range(7)]
    whole = written(tmp_path / "whole", reviews)
    parts = written(tmp_path / "parts", reviews, batch=3, jobs=2)
    assert len(list(parts.glob("*.parquet"))) == 3
    with open_reviews([whole]) as one, open_reviews([parts]) as other:
        query = "SELECT * FROM reviews"
        assert one.connection.execute(query).fetchall() == other.connection.execute(query).fetchall()
        assert one.about == other.about


def test_long_notes_close_a_batch(tmp_path: Path) -> None:
    note = "a" * 5_000_000
    written(tmp_path, [review(str(number), draft=note, final=note) for number in range(4)])
    assert len(list(tmp_path.glob("*.parquet"))) == 2
    assert [each.final for each in read(tmp_path)] == [note] * 4


def test_of_a_call_and_leg_the_first_review_is_kept(tmp_path: Path) -> None:
    with ReviewWriter(tmp_path, {}) as writer:
        again = writer.add([review("1"), review("1", leg=2), review("1", final="other"), review("11")])
        assert writer.written == 3
    assert again == [review("1", final="other")]
    assert [(each.call_id, each.leg) for each in read(tmp_path)] == [("1", 1), ("1", 2), ("11", 1)]


def test_no_review_is_a_set_too(tmp_path: Path) -> None:
    assert read(written(tmp_path, [])) == []


def test_a_folder_is_written_anew(tmp_path: Path) -> None:
    written(tmp_path, [review(str(number)) for number in range(4)], batch=1)
    written(tmp_path, [review("9")])
    assert [each.call_id for each in read(tmp_path)] == ["9"]


def test_a_writer_that_failed_leaves_no_set(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), ReviewWriter(tmp_path, {}, batch=1) as writer:
        writer.add([review()])
        raise RuntimeError
    with pytest.raises(InputError, match=r"no folder of reviews"):
        open_reviews([tmp_path])


def test_sets_are_read_one_after_the_other(tmp_path: Path) -> None:
    second, first = written(tmp_path / "b", [review("1")]), written(tmp_path / "a", [review("2")])
    with open_reviews([second, first]) as found:
        assert found.connection.execute("SELECT call_id FROM reviews").fetchall() == [("1",), ("2",)]
        assert found.reviews == 2


def test_a_review_in_two_folders_is_refused(tmp_path: Path) -> None:
    folders = [written(tmp_path / name, [review("call-7", leg=2)]) for name in "ab"]
    with pytest.raises(InputError, match="call call-7, leg 2 is in two of the folders"):
        open_reviews(folders)


def test_another_schema_or_ladder_is_refused_in_one_line(tmp_path: Path) -> None:
    about = written(tmp_path, [review()]) / "reviews.json"
    good = json.loads(about.read_text())
    for facts, said in (
        (
            {**good, "schema": "wrapup.reviews/9"},
            r"its schema is wrapup.reviews/9, .* reads wrapup.reviews/1",
        ),
        ({**good, "ladder": "ladder@0"}, f"classed by ladder@0, not {LADDER_VERSION}; import it again"),
        ({**good, "reviews": 2}, "not as many reviews"),
        ([], "not readable as what `wrapup eval import` writes"),
    ):
        about.write_text(json.dumps(facts))
        with pytest.raises(InputError, match=said) as raised:
            open_reviews([tmp_path])
        assert "\n" not in str(raised.value)


def test_what_is_no_parquet_or_has_other_columns_is_refused(tmp_path: Path) -> None:
    (file,) = written(tmp_path, [review()]).glob("*.parquet")
    duckdb.sql("SELECT 1 AS call_id").write_parquet(str(file))
    with pytest.raises(InputError, match="other columns"):
        open_reviews([tmp_path])
    file.write_bytes(b"no parquet")
    with pytest.raises(InputError, match="not readable as reviews"):
        open_reviews([tmp_path])
    file.unlink()
    with pytest.raises(InputError, match="no reviews there"):
        open_reviews([tmp_path])


def test_the_database_reaches_for_nothing() -> None:
    with connect() as connection:
        settings_of = dict(
            connection.execute("SELECT name, value FROM duckdb_settings() WHERE value IS NOT NULL").fetchall()
        )
        with pytest.raises(duckdb.Error):
            connection.execute("SELECT * FROM sqlite_scan('x.db', 'x')")
    assert settings_of["autoinstall_known_extensions"] == "false"
    assert settings_of["autoload_known_extensions"] == "false"
    assert settings_of["temp_directory"] == ""
    assert settings_of["threads"] == "2"


def test_days_are_those_of_a_zone_over_a_change_of_clocks(tmp_path: Path) -> None:
    first = datetime(2026, 3, 29, 21, 59, tzinfo=UTC)
    written(tmp_path, [review("1", started_at=first), review("2", started_at=first + timedelta(minutes=2))])
    with open_reviews([tmp_path]) as found:
        days = found.connection.execute(
            "SELECT CAST(CAST(timezone('Europe/Berlin', started_at) AS DATE) AS VARCHAR) FROM reviews"
        ).fetchall()
    assert days == [("2026-03-29",), ("2026-03-30",)]
    assert first - STARTED < timedelta(days=28)

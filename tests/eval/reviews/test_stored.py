"""Reviews of the store: every leg of a closed call is a row, whatever became of its draft."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.reviews.columns import review_of
from eval.reviews.review import Review
from eval.reviews.stored import reviews_in, stored_reviews
from models.types import Statement, Summary
from pipeline.core.events import CallClosed, DraftReady
from pipeline.store.errors import ReviewConflictError
from pipeline.store.records import EventRecord, Opening, ReviewRecord, SiteRecord
from pipeline.store.store import Store
from tests.pipeline.store.conftest import cluster, open_store, store, url, vault
from tests.pipeline.store.stories import OPENED, opened

__all__ = ["cluster", "open_store", "store", "url", "vault"]

TEXT = "Reason: A heliotrope matter."
NOTE = Summary("ok", (Statement("reason", "A heliotrope matter.", ()),))


def at(minutes: float, day: int = 0) -> datetime:
    return OPENED + timedelta(days=day, minutes=minutes)


def closed_call(
    store: Store, call_id: str, day: int = 0, drafts: int = 1, associate: str = "ann", version: str = "s-1"
) -> None:
    """A call of five minutes in the store, with so many revisions of its draft after six, seven ..."""
    events = [DraftReady(f"draft-{n}", NOTE, n, version) for n in range(1, drafts + 1)]
    seq = 1_000 * day + len(call_id)
    records = [EventRecord(seq + n, call_id, at(6 + n, day), event) for n, event in enumerate(events)]
    closed = EventRecord(seq + 90, call_id, at(5, day), CallClosed("closed", "hangup", 48_000, "en"))
    store.write([*opened(call_id, day, associate), *records, closed])


def saved(call_id: str, minutes: float, day: int = 0, **facts: Any) -> ReviewRecord:
    values: dict[str, Any] = {
        "review_id": f"{call_id}-{minutes}",
        "leg": 1,
        "associate": "ann",
        "team": None,
        "note_id": "draft-1",
        "note_version": "s-1",
        "final": TEXT,
        "used": True,
        "edited": False,
        "focus_s": None,
        "opened_at": None,
        "first_key_at": None,
        "saved_at": at(minutes, day),
        "amends": None,
    }
    return ReviewRecord(call_id=call_id, **(values | facts))


def read(store: Store) -> list[Review]:
    with stored_reviews(store) as found:
        return [review_of(row) for row in found.connection.execute("SELECT * FROM reviews").fetchall()]


def test_the_funnel_from_eligible_to_saved(store: Store) -> None:
    closed_call(store, "bare", drafts=0)
    closed_call(store, "drafted")
    closed_call(store, "opened")
    closed_call(store, "saved")
    store.write(opened("open"))
    for call_id in ("opened", "saved"):
        store.open_note(call_id, Opening(1, 1, at(8)))
    assert store.add_review(saved("saved", 9, focus_s=30.0, first_key_at=at(8.5)))
    with stored_reviews(store) as found:
        rows = found.connection.execute(
            "SELECT call_id, drafted_at IS NOT NULL, opened_at IS NOT NULL, saved_at IS NOT NULL, edit"
            " FROM reviews ORDER BY call_id"
        ).fetchall()
        about = found.provenance()["sources"][0]
    assert rows == [
        ("bare", False, False, False, None),
        ("drafted", True, False, False, None),
        ("opened", True, True, False, None),
        ("saved", True, True, True, "exact"),
    ]
    assert (about["made_by"], about["given"], about["bad"]) == ("the store", 4, 0)


def test_a_review_has_what_the_store_knows_of_its_call(store: Store) -> None:
    closed_call(store, "one")
    store.put_site(SiteRecord("leeds", at(0, -9), "UTC"))
    store.put_site(SiteRecord("leeds", at(0, -3), "Europe/London"))
    store.open_note("one", Opening(1, 1, at(8)))
    store.add_review(saved("one", 9, team="north", opened_at=at(7.5), focus_s=2.0))
    assert read(store) == [
        Review(
            call_id="one",
            leg=1,
            associate="ann",
            started_at=OPENED,
            team="north",
            queue="cards",
            site="leeds",
            language="en",
            version="s-1",
            zone="Europe/London",
            first_assisted_at=OPENED,
            rollout_at=at(0, -3),
            released_at=at(6),
            drafted_at=at(6),
            opened_at=at(8),
            saved_at=at(9),
            draft=TEXT,
            final=TEXT,
            mature=TEXT,
            focus_s=2.0,
        )
    ]


def test_an_associate_is_first_assisted_by_a_draft_that_was_shown(store: Store) -> None:
    for day in range(4):
        closed_call(store, f"day-{day}", day)
    closed_call(store, "other", associate="bob")
    store.open_note("day-2", Opening(1, 1, at(8, 2)))
    store.add_review(saved("day-1", 9, 1, team="old"))
    store.add_review(saved("day-3", 9, 3, team="new"))
    found = {review.call_id: review for review in read(store)}
    assert {review.first_assisted_at for name, review in found.items() if name != "other"} == {at(0, 1)}
    assert found["other"].first_assisted_at is None
    assert [found[f"day-{day}"].team for day in range(4)] == ["new", "old", "new", "new"]


def test_versions_were_released_with_their_first_draft(store: Store) -> None:
    closed_call(store, "late", 3, version="s-2")
    closed_call(store, "early", 1, version="s-2")
    closed_call(store, "first", 0, version="")
    assert [(one.version, one.released_at) for one in read(store)] == [
        ("abc123", at(6)),
        ("s-2", at(6, 1)),
        ("s-2", at(6, 1)),
    ]


def test_the_mature_text_is_the_last_amendment_within_a_day(store: Store) -> None:
    closed_call(store, "one")
    first = saved("one", 9)
    store.add_review(first)
    day = 24 * 60
    for minutes, text in ((9 + day, "Third."), (60, "Second."), (10 + day, "Too late.")):
        store.add_review(saved("one", minutes, final=text, amends=first.review_id))
    (review,) = read(store)
    assert (review.final, review.mature, review.amended_at) == (TEXT, "Third.", at(9 + day))
    (soon,) = reviews_in(store, 1, Counter())
    assert soon.mature == "Second."


def test_a_draft_is_the_one_of_record_and_was_there_when_it_was_opened(store: Store) -> None:
    closed_call(store, "two", drafts=2)
    store.open_note("two", Opening(1, 2, at(5)))
    (review,) = read(store)
    assert (review.drafted_at, review.opened_at) == (at(7), at(7))


def test_a_draft_without_a_text_is_none(store: Store) -> None:
    nothing = EventRecord(1, "empty", at(6), DraftReady("draft-1", Summary("no_speech")))
    closed = EventRecord(2, "empty", at(5), CallClosed("closed", "hangup", 48_000, "en"))
    store.write([*opened("empty"), nothing, closed])
    (review,) = read(store)
    assert (review.drafted_at, review.draft) == (None, "")


def test_calls_that_were_forgotten_are_counted_and_left_out(store: Store) -> None:
    closed_call(store, "gone")
    closed_call(store, "kept", 1)
    for day, call_id in enumerate(("gone", "kept")):
        store.add_review(saved(call_id, 9, day))
    store.forget("gone")
    with stored_reviews(store) as found:
        assert found.connection.execute("SELECT call_id FROM reviews").fetchall() == [("kept",)]
        assert found.about[0]["left_out"] == {"forgotten": 1}


def test_reviews_are_never_changed(store: Store) -> None:
    closed_call(store, "one")
    review = saved("one", 9)
    assert [store.add_review(review), store.add_review(review)] == [True, False]
    for other in (saved("one", 9, final="Other."), saved("one", 10), saved("one", 11, amends="none")):
        with pytest.raises(ReviewConflictError):
            store.add_review(other)
    assert [one.final for one in read(store)] == [TEXT]


def test_texts_lie_in_a_folder_of_this_user_alone_that_is_removed(store: Store, tmp_path: Path) -> None:
    closed_call(store, "one")
    within = tmp_path / "within"
    within.mkdir()
    with stored_reviews(store, within=within):
        (folder,) = within.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert list(folder.iterdir()) != []
    assert list(within.iterdir()) == []
    with pytest.raises(RuntimeError), stored_reviews(store, within=within):
        raise RuntimeError
    assert list(within.iterdir()) == []


def test_commands_read_the_store_where_no_folder_is_named(
    open_store: Callable[[], Store], url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store()
    closed_call(store, "one")
    store.add_review(saved("one", 9))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WRAPUP_STORE__URL", url)
    monkeypatch.setenv("WRAPUP_STORE__KEY_FILE", str(tmp_path / "master.key"))
    result = CliRunner().invoke(app, ["reviews", "--json", str(tmp_path / "result.json")])
    assert result.exit_code == 0, result.output
    assert '"made_by": "the store"' in (tmp_path / "result.json").read_text()

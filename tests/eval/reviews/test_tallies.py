"""What is counted of reviews, on every clock, in time zones, and at the edges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from eval.reviews import tallies
from eval.reviews.columns import ReviewWriter, open_reviews
from eval.reviews.rates import COUNTED
from eval.reviews.review import Review
from models.errors import ConfigError
from tests.eval.reviews.examples import DRAFT, STARTED, review

Opened = Callable[[Sequence[Review]], duckdb.DuckDBPyConnection]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Reviews as facts to ask."""
    sets = []

    def opens(reviews: Sequence[Review]) -> duckdb.DuckDBPyConnection:
        with ReviewWriter(tmp_path / "reviews", {}) as writer:
            writer.add(reviews)
        sets.append(open_reviews([tmp_path / "reviews"]))
        tallies.prepare(sets[-1].connection)
        return sets[-1].connection

    yield opens
    for each in sets:
        each.connection.close()


def total(tally: tallies.Tally) -> dict[str, int]:
    return {name: int(count) for name, count in zip(COUNTED, tally.counts.sum(axis=0), strict=True) if count}


def on(call: str, moment: datetime, **values: object) -> Review:
    """A review of a call that began then, drafted, opened and saved after it."""
    after = {
        name: moment + timedelta(minutes=n)
        for n, name in enumerate(("drafted_at", "opened_at", "saved_at"), 8)
    }
    return review(call, **{"started_at": moment, **after, **values})


def test_each_step_is_counted(opened: Opened) -> None:
    found = tallies.tally(
        opened(
            [
                review("exact", focus_s=60.0),
                review("unread", focus_s=0.5),
                review("not timed"),
                review("edited", final=DRAFT.replace("$35", "$53"), focus_s=0.5),
                review("discarded", used=False, final="My own words."),
                review("no draft", drafted_at=None, opened_at=None, saved_at=None, final="", draft=""),
                review("not opened", opened_at=None, saved_at=None, final=""),
                review("not saved", saved_at=None, final=""),
                review("late", drafted_at=STARTED + timedelta(minutes=12)),
            ]
        ),
        "associate",
    )
    counts = total(found)
    steps = ("eligible", "drafted", "opened", "saved", "late")
    assert [counts[name] for name in steps] == [9, 8, 6, 5, 1]
    assert (counts["exact"], counts["discarded"], counts["timed"], counts["unread"]) == (3, 1, 3, 1)


def test_a_draft_of_sixty_words_cannot_be_read_in_under_six_seconds(opened: Opened) -> None:
    words = " ".join(["word"] * 60)
    both = [review(str(focus), draft=words, final=words, focus_s=focus) for focus in (5.9, 6.0)]
    assert total(tallies.tally(opened(both), "associate"))["unread"] == 1


def test_the_mature_text_counts(opened: Opened) -> None:
    amended = review(final=DRAFT, mature=DRAFT.replace("$35", "$53"))
    assert "exact" not in total(tallies.tally(opened([amended]), "associate"))


def test_days_begin_at_the_midnight_of_the_site(opened: Opened) -> None:
    # 23:30 and 00:30 in London: 22:30 and 23:30 UTC in summer, one day in UTC and two there.
    evening = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    connection = opened(
        [
            on("1", evening, zone="Europe/London"),
            on("2", evening + timedelta(hours=1), zone="Europe/London"),
            on("3", evening, associate="b"),
            on("4", evening + timedelta(hours=1), associate="b"),
        ]
    )
    found = tallies.tally(connection, "associate")
    assert list(zip(found.who.tolist(), found.day.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 0)]


def test_the_night_on_which_clocks_change_is_one_day(opened: Opened) -> None:
    noon = datetime(2026, 3, 28, 12, tzinfo=UTC)  # the day before summer time
    days = [on(str(n), noon + timedelta(hours=23 * n), zone="Europe/London") for n in range(3)]
    assert tallies.tally(opened(days), "associate").day.tolist() == [0, 1, 2]


def test_the_first_draft_that_was_shown_anchors_an_associate(opened: Opened) -> None:
    day = timedelta(days=1)
    connection = opened(
        [
            on("not shown", STARTED, drafted_at=None, opened_at=None, saved_at=None, final=""),
            on("first", STARTED + 2 * day),
            on("then", STARTED + 5 * day),
            on("stated", STARTED + day, associate="b", first_assisted_at=STARTED - 9 * day),
        ]
    )
    found = tallies.tally(connection, "associate")
    assert found.day.tolist() == [0, 3, 10]
    assert tallies.span(connection, "associate") == tallies.Span(
        date(2026, 3, 2), date(2026, 3, 7), 4, 1, 0, 0
    )


def test_the_other_clocks(opened: Opened) -> None:
    day = timedelta(days=1)
    connection = opened(
        [
            on("1", STARTED, site="north", version="v1"),
            on("2", STARTED + 3 * day, site="north", version="v2"),
            on("3", STARTED + 4 * day, site="south", version="v2", rollout_at=STARTED - day),
            on("4", STARTED + 6 * day, site="north", version="v3", released_at=STARTED + 7 * day),
            on("5", STARTED + 6 * day, site="north"),
        ]
    )
    assert sorted(tallies.tally(connection, "rollout").day.tolist()) == [0, 3, 5, 6]
    by_version = tallies.tally(connection, "version")
    # Of the associate's legs on day 0, that of the version which came later has less time left.
    assert list(zip(by_version.day.tolist(), by_version.reach.tolist(), strict=True)) == [
        (0, 3),
        (0, 6),
        (1, 3),
    ]
    span = tallies.span(connection, "version")
    assert (span.before_anchor, span.without_anchor) == (1, 1)


def test_who_is_at_risk(opened: Opened) -> None:
    day = timedelta(days=1)
    reviews = [
        on(f"{who} {n}", STARTED + n * day, associate=who)
        for who, n in (("a", 0), ("a", 2), ("b", 31), ("c", 32))
    ]
    connection = opened(reviews)
    found = tallies.tally(connection, "associate")
    reached = {day: found.at_risk(day).tolist() for day in (0, 1, 30, 32, 33)}
    assert reached == {
        0: [True, True, True],
        1: [True, True, False],
        30: [True, False, False],
        32: [True, False, False],
        33: [False, False, False],
    }


def test_legs_without_an_associate_are_in_no_rate(opened: Opened) -> None:
    connection = opened([on("known", STARTED), on("not known", STARTED, associate="")])
    eligible = COUNTED.index("eligible")
    for clock in tallies.CLOCKS:
        assert tallies.tally(connection, clock).associates == (() if clock == "version" else ("a-1",))
    assert tallies.calendar_tally(connection).counts[:, eligible].sum() == 2
    assert tallies.sliced(connection, "team")["not known"][:, eligible].tolist() == [1]
    span = tallies.span(connection, "associate")
    assert (span.legs, span.without_anchor, span.without_associate) == (2, 0, 1)


def test_slices_share_their_associates(opened: Opened) -> None:
    connection = opened(
        [review("1", queue="cards"), review("2", queue="loans", associate="b"), review("3", associate="b")]
    )
    found = tallies.sliced(connection, "queue")
    eligible = COUNTED.index("eligible")
    assert {name: counts[:, eligible].tolist() for name, counts in found.items()} == {
        "cards": [1, 0],
        "loans": [0, 1],
        "not known": [0, 1],
    }
    with pytest.raises(ConfigError, match="queue"):
        tallies.sliced(connection, "mood")


def test_what_is_a_customers_is_not_told_of_changes(opened: Opened) -> None:
    connection = opened([])
    connection.execute(
        "INSERT INTO facts BY NAME SELECT 'material' AS edit, kind AS decided_kind, 'old' AS decided_before,"
        " 'new' AS decided_after, who AS associate FROM (VALUES ('money', 'a'), ('money', 'b'),"
        " ('money', 'c'), ('date', 'a'), ('date', 'b'), ('name', 'a'), ('tail', 'a'),"
        " ('added', 'a')) AS t(kind, who)"
    )
    assert tallies.critical_changes(connection) == [
        ("money", "old", "new", 3),
        ("date", "", "", 2),
        ("added", "", "", 1),
        ("name", "", "", 1),
        ("tail", "", "", 1),
    ]


def test_sections_are_counted_of_saved_notes(opened: Opened) -> None:
    connection = opened([review("1"), review("2"), review("3", saved_at=None, final="")])
    found = tallies.section_classes(connection)
    assert all(counts == {"exact": 2} for counts in found.values())
    assert found

"""Who is on the call, why nothing was heard, how it ended; and a session that goes on with its finals."""

from __future__ import annotations

import pytest

from pipeline.core.clock import WINDOW_SAMPLES
from pipeline.core.events import AudioGap, GapReason, LegStarted, Missing, Transfer
from pipeline.core.session import Session, SessionEndedError, SessionSettings
from pipeline.core.snapshot import SnapshotError
from tests.pipeline.core.driving import SPEECH, Driver, driver, finals


def test_each_transfer_begins_a_leg() -> None:
    driven = driver()
    driven.take(driven.session.push(Transfer("ann", "cards", 0), 0.0))
    driven.hear(0, SPEECH)
    driven.take(driven.session.push(Transfer("bob", None, 60 * WINDOW_SAMPLES), 0.0))
    assert driven.events == [
        LegStarted("leg-1", 1, "ann", "cards", 0),
        LegStarted("leg-2", 2, "bob", None, 60 * WINDOW_SAMPLES),
    ]


def test_legs_are_counted_on_after_a_restart() -> None:
    driven = driver()
    driven.take(driven.session.push(Transfer("ann", None, 0), 0.0))
    driven.crash()
    driven.take(driven.session.push(Transfer("bob", None, 512), 0.0))
    assert driven.events[-1] == LegStarted("leg-2", 2, "bob", None, 512)


def test_nobody_takes_a_call_that_is_over() -> None:
    driven = driver()
    assert driven.session.open
    driven.end("idle")
    assert not driven.session.open
    assert driven.session.end_code == "idle"
    with pytest.raises(SessionEndedError):
        driven.session.push(Transfer("bob", None, 0), 0.0)


@pytest.mark.parametrize("reason", ["lost", "hold", "pause"])
def test_a_gap_says_why(reason: GapReason) -> None:
    driven = driver()
    driven.hear(0, [0.0] * 40)
    driven.take(driven.session.push(Missing(0, 512, 1_024, reason), 0.0))
    assert driven.events == [AudioGap("g0-512", 0, 512, 1_024, reason)]


def spoken_twice() -> Driver:
    driven = driver(SessionSettings(1))
    driven.hear(0, SPEECH * 2)
    driven.reply_all()
    return driven


def test_finals_are_not_part_of_a_snapshot() -> None:
    driven = spoken_twice()
    assert finals(driven)
    assert "UtteranceFinal" not in driven.session.snapshot().decode()
    assert "SpanResolved" not in driven.session.snapshot().decode()


def test_finals_that_came_after_the_snapshot_are_given_again() -> None:
    driven = driver(SessionSettings(1))
    driven.hear(0, SPEECH)
    driven.reply_all()
    before = driven.session.snapshot()
    driven.hear(0, SPEECH)
    driven.reply_all()
    whole = finals(driven)
    again = Driver(Session.restore(before, whole))
    again.hear(0, SPEECH)
    again.end()
    again.reply_all()
    driven.end()
    driven.reply_all()
    assert [*whole[:1], *again.events] == driven.events


def test_a_snapshot_without_its_finals_is_refused() -> None:
    driven = spoken_twice()
    with pytest.raises(SnapshotError, match="1 finals for a snapshot taken after 2"):
        Session.restore(driven.session.snapshot(), finals(driven)[:1])

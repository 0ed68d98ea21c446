"""Snapshots are versioned bytes and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.types import Word
from pipeline.core.events import SpanResolved
from pipeline.core.session import Session, SessionSettings
from pipeline.core.snapshot import SnapshotError, dump, load
from tests.pipeline.core.driving import Driver, finals


def test_what_comes_back_is_equal_to_what_went_in() -> None:
    state = [(Word("a", 1, 2, None, True),), 1.5, None, "x", []]
    assert load(dump(state), {"Word": Word}) == state


def test_another_version_is_refused() -> None:
    data = json.loads(dump([]))
    data["version"] = 99
    with pytest.raises(SnapshotError, match="version 99, expected 2"):
        load(json.dumps(data).encode(), {})


def test_only_known_classes_are_built() -> None:
    with pytest.raises(SnapshotError):
        load(dump(Word("a", 1, 2)), {})


def test_a_session_comes_back_with_all_of_its_spans_or_not_at_all() -> None:
    driven = Driver(Session(SessionSettings(channels=1)))
    for _ in range(20):
        driven.hear(0, [0.9] * 150 + [0.0] * 30)
        driven.reply_all()
    spans = [event for event in driven.events if isinstance(event, SpanResolved)]
    data = driven.session.snapshot()
    assert spans
    assert Session.restore(data, driven.events).snapshot() == data
    with pytest.raises(SnapshotError, match=f"{len(spans) - 1} spans for a snapshot after {len(spans)}"):
        Session.restore(data, [*finals(driven), *spans[1:]])


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    with pytest.raises(SnapshotError):
        load(data, {})

"""The store on both databases: what is written comes back, once, however it was handed over."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, event, select

from models.types import Statement, Summary, Transcription, Word
from pipeline.core.events import CallClosed, DraftReady, DurableEvent
from pipeline.formats import event_json
from pipeline.formats.event_json import encode_event
from pipeline.store.errors import StoreError
from pipeline.store.records import (
    CallRecord,
    EventRecord,
    JobResultRecord,
    LegRecord,
    Record,
    SnapshotRecord,
)
from pipeline.store.store import CALLS_A_PAGE, Store
from pipeline.store.tables import associates, metadata, notes, revisions, utterances
from tests.pipeline.event_strategies import durable_events
from tests.pipeline.store.stories import (
    OPENED,
    final,
    numbered,
    opened,
    results,
    told,
    whole_call,
)

DATABASE_AND_EXAMPLES = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""One database for all examples of a test, each a call of its own; shrinking them would take minutes."""


def rows_of(url: str, leave_out: Sequence[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the database but the columns that are sealed anew at each writing."""
    engine = create_engine(url)
    found = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.columns if column.name not in leave_out]
            found[table.name] = sorted(map(tuple, connection.execute(select(*columns))), key=repr)
    engine.dispose()
    return found


def cut(records: Sequence[Record], sizes: Sequence[int]) -> list[Sequence[Record]]:
    """The records in groups of these sizes, again and again."""
    groups, at, turn = [], 0, 0
    while at < len(records):
        groups.append(records[at : at + sizes[turn % len(sizes)]])
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    return groups


def test_events_come_back_in_order_and_resume_after_a_seq(store: Store) -> None:
    store.write([*opened("one"), *opened("two")])
    one, two = numbered("one", told(), 1), numbered("two", told(), 100)
    store.write([*two, *one])
    assert store.events(None, 0, 1_000) == [*one, *two]
    assert store.events("two", 0, 1_000) == two
    assert store.events(None, 3, 2) == one[3:5]
    assert store.events("one", 10, 10) == []
    assert store.last_seq() == 109
    assert store.event_ids("one") == {item.id for item in told()}
    assert store.event_ids("none") == set()


def test_an_empty_store(store: Store) -> None:
    store.ping()
    store.write([])
    assert store.events(None, 0, 10) == []
    assert store.last_seq() == 0
    assert store.open_calls() == []
    assert store.call("none") is None
    assert store.job_results("none") == {}
    assert list(store.export()) == []


@DATABASE_AND_EXAMPLES
@given(st.lists(durable_events, min_size=1, max_size=6, unique_by=lambda item: item.id))
def test_any_event_comes_back_equal(store: Store, told_now: list[DurableEvent]) -> None:
    call_id = f"call-{store.last_seq()}"
    records = numbered(call_id, told_now, store.last_seq() + 1)
    store.write([*opened(call_id), *records])
    assert store.events(call_id, 0, 100) == records


@DATABASE_AND_EXAMPLES
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.integers(1, 18),
)
def test_writing_again_in_other_groups_changes_nothing(
    store: Store, url: str, sizes: list[int], others: list[int], crash_at: int
) -> None:
    call_id = f"call-{store.last_seq()}"
    records = whole_call(call_id, store.last_seq() + 1)
    for group in cut(records[:crash_at], sizes):
        store.write(group)
    for group in cut(records, others):
        store.write(group)
    before = rows_of(url)
    assert store.events(call_id, 0, 100) == [item for item in records if isinstance(item, EventRecord)]
    for group in cut(records, sizes):
        store.write(group)
    store.write(records)
    assert rows_of(url) == before


def test_the_first_seq_of_an_event_stays(store: Store) -> None:
    store.write(opened("one"))
    store.write(numbered("one", told(), 1))
    store.write(numbered("one", told(), 50))
    assert [record.seq for record in store.events("one", 0, 100)] == list(range(1, 11))
    assert store.last_seq() == 10


def test_a_closed_call(store: Store) -> None:
    store.write(whole_call("one"))
    call = store.call("one")
    assert call is not None
    assert call.record == opened("one")[0]
    assert call.closed_at == OPENED + timedelta(seconds=9)
    assert (call.end_code, call.duration_samples, call.spoken_language) == ("hangup", 48_000, "en")
    assert call.forgotten_at is None
    assert [(leg.record.leg, leg.record.associate, leg.to_samples) for leg in call.legs] == [
        (1, "ann", 30_000),
        (2, "bob", 48_000),
    ]


def test_an_open_call_keeps_its_newest_snapshot_and_its_results(store: Store) -> None:
    store.write([*opened("one"), SnapshotRecord("one", b"old"), *results("one")])
    store.write([*opened("two", day=-1), SnapshotRecord("one", b"older"), SnapshotRecord("one", b"new")])
    assert [call.call_id for call in store.open_calls()] == ["two", "one"]
    assert (store.snapshot("two"), store.snapshot("one")) == (None, b"new")
    call = store.call("one")
    assert call is not None
    assert (call.closed_at, call.legs[0].to_samples) == (None, None)
    assert store.job_results("one") == {
        item.job_id: item.value for item in results("one") if isinstance(item, JobResultRecord)
    }


def test_the_first_result_of_a_job_is_the_fact(store: Store) -> None:
    store.write([*opened("one"), JobResultRecord("one", "u0-0", Transcription((Word("a", 0, 1),)))])
    store.write([JobResultRecord("one", "u0-0", Summary("failed"))])
    assert store.job_results("one") == {"u0-0": Transcription((Word("a", 0, 1),))}


def test_the_end_of_a_call_takes_what_was_said_before_the_mask(store: Store, url: str) -> None:
    store.write(whole_call("one"))
    store.write([SnapshotRecord("one", b"late"), *results("one")])
    assert store.open_calls() == []
    assert store.snapshot("one") is None
    assert store.job_results("one") == {}
    assert rows_of(url)["snapshots"] == rows_of(url)["job_results"] == []


def test_the_first_end_of_a_call_counts(store: Store) -> None:
    store.write([*opened("one"), *numbered("one", [CallClosed("closed", "hangup", 10, "en")])])
    store.write(numbered("one", [CallClosed("closed-2", "failed", 20, "und")], 2))
    call = store.call("one")
    assert call is not None
    assert (call.end_code, call.duration_samples) == ("hangup", 10)


def test_what_becomes_known_of_a_call_is_added(store: Store) -> None:
    first, leg = opened("one")
    assert isinstance(first, CallRecord)
    assert isinstance(leg, LegRecord)
    store.write([replace(first, queue=None, site="york"), replace(leg, associate=None)])
    store.write([replace(first, site=None, language="es", opened_at=OPENED + timedelta(hours=1)), leg])
    call = store.call("one")
    assert call is not None
    assert call.record == replace(first, queue="cards", site="york", language="es")
    assert call.legs[0].record == leg


def test_a_note_has_the_version_that_wrote_it(store: Store, url: str) -> None:
    summary = Summary("ok", (Statement("reason", "Customer called.", ()),))
    drafts: list[DurableEvent] = [
        DraftReady("draft-1", replace(summary, stand_in="late"), 1, "embedded"),
        DraftReady("draft-2", summary, 2),
    ]
    store.write([*opened("one"), *numbered("one", drafts)])
    versions = {row[1]: row[2] for row in rows_of(url, leave_out=["text", "statements"])[notes.name]}
    assert versions == {"draft-1": "embedded", "draft-2": "abc123"}


def test_an_associate_starts_with_the_earliest_call(store: Store, url: str) -> None:
    for day in (3, 1, 2):
        store.write(opened(f"call-{day}", day))
    store.write(opened("other", 9, associate="bob"))
    assert rows_of(url)[associates.name] == [
        ("ann", OPENED + timedelta(days=1)),
        ("bob", OPENED + timedelta(days=9)),
    ]


def test_events_mean_rows_of_other_tables(store: Store, url: str) -> None:
    store.write(whole_call("one"))
    found = rows_of(url, leave_out=["text", "statements"])
    assert found[utterances.name] == [
        ("one", "u0-0", 0, "S1", 0, 16_000, "en", None),
        ("one", "u1-16000", 1, None, 16_000, 20_000, None, "deadline"),
        ("one", "u1-32000", 1, "S2", 32_000, 48_000, "en", None),
    ]
    at = OPENED + timedelta(seconds=8)
    assert found[notes.name] == [("one", "draft-1", "abc123", at, "ok", "draft", None, 1, None)]
    facts = {row[1]: row[2:] for row in found[revisions.name]}
    assert facts["u0-0-speaker-1"] == (
        "parts",
        1,
        "u0-0",
        [{"first_word": 0, "end_word": 4, "speaker": "S2"}],
    )
    assert facts["turns-1"] == ("turns", 1, None, [{"start_s": 0.0, "end_s": 1.0, "speaker": "S1"}])
    assert facts["roles-1"] == ("roles", 1, None, [["S1", "agent"], ["S2", "customer"]])


def test_all_or_none_of_a_group_is_written(store: Store) -> None:
    with pytest.raises(StoreError, match="EventRecord of call 'nobody', which nobody has opened") as refusal:
        store.write([*opened("one"), *numbered("nobody", [final(0)])])
    assert not refusal.value.retryable
    assert store.call("one") is None


def test_moments_keep_their_instant_and_need_a_zone(store: Store) -> None:
    first = opened("one")[0]
    assert isinstance(first, CallRecord)
    elsewhere = OPENED.astimezone(timezone(timedelta(hours=5)))
    store.write([replace(first, opened_at=elsewhere)])
    call = store.call("one")
    assert call is not None
    assert (call.record.opened_at, call.record.opened_at.tzinfo) == (OPENED, UTC)
    with pytest.raises(TypeError, match="expected a time with a zone"):
        store.write([replace(first, call_id="two", opened_at=datetime(2026, 1, 1))])


def test_several_threads_write_and_read(store: Store) -> None:
    store.write([record for number in range(4) for record in opened(f"call-{number}")])
    faults: list[StoreError] = []

    def write(number: int) -> None:
        try:
            for record in numbered(f"call-{number}", [final(16_000 * i) for i in range(20)], 20 * number + 1):
                store.write([record])
                store.events(f"call-{number}", 0, 100)
        except StoreError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert [record.seq for record in store.events(None, 0, 100)] == list(range(1, 81))


def test_export(store: Store) -> None:
    store.write(whole_call("b", 1, day=1))
    store.write(opened("a"))
    first, second = store.export()
    assert (first["call_id"], first["closed_at"], first["events"]) == ("a", None, [])
    assert second["schema"] == "wrapup.export/1"
    assert (second["call_id"], second["end_code"], second["duration_s"]) == ("b", "hangup", 3.0)
    assert second["opened_at"] == "2026-03-02T09:30:00+00:00"
    assert second["legs"][1] == {
        "leg": 2,
        "associate": "bob",
        "queue": "loans",
        "channel": None,
        "from_s": 1.875,
        "to_s": 3.0,
    }
    assert second["events"][0] == {"seq": 1, "at": "2026-03-01T09:30:00+00:00", **encode_event(told()[0])}
    assert len(second["events"]) == len(told())
    assert [call["call_id"] for call in store.export(since=OPENED + timedelta(hours=1))] == ["b"]
    assert [call["call_id"] for call in store.export(call_ids=["a", "none"])] == ["a"]
    assert list(store.export(since=OPENED + timedelta(days=2))) == []


def test_export_holds_a_page_of_calls_and_the_events_of_one(store: Store) -> None:
    count = 2 * CALLS_A_PAGE + 1
    for number in range(count):
        store.write([*opened(f"call-{number:04}"), *numbered(f"call-{number:04}", told(), 1 + 10 * number)])
    queries: list[str] = []

    def executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT"):
            queries.append(statement)

    event.listen(store._engine, "after_cursor_execute", executed)
    exported = store.export()
    assert next(exported)["call_id"] == "call-0000"
    # A page of calls, its legs, and the events of one call: nothing of the calls behind the page.
    assert len(queries) == 3
    assert "LIMIT" in queries[0]
    assert [call["call_id"] for call in exported] == [f"call-{number:04}" for number in range(1, count)]
    assert len(queries) == 3 * 2 + 1 + count


def test_an_event_of_another_version_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write([*opened("one"), *numbered("one", [final(0)])])
    types = {name: kind for name, kind in event_json.EVENT_TYPES.items() if name != "utterance_final"}
    monkeypatch.setattr(event_json, "EVENT_TYPES", types)
    with pytest.raises(StoreError, match="event u0-0 of call one cannot be read: event: type"):
        store.events("one", 0, 10)

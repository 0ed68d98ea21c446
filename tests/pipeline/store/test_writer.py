"""From the spool to the store: in order, once, whatever the database does meanwhile."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pipeline.store.errors import StoreAwayError, StoreError
from pipeline.store.feed import events_after
from pipeline.store.packing import pack
from pipeline.store.records import EventRecord, LegRecord, Record
from pipeline.store.rejects import REJECTED
from pipeline.store.segments import Segment
from pipeline.store.spool import Spool
from pipeline.store.store import Store
from pipeline.store.vault import Vault
from pipeline.store.writer import BackOff, StoreWriter
from tests.pipeline.store.stories import OPENED, SPOKEN, final, numbered, opened, told, whole_call
from tests.postgres import Cluster

SOON = BackOff(0.01, 0.05)
PATIENCE_S = 30.0


class Watched:
    """A store's `write`, counted: lets a test wait for a failure instead of for a time."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open = open_store
        self.failed = threading.Event()
        self.written: list[Record] = []

    def __call__(self) -> Store:
        try:
            store = self._open()
        except StoreError:
            self.failed.set()
            raise
        write = store.write

        def watched(records: Sequence[Record]) -> None:
            try:
                write(records)
            except StoreError:
                self.failed.set()
                raise
            self.written += records

        store.write = watched  # type: ignore[method-assign]
        return store


@pytest.fixture
def spool(tmp_path: Path, vault: Vault) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool", 10_000_000, vault)
    yield spool
    spool.close()


@pytest.fixture
def start(spool: Spool) -> Iterator[Callable[[Callable[[], Store]], StoreWriter]]:
    """Starts a writer; it is closed at the end, and its store."""
    started: list[StoreWriter] = []

    def writer(open_store: Callable[[], Store]) -> StoreWriter:
        started.append(StoreWriter(spool, open_store, SOON))
        return started[-1]

    yield writer
    for one in started:
        one.close(PATIENCE_S)
        if one.store is not None:
            one.store.close()


def append_all(spool: Spool, records: Sequence[Record]) -> None:
    for record in records:
        spool.append(record)


def events_in(records: Sequence[Record]) -> list[EventRecord]:
    return [record for record in records if isinstance(record, EventRecord)]


Start = Callable[[Callable[[], Store]], StoreWriter]


def test_what_is_appended_comes_into_the_store(
    spool: Spool, start: Start, open_store: Callable[[], Store]
) -> None:
    writer = start(open_store)
    records = [*whole_call("one"), *whole_call("two", 20)]
    append_all(spool, records)
    assert writer.flush(PATIENCE_S)
    assert writer.reachable
    assert writer.store is not None
    assert writer.store.events(None, 0, 100) == events_in(records)
    assert writer.close(PATIENCE_S)
    assert not writer.reachable


def test_closing_writes_what_waits(spool: Spool, open_store: Callable[[], Store]) -> None:
    append_all(spool, whole_call("one"))
    assert StoreWriter(spool, open_store, SOON).close(PATIENCE_S)
    assert len(open_store().events("one", 0, 100)) == len(told())


def test_a_database_that_stays_away_leaves_everything_in_the_spool(
    tmp_path: Path, spool: Spool, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").write_text("in the way")
    url = f"sqlite:///{tmp_path}/data/wrapup.db"
    watched = Watched(lambda: Store.open(url, vault))
    with caplog.at_level(logging.WARNING):
        writer = StoreWriter(spool, watched, SOON)
        append_all(spool, whole_call("one"))
        assert watched.failed.wait(PATIENCE_S)
        assert not writer.flush(0)
        assert not writer.close(0)
    assert (writer.reachable, writer.store) == (False, None)
    assert spool.waiting_records == len(whole_call("one"))
    assert len(caplog.records) == 1
    assert "cannot be reached" in caplog.text
    assert not any(word in caplog.text for word in SPOKEN)


def test_a_database_that_comes_later_gets_everything(
    tmp_path: Path, spool: Spool, vault: Vault, start: Start
) -> None:
    in_the_way = tmp_path / "data"
    in_the_way.write_text("")
    watched = Watched(lambda: Store.open(f"sqlite:///{tmp_path}/data/wrapup.db", vault))
    writer = start(watched)
    records = whole_call("one")
    append_all(spool, records)
    assert watched.failed.wait(PATIENCE_S)
    in_the_way.unlink()
    assert writer.flush(PATIENCE_S)
    assert watched.written == records
    assert writer.reachable


def test_a_locked_database_holds_nobody_up_and_loses_nothing(
    tmp_path: Path, spool: Spool, vault: Vault, start: Start
) -> None:
    url = f"sqlite:///{tmp_path}/wrapup.db?timeout=0.01"
    watched = Watched(lambda: Store.open(url, vault))
    writer = start(watched)
    records = whole_call("one")
    append_all(spool, records[:4])
    assert writer.flush(PATIENCE_S)
    lock = sqlite3.connect(tmp_path / "wrapup.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    append_all(spool, records[4:])
    assert watched.failed.wait(PATIENCE_S)
    assert not writer.flush(0)
    assert spool.waiting_records == len(records) - 4
    assert writer.store is not None
    # Readers of SQLite are not held up, and a feed sees what waits.
    assert events_after(writer.store, spool, None, 0, 100) == events_in(records)
    lock.execute("ROLLBACK")
    lock.close()
    assert writer.flush(PATIENCE_S)
    assert watched.written == records
    assert writer.store.events(None, 0, 100) == events_in(records)


@pytest.mark.postgres
def test_postgresql_stops_and_starts_in_mid_stream(
    cluster: Cluster, spool: Spool, vault: Vault, start: Start
) -> None:
    url = cluster.new_database("stops_and_starts")
    watched = Watched(lambda: Store.open(url, vault))
    writer = start(watched)
    records = [*opened("one"), *numbered("one", [final(16_000 * i) for i in range(600)])]
    append_all(spool, records[:200])
    assert writer.flush(PATIENCE_S)
    append_all(spool, records[200:300])
    cluster.stop()
    append_all(spool, records[300:500])
    assert watched.failed.wait(PATIENCE_S)
    assert spool.waiting_records >= 200
    assert writer.store is not None
    with pytest.raises(StoreAwayError):
        writer.store.ping()
    cluster.start()
    append_all(spool, records[500:])
    assert writer.flush(PATIENCE_S)
    writer.store.ping()
    assert writer.store.events("one", 0, 1_000) == events_in(records)
    # Each group was written once, in order: only what failed as a whole was tried again.
    assert watched.written == records


def test_a_record_that_is_refused_is_set_aside_and_the_others_go_on(
    tmp_path: Path,
    spool: Spool,
    start: Start,
    open_store: Callable[[], Store],
    caplog: pytest.LogCaptureFixture,
) -> None:
    writer = start(open_store)
    strangers = numbered("nobody", [final(0)])
    append_all(spool, [*opened("one"), *strangers, LegRecord("none", 0, None, None, None, 0)])
    append_all(spool, numbered("one", [final(0)], 2))
    assert writer.flush(PATIENCE_S)
    assert writer.rejected == 2
    assert writer.reachable
    assert writer.store is not None
    assert writer.store.event_ids("one") == {"u0-0"}
    assert len(list((tmp_path / "spool" / REJECTED).glob("*.spool"))) == 2
    assert caplog.text.count("it was set aside") == 2
    assert not any(word in caplog.text for word in SPOKEN)


def test_a_record_that_cannot_be_read_or_sent_is_set_aside(
    spool: Spool, start: Start, open_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.store.spool.pack", lambda _: b'["CallRecord", {"call_id": "x", "mood": 1}]')
    append_all(spool, opened("x"))
    monkeypatch.undo()
    append_all(spool, [*numbered("one", [final(0)])])
    assert spool.pending(None, 0, 9) == numbered("one", [final(0)])
    append_all(
        spool, [LegRecord("one", 1, "\ud800", None, None, 0), *opened("one"), *numbered("one", [final(0)])]
    )
    append_all(spool, [LegRecord("one", 2, "\ud800", None, None, 0)])
    writer = start(open_store)
    assert writer.flush(PATIENCE_S)
    assert writer.reachable
    assert writer.rejected == 5
    assert writer.store is not None
    assert writer.store.event_ids("one") == {"u0-0"}


@pytest.mark.parametrize("strange_one", [0, 3], ids=["the first record", "one in the middle"])
def test_a_damaged_file_is_set_aside_and_what_comes_after_it_goes_on(
    tmp_path: Path, open_store: Callable[[], Store], vault: Vault, strange_one: int
) -> None:
    folder = tmp_path / "damaged spool"
    folder.mkdir()
    first = Segment.create(folder / "000000000001.spool", vault)
    strange = vault.cipher("other", vault.new_key("other"))
    records = [*opened("one"), *numbered("one", [final(16_000 * i) for i in range(6)])]
    for number, record in enumerate(records):
        sealed = first.seal(pack(record)) if number != strange_one else strange.seal(b"{}", "record").data
        first.append(sealed, record.seq if isinstance(record, EventRecord) else 0)
    first.finish()
    spool = Spool(folder, 10_000_000, vault)
    writer = StoreWriter(spool, open_store, SOON)
    append_all(spool, whole_call("two", 20))
    assert writer.flush(PATIENCE_S)
    assert writer.reachable
    assert writer.rejected == len(records) - strange_one
    assert spool.waiting_records == 0
    (kept,) = (folder / REJECTED).rglob("*.spool")
    assert kept.name == "000000000001.spool"
    assert len(Segment.reopen(kept, vault).read(first.start, strange_one)) == strange_one
    assert writer.store is not None
    assert writer.store.event_ids("two") == {event.id for event in told()}
    assert len(writer.store.event_ids("one")) == max(0, strange_one - len(opened("one")))
    assert writer.close(PATIENCE_S)
    writer.store.close()
    spool.close()


def test_a_feed_sees_each_event_once_wherever_it_is(spool: Spool, store: Store) -> None:
    one, two = numbered("one", told(), 1), numbered("two", told(), 11)
    store.write([*opened("one"), *opened("two"), *one, *two[:4]])
    append_all(spool, [*one[5:], *two])
    assert events_after(store, spool, None, 0, 100) == [*one, *two]
    assert events_after(store, spool, "two", 13, 3) == two[3:6]
    assert events_after(store, spool, None, 20, 10) == []
    # An event that was given out a second time after a crash keeps its first place.
    spool.append(EventRecord(99, "one", OPENED, told()[0]))
    assert events_after(store, spool, "one", 0, 100) == one

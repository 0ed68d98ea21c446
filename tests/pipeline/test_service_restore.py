"""A server that starts after another one died: no stored call keeps it from starting, each is closed once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.types import Summary
from pipeline.config import Config
from pipeline.core.events import CallClosed, DraftReady, Event, LegStarted
from pipeline.doors.messages import CallInfo, Started
from pipeline.live.call import LiveCall, StreamRefused
from pipeline.service import Service
from pipeline.store.errors import StoreAwayError
from pipeline.store.records import CallRecord, EventRecord, Record, SnapshotRecord
from pipeline.store.spool import Spool
from pipeline.store.store import Store
from pipeline.store.vault import open_vault
from tests.pipeline.live_server import configured, engines
from tests.pipeline.store.stories import OPENED, final, numbered

PATIENCE_S = 30.0
CLOSED = CallClosed("closed", "hangup", 0, "und")
DRAFT = DraftReady("draft-1", Summary("no_speech"))


def call(call_id: str) -> CallRecord:
    return CallRecord(
        call_id, datetime.now(UTC), ("agent", "customer"), None, None, None, None, None, {"version": "v"}
    )


def stored(config: Config, records: Sequence[Record]) -> None:
    """What a server that died had in its store."""
    store = Store.open(config.store.url, open_vault(config.store.key_file))
    store.write(records)
    store.close()


def spooled(config: Config, records: Sequence[Record]) -> None:
    """What it had not yet written."""
    spool = Spool(config.store.spool, 1_000_000, open_vault(config.store.key_file))
    for record in records:
        spool.append(record)
    spool.close()


def events_of(service: Service, call_id: str) -> list[Event]:
    return [envelope.event for envelope in service.journal.read(call_id, 0, 100)]


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The database takes nothing until this is set."""
    back = threading.Event()
    write = Store.write

    def gated(store: Store, records: Sequence[Record]) -> None:
        if not back.is_set():
            raise StoreAwayError("away")
        write(store, records)

    monkeypatch.setattr(Store, "write", gated)
    return back


@pytest.mark.parametrize(
    "data", [b'{"version":99,"state":{}}', b"holiday pictures", b'{"version":1,"state":1}']
)
def test_a_call_that_cannot_be_read_is_closed_and_the_others_go_on(
    tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    config = configured(tmp_path)
    bad = [call("bad"), *numbered("bad", [final(0)]), SnapshotRecord("bad", data)]
    stored(config, [call("good"), *bad])
    with Service(config, engines()) as service:
        assert service.restore() == 1
        assert [one.info.call_id for one in service.switchboard.calls()] == ["good"]
        assert events_of(service, "bad")[1:] == [CallClosed("closed", "failed", 16_000, "und")]
        assert service.is_over("bad")
        service.switchboard.end_all("shutdown")
    assert "call bad cannot go on and is closed: " in caplog.text
    assert "heliotrope" not in caplog.text
    with Service(config, engines()) as service:
        assert service.restore() == 0


def test_a_snapshot_of_another_call_does_not_open_and_closes_its_call(tmp_path: Path) -> None:
    config = configured(tmp_path)
    stored(config, [call("one"), call("two"), SnapshotRecord("one", b"1"), SnapshotRecord("two", b"2")])
    with Service(config, engines()) as service:
        with service._store._engine.begin() as connection:
            connection.exec_driver_sql("UPDATE snapshots SET data = (SELECT max(data) FROM snapshots)")
        service.restore()
        for call_id in ("one", "two"):
            assert events_of(service, call_id) == [CallClosed("closed", "failed", 0, "und")]


def test_calls_go_on_only_once_the_spool_is_written(
    tmp_path: Path, away: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured(tmp_path)
    config = config.model_copy(update={"store": config.store.model_copy(update={"patience_s": 0.01})})
    leg = LegStarted("leg-1", 1, "ann", None, 0)
    away.set()
    stored(config, [call("ended"), EventRecord(1, "ended", OPENED, leg), call("quiet")])
    away.clear()
    ended = [EventRecord(2, "ended", OPENED, DRAFT), EventRecord(3, "ended", OPENED, CLOSED)]
    spooled(config, [*ended, call("open"), EventRecord(4, "open", OPENED, leg)])
    with Service(config, engines()) as service:
        adopted = threading.Semaphore(0)
        adopt = service.switchboard.adopt

        def adopt_and_tell(one: LiveCall) -> None:
            adopt(one)
            adopted.release()

        monkeypatch.setattr(service.switchboard, "adopt", adopt_and_tell)
        assert service.restore() == 0
        for call_id in ("ended", "open", "quiet"):
            with pytest.raises(StreamRefused, match="goes on in a moment; try again in 1 s") as refused:
                service.switchboard.join(started(call_id), lambda code, reason: None)
            assert refused.value.code == 1013
        fresh, joined = service.switchboard.join(started("fresh"), lambda code, reason: None)
        joined.result(PATIENCE_S)
        away.set()
        assert adopted.acquire(timeout=PATIENCE_S)
        assert adopted.acquire(timeout=PATIENCE_S)
        service._restoring._thread.join(PATIENCE_S)
        found = {one.info.call_id: one for one in service.switchboard.calls()}
        assert sorted(found) == ["fresh", "open", "quiet"]
        assert found["fresh"] is fresh
        with pytest.raises(StreamRefused, match="the call is over"):
            service.switchboard.join(started("ended"), lambda code, reason: None)
        again, joined = service.switchboard.join(started("open"), lambda code, reason: None)
        joined.result(PATIENCE_S)
        assert again is found["open"]
        assert events_of(service, "ended") == [leg, DRAFT, CLOSED]
        service.switchboard.end_all("shutdown")
        for one in found.values():
            assert one.done.result(PATIENCE_S) == "shutdown"


def started(call_id: str) -> Started:
    return Started(CallInfo(call_id, ("agent", "customer")), (0, 1), 16_000)

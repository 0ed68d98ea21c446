"""What the beginning of a call asks of the store: never for long, and not at all while it does not answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.live.archive import ASK_AGAIN_S
from pipeline.live.journal import Journal
from pipeline.live.metrics import Metrics
from pipeline.store.records import StoredCall
from pipeline.store.spool import Spool
from pipeline.store.store import Store
from pipeline.store.vault import open_vault
from pipeline.store.writer import StoreWriter
from tests.pipeline.clock import VirtualClock
from tests.pipeline.store.stories import whole_call

PATIENCE_S = 30.0


class Asked:
    """A journal over a store that answers when a test lets it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        vault = open_vault(folder / "key")
        self.store = Store.open(f"sqlite:///{folder}/calls.db", vault)
        self.spool = Spool(folder / "spool", 1_000_000, vault)
        self.writer = StoreWriter(self.spool, lambda: self.store)
        for record in whole_call("ended"):
            self.spool.append(record)
        assert self.writer.flush(PATIENCE_S)
        self.clock = VirtualClock()
        self.journal = Journal(self.spool, self.writer, self.store, Metrics(), clock=self.clock)
        self.answers = threading.Event()
        self.times = 0
        self._call = self.store.call
        monkeypatch.setattr(self.store, "call", self._slow)
        monkeypatch.setattr("pipeline.live.archive.ASK_S", 0.01)

    def _slow(self, call_id: str) -> StoredCall | None:
        self.times += 1
        assert self.answers.wait(PATIENCE_S)
        return self._call(call_id)

    def close(self) -> None:
        self.answers.set()
        self.journal.close()
        self.writer.close(PATIENCE_S)
        self.spool.close()
        self.store.close()


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    asked = Asked(tmp_path, monkeypatch)
    yield asked
    asked.close()


def test_a_store_that_does_not_answer_is_left_alone_for_a_while(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not asked.journal.is_over("ended")
    asked.clock.pass_s(ASK_AGAIN_S - 0.1)
    for number in range(20):
        assert not asked.journal.is_over(f"call-{number}")
    assert asked.times == 1
    asked.answers.set()
    asked.clock.pass_s(0.2)
    monkeypatch.setattr("pipeline.live.archive.ASK_S", PATIENCE_S)
    assert asked.journal.is_over("ended")
    assert asked.times == 2

"""The databases behind the store: what cannot be used is told in one line, and how SQLite is set."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from models.errors import ConfigError, MissingExtraError
from pipeline.store import database
from pipeline.store.errors import StoreAwayError, StoreError
from pipeline.store.store import Store
from pipeline.store.tables import events
from pipeline.store.vault import Vault
from tests.pipeline.store.stories import (
    SPOKEN,
    opened,
    whole_call,
)


def test_a_schema_that_does_not_fit_is_no_matter_of_waiting(store: Store) -> None:
    with store._engine.begin() as connection:
        connection.execute(text("DROP TABLE events"))
    with pytest.raises(StoreError, match="the database failed: ") as refusal:
        store.write(whole_call("one"))
    assert not refusal.value.retryable
    told_of = f"{refusal.value} {refusal.value.__cause__}"
    assert not any(word in told_of for word in SPOKEN)


def test_a_file_that_is_no_database(tmp_path: Path, vault: Vault) -> None:
    (tmp_path / "wrapup.db").write_bytes(b"holiday pictures" * 100)
    with pytest.raises(StoreError, match="the database failed: DatabaseError") as refusal:
        Store.open(f"sqlite:///{tmp_path}/wrapup.db", vault)
    assert not refusal.value.retryable


def test_a_locked_file_can_be_tried_again(tmp_path: Path, vault: Vault) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/wrapup.db?timeout=0.01", vault)
    lock = sqlite3.connect(tmp_path / "wrapup.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreAwayError, match="the database failed: OperationalError: database is locked"):
        store.write(opened("one"))
    assert store.open_calls() == []
    lock.close()
    store.write(opened("one"))
    assert len(store.open_calls()) == 1
    store.close()


def test_events_are_found_by_index(store: Store, url: str) -> None:
    engine = create_engine(url)
    found = {index["name"] for index in inspect(engine).get_indexes(events.name)}
    engine.dispose()
    assert found == {"ix_events_seq", "ix_events_call_id"}


def test_sqlite_runs_as_it_should(open_store: Callable[[], Store], url: str) -> None:
    store = open_store()
    if store._engine.dialect.name != "sqlite":
        return
    with database.reading(store._engine) as connection:
        states = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    assert states == {
        "journal_mode": "wal",
        "synchronous": 1,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 5_000,
    }


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("nonsense", "store.url: expected a URL such as"),
        ("mysql://host/name", "store.url: expected a file"),
        ("sqlite+nonsense:///calls.db", "store.url: expected a URL such as"),
        ("sqlite://", "store.url: expected a file"),
        ("sqlite:///:memory:", "store.url: expected a file"),
    ],
)
def test_other_urls_are_refused(bad: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        database.open_engine(bad)


@pytest.mark.parametrize(
    "bad",
    [
        "postgresql://ann:hunter2@host:port/calls",
        "postgresql://ann:x@hunter2:5@host/calls",
        "postgresql://ann:hunter2@[::1/calls",
    ],
)
def test_a_url_that_cannot_be_read_is_not_shown(bad: str) -> None:
    with pytest.raises(ConfigError, match=r"^store\.url: expected a URL such as [^\n]*$") as caught:
        database.open_engine(bad)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__suppress_context__


def test_no_password_of_a_url_is_shown() -> None:
    url = "postgresql://ann:hunter2@host/calls?sslmode=require&password=hunter2&sslpassword=hunter2"
    shown = database.shown(database.open_engine(url))
    assert shown == "postgresql+psycopg://ann:***@host/calls?sslmode=require"


def test_without_the_driver_of_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match="make install EXTRA=postgres"):
        database.open_engine("postgresql+psycopg://localhost/wrapup")

"""The seal: what opens, what does not, and that no word lies in a file."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, delete, insert, select, update

from models.errors import ConfigError
from pipeline.store.columns import SealedText
from pipeline.store.errors import StoreError, UnreadableError
from pipeline.store.records import EventRecord, Record, SnapshotRecord
from pipeline.store.spool import Spool
from pipeline.store.store import Store
from pipeline.store.tables import call_keys, events, metadata, reviews
from pipeline.store.vault import Sealed, Vault, open_vault
from tests.pipeline.store.stories import OPENED, SPOKEN, final, numbered, opened, results, told, whole_call

MASTER = bytes(range(32))


@given(st.binary(max_size=200), st.text(max_size=10), st.text(max_size=10))
def test_what_is_sealed_opens_in_its_place_alone(content: bytes, owner: str, place: str) -> None:
    vault = Vault(MASTER)
    wrapped = vault.new_key(owner)
    cipher = vault.cipher(owner, wrapped)
    sealed = cipher.seal(content, place)
    assert vault.cipher(owner, wrapped).open(sealed, place) == content
    assert cipher.seal(content, place) != sealed
    with pytest.raises(UnreadableError):
        cipher.open(sealed, place + "x")
    with pytest.raises(UnreadableError):
        vault.cipher(owner + "x", wrapped)
    with pytest.raises(UnreadableError):
        vault.cipher(owner, vault.new_key(owner)).open(sealed, place)
    with pytest.raises(UnreadableError):
        Vault(bytes(32)).cipher(owner, wrapped)


@pytest.mark.parametrize("damage", [b"", b"\x00marmalade", b"\x01", b"\x01short", b"\x02" + bytes(40)])
def test_what_was_not_sealed_does_not_open(damage: bytes) -> None:
    vault = Vault(MASTER)
    with pytest.raises(UnreadableError) as refusal:
        vault.cipher("call", vault.new_key("call")).open(Sealed(damage), "place")
    assert "marmalade" not in str(refusal.value)


@given(st.binary(min_size=1, max_size=80), st.data())
def test_no_bit_of_a_seal_can_change(content: bytes, data: st.DataObject) -> None:
    vault = Vault(MASTER)
    cipher = vault.cipher("call", vault.new_key("call"))
    sealed = bytearray(cipher.seal(content, "place").data)
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(UnreadableError):
        cipher.open(Sealed(bytes(sealed)), "place")


def test_with_encryption_off_the_same_bytes_are_marked_and_plain(tmp_path: Path) -> None:
    vault = open_vault(tmp_path / "key", encrypt=False)
    assert not vault.encrypts
    assert not (tmp_path / "key").exists()
    cipher = vault.cipher("call", vault.new_key("call"))
    assert cipher.seal(b"marmalade", "place") == Sealed(b"\x00marmalade")
    assert cipher.open(Sealed(b"\x00marmalade"), "place") == b"marmalade"
    with pytest.raises(UnreadableError, match="not sealed as this store seals"):
        cipher.open(Sealed(b"\x01" + bytes(40)), "place")


def test_a_key_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    proof = open_vault(path).proof()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(path.read_text().strip()) == 64
    assert open_vault(path).knows(proof)
    assert os.listdir(path.parent) == ["master.key"]


def test_of_several_that_make_the_key_one_wins(tmp_path: Path) -> None:
    vaults: list[Vault] = []
    barrier = threading.Barrier(8)

    def make() -> None:
        barrier.wait()
        vaults.append(open_vault(tmp_path / "key"))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(vault.knows(vaults[0].proof()) for vault in vaults)
    assert len(vaults) == 8


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    open_vault(path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"others can read it; run: chmod 600 {path}"):
        open_vault(path)


@pytest.mark.parametrize("text", ["", "abcd", "z" * 64, "ab" * 33, "é" * 32])
def test_a_file_without_a_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=f"key file {path}: expected 64 hexadecimal digits"):
        open_vault(path)


def test_a_key_file_in_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be used"):
        open_vault(tmp_path / "file" / "key")


def test_a_str_cannot_be_bound_to_a_sealed_column(store: Store) -> None:
    store.write(opened("one"))
    row = {"call_id": "one", "event_id": "e", "seq": 1, "at": OPENED, "type": "utterance_final"}
    for bare in ("marmalade", b"marmalade"):
        with store._engine.connect() as connection, pytest.raises(TypeError, match="expected text sealed"):
            connection.execute(insert(events), {**row, "event": bare})


def test_every_text_of_a_call_is_in_a_sealed_column() -> None:
    sealed = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, SealedText)
    }
    assert sealed == {
        "events.event",
        "utterances.text",
        "span_resolutions.text",
        "notes.statements",
        "job_results.value",
        "snapshots.data",
        "reviews.final_text",
    }


def test_no_spoken_word_is_in_any_file(tmp_path: Path, vault: Vault) -> None:
    url = f"sqlite:///{tmp_path}/data/wrapup.db"
    records: list[Record] = [*whole_call("one"), *opened("two"), *results("two")]
    records += [*numbered("two", [final(0)], 50), SnapshotRecord("two", " ".join(SPOKEN).encode())]
    spool = Spool(tmp_path / "data" / "spool", 1_000_000, vault)
    for record in records:
        spool.append(record)
    store = Store.open(url, vault)
    store.write(records)
    found = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    names = {path.name for path in found}
    assert {"wrapup.db", "wrapup.db-wal"} <= names
    assert any(path.suffix == ".spool" for path in found)
    # The search finds what is there: ids are not secret.
    assert any(b"draft-1" in content for content in found.values())
    for word in [*SPOKEN, "matter"]:
        assert [path for path, content in found.items() if word.encode() in content] == []
    store.close()
    spool.close()


def test_with_encryption_off_the_words_are_there(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/wrapup.db", Vault(None))
    store.write(whole_call("one"))
    store.close()
    assert b"marmalade" in (tmp_path / "wrapup.db").read_bytes()


def test_text_moved_to_another_call_or_row_does_not_open(store: Store) -> None:
    store.write([*opened("one"), *numbered("one", [final(0), final(16_000)], 1)])
    store.write([*opened("two"), *numbered("two", [final(0)], 10)])
    with store._engine.begin() as connection:
        first = select(events.c.event).where(events.c.call_id == "one", events.c.event_id == "u0-0")
        text = connection.scalars(first).one()
        elsewhere = update(events).values(event=text)
        connection.execute(elsewhere.where(events.c.call_id == "two"))
        connection.execute(elsewhere.where(events.c.event_id == "u0-16000"))
    with pytest.raises(UnreadableError, match=r"two: events\.event/u0-0 does not open"):
        store.events("two", 0, 10)
    with pytest.raises(UnreadableError, match=r"one: events\.event/u0-16000 does not open"):
        store.events("one", 0, 10)


@pytest.mark.parametrize("encrypt", [True, False])
def test_a_forgotten_call_has_no_text_and_gets_none(url: str, tmp_path: Path, encrypt: bool) -> None:
    vault = open_vault(tmp_path / "other.key", encrypt)
    store = Store.open(url, vault)
    store.write([*whole_call("one"), *whole_call("two", 20)])
    with store._engine.begin() as connection:
        final_text = vault.cipher("one", _wrapped(store, "one")).seal(b"marmalade", "reviews.final_text/r")
        row = {"review_id": "r", "call_id": "one", "used": True, "edited": False, "saved_at": OPENED}
        connection.execute(insert(reviews), {**row, "final_text": final_text})
    assert store.forget("one")
    assert store.forget("one")
    assert not store.forget("none")
    store.write([*whole_call("one"), *numbered("one", [final(99_000)], 90), SnapshotRecord("one", b"x")])
    assert [record.call_id for record in store.events(None, 0, 100)] == ["two"] * len(told())
    assert store.event_ids("one") == {item.id for item in told()}
    assert store.last_seq() == 29
    call = store.call("one")
    assert call is not None
    assert call.forgotten_at is not None
    assert (call.end_code, len(call.legs)) == ("hangup", 2)
    exported = next(store.export(call_ids=["one"]))
    assert exported["events"] == []
    assert exported["forgotten_at"] == call.forgotten_at.isoformat()
    with store._engine.connect() as connection:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, SealedText):
                    of_call = select(column).where(table.c.call_id == "one")
                    assert set(connection.scalars(of_call)) <= {None}
    store.close()


def _wrapped(store: Store, call_id: str) -> bytes:
    with store._engine.connect() as connection:
        query = select(call_keys.c.wrapped).where(call_keys.c.call_id == call_id)
        return connection.scalars(query).one_or_none() or b""


def test_without_its_key_a_call_is_gone_for_good(store: Store) -> None:
    store.write([*opened("one"), *numbered("one", [final(0)])])
    with store._engine.begin() as connection:
        connection.execute(delete(call_keys))
    store.write([*opened("one"), *numbered("one", [final(0), final(16_000)])])
    assert store.events("one", 0, 10) == []
    assert store.event_ids("one") == {"u0-0"}
    with store._engine.connect() as connection:
        assert connection.scalars(select(call_keys.c.wrapped)).all() == []


def test_a_forgotten_calls_key_is_in_no_file(tmp_path: Path, vault: Vault) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/wrapup.db", vault)
    store.write(whole_call("one"))
    key = _wrapped(store, "one")
    assert any(key in path.read_bytes() for path in tmp_path.iterdir())
    store.forget("one")
    assert not any(key in path.read_bytes() for path in tmp_path.iterdir())
    store.close()


def test_a_reader_may_keep_the_key_in_the_log(tmp_path: Path, vault: Vault) -> None:
    url = f"sqlite:///{tmp_path}/wrapup.db?timeout=0.05"
    store = Store.open(url, vault)
    store.write(whole_call("one"))
    reader = create_engine(url).connect()
    reader.exec_driver_sql("BEGIN")
    reader.execute(select(events.c.seq)).all()
    with pytest.raises(StoreError, match="call one: forgotten, but its key may still be in the log") as away:
        store.forget("one")
    assert away.value.retryable
    reader.close()
    reader.engine.dispose()
    assert store.forget("one")
    store.close()


def test_the_switch_and_the_key_must_be_those_that_it_was_written_with(
    url: str, vault: Vault, tmp_path: Path, open_store: Callable[[], Store]
) -> None:
    open_store().write(opened("one"))
    with pytest.raises(StoreError, match=r"written with encryption; set store\.encrypt = true"):
        Store.open(url, Vault(None))
    with pytest.raises(StoreError, match=r"written with another key; put its own key file back"):
        Store.open(url, open_vault(tmp_path / "another.key"))
    assert len(open_store().open_calls()) == 1


def test_a_plain_database_is_not_opened_with_encryption(url: str, vault: Vault) -> None:
    Store.open(url, Vault(None)).close()
    with pytest.raises(StoreError, match=r"written without encryption; set store\.encrypt = false"):
        Store.open(url, vault)
    store = Store.open(url, Vault(None))
    store.write(whole_call("one"))
    assert [type(record) for record in store.events("one", 0, 100)] == [EventRecord] * len(told())
    store.close()

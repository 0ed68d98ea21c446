"""The schema goes forward from nothing and from each version, from any folder, and is what the tables say."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, inspect, select, text

from pipeline.core.events import DraftReady
from pipeline.store import migrations
from pipeline.store.database import open_engine, reading, writing
from pipeline.store.errors import StoreError
from pipeline.store.migrations import migrate
from pipeline.store.projections import place
from pipeline.store.records import EventRecord, Record, SnapshotRecord
from pipeline.store.store import Store
from pipeline.store.tables import (
    feed_numbers,
    metadata,
    note_openings,
    partition_claims,
    reviews,
    sites,
    snapshots,
    untold_events,
    versions,
)
from pipeline.store.vault import Vault
from pipeline.store.writing import call_states, write_records
from tests.pipeline.store.stories import OPENED, final, numbered, opened, whole_call

REVISIONS = ScriptDirectory(str(Path(migrations.__file__).parent))


def _has_more_now(record: Record) -> bool:
    """Notes and snapshots had fewer columns in the first version."""
    return isinstance(record, SnapshotRecord) or (
        isinstance(record, EventRecord) and isinstance(record.event, DraftReady)
    )


def tables_of(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


@pytest.fixture
def engine(url: str) -> Any:
    engine = open_engine(url)
    yield engine
    engine.dispose()


def test_from_nothing_to_what_the_tables_say(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        with writing(engine) as connection:
            migrate(connection)
    with reading(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert tables_of(engine) == set(metadata.tables)


def test_the_comparison_sees_a_difference(engine: Engine) -> None:
    with writing(engine) as connection:
        migrate(connection)
        connection.execute(text("ALTER TABLE reviews ADD COLUMN mood TEXT"))
    with reading(engine) as connection:
        assert len(compare_metadata(MigrationContext.configure(connection), metadata)) == 1


def test_from_the_first_version_with_calls_in_it(engine: Engine, url: str, vault: Vault) -> None:
    records = whole_call("one")
    with writing(engine) as connection:
        migrate(connection, "0001")
    assert tables_of(engine) == set(metadata.tables) - {
        reviews.name,
        note_openings.name,
        sites.name,
        versions.name,
        partition_claims.name,
        feed_numbers.name,
        untold_events.name,
    }
    with writing(engine) as connection:
        write_records(connection, vault, [one for one in records if not _has_more_now(one)])
    store = Store.open(url, vault)
    store.write(records)
    assert store.events("one", 0, 100) == [record for record in records if isinstance(record, EventRecord)]
    row = {"review_id": "r", "call_id": "one", "used": True, "edited": True, "saved_at": OPENED}
    with writing(engine) as connection:
        connection.execute(insert(reviews), row)
        connection.execute(insert(reviews), {**row, "review_id": "s", "amends": "r"})
    with reading(engine) as connection:
        assert connection.scalars(select(reviews.c.amends).order_by(reviews.c.review_id)).all() == [None, "r"]
    store.close()


def test_from_the_version_before_several_shared_it(engine: Engine, url: str, vault: Vault) -> None:
    records = [*opened("one"), *numbered("one", [final(0)], first_seq=7)]
    with writing(engine) as connection:
        migrate(connection, "0004")
        write_records(connection, vault, records)
        cipher = call_states(connection, vault, ["one"])["one"].cipher
        assert cipher is not None
        row = {"call_id": "one", "data": cipher.seal(b"state", place(snapshots, "data", ""))}
        connection.execute(insert(snapshots), row)
    store = Store.open(url, vault)
    assert store.events(None, 0, 100) == records[2:]
    assert store.snapshot("one") == b"state"
    assert store.wanted_from("one") is None
    assert store.untold(0) == []
    claims = {0: store.claim_partition(0)}
    more = [(0, record) for record in numbered("one", [final(32_000)], first_seq=0)]
    assert [record.seq for record in store.keep(claims, more, [])] == [8]
    store.close()


def test_each_version_follows_one_other() -> None:
    assert [one.revision for one in REVISIONS.walk_revisions()] == ["0005", "0004", "0003", "0002", "0001"]


def test_a_migration_that_fails_leaves_the_schema_as_it_was(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE reviews (mood TEXT)"))
    with pytest.raises(StoreError), writing(engine) as connection:
        migrate(connection)
    assert tables_of(engine) == {reviews.name}


def test_a_newer_schema_is_not_touched(engine: Engine, url: str, vault: Vault) -> None:
    Store.open(url, vault).close()
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"made by a newer version of Wrapup"):
        Store.open(url, vault)


def test_several_that_open_an_empty_database_at_once(url: str, vault: Vault) -> None:
    faults: list[StoreError] = []

    def open_it() -> None:
        try:
            Store.open(url, vault).close()
        except StoreError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=open_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []

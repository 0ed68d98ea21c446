"""Several workers over one database: numbers without holes, and nobody writes for what others have."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select, text

from pipeline.core.events import DurableEvent
from pipeline.store import sharing, writing
from pipeline.store.database import reading
from pipeline.store.errors import PartitionLostError, StoreAwayError
from pipeline.store.records import EventRecord, Record, SnapshotRecord
from pipeline.store.store import Store
from pipeline.store.tables import events
from pipeline.store.vault import Vault
from tests.pipeline.store.stories import final, numbered, opened, results, told, whole_call

OpenStore = Callable[[], Store]

WAITING = text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE datname = current_database() AND NOT granted"
)
NUMBERED = sharing, "write_records"
"""The step of a `keep` that has its numbers and has written nothing."""
END_SESSION = text("SELECT pg_terminate_backend(:pid, 5000)")


def on_postgres(test: Callable[..., None]) -> Callable[..., None]:
    """A test of locks that SQLite, where one writes at a time, does not have."""
    marked: Callable[..., None] = pytest.mark.parametrize("url", ["postgres"], indirect=True)(test)
    pytest.mark.postgres(marked)
    return marked


def amid(
    monkeypatch: pytest.MonkeyPatch,
    step: tuple[ModuleType, str],
    observer: Store,
    action: Callable[[], object],
) -> list[threading.Thread]:
    """Begin an action in a thread just before a step of a transaction, a function of a module.

    The transaction goes on when the action waits for it, or is done because nothing held it up.
    """
    threads: list[threading.Thread] = []
    go_on = getattr(*step)

    def waits() -> bool:
        with reading(observer._engine) as connection:
            return bool(connection.scalar(WAITING))

    def interrupted(*arguments: Any) -> Any:
        monkeypatch.setattr(*step, go_on)
        threads.append(threading.Thread(target=action))
        threads[0].start()
        while threads[0].is_alive() and not waits():
            pass
        return go_on(*arguments)

    monkeypatch.setattr(*step, interrupted)
    return threads


def unnumbered(call_id: str, events: Sequence[DurableEvent]) -> list[Record]:
    return [replace(one, seq=0) for one in numbered(call_id, events) if isinstance(one, EventRecord)]


def owned(partition: int, records: Sequence[Record]) -> list[tuple[int, Record]]:
    return [(partition, record) for record in records]


def test_events_get_numbers_once_and_are_untold_until_they_are_told(store: Store) -> None:
    claims = {3: store.claim_partition(3)}
    call = [*opened("one"), *results("one"), *unnumbered("one", told()[:4])]
    new = store.keep(claims, owned(3, call), [])
    assert [record.seq for record in new] == [1, 2, 3, 4]
    assert store.events("one", 0, 100) == new == store.untold(3)
    assert store.keep(claims, owned(3, call[-2:]), [1, 2]) == []
    assert [record.seq for record in store.untold(3)] == [3, 4]
    more = store.keep(claims, owned(3, unnumbered("one", told()[4:])), [3, 4])
    assert [record.seq for record in more] == list(range(5, 11))
    assert store.untold(3) == more
    assert store.untold(4) == []
    assert store.numbers_given() == 10
    assert store.open_call_ids() == []


def test_numbers_go_on_behind_those_of_a_server_that_was_alone(store: Store) -> None:
    store.write(whole_call("before", first_seq=70))
    assert store.numbers_given() == 79
    claims = {0: store.claim_partition(0)}
    new = store.keep(claims, owned(0, [*opened("one"), *unnumbered("one", [final(0)])]), [])
    assert [record.seq for record in new] == [80]


def test_who_was_replaced_writes_nothing(store: Store, open_store: OpenStore) -> None:
    other = open_store()
    old = {1: store.claim_partition(1), 2: store.claim_partition(2)}
    store.keep(old, owned(1, opened("one")) + owned(2, opened("two")), [])
    assert other.claim_partition(2) == old[2] + 1
    records = owned(1, unnumbered("one", [final(0)])) + owned(2, unnumbered("two", [final(0)]))
    with pytest.raises(PartitionLostError, match="the partitions 2") as lost:
        store.keep(old, records, [])
    assert lost.value.partitions == {2}
    assert not lost.value.retryable
    assert store.events(None, 0, 100) == []
    assert store.numbers_given() == 0
    assert [one.seq for one in store.keep({1: old[1]}, records[:1], [])] == [1]


def test_who_was_replaced_tells_nothing_either(store: Store, open_store: OpenStore) -> None:
    other = open_store()
    old = {1: store.claim_partition(1), 2: store.claim_partition(2)}
    new = store.keep(old, owned(1, [*opened("one"), *unnumbered("one", [final(0)])]), [])
    other.claim_partition(2)
    with pytest.raises(PartitionLostError):
        store.keep(old, owned(1, [SnapshotRecord("one", b"late", 16_000)]), [1])
    assert store.untold(1) == new
    assert store.snapshot("one") is None


def test_nobody_writes_for_what_was_never_claimed(store: Store) -> None:
    with pytest.raises(PartitionLostError, match="the partitions 4, 7") as lost:
        store.keep({7: 1, 4: 1}, owned(4, opened("one")), [])
    assert lost.value.partitions == {4, 7}
    assert store.open_call_ids() == []


@on_postgres
def test_a_claim_waits_for_who_is_writing(open_store: OpenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store, other = open_store(), open_store()
    old = {0: store.claim_partition(0)}
    seen: list[list[EventRecord]] = []

    def take_over() -> None:
        other.claim_partition(0)
        seen.append(other.untold(0))

    threads = amid(monkeypatch, NUMBERED, open_store(), take_over)
    new = store.keep(old, owned(0, [*opened("one"), *unnumbered("one", [final(0)])]), [])
    threads[0].join()
    assert seen == [new]
    with pytest.raises(PartitionLostError):
        store.keep(old, owned(0, unnumbered("one", [final(32_000)])), [])


def test_what_fails_leaves_no_hole(store: Store) -> None:
    claims = {0: store.claim_partition(0)}
    store.keep(claims, owned(0, opened("one")), [])
    nobody = unnumbered("nobody", [final(0)])
    with pytest.raises(Exception, match="nobody has opened"):
        store.keep(claims, owned(0, [*unnumbered("one", [final(0)]), *nobody]), [])
    new = store.keep(claims, owned(0, unnumbered("one", [final(0), final(32_000)])), [])
    assert [record.seq for record in new] == [1, 2]


def test_of_a_forgotten_call_nothing_is_kept_and_nothing_numbered(store: Store) -> None:
    claims = {0: store.claim_partition(0)}
    store.keep(claims, owned(0, [*opened("one"), *unnumbered("one", [final(0)])]), [])
    store.forget("one")
    assert store.untold(0) == []
    late = unnumbered("one", [final(32_000)])
    records = owned(0, [*late, *opened("two"), *unnumbered("two", [final(0)])])
    assert [(one.call_id, one.seq) for one in store.keep(claims, records, [])] == [("two", 2)]
    assert [one.call_id for one in store.untold(0)] == ["two"]
    assert store.keep(claims, owned(0, [*opened("one"), *late]), [1]) == []
    assert store.open_call_ids() == ["two"]


def test_of_a_forgotten_call_no_audio_is_wanted(store: Store) -> None:
    claims = {0: store.claim_partition(0)}
    store.keep(claims, owned(0, [*opened("one"), SnapshotRecord("one", b"state", 16_000)]), [])
    store.forget("one")
    assert store.wanted_from("one") is None
    store.keep(claims, owned(0, [SnapshotRecord("one", b"state", 48_000)]), [])
    assert store.wanted_from("one") is None


@on_postgres
def test_a_call_that_is_forgotten_amid_a_keep_leaves_no_hole(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = open_store(), open_store()
    claims = {0: store.claim_partition(0)}
    store.keep(claims, owned(0, opened("one")), [])
    threads = amid(monkeypatch, NUMBERED, open_store(), lambda: other.forget("one"))
    new = store.keep(claims, owned(0, unnumbered("one", [final(0)])), [])
    threads[0].join()
    assert store.event_ids("one") == {record.event.id for record in new}
    assert store.events("one", 0, 100) == []
    assert store.last_seq() == store.numbers_given() == 1


@on_postgres
def test_what_is_written_while_a_call_is_forgotten_does_not_stay(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without encryption nothing else would hide it."""
    with closing(Store.open(url, Vault(None))) as store, closing(Store.open(url, Vault(None))) as other:
        store.write(opened("one"))
        threads = amid(monkeypatch, (writing, "_write_legs"), other, lambda: other.forget("one"))
        store.write(numbered("one", [final(0)]))
        threads[0].join()
        with reading(store._engine) as connection:
            assert connection.scalars(select(events.c.event)).all() == [None]


def test_a_snapshot_says_from_where_on_audio_is_wanted(store: Store) -> None:
    claims = {0: store.claim_partition(0)}
    store.keep(claims, owned(0, opened("one")), [])
    assert store.wanted_from("one") is None
    for place in (16_000, 48_000):
        store.keep(claims, owned(0, [SnapshotRecord("one", b"state", place)]), [])
        assert store.wanted_from("one") == place
    store.keep(claims, owned(0, [SnapshotRecord("one", b"state")]), [])
    assert store.wanted_from("one") is None
    assert store.wanted_from("nobody") is None


def test_open_calls_come_oldest_first(store: Store) -> None:
    claims = {0: store.claim_partition(0)}
    calls = [*opened("late", day=2), *opened("early"), *opened("over", day=1), *opened("gone", day=1)]
    store.keep(claims, owned(0, [*calls, *unnumbered("over", told())]), [])
    store.forget("gone")
    assert store.open_call_ids() == ["early", "late"]


def test_who_reads_behind_the_last_number_misses_nothing(open_store: OpenStore) -> None:
    """Two workers write at once, and a reader goes on from the last number that it saw."""
    workers, calls = 2, 40
    stores = [open_store() for _ in range(workers)]
    reader = open_store()
    failures: list[BaseException] = []

    def write(place: int) -> None:
        try:
            claims = {place: stores[place].claim_partition(place)}
            for number in range(calls):
                call_id = f"call-{place}-{number}"
                records = [*opened(call_id), *unnumbered(call_id, [final(0), final(32_000)])]
                stores[place].keep(claims, owned(place, records), [])
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=write, args=(place,)) for place in range(workers)]
    for thread in threads:
        thread.start()
    seen: list[int] = []

    def read() -> None:
        seen.extend(record.seq for record in reader.events(None, seen[-1] if seen else 0, 500))

    while any(thread.is_alive() for thread in threads):
        read()
    for thread in threads:
        thread.join()
    read()
    assert failures == []
    assert seen == list(range(1, 2 * workers * calls + 1))


@on_postgres
def test_those_who_share_keep_off_who_does_not(open_store: OpenStore) -> None:
    first, second, alone = open_store(), open_store(), open_store()
    first.share()
    second.share()
    with pytest.raises(StoreAwayError, match="another server uses this database"):
        alone.claim()
    first.close()
    second.close()
    alone.claim()
    late = open_store()
    with pytest.raises(StoreAwayError, match="a server that hears calls itself uses this database"):
        late.share()


@on_postgres
def test_who_shares_does_so_again_when_the_session_broke(open_store: OpenStore) -> None:
    store, alone = open_store(), open_store()
    store.share()
    claims = {0: store.claim_partition(0)}
    store.keep(claims, owned(0, opened("one")), [])
    assert store._claim is not None
    with reading(alone._engine) as connection:
        connection.execute(END_SESSION, {"pid": store._claim.session[0]})
    alone.claim()
    alone.write(whole_call("between"))
    records = owned(0, unnumbered("one", [final(0)]))
    with pytest.raises(StoreAwayError, match="a server that hears calls itself"):
        store.keep(claims, records, [])
    alone.close()
    # The other server may have gone on with its calls.
    with pytest.raises(PartitionLostError):
        store.keep(claims, records, [])
    claims = {0: store.claim_partition(0)}
    assert [one.seq for one in store.keep(claims, records, [])] == [11]
    with pytest.raises(StoreAwayError, match="another server"):
        open_store().claim()

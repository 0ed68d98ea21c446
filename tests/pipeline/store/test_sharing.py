"""Several workers over one database: numbers without holes, and nobody writes for what others have."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from pipeline.core.events import DurableEvent
from pipeline.store.errors import PartitionLostError, StoreAwayError
from pipeline.store.records import EventRecord, Record, SnapshotRecord
from pipeline.store.store import Store
from tests.pipeline.store.stories import final, numbered, opened, results, told, whole_call

OpenStore = Callable[[], Store]


def unnumbered(call_id: str, events: Sequence[DurableEvent]) -> list[Record]:
    return [replace(one, seq=0) for one in numbered(call_id, events)]  # type: ignore[type-var]


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
    assert [one.seq for one in store.keep({1: old[1]}, records[:1], [])] == [1]


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


def test_a_snapshot_says_from_where_on_audio_is_wanted(store: Store) -> None:
    claims = {0: store.claim_partition(0)}
    store.keep(claims, owned(0, opened("one")), [])
    assert store.wanted_from("one") is None
    for place in (16_000, 48_000):
        store.keep(claims, owned(0, [SnapshotRecord("one", b"state", place)]), [])
        assert store.wanted_from("one") == place
    assert store.open_call_ids() == ["one"]


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
    while len(seen) < 2 * workers * calls and not failures:
        found = reader.events(None, seen[-1] if seen else 0, 500)
        seen += [record.seq for record in found if isinstance(record, EventRecord)]
    for thread in threads:
        thread.join()
    assert seen == list(range(1, 2 * workers * calls + 1))


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
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

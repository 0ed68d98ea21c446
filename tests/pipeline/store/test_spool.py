"""The spool: order, bounds, and what a death of the process leaves."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.events import DurableEvent
from pipeline.store import segments
from pipeline.store.errors import SpoolFullError, StoreAwayError, StoreError, UnreadableError
from pipeline.store.packing import pack, unpack, unpack_value
from pipeline.store.records import EventRecord, Record, SnapshotRecord
from pipeline.store.rejects import REJECTED
from pipeline.store.segments import Segment
from pipeline.store.spool import Spool
from pipeline.store.vault import Vault
from tests.conftest import ROOT
from tests.pipeline.event_strategies import durable_events
from tests.pipeline.store.stories import OPENED, final, numbered, opened, results, told, whole_call

MB = 1_000_000
MASTER = bytes(range(32))
VAULT = Vault(MASTER)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool", MB, VAULT)
    yield spool
    spool.close()


def take_all(spool: Spool, count: int = 3) -> list[Record]:
    """Everything that waits, as the writer would take it."""
    taken: list[Record] = []
    spool.drain()
    while (batch := spool.next_batch(count)) is not None:
        taken += [unpack(content) for content in batch.contents]
        spool.written(batch)
    return taken


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


@given(durable_events)
def test_every_record_comes_back_equal(event: DurableEvent) -> None:
    records = [*opened("one"), *results("one"), *numbered("one", [event]), SnapshotRecord("one", bytes(256))]
    assert [unpack(pack(record)) for record in records] == records


def test_a_snapshot_of_the_version_before_can_be_read() -> None:
    record = SnapshotRecord("one", b"state", 16_000)
    assert unpack(pack(record)) == record
    before = pack(record).replace(b',"wanted_from":16000', b"")
    assert b"wanted_from" not in before
    assert unpack(before) == SnapshotRecord("one", b"state")


def test_a_record_of_another_version_is_refused() -> None:
    with pytest.raises(StoreError, match="of a kind that this version does not know: MoodRecord"):
        unpack(b'["MoodRecord", {}]')
    with pytest.raises(StoreError, match="a waiting event cannot be read: event: type"):
        unpack(pack(numbered("one", [final(0)])[0]).replace(b"utterance_final", b"utterance_mood"))
    with pytest.raises(StoreError, match="a stored result cannot be read"):
        unpack_value(b"{}")
    for torn in (b"", b"7", b"[]", b'["CallRecord", 3]', b'["CallRecord", {"call_id": "one", "mood": 1}]'):
        with pytest.raises(StoreError, match="a waiting record cannot be read: "):
            unpack(torn)


@pytest.mark.parametrize("count", [1, 3, 100])
def test_records_come_out_in_order_and_files_go(spool: Spool, tmp_path: Path, count: int) -> None:
    records = whole_call("one")
    for record in records:
        spool.append(record)
    assert spool.waiting_records == len(records)
    assert spool.waiting_bytes > 1_000
    assert take_all(spool, count) == records
    assert (spool.waiting_records, spool.waiting_bytes) == (0, 0)
    spool.close()
    assert files(tmp_path / "spool") == []


def test_a_batch_is_given_again_until_it_is_written(spool: Spool) -> None:
    for record in whole_call("one"):
        spool.append(record)
    first = spool.next_batch(2)
    assert first is not None
    assert spool.next_batch(2) == first
    spool.written(first)
    second = spool.next_batch(2)
    assert second is not None
    assert second.contents != first.contents


def test_many_files_and_threads_keep_each_threads_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 400_000, VAULT)
    taken: list[Record] = []

    def take() -> None:
        while (batch := spool.next_batch(7)) is not None:
            taken.extend(unpack(content) for content in batch.contents)
            spool.written(batch)

    def put(number: int) -> None:
        for record in numbered(f"call-{number}", [final(16_000 * i) for i in range(100)]):
            spool.append(record)

    taker = threading.Thread(target=take)
    putters = [threading.Thread(target=put, args=(number,)) for number in range(4)]
    for thread in [taker, *putters]:
        thread.start()
    for thread in putters:
        thread.join()
    spool.drain()
    taker.join()
    for number in range(4):
        expected = numbered(f"call-{number}", [final(16_000 * i) for i in range(100)])
        assert [record for record in taken if record.call_id == f"call-{number}"] == expected
    # Far more than the limit passed through; what was written made room.
    assert spool.waiting_records == 0
    assert files(tmp_path)[0].stem != "000000000001"
    spool.close()


def test_at_the_limit_nothing_is_taken_and_nothing_is_lost(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 20_000, VAULT)
    kept: list[Record] = []
    with pytest.raises(SpoolFullError, match=r"full \(20000 bytes\)"):
        for record in numbered("one", [final(16_000 * i) for i in range(200)]):
            spool.append(record)
            kept.append(record)
    assert 10 < len(kept) < 100
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 20_000
    batch = spool.next_batch(1_000)
    assert batch is not None
    spool.written(batch)
    spool.append(kept[0])
    assert take_all(spool) == [*kept[len(batch.contents) :], kept[0]]
    spool.close()


def test_the_end_of_a_call_has_room_where_nothing_else_has(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100_000, VAULT)
    with pytest.raises(SpoolFullError):
        for record in numbered("one", [final(16_000 * i) for i in range(1_000)]):
            spool.append(record)
    ends = numbered("one", told()[-2:], 2_000)
    for end in ends:
        spool.append(end)
    with pytest.raises(SpoolFullError):
        spool.append(SnapshotRecord("one", bytes(1_000)))
    assert spool.pending("one", 1_999, 9) == ends
    with pytest.raises(SpoolFullError):
        for number in range(1_000):
            spool.append(numbered(f"call-{number}", told()[-1:])[0])
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 100_000
    spool.close()


def test_a_disk_that_takes_no_more_leaves_no_half_record(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = whole_call("one")
    spool.append(records[0])
    write, rest = segments.os.write, [10]

    def full_disk(file: int, data: bytes) -> int:
        if not rest:
            raise OSError(28, "No space left on device")
        return write(file, data[: rest.pop()])

    monkeypatch.setattr(segments.os, "write", full_disk)
    with pytest.raises(SpoolFullError, match="cannot be written"):
        spool.append(records[1])
    monkeypatch.undo()
    spool.append(records[2])
    assert take_all(spool) == [records[0], records[2]]


def test_a_disk_that_takes_no_new_file_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, MB, VAULT)
    records = whole_call("one")

    def full_disk(file: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segments.os, "write", full_disk)
    with pytest.raises(SpoolFullError, match="No space left on device"):
        spool.append(records[0])
    monkeypatch.undo()
    assert files(tmp_path) == []
    spool.append(records[1])
    assert take_all(spool) == [records[1]]
    spool.close()
    spool = Spool(tmp_path, MB, VAULT)
    assert (spool.waiting_records, spool.waiting_bytes, files(tmp_path)) == (0, 0, [])
    spool.close()


def test_pending_events_go_on_from_a_seq(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 40_000, VAULT)
    one = numbered("one", [final(16_000 * i) for i in range(20)], 1)
    two = numbered("two", told(), 21)
    for record in [*opened("one"), *one, *opened("two"), *results("two"), *two]:
        spool.append(record)
    assert len(files(tmp_path)) > 1
    assert spool.pending(None, 0, 100) == [*one, *two]
    assert spool.pending("two", 0, 100) == two
    assert spool.pending("one", 0, 3) == one[:3]
    assert spool.pending(None, 18, 4) == [*one[18:], *two[:2]]
    assert spool.pending(None, 30, 100) == []
    assert spool.last_seq() == 30
    batch = spool.next_batch(5)
    assert batch is not None
    spool.written(batch)
    assert spool.pending(None, 0, 100) == [*one[3:], *two]
    spool.close()


def test_what_was_there_before_a_mark_can_be_waited_for(spool: Spool) -> None:
    for record in [*opened("one"), *opened("two")]:
        spool.append(record)
    mark = spool.mark()
    spool.append(SnapshotRecord("three", b""))
    assert spool.call_ids() == {"one", "two", "three"}
    for count in (3, 1):
        assert not spool.wait_until_written(0, mark)
        batch = spool.next_batch(count)
        assert batch is not None
        spool.written(batch)
    assert spool.call_ids() == {"three"}
    assert spool.wait_until_written(0, mark)
    assert not spool.wait_until_written(0)


def write_some(folder: Path, records: Sequence[Record], vault: Vault = VAULT) -> None:
    spool = Spool(folder, MB, vault)
    for record in records:
        spool.append(record)
    spool.close()


def test_what_waited_when_the_process_ended_is_there(tmp_path: Path) -> None:
    records = whole_call("one")
    write_some(tmp_path, records[:7])
    write_some(tmp_path, records[7:])
    spool = Spool(tmp_path, MB, VAULT)
    assert spool.waiting_records == len(records)
    assert spool.last_seq() == len(told())
    assert spool.pending("one", 4, 2) == numbered("one", told())[4:6]
    spool.append(records[0])
    assert take_all(spool) == [*records, records[0]]
    spool.close()
    assert files(tmp_path) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_torn_end_takes_the_last_record_alone(tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / uuid4().hex
    records = whole_call("one")[:6]
    write_some(folder, records)
    (path,) = files(folder)
    whole = path.read_bytes()
    ends = [Segment.reopen(path, VAULT).start]
    ends += [entry.end for entry in Segment.reopen(path, VAULT).read(ends[0], 100)]
    cut = data.draw(st.integers(0, len(whole)))
    debris = data.draw(st.sampled_from([b"", bytes(3), bytes(50), whole[ends[0] : ends[1] - 1]]))
    path.write_bytes(whole[:cut] + (debris if cut in ends else b""))
    spool = Spool(folder, MB, VAULT)
    spool.append(records[0])
    assert take_all(spool) == [*records[: sum(end <= cut for end in ends[1:])], records[0]]
    spool.close()


def test_what_is_no_file_of_the_spool_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "000000000001.spool").write_bytes(b"holiday pictures")
    with pytest.raises(StoreError, match="not a file of the spool; move it away"):
        Spool(tmp_path, MB, VAULT)
    assert files(tmp_path)[0].read_bytes() == b"holiday pictures"


def test_another_key_or_switch_is_refused(tmp_path: Path) -> None:
    write_some(tmp_path / "sealed", whole_call("one"))
    with pytest.raises(UnreadableError, match="does not open with this key"):
        Spool(tmp_path / "sealed", MB, Vault(bytes(32)))
    with pytest.raises(StoreError, match=r"expected store\.encrypt = true, as when it was written"):
        Spool(tmp_path / "sealed", MB, Vault(None))
    write_some(tmp_path / "plain", whole_call("one"), Vault(None))
    assert b"marmalade" in files(tmp_path / "plain")[0].read_bytes()
    with pytest.raises(StoreError, match=r"expected store\.encrypt = false, as when it was written"):
        Spool(tmp_path / "plain", MB, VAULT)


def test_a_file_that_is_damaged_or_away_is_named(spool: Spool, tmp_path: Path) -> None:
    spool.append(whole_call("one")[0])
    (path,) = files(tmp_path / "spool")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(UnreadableError, match=r"000000000001\.spool: damaged behind byte"):
        spool.next_batch(1)
    path.rename(tmp_path / "away")
    with pytest.raises(StoreAwayError, match="cannot be read"):
        spool.next_batch(1)
    path.write_bytes(whole)
    assert spool.next_batch(1) is not None


def test_one_process_at_a_time(spool: Spool, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="another process has it"):
        Spool(tmp_path / "spool", MB, VAULT)
    spool.close()
    Spool(tmp_path / "spool", MB, VAULT).close()


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        Spool(tmp_path / "file", MB, VAULT)


def test_a_rejected_record_is_set_aside_sealed(spool: Spool, tmp_path: Path) -> None:
    contents = [pack(record) for record in whole_call("one")[:2]]
    for content in contents:
        assert spool.reject(content)
    kept = files(tmp_path / "spool" / REJECTED)
    found = [Segment.reopen(path, VAULT) for path in kept]
    assert [entry.content for file in found for entry in file.read(file.start, 9)] == contents
    assert spool.waiting_records == 0


def test_rejected_records_are_numbered_on_from_the_highest_and_bounded(tmp_path: Path) -> None:
    folder = tmp_path / REJECTED
    spool = Spool(tmp_path, 20_000, VAULT)
    for _ in range(3):
        assert spool.reject(bytes(100))
    files(folder)[0].unlink()
    assert spool.reject(bytes(100))
    spool.close()
    files(folder)[0].unlink()
    (folder / "mine.spool").write_bytes(b"")
    spool = Spool(tmp_path, 20_000, VAULT)
    assert spool.reject(bytes(100))
    assert [path.stem[-1] for path in files(folder)] == ["3", "4", "5", "e"]
    while spool.reject(bytes(100)):
        assert len(files(folder)) < 20
    assert 1_500 < sum(path.stat().st_size for path in files(folder)) < 2_300
    spool.close()


APPENDS_FOR_EVER = f"""
import itertools, sys
from pathlib import Path
from pipeline.store.spool import Spool
from pipeline.store.vault import Vault
from tests.pipeline.store.stories import final, numbered

spool = Spool(Path(sys.argv[1]), 100_000_000, Vault({MASTER!r}))
for seq in itertools.count(1):
    spool.append(numbered("one", [final(16_000 * seq)], seq)[0])
    print(seq, flush=True)
"""


def test_a_killed_process_loses_nothing_that_was_appended(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", APPENDS_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    said = 0
    while said < 700:
        said = int(process.stdout.readline())
    process.kill()
    said = int([said, *process.stdout.read().split()][-1])
    process.stdout.close()
    assert process.wait() == -9
    spool = Spool(tmp_path, 100_000_000, VAULT)
    found = take_all(spool, 100)
    spool.close()
    # The last one may have been appended and not yet reported.
    assert len(found) in (said, said + 1)
    expected = [EventRecord(seq, "one", OPENED, final(16_000 * seq)) for seq in range(1, len(found) + 1)]
    assert found == expected


def test_numbers_that_were_given_out_are_remembered(tmp_path: Path, spool: Spool) -> None:
    assert spool.reserved_seq() == 0
    spool.reserve_seq(1_001)
    spool.close()
    again = Spool(tmp_path / "spool", MB, VAULT)
    assert again.reserved_seq() == 1_001
    (tmp_path / "spool" / "reserved").write_text("no number")
    assert again.reserved_seq() == 0
    again.close()

"""Files of the spool that the disk changed: what is before the damage goes on, and the file is kept whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.store.errors import UnreadableError
from pipeline.store.packing import pack
from pipeline.store.records import EventRecord
from pipeline.store.rejects import REJECTED
from pipeline.store.segments import Segment
from pipeline.store.spool import Spool
from tests.pipeline.store.stories import whole_call
from tests.pipeline.store.test_spool import MB, VAULT, files, take_all, write_some


def damage(folder: Path) -> bytes:
    """Flip a byte in the middle of the only file; what it was before."""
    (path,) = files(folder)
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    return path.read_bytes()


def test_a_damaged_file_of_a_process_before_is_kept_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, records = tmp_path / "spool", whole_call("one")
    kept: list[bytes] = []
    for _ in range(2):
        write_some(folder, records)
        kept.append(damage(folder))
        caplog.clear()
        spool = Spool(folder, MB, VAULT)
        taken = take_all(spool)
        assert taken == records[: len(taken)]
        assert 0 < len(taken) < len(records)
        assert "damaged behind byte" in caplog.text
        assert "it was set aside" in caplog.text
        spool.close()
    # Both have the same name; neither takes the place of the other.
    found = sorted((folder / REJECTED).rglob("*.spool"))
    assert [path.read_bytes() for path in found] == kept


def test_damaged_files_are_kept_up_to_a_limit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "spool"
    write_some(folder, whole_call("one"))
    damage(folder)
    Spool(folder, 10_000, VAULT).close()
    assert not list((folder / REJECTED).rglob("*.spool"))
    assert "it was dropped, for too much was set aside" in caplog.text


def test_calls_and_events_before_damage_are_found(tmp_path: Path) -> None:
    segment = Segment.create(tmp_path / "000000000001.spool", VAULT)
    strange = VAULT.cipher("other", VAULT.new_key("other"))
    records = whole_call("one")
    events = [record for record in records if isinstance(record, EventRecord)]
    for record in records:
        sealed = segment.seal(pack(record)) if record != events[3] else strange.seal(b"{}", "record").data
        segment.append(sealed, record.seq if isinstance(record, EventRecord) else 0)
    segment.finish()
    spool = Spool(tmp_path, MB, VAULT)
    assert spool.call_ids() == {"one"}
    assert spool.pending("one", 0, 100) == events[:3]
    spool.close()


def test_a_record_that_was_tampered_with_is_named(tmp_path: Path) -> None:
    segment = Segment.create(tmp_path / "000000000001.spool", VAULT)
    segment.append(VAULT.cipher("other", VAULT.new_key("other")).seal(b"{}", "record").data, 0)
    segment.finish()
    spool = Spool(tmp_path, MB, VAULT)
    with pytest.raises(UnreadableError, match=r"000000000001\.spool: record does not open"):
        spool.next_batch(1)
    spool.close()

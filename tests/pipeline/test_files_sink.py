"""Documents are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.formats.call_json import read_call
from pipeline.sinks.files import OutputError, write_document, write_whole
from tests.pipeline.format_strategies import example_call


def test_one_file_a_format(tmp_path: Path) -> None:
    call = example_call()
    paths = write_document(call, tmp_path / "new" / "folder", ("json", "vtt", "rttm"))
    assert [path.name for path in paths] == [f"{call.call_id}.{name}" for name in ("vtt", "rttm", "json")]
    assert read_call(paths[-1]) == call
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(path.name for path in paths)


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_whole(tmp_path / "call.json", "before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"call\.json: cannot be written \(No space left on device\)"):
        write_whole(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_that_is_really_full(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / f".call.json.{os.getpid()}.part").symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left on device"):
        write_whole(folder / "call.json", "text")
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match=r"out/call\.json: cannot be written"):
        write_whole(tmp_path / "out" / "call.json", "text")

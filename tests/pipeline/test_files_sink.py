"""Documents are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.formats.call_json import read_call
from pipeline.sinks.files import OutputError, probe_folder, write_document, write_whole
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


def test_a_probe_makes_the_folder_and_leaves_nothing_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for _ in range(2):
        probe_folder(folder)
        assert list(folder.iterdir()) == []


def test_a_probe_of_a_full_device(tmp_path: Path) -> None:
    (tmp_path / f".wrapup.{os.getpid()}.part").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"results cannot be written there \(No space left on device\)"):
        probe_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("file", r"file: results cannot be written there \(not a folder\)"),
        ("file/out", r"file/out: results cannot be written there \(Not a directory\)"),
        ("x" * 300, r"xx: results cannot be written there \(File name too long\)"),
    ],
)
def test_a_probe_of_what_cannot_be_a_folder(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=message):
        probe_folder(tmp_path / name)


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match=r"out/call\.json: cannot be written"):
        write_whole(tmp_path / "out" / "call.json", "text")

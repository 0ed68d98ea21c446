"""Pulling weights from a hub, a mirror and a folder, all on the loopback or the disk: resume, sums, order."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from filelock import FileLock
from huggingface_hub import constants

from models import sources
from models.download import pull
from models.sources import DownloadError, read_sums
from tests.models.weights_server import (
    CONTENT,
    Place,
    asked,
    on_disk,
    sha256,
    weights,
    write_folder,
)

pytestmark = pytest.mark.usefixtures("weights_folder")


@pytest.mark.parametrize("kind", ["hub", "mirror", "folder"])
def test_a_pull_brings_all_files_and_the_list_of_sums(
    kind: str, hub: Place, mirror: Place, tmp_path: Path, weights_folder: Path
) -> None:
    shared = write_folder(tmp_path / "shared" / "faster-whisper" / "test")
    where = {"hub": hub.address, "mirror": mirror.address, "folder": str(shared.parent.parent)}[kind]
    path = pull(weights(), where)
    assert path == weights_folder / "faster-whisper" / "test"
    assert on_disk(path) == dict(CONTENT)
    assert sorted(item.name for item in path.iterdir()) == ["SHA256SUMS", "config.json", "deep", "model.bin"]
    assert (
        subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=path, check=False).returncode
        == 0
    )


def test_what_is_here_is_not_pulled_again(mirror: Place) -> None:
    path = pull(weights(), mirror.address)
    before = len(mirror.does.requests)
    assert pull(weights(), mirror.address) == path
    assert len(mirror.does.requests) == before


def test_pulled_weights_are_the_mirror_of_the_next_machine(
    mirror: Place, tmp_path: Path, weights_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(weights(), mirror.address)
    monkeypatch.setenv("WRAPUP_WEIGHTS", str(tmp_path / "other"))
    assert on_disk(pull(weights(), str(weights_folder))) == dict(CONTENT)


@pytest.mark.usefixtures("quick")
def test_a_mirror_that_stops_in_the_middle_is_resumed(mirror: Place) -> None:
    mirror.does.cut["faster-whisper/test/model.bin"] = 2
    path = pull(weights(), mirror.address)
    assert on_disk(path) == dict(CONTENT)
    size = len(CONTENT["model.bin"])
    assert asked(mirror, "model.bin") == [None, f"bytes={size // 2}-", f"bytes={size // 2 + size // 4}-"]


@pytest.mark.usefixtures("quick")
def test_a_mirror_that_stalls_in_the_middle_is_resumed(mirror: Place) -> None:
    mirror.does.cut["faster-whisper/test/model.bin"] = 1
    mirror.does.stall_s = 0.7
    assert on_disk(pull(weights(), mirror.address)) == dict(CONTENT)
    assert asked(mirror, "model.bin") == [None, f"bytes={len(CONTENT['model.bin']) // 2}-"]


def test_a_hub_that_stops_in_the_middle_is_resumed(hub: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    hub.does.cut["model.bin"] = 1
    path = pull(weights(), hub.address)
    assert on_disk(path) == dict(CONTENT)
    half = len(CONTENT["model.bin"]) // 2
    assert [wanted for wanted in asked(hub, "model.bin") if wanted] == [f"bytes={half}-"]


@pytest.mark.usefixtures("quick")
def test_the_next_pull_goes_on_where_a_broken_one_stopped(mirror: Place, weights_folder: Path) -> None:
    name = "faster-whisper/test/model.bin"
    data = mirror.does.files[name]
    part = weights_folder / ".partial" / "faster-whisper" / "test" / "model.bin.part"
    mirror.does.status[name] = 503
    with pytest.raises(DownloadError, match=r"answered with 503.*what has come is kept"):
        pull(weights(), mirror.address)
    assert len(asked(mirror, "model.bin")) == sources.TRIES
    part.write_bytes(data[:1000])
    mirror.does.status.clear()
    mirror.does.requests.clear()
    assert on_disk(pull(weights(), mirror.address)) == dict(CONTENT)
    assert asked(mirror, "model.bin") == ["bytes=1000-"]
    assert asked(mirror, "config.json") == []
    assert not part.exists()


@pytest.mark.usefixtures("quick")
def test_a_mirror_without_ranges_starts_again(mirror: Place, weights_folder: Path) -> None:
    part = weights_folder / ".partial" / "faster-whisper" / "test" / "model.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"junk")
    mirror.does.ranges = False
    assert on_disk(pull(weights(), mirror.address)) == dict(CONTENT)


@pytest.mark.usefixtures("quick")
def test_a_part_longer_than_the_file_is_thrown_away(mirror: Place, weights_folder: Path) -> None:
    part = weights_folder / ".partial" / "faster-whisper" / "test" / "config.json.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    assert on_disk(pull(weights(), mirror.address)) == dict(CONTENT)


def test_a_damaged_part_costs_one_more_download(mirror: Place, weights_folder: Path) -> None:
    part = weights_folder / ".partial" / "faster-whisper" / "test" / "model.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"junk")
    assert on_disk(pull(weights(), mirror.address)) == dict(CONTENT)
    assert asked(mirror, "model.bin") == ["bytes=4-", None]


@pytest.mark.parametrize("kind", ["hub", "mirror", "folder"])
def test_a_wrong_checksum_is_tried_once_more_and_nothing_is_kept(
    kind: str, hub: Place, mirror: Place, tmp_path: Path, weights_folder: Path
) -> None:
    shared = write_folder(tmp_path / "shared", model=b"tampered with")
    mirror.does.files["faster-whisper/test/model.bin"] = b"tampered with"
    hub.does.hub_sums["model.bin"] = sha256(b"something else")
    where = {"hub": hub.address, "mirror": mirror.address, "folder": str(shared)}[kind]
    with pytest.raises(DownloadError, match=r"model\.bin .* twice with a wrong checksum and was deleted"):
        pull(weights(), where)
    assert not [*weights_folder.rglob("model.bin"), *weights_folder.rglob("model.bin.part")]
    assert not (weights_folder / "faster-whisper").exists()
    if kind == "mirror":
        assert asked(mirror, "model.bin") == [None, None]


def test_the_catalogue_has_the_last_word_on_a_sum(mirror: Place, tmp_path: Path) -> None:
    pinned = weights(sha256={"model.bin": sha256(b"the real one")})
    with pytest.raises(DownloadError, match="not that of Wrapup's catalogue"):
        pull(pinned, mirror.address)
    assert asked(mirror, "model.bin") == []


def test_a_file_without_any_sum_is_not_taken(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "shared")
    (root / "SHA256SUMS").unlink()
    with pytest.raises(DownloadError, match=r"no checksum there for config.json, deep/plda.npz.*SHA256SUMS"):
        pull(weights(sha256={"model.bin": sha256(CONTENT["model.bin"])}), str(root))


def test_a_slow_server_is_waited_for(mirror: Place) -> None:
    mirror.does.pause_s = 0.1
    assert on_disk(pull(weights(), mirror.address)) == dict(CONTENT)


def test_a_list_of_sums_that_is_no_text(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "shared")
    (root / "SHA256SUMS").write_bytes(b"\xff\xfe")
    with pytest.raises(DownloadError, match=r"cannot read .*SHA256SUMS"):
        pull(weights(), str(root))


def test_two_pulls_at_once(mirror: Place, weights_folder: Path) -> None:
    lock = weights_folder / ".partial" / "faster-whisper" / "test.lock"
    lock.parent.mkdir(parents=True)
    with FileLock(lock), pytest.raises(DownloadError, match="another pull of faster-whisper:test is running"):
        pull(weights(), mirror.address)


def test_a_damaged_target_is_replaced(mirror: Place, weights_folder: Path) -> None:
    target = weights_folder / "faster-whisper" / "test"
    target.mkdir(parents=True)
    (target / "model.bin").write_bytes(b"half")
    assert on_disk(pull(weights(), mirror.address)) == dict(CONTENT)


def test_progress_counts_the_bytes_of_each_file(mirror: Place) -> None:
    seen: dict[str, tuple[int, int | None]] = {}
    pull(weights(), mirror.address, lambda name, done, total: seen.update({name: (done, total)}))
    assert seen == {name: (len(data), len(data)) for name, data in CONTENT.items()}


def test_sums_are_read_as_sha256sum_writes_them() -> None:
    one, two = "A" * 64, "b" * 64
    read = read_sums(f"# note\n\n{one}  ./a b.bin\n{two} *c/d.npz\n", "here")
    assert {name: value.digest for name, value in read.items()} == {"a b.bin": "a" * 64, "c/d.npz": two}


def test_a_line_that_is_no_sum_is_named() -> None:
    with pytest.raises(DownloadError, match="list, line 2: expected a SHA-256"):
        read_sums(f"{'a' * 64}  x\n<html>\n", "list")

"""Pulling weights from a hub, a mirror and a folder, all on the loopback or the disk."""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from filelock import FileLock
from huggingface_hub import constants

from models import sources
from models.catalogue import Weights
from models.download import pull
from models.sources import DownloadError, open_hub, open_mirror, read_sums
from tests.models.weights_server import CONTENT, Behaviour, serve, sha256, sums_text, weights

SECRET = "hf_thisMustNotShow"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WRAPUP_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_TOKEN", SECRET)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return tmp_path / "weights"


class Place(NamedTuple):
    """A running server, what it does, and its address as `--from` takes it."""

    does: Behaviour
    address: str


@pytest.fixture
def mirror() -> Iterator[Place]:
    files = {f"faster-whisper/test/{name}": data for name, data in CONTENT.items()}
    files["faster-whisper/test/SHA256SUMS"] = sums_text(dict(CONTENT)).encode()
    does = Behaviour(files)
    with serve(does) as address:
        yield Place(does, address)


@pytest.fixture
def hub() -> Iterator[Place]:
    does = Behaviour(dict(CONTENT))
    with serve(does) as address:
        yield Place(does, address)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_quickly(row: Weights, url: str) -> Any:
        return open_mirror(row, url, timeout_s=0.5, pause_s=0.0)

    monkeypatch.setattr(sources, "open_mirror", open_quickly)


def on_disk(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in CONTENT}


def asked(place: Place, name: str) -> list[str | None]:
    return [wanted for command, path, wanted, _ in place.does.requests if command == "GET" and name in path]


@pytest.mark.parametrize("kind", ["hub", "mirror", "folder"])
def test_a_pull_brings_all_files_and_the_list_of_sums(
    kind: str, hub: Place, mirror: Place, tmp_path: Path, folder: Path
) -> None:
    shared = write_folder(tmp_path / "shared" / "faster-whisper" / "test")
    where = {"hub": hub.address, "mirror": mirror.address, "folder": str(shared.parent.parent)}[kind]
    path = pull(weights(), where)
    assert path == folder / "faster-whisper" / "test"
    assert on_disk(path) == dict(CONTENT)
    assert sorted(item.name for item in path.iterdir()) == ["SHA256SUMS", "config.json", "deep", "model.bin"]
    assert (
        subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=path, check=False).returncode
        == 0
    )


def write_folder(root: Path, **changes: bytes) -> Path:
    for name, data in CONTENT.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(changes.get(Path(name).stem, data))
    (root / "SHA256SUMS").write_text("# made for a test\n" + sums_text(dict(CONTENT)))
    return root


def test_what_is_here_is_not_pulled_again(mirror: Place) -> None:
    path = pull(weights(), mirror.address)
    before = len(mirror.does.requests)
    assert pull(weights(), mirror.address) == path
    assert len(mirror.does.requests) == before


def test_pulled_weights_are_the_mirror_of_the_next_machine(
    mirror: Place, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(weights(), mirror.address)
    monkeypatch.setenv("WRAPUP_WEIGHTS", str(tmp_path / "other"))
    assert on_disk(pull(weights(), str(folder))) == dict(CONTENT)


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
def test_the_next_pull_goes_on_where_a_broken_one_stopped(mirror: Place, folder: Path) -> None:
    name = "faster-whisper/test/model.bin"
    data = mirror.does.files[name]
    part = folder / ".partial" / "faster-whisper" / "test" / "model.bin.part"
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
def test_a_mirror_without_ranges_starts_again(mirror: Place, folder: Path) -> None:
    part = folder / ".partial" / "faster-whisper" / "test" / "model.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"junk")
    mirror.does.ranges = False
    assert on_disk(pull(weights(), mirror.address)) == dict(CONTENT)


@pytest.mark.usefixtures("quick")
def test_a_part_longer_than_the_file_is_thrown_away(mirror: Place, folder: Path) -> None:
    part = folder / ".partial" / "faster-whisper" / "test" / "config.json.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    assert on_disk(pull(weights(), mirror.address)) == dict(CONTENT)


def test_a_damaged_part_costs_one_more_download(mirror: Place, folder: Path) -> None:
    part = folder / ".partial" / "faster-whisper" / "test" / "model.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"junk")
    assert on_disk(pull(weights(), mirror.address)) == dict(CONTENT)
    assert asked(mirror, "model.bin") == ["bytes=4-", None]


@pytest.mark.parametrize("kind", ["hub", "mirror", "folder"])
def test_a_wrong_checksum_is_tried_once_more_and_nothing_is_kept(
    kind: str, hub: Place, mirror: Place, tmp_path: Path, folder: Path
) -> None:
    shared = write_folder(tmp_path / "shared", model=b"tampered with")
    mirror.does.files["faster-whisper/test/model.bin"] = b"tampered with"
    hub.does.hub_sums["model.bin"] = sha256(b"something else")
    where = {"hub": hub.address, "mirror": mirror.address, "folder": str(shared)}[kind]
    with pytest.raises(DownloadError, match=r"model\.bin .* twice with a wrong checksum and was deleted"):
        pull(weights(), where)
    assert not [*folder.rglob("model.bin"), *folder.rglob("model.bin.part")]
    assert not (folder / "faster-whisper").exists()
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


@pytest.mark.parametrize("status", [401, 403])
def test_gated_weights_say_what_to_do_and_show_no_token(hub: Place, status: int) -> None:
    hub.does.status |= dict.fromkeys(CONTENT, status)
    with pytest.raises(
        DownloadError, match=r"gated and the token .* not let in: accept .*HF_TOKEN"
    ) as caught:
        pull(weights(gated=True), hub.address)
    assert f"{hub.address}/someone/test" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert f"Bearer {SECRET}" in {sent for *_, sent in hub.does.requests}


@pytest.fixture
def stored_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / "token").write_text(SECRET)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))


@pytest.mark.usefixtures("stored_token")
def test_a_stored_token_goes_to_the_hub_alone(hub: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, hub.address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", hub.address)
    assert on_disk(pull(weights())) == dict(CONTENT)
    assert {sent for *_, sent in hub.does.requests} == {f"Bearer {SECRET}"}


@pytest.mark.usefixtures("stored_token")
def test_gated_weights_without_a_token_say_so(hub: Place) -> None:
    hub.does.status |= dict.fromkeys(CONTENT, 401)
    with pytest.raises(DownloadError, match="gated and no token was found"):
        pull(weights(gated=True), hub.address)
    assert {sent for *_, sent in hub.does.requests} == {None}


def test_a_token_is_never_sent_to_a_plain_mirror(mirror: Place) -> None:
    pull(weights(), mirror.address)
    assert {sent for *_, sent in mirror.does.requests} == {None}


@pytest.mark.parametrize(
    ("status", "said"), [(403, "may not be read"), (404, "not there"), (429, "with 429")]
)
def test_a_refusing_mirror_is_one_clear_error(mirror: Place, status: int, said: str) -> None:
    mirror.does.status["faster-whisper/test/model.bin"] = status
    with pytest.raises(DownloadError, match=said):
        pull(weights(), mirror.address)


@pytest.mark.parametrize(("status", "said"), [(403, "may not be read"), (500, "cannot reach")])
def test_a_refused_list_is_one_clear_error(mirror: Place, status: int, said: str) -> None:
    mirror.does.status["faster-whisper/test/SHA256SUMS"] = status
    with pytest.raises(DownloadError, match=said):
        pull(weights(), mirror.address)


def test_an_address_that_is_neither_mirror_nor_hub(mirror: Place) -> None:
    with pytest.raises(DownloadError, match=r"no faster-whisper/other/SHA256SUMS, and as a hub: .*404"):
        pull(weights(name="faster-whisper:other", repository="someone/other"), mirror.address)


def test_a_hub_without_a_file(hub: Place) -> None:
    hub.does.status["model.bin"] = 404
    with pytest.raises(DownloadError, match=r"someone/test .* is not there"):
        pull(weights(), hub.address)


@pytest.mark.usefixtures("quick")
def test_no_network_says_what_else_there_is() -> None:
    with serve(Behaviour()) as address:
        pass
    with pytest.raises(DownloadError, match=r"cannot reach .*--from"):
        pull(weights(), address)
    with pytest.raises(DownloadError, match=r"cannot reach .*--from"):
        open_hub(weights(), endpoint=address)


def test_an_offline_hub_names_the_switch(hub: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match="HF_HUB_OFFLINE is set"):
        open_hub(weights(), endpoint=hub.address)


def test_a_server_that_speaks_otherwise(hub: Place) -> None:
    hub.does.info = b"<html>"
    with pytest.raises(DownloadError, match="cannot reach"):
        open_hub(weights(), endpoint=hub.address)


@pytest.mark.usefixtures("quick")
def test_a_server_that_says_nothing_is_given_up(mirror: Place) -> None:
    mirror.does.pause_s = 1.0
    with pytest.raises(DownloadError, match="cannot reach"):
        pull(weights(), mirror.address)


def test_a_slow_server_is_waited_for(mirror: Place) -> None:
    mirror.does.pause_s = 0.1
    assert on_disk(pull(weights(), mirror.address)) == dict(CONTENT)


def test_a_disk_without_room_is_told_before_the_download(
    mirror: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(1000))
    with pytest.raises(
        DownloadError, match=r"needs 68 MB .* 0 MB are free: make room, or set WRAPUP_WEIGHTS"
    ):
        pull(weights(), mirror.address)
    assert asked(mirror, "model.bin") == []


class _Usage(NamedTuple):
    free: int


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_disk_that_fills_up_is_one_clear_error(mirror: Place, folder: Path) -> None:
    part = folder / ".partial" / "faster-whisper" / "test" / "model.bin.part"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    with pytest.raises(DownloadError, match=r"no room left in .*weights: make room"):
        pull(weights(), mirror.address)


def test_a_disk_that_fills_up_under_the_hubs_library(hub: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", fail)
    with pytest.raises(DownloadError, match="no room left in"):
        pull(weights(), hub.address)


def test_a_list_of_sums_that_is_no_text(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "shared")
    (root / "SHA256SUMS").write_bytes(b"\xff\xfe")
    with pytest.raises(DownloadError, match=r"cannot read .*SHA256SUMS"):
        pull(weights(), str(root))


def test_a_folder_that_cannot_be_written(mirror: Place, folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match=r"cannot write to .*WRAPUP_WEIGHTS"):
        pull(weights(), mirror.address)


def test_two_pulls_at_once(mirror: Place, folder: Path) -> None:
    lock = folder / ".partial" / "faster-whisper" / "test.lock"
    lock.parent.mkdir(parents=True)
    with FileLock(lock), pytest.raises(DownloadError, match="another pull of faster-whisper:test is running"):
        pull(weights(), mirror.address)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="neither an http"):
        pull(weights(), str(tmp_path / "nowhere"))
    with pytest.raises(DownloadError, match="neither an http"):
        pull(weights(), "ftp://example.invalid/weights")


def test_a_folder_without_one_of_the_files(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "shared")
    (root / "model.bin").unlink()
    with pytest.raises(DownloadError, match=r"cannot read .*model\.bin"):
        pull(weights(), str(root))


def test_a_damaged_target_is_replaced(mirror: Place, folder: Path) -> None:
    target = folder / "faster-whisper" / "test"
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

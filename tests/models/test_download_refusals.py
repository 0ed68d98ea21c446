"""Weights that cannot be had: gates, servers that refuse, no network, no room. One clear line each."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from huggingface_hub import constants

from models.download import pull
from models.sources import DownloadError, open_hub
from tests.models.weights_server import (
    CONTENT,
    SECRET,
    Behaviour,
    Place,
    asked,
    on_disk,
    serve,
    weights,
    write_folder,
)

pytestmark = pytest.mark.usefixtures("weights_folder")


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
def stored_token(weights_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = weights_folder.with_name("token")
    token.write_text(SECRET)
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(token))


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
def test_a_disk_that_fills_up_is_one_clear_error(mirror: Place, weights_folder: Path) -> None:
    part = weights_folder / ".partial" / "faster-whisper" / "test" / "model.bin.part"
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


def test_a_folder_that_cannot_be_written(mirror: Place, weights_folder: Path) -> None:
    weights_folder.write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match=r"cannot write to .*WRAPUP_WEIGHTS"):
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

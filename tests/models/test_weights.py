"""Where weights are looked for, and what counts as there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from huggingface_hub import constants

from models import weights
from models.catalogue import Embedded, Weights, find
from models.errors import MissingWeightsError, UnknownEngineError

TINY = "faster-whisper:tiny.en"


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRAPUP_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


def pulled(name: str) -> Weights:
    row = find(name)
    assert isinstance(row, Weights)
    return row


def fill(folder: Path, name: str) -> Path:
    for file in pulled(name).files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(b"xyz")
    return folder


def cached(name: str, revision: str) -> Path:
    row = pulled(name)
    owner, repository = row.repository.split("/")
    return Path(constants.HF_HUB_CACHE) / f"models--{owner}--{repository}" / "snapshots" / revision


def test_nothing_is_found_on_an_empty_machine() -> None:
    assert weights.find_weights(TINY) is None
    assert {found.place for found in weights.installed()} == {"package"}


@pytest.mark.parametrize("name", [TINY, "pyannote:community-1"])
def test_a_complete_folder_is_found_in_our_own_place(tmp_path: Path, name: str) -> None:
    folder = fill(tmp_path / "weights" / name.replace(":", "/"), name)
    assert weights.find_weights(name) == folder
    found = {item.name: item for item in weights.installed()}[name]
    assert (found.path, found.place, found.size_bytes) == (folder, "wrapup", 3 * len(pulled(name).files))


@pytest.mark.parametrize("harm", ["missing", "empty", "folder"])
def test_an_incomplete_folder_does_not_count(tmp_path: Path, harm: str) -> None:
    folder = fill(tmp_path / "weights" / "faster-whisper" / "tiny.en", TINY)
    (folder / "model.bin").unlink()
    if harm == "empty":
        (folder / "model.bin").touch()
    elif harm == "folder":
        (folder / "model.bin").mkdir()
    assert weights.find_weights(TINY) is None


def test_the_hub_cache_is_the_fall_back() -> None:
    folder = fill(cached(TINY, pulled(TINY).revision), TINY)
    assert weights.find_weights(TINY) == folder
    assert [item.place for item in weights.installed() if item.name == TINY] == ["hub cache"]


def test_what_main_names_in_the_hub_cache_counts_too() -> None:
    folder = fill(cached(TINY, "e" * 40), TINY)
    assert weights.find_weights(TINY) is None
    main = folder.parent.parent / "refs" / "main"
    main.parent.mkdir()
    main.write_text("e" * 40)
    assert weights.find_weights(TINY) == folder


def test_our_own_place_comes_before_the_hub_cache(tmp_path: Path) -> None:
    fill(cached(TINY, pulled(TINY).revision), TINY)
    folder = fill(tmp_path / "weights" / "faster-whisper" / "tiny.en", TINY)
    assert weights.find_weights(TINY) == folder


def test_embedded_weights_lie_in_their_package() -> None:
    for name in ("moonshine:tiny-en", "moonshine:speakers", "silero:v6"):
        row, folder = find(name), weights.find_weights(name)
        assert isinstance(row, Embedded)
        assert folder is not None
        assert all((folder / file).is_file() for file in row.files)


def test_the_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert weights.weights_folder() == tmp_path / "weights"
    monkeypatch.delenv("WRAPUP_WEIGHTS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert weights.weights_folder() == tmp_path / "data" / "wrapup" / "weights"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert weights.weights_folder() == tmp_path / ".local" / "share" / "wrapup" / "weights"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert weights.weights_folder() == tmp_path / "Library" / "Application Support" / "wrapup" / "weights"


def test_missing_weights_name_the_command_that_brings_them() -> None:
    with pytest.raises(MissingWeightsError, match=f"wrapup models pull {TINY}"):
        weights.require_weights(TINY)


def test_an_unknown_name_is_missing_or_an_error() -> None:
    assert weights.find_weights("faster-whisper:none") is None
    with pytest.raises(UnknownEngineError):
        weights.require_weights("faster-whisper:none")


def test_the_version_of_a_package() -> None:
    assert weights.package_version("numpy")
    assert weights.package_version("no-such-package") is None

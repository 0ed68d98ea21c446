"""Fixtures of the tests that pull weights: a folder of their own, a mirror and a hub on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from models import sources
from models.catalogue import Weights
from models.sources import open_mirror
from tests.models.weights_server import (
    CONTENT,
    SECRET,
    Behaviour,
    Place,
    serve,
    sums_text,
)


@pytest.fixture
def weights_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WRAPUP_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_TOKEN", SECRET)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return tmp_path / "weights"


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

"""Guards of the test run: no network, real recordings only where they are."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
REAL_AUDIO = Path(os.environ.get("WRAPUP_REAL_AUDIO", ROOT.parent / "shared" / "data"))


def pytest_report_header() -> str:
    """Say whether the tests on real recordings run."""
    state = "found" if REAL_AUDIO.is_dir() else "not found: tests marked real_audio are left out"
    return f"real recordings: {state}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs the real recordings where they are not."""
    if REAL_AUDIO.is_dir():
        return
    out = [item for item in items if item.get_closest_marker("real_audio")]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


@pytest.fixture
def real_audio() -> Path:
    """The folder of real recordings."""
    return REAL_AUDIO


@pytest.fixture
def sample_calls() -> Path:
    """The folder of sample calls."""
    return ROOT / "sample_calls"


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test reaches the network: only addresses of this machine can be connected to."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    for name in list(os.environ):
        if name == "HF_TOKEN" or name.startswith("WRAPUP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    yield

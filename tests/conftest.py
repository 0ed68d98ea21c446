"""Guards of the test run: no network, real recordings and PostgreSQL only where they are."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.postgres import find_binaries
from tests.services import brokers

ROOT = Path(__file__).parent.parent
REAL_AUDIO = Path(os.environ.get("WRAPUP_REAL_AUDIO", ROOT.parent / "shared" / "data"))

# How long an example takes, or to draw one, says nothing of what is tested, and much of what else the
# machine does.
settings.register_profile("wrapup", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("wrapup")

CLIENTS = ROOT / ".venv-clients"
CHROMIUM = shutil.which("chromium")

NEEDS = {
    "clients": ("clients of other protocols", (CLIENTS / "node_modules").is_dir()),
    "real_audio": ("real recordings", REAL_AUDIO.is_dir()),
    "browser": ("Chromium", CHROMIUM is not None),
    "flite": ("flite", shutil.which("flite") is not None),
    "postgres": ("PostgreSQL", find_binaries() is not None),
    "services": ("Apache Kafka (make kafka)", brokers.is_here()),
}
"""Marker -> what its tests need, and whether it is here."""


def pytest_report_header() -> list[str]:
    """Say which tests run that need something."""
    states = {True: "found", False: "not found: tests marked {} are left out"}
    return [f"{what}: {states[here].format(marker)}" for marker, (what, here) in NEEDS.items()]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests whose needs are not here, and begin with those that take longest to prepare."""
    absent = [marker for marker, (_, here) in NEEDS.items() if not here]
    out = [item for item in items if any(item.get_closest_marker(marker) for marker in absent)]
    config.hook.pytest_deselected(items=out)
    left = set(out)
    kept = [item for item in items if item not in left]
    items[:] = sorted(kept, key=lambda item: item.get_closest_marker("sample_calls") is None)


@pytest.fixture
def real_audio() -> Path:
    """The folder of real recordings."""
    return REAL_AUDIO


@pytest.fixture
def clients_python() -> Path:
    """A Python that has the packages of real clients."""
    return CLIENTS / "bin" / "python"


@pytest.fixture
def clients_node() -> Path:
    """A folder whose node_modules has the packages of real clients."""
    return CLIENTS


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

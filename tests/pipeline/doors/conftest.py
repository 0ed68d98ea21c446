"""Where the real clients of other protocols are: they have environments of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CLIENTS_PYTHON = os.environ.get("WRAPUP_CLIENTS_PYTHON")
CLIENTS_NODE = os.environ.get("WRAPUP_CLIENTS_NODE")


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker."""
    config.addinivalue_line("markers", "clients: runs real clients of other protocols")


@pytest.fixture
def clients_python() -> Path:
    """A Python that has the clients' packages."""
    if CLIENTS_PYTHON is None:
        pytest.skip("WRAPUP_CLIENTS_PYTHON names no Python with the clients' packages")
    return Path(CLIENTS_PYTHON)


@pytest.fixture
def clients_node() -> Path:
    """A folder whose node_modules has the clients' packages."""
    if CLIENTS_NODE is None:
        pytest.skip("WRAPUP_CLIENTS_NODE names no folder with the clients' node_modules")
    return Path(CLIENTS_NODE)

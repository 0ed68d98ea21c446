"""After every test no thread of ours is left."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

PATIENCE_S = 20.0


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Workers and diarizers end with what started them; one that was just told may take a moment."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith("wrapup"):
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), f"{thread.name} is left"

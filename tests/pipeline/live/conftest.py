"""Hubs of tests, whose readers end with the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.live.feed import (
    History,
    Hub,
)


@pytest.fixture(name="readers_end")
def _readers_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The threads of a hub that a test opened end with the test."""
    opened: list[Hub] = []
    make = Hub.__init__

    def remembered(self: Hub, history: History) -> None:
        make(self, history)
        opened.append(self)

    monkeypatch.setattr(Hub, "__init__", remembered)
    yield
    for hub in opened:
        hub._readers.shutdown(wait=False)

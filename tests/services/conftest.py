"""What the tests with real services share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.brokers import Brokers, brokers


@pytest.fixture(scope="session")
def broker() -> Iterator[Brokers]:
    """One broker, for tests that leave it running."""
    with brokers() as running:
        yield running

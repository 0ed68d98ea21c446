"""What the tests with real services share."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest

from tests.services.brokers import Brokers, brokers


@pytest.fixture(scope="session")
def broker() -> Iterator[Brokers]:
    """One broker, for tests that leave it running."""
    with brokers() as running:
        yield running


@pytest.fixture(autouse=True)
def _sockets_are_collected() -> Iterator[None]:
    """kafka-python leaves sockets of connections that failed to the collector, which tells of them later."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()

"""What every test with real services is marked with."""

from __future__ import annotations

import pytest

SERVICES = [
    pytest.mark.services,
    # kafka-python leaves sockets of connections that failed to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

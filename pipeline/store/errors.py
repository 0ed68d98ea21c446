"""What goes wrong with the store. A message is one line and holds no words of a call."""

from __future__ import annotations

from models.errors import WrapupError


class StoreError(WrapupError):
    """The database refused something, or holds something else than was expected."""


class StoreAwayError(StoreError):
    """The database is away, locked or full; another try may pass."""

    retryable = True


class UnreadableError(StoreError):
    """Sealed text that this key does not open: another key, another place, or damage."""


class PartitionLostError(StoreError):
    """Another worker has claimed these partitions since."""

    def __init__(self, partitions: frozenset[int]) -> None:
        numbers = ", ".join(str(one) for one in sorted(partitions))
        super().__init__(f"another worker has the partitions {numbers}")
        self.partitions = partitions


class ReviewConflictError(WrapupError):
    """A review that another one stands against: what it is, and what to do."""


class SpoolFullError(WrapupError):
    """The spool has reached its limit: the database has been away for too long."""

"""The two column types that the tables need beside SQLAlchemy's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator

from pipeline.store.vault import Sealed


class UnsealedError(DontWrapMixin, TypeError):
    """Something else than sealed text was bound to a sealed column: a fault of the caller."""


class NaiveTimeError(DontWrapMixin, TypeError):
    """A time without a zone was bound to a column: a fault of the caller."""


class SealedText(TypeDecorator[Sealed]):
    """Text that only a call's cipher may have written: a str cannot be bound by mistake."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """The bytes of a `Sealed`. Raises `UnsealedError`, a TypeError."""
        if value is None:
            return None
        if not isinstance(value, Sealed):
            raise UnsealedError(f"expected text sealed by a call's cipher, not {type(value).__name__}")
        return value.data

    def process_result_value(self, value: Any, dialect: Dialect) -> Sealed | None:
        """What was bound."""
        return None if value is None else Sealed(bytes(value))


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with its zone; kept in UTC, also by SQLite, which knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC. Raises `NaiveTimeError`, a TypeError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveTimeError("expected a time with a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment, its zone UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

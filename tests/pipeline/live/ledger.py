"""A history that a test writes, and followers of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from pipeline.core.events import AudioGap, CallClosed, Event, Partial
from pipeline.live.feed import (
    Envelope,
    Hub,
)

PATIENCE_S = 30.0
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Ledger:
    """A history that numbers events and publishes them in that order, from any thread."""

    def __init__(self) -> None:
        self.events: list[Envelope] = []
        self.hub: Hub | None = None
        self._reads = 0
        self._was_read = threading.Condition()
        self.before_read: Callable[[], None] = lambda: None
        self.after_read: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def read(self, call_id: str | None, after: int, limit: int) -> Sequence[Envelope]:
        self.before_read()
        with self._lock:
            found = [
                one
                for one in self.events
                if one.id is not None and one.id > after and call_id in (None, one.call_id)
            ][:limit]
        self.after_read()
        with self._was_read:
            self._reads += 1
            self._was_read.notify_all()
        return found

    async def until_read(self, times: int) -> None:
        """Wait until followers have read history so often and wait for more."""
        await asyncio.to_thread(self._wait_for_reads, times)
        await at_the_queue()

    def _wait_for_reads(self, times: int) -> None:
        with self._was_read:
            assert self._was_read.wait_for(lambda: self._reads >= times, PATIENCE_S)

    def write(self, call_id: str, event: Event) -> Envelope:
        with self._lock:
            durable = not isinstance(event, Partial)
            envelope = Envelope(len(self.events) + 1 if durable else None, call_id, AT, event)
            if durable:
                self.events.append(envelope)
            if self.hub is not None:
                self.hub.publish(envelope)
            return envelope


def gap(number: int = 0) -> AudioGap:
    return AudioGap(f"g0-{number}", 0, number, number + 1)


def partial(text: str) -> Partial:
    return Partial(0, 0, 100, "", text)


CLOSED = CallClosed("closed", "hangup", 0, "en")


async def at_the_queue() -> None:
    """Let tasks that wait for nothing but the loop come as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


def anyone(_: Envelope) -> bool:
    return True


def run(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, PATIENCE_S))


async def collected(following: AsyncIterator[Envelope]) -> list[Envelope]:
    return [envelope async for envelope in following]


async def first(following: AsyncIterator[Envelope], count: int) -> list[Envelope]:
    found: list[Envelope] = []
    async with aclosing(following) as open_following:  # type: ignore[type-var]
        async for envelope in open_following:
            found.append(envelope)
            if len(found) == count:
                break
    return found


def ids(envelopes: Sequence[Envelope]) -> list[int | None]:
    return [envelope.id for envelope in envelopes]

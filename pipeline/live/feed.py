"""Events on their way to whoever follows a call: what was, then what comes, without hole or repeat."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from models.errors import WrapupError
from pipeline.core.events import CallClosed, Event
from pipeline.formats.event_json import encode_event

WAITING = 1_000
"""Events that may wait for a follower; one that falls further behind is let go, and resumes from its last."""

PAGE = 500

READ_S = 10.0
"""How long a follower waits for a page of history."""

READERS = 4
"""Threads that read history. They are the feed's own: a database that hangs holds up no call."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event of a call, and the call's site. `id` grows over all calls; an ephemeral event has none."""

    id: int | None
    call_id: str
    at: datetime
    event: Event
    site: str | None = None

    def as_json(self) -> str:
        """What a follower is sent."""
        body: dict[str, Any] = {"id": self.id, "call_id": self.call_id, "at": self.at.isoformat()}
        return json.dumps({**body, "event": encode_event(self.event)})


class History(Protocol):
    """Durable events that were given out before."""

    def read(self, call_id: str | None, after: int, limit: int) -> Sequence[Envelope]:
        """Up to `limit` events with an id over `after`, by id, of one call or of all. Blocks."""
        ...


class FollowerTooSlow(Exception):
    """Too many events wait for a follower."""


class HistoryTooSlow(WrapupError):
    """History was not read within `READ_S`."""

    retryable = True


class HubClosed(Exception):
    """The server is going down: nothing more comes from it."""


Wanted = Callable[[Envelope], bool]
"""Whether a follower is for an event; asked on the event loop, so that it may not block."""


class Follower:
    """One reader of the feed."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.overrun = False
        self.closed = False
        # None wakes a follower that waits when there is nothing more to come.
        self._queue: asyncio.Queue[Envelope | None] = asyncio.Queue()

    def offer(self, envelope: Envelope) -> None:
        """An event came; on the event loop."""
        if self.overrun or not self.wanted(envelope):
            return
        if self._queue.qsize() < WAITING:
            self._queue.put_nowait(envelope)
        else:
            self.overrun = True

    def close(self) -> None:
        """Nothing more comes; on the event loop."""
        self.closed = True
        self._queue.put_nowait(None)

    def waiting(self) -> list[Envelope]:
        """Takes all that waits now."""
        found = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        return [envelope for envelope in found if envelope is not None]

    async def next(self) -> Envelope:
        """The next event. Raises `FollowerTooSlow` or `HubClosed` once those that waited are read."""
        if self.overrun and self._queue.empty():
            raise FollowerTooSlow
        envelope = None if self.closed and self._queue.empty() else await self._queue.get()
        if envelope is None:
            raise HubClosed
        return envelope


class Hub:
    """Gives each event to all who follow. Made on an event loop; `publish` may be called from any thread."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._loop = asyncio.get_running_loop()
        self._followers: set[Follower] = set()
        self._closed = False
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="wrapup-feed")

    def close(self) -> None:
        """End all followers behind what was published, and those that come later; on the event loop."""
        self._closed = True
        for follower in self._followers:
            self._loop.call_soon(follower.close)
        self._readers.shutdown(wait=False)

    async def ask(self, read: Callable[[], T]) -> T:
        """What is read from the store. Raises `HistoryTooSlow`, `HubClosed`, and the errors of `read`."""
        if self._closed:
            raise HubClosed
        try:
            return await asyncio.wait_for(self._loop.run_in_executor(self._readers, read), READ_S)
        except TimeoutError as error:
            raise HistoryTooSlow(f"the store did not answer within {READ_S:.0f} s") from error

    def publish(self, envelope: Envelope) -> None:
        """Give an event out. Durable ones come in the order of their ids."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._spread, envelope)

    def _spread(self, envelope: Envelope) -> None:
        for follower in self._followers:
            # Each in a step of its own: what goes wrong with one is not another's loss.
            self._loop.call_soon(follower.offer, envelope)

    async def follow(self, call_id: str | None, after: int, wanted: Wanted) -> AsyncIterator[Envelope]:
        """Events of a call, or of all calls that are `wanted`, with an id over `after`, then what comes.

        Ends after the `CallClosed` of the one call, at once where `after` is the id of that. Raises
        `FollowerTooSlow`, `HubClosed` when the server goes down, and `HistoryTooSlow`.
        """
        if self._closed:
            raise HubClosed
        follower = Follower(lambda one: call_id in (None, one.call_id) and wanted(one))
        self._followers.add(follower)
        try:
            async for envelope in self._both(follower, call_id, after):
                if envelope.id is None or envelope.id > after:
                    yield envelope
                if call_id is not None and isinstance(envelope.event, CallClosed):
                    return
        finally:
            self._followers.discard(follower)

    async def listen(self, call_id: str) -> AsyncIterator[Envelope]:
        """What comes of a call from now on, up to its `CallClosed`; the store is not asked.

        Raises `FollowerTooSlow`, and `HubClosed` when the server goes down.
        """
        if self._closed:
            raise HubClosed
        follower = Follower(lambda one: one.call_id == call_id)
        self._followers.add(follower)
        try:
            while True:
                envelope = await follower.next()
                yield envelope
                if isinstance(envelope.event, CallClosed):
                    return
        finally:
            self._followers.discard(follower)

    async def _both(self, follower: Follower, call_id: str | None, after: int) -> AsyncIterator[Envelope]:
        """What was, from the event `after` itself on, then what comes."""
        last = after - 1
        while True:
            page = await self.ask(partial(self._history.read, call_id, last, PAGE))
            for envelope in page:
                last = envelope.id or last
                if follower.wanted(envelope):
                    yield envelope
            if len(page) < PAGE:
                break
            if follower.closed:
                raise HubClosed
        for envelope in follower.waiting():
            # What came while history was read is in it, or follows it; partials of that time are stale.
            if envelope.id is not None and envelope.id > last:
                last = envelope.id
                yield envelope
        while True:
            envelope = await follower.next()
            if envelope.id is None or envelope.id > last:
                last = envelope.id or last
                yield envelope

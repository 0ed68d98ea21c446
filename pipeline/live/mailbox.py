"""What one call is given, worked off in order by one thread of a pool at a time.

All calls share the pool, so that no engine and no session ever runs on the event loop. After each round of
items a call goes to the back of the pool's queue: one that is fed fast never keeps the others waiting. Audio
that came in many small messages is heard as one piece, since each piece has its price.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from pipeline.doors.messages import Chunk

HEAR_EVERY_S = 0.064
"""Audio is taken up when this much waits: two windows of voice activity, so a decision is late by no more."""

Item = Callable[[], None]
StreamT = TypeVar("StreamT")


@dataclass(slots=True, eq=False)
class Audio(Generic[StreamT]):
    """An item: chunks of one stream, each right after the one before; `hear` gets them as one."""

    hear: Callable[[StreamT, Chunk], None]
    stream: StreamT
    chunks: list[Chunk]

    def __call__(self) -> None:
        """Hear them."""
        first = self.chunks[0]
        samples = first.samples
        if len(self.chunks) > 1:
            samples = np.concatenate([one.samples for one in self.chunks], axis=1)
        self.hear(self.stream, Chunk(first.channels, samples, first.at))

    @property
    def channels(self) -> tuple[int, ...]:
        """Which channels of the call it is of."""
        return self.chunks[0].channels

    def takes(self, other: Audio[StreamT]) -> bool:
        """Whether what another one holds is the next of this, and was added to it."""
        last, chunk = self.chunks[-1], other.chunks[0]
        due = None if last.at is None else last.at + last.samples.shape[1]
        follows = other.stream is self.stream and chunk.channels == last.channels and chunk.at == due
        if follows:
            self.chunks += other.chunks
        return follows


class Mailbox:
    """Items of one call. `post`, `room` and `waiting_s` may be used from any thread.

    `settle` runs after each round of items. What an item raises goes to `fault`, and the next one is run.
    """

    def __init__(self, pool: Executor, settle: Item, fault: Callable[[Exception], None]) -> None:
        self._pool = pool
        self._settle = settle
        self._fault = fault
        self._items: list[Item] = []
        self._rooms: list[Future[None]] = []
        self._waiting_s = 0.0
        self._due = False
        self._scheduled = False
        self._lock = threading.Lock()

    @property
    def waiting_s(self) -> float:
        """Seconds of audio that wait."""
        return self._waiting_s

    def post(self, item: Item, audio_s: float = 0.0) -> None:
        """An item; one with seconds of audio may wait for more of it."""
        with self._lock:
            if not (isinstance(item, Audio) and self._is_taken(item)):
                self._items.append(item)
            self._waiting_s += audio_s
            self._due = self._due or audio_s == 0.0 or self._waiting_s >= HEAR_EVERY_S
            self._schedule()

    def room(self) -> Future[None]:
        """Done when what waits now has been taken up."""
        room: Future[None] = Future()
        with self._lock:
            self._rooms.append(room)
            self._due = True
            self._schedule()
        return room

    def _is_taken(self, item: Audio[Any]) -> bool:
        """Whether audio was added to what waits of its channels: no channel waits for another, and those of
        one stream may come in turn."""
        for waiting in reversed(self._items):
            if not isinstance(waiting, Audio):
                return False
            if waiting.takes(item):
                return True
            if set(waiting.channels) & set(item.channels):
                return False
        return False

    def _schedule(self) -> None:
        """Have a thread come; under the lock. A pool that was shut down has none left."""
        if self._due and not self._scheduled:
            with contextlib.suppress(RuntimeError):
                self._pool.submit(self._work)
                self._scheduled = True

    def _work(self) -> None:
        with self._lock:
            items, self._items = self._items, []
            rooms, self._rooms = self._rooms, []
            self._waiting_s, self._due = 0.0, False
        for room in rooms:
            if room.set_running_or_notify_cancel():
                room.set_result(None)
        for item in [*items, self._settle]:
            self._run(item)
        with self._lock:
            self._scheduled = False
            self._schedule()

    def _run(self, item: Item) -> None:
        try:
            item()
        except Exception as error:  # noqa: BLE001 - a fault of one call must not leave it open
            self._fault(error)

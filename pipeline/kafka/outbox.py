"""What a gateway writes to the audio topic: in order, from any thread, and never more than it may keep.

While Kafka is away a call's audio waits here for so many seconds. What comes after that is lost: it is
counted, and said to be a gap once there is room again, so that the call goes on in the right place.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from kafka import KafkaProducer
from kafka import errors as faults

from models.types import Samples
from pipeline.doors.messages import Away, Back, Chunk, Ended, Started
from pipeline.kafka.connection import Connection
from pipeline.kafka.records import (
    AUDIO_TOPIC,
    Begun,
    Content,
    Control,
    CutOff,
    Heard,
    Lost,
    Said,
    StreamRecord,
    encode,
)
from pipeline.load import Clock
from pipeline.store.vault import Cipher, Vault

log = logging.getLogger(__name__)

RECORD_S = 0.3
"""Audio of one record: more costs time until it is heard, less costs more records."""
KEEPS_S = 10.0
"""Audio of a call that may wait for Kafka."""
PATIENCE_S = 10.0
"""How long a gateway that stops waits for what it has still to write."""
AGAIN_S = 0.5
REFUSED_S = 30.0
"""For so long after Kafka refused a record it counts as one that takes nothing."""
NEVER = (faults.MessageSizeTooLargeError, faults.AuthorizationError)
"""What another try does not change."""
LEAST_S = 0.01
"""What a record without audio counts for: words alone must not wait without bound either."""
PIECE_S = 0.6
"""Longest piece of a chunk: with what waits to be joined, no record is over a second."""
DELIVERY_MS = 24 * 3600 * 1000
"""How long the client goes on trying: what may wait is bounded here, and order must hold."""


@dataclass(frozen=True, slots=True)
class _Sealer:
    cipher: Cipher
    wrapped: bytes


class Outbox:
    """Records of all calls of one gateway, on their way to Kafka. A context manager; see `write_stream`."""

    def __init__(
        self,
        connection: Connection,
        vault: Vault,
        keeps_s: float = KEEPS_S,
        clock: Clock = time.monotonic,
    ) -> None:
        """Connect. Raises `WrapupError`."""
        self._vault = vault
        self._keeps_s = keeps_s
        self._clock = clock
        self._taken_s = clock()
        self._refused_s = float("-inf")
        self._producer: Any = connection.open(
            KafkaProducer, acks="all", linger_ms=5, delivery_timeout_ms=DELIVERY_MS
        )
        self._queue: queue.Queue[tuple[StreamRecord, _Sealer, float] | None] = queue.Queue()
        self._waiting_s: dict[str, float] = defaultdict(float)
        self._rooms: dict[str, list[Future[None]]] = defaultdict(list)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="wrapup-outbox", daemon=True)
        self._thread.start()

    def __enter__(self) -> Outbox:
        return self

    def __exit__(self, *_: object) -> None:
        """Write what waits, for so long at most."""
        self._queue.put(None)
        self._thread.join(PATIENCE_S)
        self._closed.set()
        self._thread.join(PATIENCE_S)
        self._producer.close(timeout=PATIENCE_S)

    def waiting_s(self, call_id: str) -> float:
        """Seconds of a call's audio that Kafka does not have yet."""
        with self._lock:
            return self._waiting_s.get(call_id, 0.0)

    def has_room(self, call_id: str) -> bool:
        """Whether more of its audio may wait."""
        return self.waiting_s(call_id) < self._keeps_s

    def room(self, call_id: str) -> Future[None]:
        """Done once more of its audio may wait."""
        room: Future[None] = Future()
        with self._lock:
            if self._waiting_s.get(call_id, 0.0) >= self._keeps_s and not self._closed.is_set():
                self._rooms[call_id].append(room)
                return room
        room.set_result(None)
        return room

    @property
    def late_s(self) -> float:
        """For how long Kafka has taken nothing although something waits; 0 where all is well."""
        with self._lock:
            if self._clock() < self._refused_s + REFUSED_S:
                return REFUSED_S
            return self._clock() - self._taken_s if self._waiting_s else 0.0

    def write_stream(self, stream: str, started: Started) -> StreamWriter:
        """A stream of a call begins; `stream` names it, unlike any other of any call."""
        call_id = started.info.call_id
        wrapped = self._vault.new_key(call_id)
        sealer = _Sealer(self._vault.cipher(call_id, wrapped), wrapped)
        return StreamWriter(self, stream, started, partial(self._put, sealer), self._clock)

    def _put(self, sealer: _Sealer, record: StreamRecord, seconds: float) -> None:
        with self._lock:
            if not self._waiting_s:
                self._taken_s = self._clock()
            self._waiting_s[record.call_id] += seconds
        self._queue.put((record, sealer, seconds))

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            record, sealer, seconds = item
            try:
                key, headers, value = encode(record, sealer.cipher, sealer.wrapped)
            except Exception as error:  # noqa: BLE001 - the records of all other calls wait behind it
                log.error("a record of call %s is lost: %s", record.call_id, type(error).__name__)
                self._written(record.call_id, seconds)
                continue
            sent = self._sent(partial(self._producer.send, AUDIO_TOPIC, value, key, headers))
            if sent is not None:
                sent.add_errback(self._refused)
                done = partial(self._written, record.call_id, seconds)
                sent.add_both(lambda _, done=done: done())
            elif self._closed.is_set():
                return
            else:
                self._written(record.call_id, seconds)
        self._producer.flush(timeout=PATIENCE_S)

    def _sent(self, send: Callable[[], Any]) -> Any:
        """The future of a record that the client took; None where it never will, or the gateway stopped."""
        while not self._closed.is_set():
            try:
                return send()
            except faults.KafkaError as error:
                if isinstance(error, NEVER):
                    self._refused(error)
                    return None
                log.warning("a record waits for Kafka: %s", type(error).__name__)
                time.sleep(AGAIN_S)
        return None

    def _refused(self, error: BaseException) -> None:
        """Kafka takes a record never: what is missing is a gap, and new calls had better go elsewhere."""
        log.error("Kafka refuses what calls sent: %s", type(error).__name__)
        self._refused_s = self._clock()

    def _written(self, call_id: str, seconds: float) -> None:
        rooms: list[Future[None]] = []
        with self._lock:
            self._taken_s = self._clock()
            self._waiting_s[call_id] -= seconds
            if self._waiting_s[call_id] < self._keeps_s:
                rooms = self._rooms.pop(call_id, [])
            if self._waiting_s[call_id] < 1e-6:
                del self._waiting_s[call_id]
        for room in rooms:
            if room.set_running_or_notify_cancel():
                room.set_result(None)


class StreamWriter:
    """One stream: its chunks become records of `RECORD_S`. One thread at a time."""

    def __init__(
        self,
        outbox: Outbox,
        stream: str,
        started: Started,
        put: Callable[[StreamRecord, float], None],
        clock: Clock,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        # Time passes in a hold, whether or not anything is sent, where chunks do not say where they are.
        self._passes = not started.placed and not started.stands_still
        self._away: tuple[float, dict[tuple[int, ...], int]] | None = None
        self._first = 0
        self._call_id = started.info.call_id
        self._stream = stream
        self._rate_hz = started.rate_hz
        self._carries = len(started.carries)
        self._put = put
        self._number = 0
        self._next: dict[tuple[int, ...], int] = {}
        self._gathered: dict[tuple[int, ...], Heard] = {}
        self._lost: dict[tuple[int, ...], Lost] = {}
        self._write(Begun(started))

    def hear(self, chunk: Chunk) -> bool:
        """Audio; False where there is no room for it, and it is lost.

        A record has two channels and a second at most, however a client sends.
        """
        pieces = [self._hear(piece) for piece in _pieces(chunk, self._rate_hz)]
        return all(pieces)

    def _hear(self, chunk: Chunk) -> bool:
        if not self._outbox.has_room(self._call_id):
            self.lose(chunk)
            return False
        heard = self._placed(chunk)
        self._tell_lost()
        gathered = self._gathered.pop(chunk.channels, None)
        joined = heard if gathered is None else _joined(gathered, heard)
        if joined is None:
            assert gathered is not None
            self._write(gathered)
            joined = heard
        self._gathered[chunk.channels] = joined
        if joined.samples.shape[1] >= RECORD_S * self._rate_hz:
            self._write(self._gathered.pop(chunk.channels))
        return True

    def lose(self, chunk: Chunk) -> None:
        """Audio that there is no room for."""
        self._flush()
        for piece in _pieces(chunk, self._rate_hz):
            self._lose(self._placed(piece))

    def say(self, control: Control) -> None:
        """A word of the client, after all that it sent before."""
        self._flush()
        if isinstance(control, Away) and self._away is None:
            self._away = self._clock(), {**self._next}
        elif isinstance(control, Back):
            self._pass()
        self._tell_lost()
        self._write(Said(control))

    def end(self, hung_up: bool, flush: bool = False) -> None:
        """The stream is over: hung up, or cut off without a word. `flush`: see `Ended`."""
        self._flush()
        self._tell_lost()
        self._write(Said(Ended(flush)) if hung_up else CutOff())

    def _placed(self, chunk: Chunk) -> Heard:
        at = self._next.get(chunk.channels, self._first) if chunk.at is None else chunk.at
        self._next[chunk.channels] = at + chunk.samples.shape[1]
        return Heard(chunk.channels, self._rate_hz, at, chunk.at is not None, chunk.samples)

    def _pass(self) -> None:
        """A hold is over: what comes next is as much later as it took, unless audio filled that time."""
        away, self._away = self._away, None
        if away is None or not self._passes:
            return
        since_s, places = away
        passed = round((self._clock() - since_s) * self._rate_hz)
        for channels, at in places.items():
            self._next[channels] = max(self._next[channels], at + passed)
        if not self._next:
            self._first += passed

    def _flush(self) -> None:
        for heard in self._gathered.values():
            self._write(heard)
        self._gathered.clear()

    def _lose(self, heard: Heard) -> None:
        count = heard.samples.shape[1]
        before = self._lost.get(heard.channels)
        if before is not None and before.at + before.count == heard.at:
            self._lost[heard.channels] = replace(before, count=before.count + count)
            return
        if before is not None:
            self._write(before)
        self._lost[heard.channels] = Lost(heard.channels, heard.rate_hz, heard.at, heard.placed, count)

    def _tell_lost(self) -> None:
        for lost in self._lost.values():
            self._write(lost)
        self._lost.clear()

    def _write(self, content: Content) -> None:
        seconds = LEAST_S
        if isinstance(content, Heard):
            # Channels that come in turn are no more time than those that come together.
            seconds += content.samples.shape[1] / content.rate_hz * len(content.channels) / self._carries
        self._put(StreamRecord(self._call_id, self._stream, self._number, content), seconds)
        self._number += 1


def _joined(before: Heard, after: Heard) -> Heard | None:
    """Two pieces of audio as one; None where the second is not the next."""
    if before.placed != after.placed or before.at + before.samples.shape[1] != after.at:
        return None
    samples: Samples = np.concatenate([before.samples, after.samples], axis=1)
    return replace(before, samples=samples)


def _pieces(chunk: Chunk, rate_hz: int) -> Iterator[Chunk]:
    """A chunk in pieces of two channels and `PIECE_S` at most."""
    step = max(1, round(PIECE_S * rate_hz))
    for first in range(0, len(chunk.channels), 2):
        channels, samples = chunk.channels[first : first + 2], chunk.samples[first : first + 2]
        for begin in range(0, samples.shape[1], step):
            at = None if chunk.at is None else chunk.at + begin
            yield Chunk(channels, samples[:, begin : begin + step], at)

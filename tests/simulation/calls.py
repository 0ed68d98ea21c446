"""Calls as gateways write them: made by a seed, the same each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from models.types import Role, Samples
from pipeline.doors.messages import Alive, Away, Back, CallInfo, Ended, Flush, Started, Updated
from pipeline.kafka.records import Begun, Content, CutOff, Heard, Lost, Said, StreamRecord
from pipeline.live.absences import Reason

ROLES: tuple[Role, ...] = ("agent", "customer")
RECORD_S = 0.3
NARROW = 0.0
"""Share of calls at 8 kHz: what their resampler's filter remembers is not read again to the last bit."""
STRANGER = "stranger"
"""In the name of a stream that no call takes, for it has other channels."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A record, and when its gateway has it, in seconds since the call began."""

    at_s: float
    record: StreamRecord


@dataclass(frozen=True, slots=True)
class CallScript:
    """All of a call. `kinds` says what is special about it."""

    call_id: str
    sent: tuple[Sent, ...]
    kinds: frozenset[str]


@lru_cache(maxsize=512)
def script(seed: int) -> CallScript:
    """The call of a seed."""
    return _Script(seed).made()


@dataclass
class _Stream:
    """A stream that is being written; `start`: the place of its first audio, at its rate."""

    name: str
    carries: tuple[int, ...]
    placed: bool
    start: int
    number: int = 0
    last_s: float = 0.0


@dataclass
class _Script:
    seed: int
    sent: list[Sent] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    streams: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(f"call {self.seed}")
        self.call_id = f"call-{self.seed}"
        self.rate_hz = 8_000 if self.rng.random() < NARROW else 16_000
        self.duration_s = self.rng.uniform(3.5, 6.5)
        self.audio = _speech(self.seed, self.duration_s, self.rate_hz)
        self.info = CallInfo(self.call_id, ROLES, "ann", "cards", site=self.rng.choice((None, "north")))

    def made(self) -> CallScript:
        """The records of all streams in the order of their moments."""
        if self.rate_hz == 8_000:
            self.kinds.add("8 kHz")
        groups: list[tuple[int, ...]] = [(0, 1)]
        if self.rng.random() < 0.35:
            groups = [(0,), (1,)]
            self.kinds.add("two streams")
        cut_off = self.rng.random() < 0.1
        for carries in groups:
            self._carry(carries, cut_off, len(groups) > 1)
        if self.rng.random() < 0.15:
            self._intrude()
        self.sent.sort(key=lambda one: one.at_s)
        return CallScript(self.call_id, tuple(self.sent), frozenset(self.kinds))

    def _carry(self, carries: tuple[int, ...], cut_off: bool, shared: bool) -> None:
        """Channels of the call from its beginning to its end, on one stream or on two."""
        size = int(RECORD_S * self.rate_hz)
        end = self.audio.shape[1]
        placed = self.rng.random() < 0.7
        returns = self.rng.random() < 0.4
        break_at = self.rng.randrange(size, end - size) if returns else end
        stream = self._begin(carries, placed, 0, 0.0)
        self._play(stream, 0, break_at)
        at_s = break_at / self.rate_hz
        if returns:
            self.kinds.add("returns")
            chance = self.rng.random()
            if shared and chance < 0.5:
                self._write(stream, at_s + 0.01, Said(Ended()))
            elif chance < 0.7:
                self._write(stream, at_s + 0.01, CutOff())
            again = max(0, break_at - self.rng.randrange(4 * size)) if placed else break_at
            stream = self._begin(carries, placed, again, at_s + 0.05)
            self._play(stream, again, end)
            at_s = end / self.rate_hz
        if cut_off:
            self.kinds.add("cut off")
        self._write(stream, at_s + 0.3, CutOff() if cut_off else Said(Ended(self.rng.random() < 0.3)))
        if self.rng.random() < 0.2:
            self._write(stream, at_s + 0.4, Said(Alive()))

    def _begin(self, carries: tuple[int, ...], placed: bool, start: int, at_s: float) -> _Stream:
        self.streams += 1
        stream = _Stream(f"{self.call_id}/{self.streams}", carries, placed, 0 if placed else start)
        self._write(stream, at_s, Begun(Started(self.info, carries, self.rate_hz, placed, may_return=True)))
        return stream

    def _play(self, stream: _Stream, start: int, end: int) -> None:
        """Audio from one place to another in records, with words in between."""
        back_at: int | None = None
        for at, size in self._pieces(start, end):
            at_s = (at + size) / self.rate_hz
            where = (stream.carries, self.rate_hz, at - stream.start, stream.placed)
            if self.rng.random() < 0.04:
                self.kinds.add("lost")
                self._write(stream, at_s, Lost(*where, size))
            elif back_at is None or self.rng.random() < 0.5:
                samples = self.audio[list(stream.carries), at : at + size]
                self._write(stream, at_s, Heard(*where, samples))
            if back_at is not None and at + size >= back_at:
                self._write(stream, at_s + 0.001, Said(Back()))
                back_at = None
            elif back_at is None and self.rng.random() < 0.04:
                self.kinds.add("away")
                reason: Reason = "hold" if self.rng.random() < 0.5 else "pause"
                self._write(stream, at_s + 0.001, Said(Away(reason)))
                back_at = at + size + self.rng.randrange(self.rate_hz)
            else:
                self._speak(stream, at_s + 0.001)
        if back_at is not None:
            self._write(stream, end / self.rate_hz + 0.002, Said(Back()))

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        size = int(RECORD_S * self.rate_hz)
        for at in range(start, end, size):
            yield at, min(size, end - at)

    def _speak(self, stream: _Stream, at_s: float) -> None:
        chance = self.rng.random()
        if chance < 0.03:
            self.kinds.add("transfer")
            self._write(stream, at_s, Said(Updated(self.rng.choice(("bob", "cy")), None)))
        elif chance < 0.08:
            self.kinds.add("flush")
            self._write(stream, at_s, Said(Flush()))
        elif chance < 0.1:
            self._write(stream, at_s, Said(Alive()))

    def _intrude(self) -> None:
        """A stream that cannot be of the call."""
        self.kinds.add("refused")
        at_s = self.rng.uniform(0.5, self.duration_s - 1.0)
        stream = _Stream(f"{self.call_id}/{STRANGER}", (0,), True, 0)
        info = CallInfo(self.call_id, ("unknown",))
        self._write(stream, at_s, Begun(Started(info, (0,), self.rate_hz, True)))
        heard = Heard((0,), self.rate_hz, 0, True, self.audio[:1, : self.rate_hz // 4])
        self._write(stream, at_s + 0.3, heard)
        self._write(stream, at_s + 0.4, CutOff())

    def _write(self, stream: _Stream, at_s: float, content: Content) -> None:
        # What is sent again is sent at once, and yet not before its stream begins.
        stream.last_s = max(at_s, stream.last_s)
        record = StreamRecord(self.call_id, stream.name, stream.number, content)
        self.sent.append(Sent(stream.last_s, record))
        stream.number += 1


def _speech(seed: int, duration_s: float, rate_hz: int) -> Samples:
    """Bursts of noise and silence of two channels, shape (2, n), no two windows alike."""
    rng = np.random.default_rng(seed)
    out = np.zeros((2, int(duration_s * rate_hz)), np.float32)
    for channel in range(2):
        at = int(rng.uniform(0.0, 0.8) * rate_hz)
        while at < out.shape[1]:
            loud, quiet = (int(rng.uniform(0.3, 1.3) * rate_hz) for _ in range(2))
            out[channel, at : at + loud] = rng.uniform(-0.5, 0.5, out[channel, at : at + loud].shape)
            at += loud + quiet
    return out

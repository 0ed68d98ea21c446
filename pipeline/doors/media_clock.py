"""Where on a call's clock each message of a media stream is, by timestamps that jitter, jump and repeat."""

from __future__ import annotations

from bisect import insort
from collections import deque
from dataclasses import dataclass

from models.types import Samples

SNAP_MS = 40
"""A timestamp this near to the end of the audio before is right behind it. Timestamps are rounded, and taken
when a packet comes: what they are off by must neither open holes nor cost audio. One or two lost packets of
20 ms are as near as that; with the next one the hole is seen: no word is ever off by more than this."""

WAIT_MESSAGES = 10
WAIT_MS = 200
"""So much is kept back on a track, at most, for messages that were overtaken."""

RECENT = 64
"""Messages whose numbers are remembered, to know one that comes twice."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a message says of its place: its number in the stream and among those with audio, and milliseconds
    from the start of the stream. None where it does not say."""

    sequence: int | None = None
    chunk: int | None = None
    ms: int | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Samples, shape (n,), and the place of the first on the call's clock, counted at the stream's rate."""

    at: int
    samples: Samples


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    at: int
    chunk: int | None
    samples: Samples


class TrackClock:
    """One track of a stream.

    What comes out is in order, without overlap, and each message is in it once; audio that never came is a
    hole between two places. If the vendor is `ordered`, all that comes is new, however early its timestamp.
    If it is not, what was overtaken is put where it belongs while that is still to come, and else left out.
    """

    def __init__(self, rate_hz: int, ordered: bool) -> None:
        self._rate_hz = rate_hz
        self._ordered = ordered
        self._origin = self._next = 0
        self._last_chunk: int | None = None
        self._waiting: list[_Waiting] = []
        self._recent: deque[Stamp] = deque(maxlen=RECENT)

    def begin(self, at: int) -> None:
        """The stream's start is at this place on the call's clock."""
        self._origin = self._next = at

    def hear(self, stamp: Stamp, samples: Samples) -> list[Placed]:
        """A message of the track, and what is known to be next with it."""
        if stamp != Stamp():
            if stamp in self._recent:
                return []
            self._recent.append(stamp)
        at = self._next if stamp.ms is None else self._origin + stamp.ms * self._rate_hz // 1000
        message = _Waiting(at, stamp.chunk, samples)
        if self._ordered:
            return self._put(message)
        insort(self._waiting, message, key=lambda waiting: waiting.at)
        placed: list[Placed] = []
        while self._waiting and (self._is_due(self._waiting[0]) or self._is_full()):
            placed += self._put(self._waiting.pop(0))
        return placed

    def flush(self) -> list[Placed]:
        """All that was kept back: nothing more comes."""
        waiting, self._waiting = self._waiting, []
        return [placed for message in waiting for placed in self._put(message)]

    def _is_due(self, message: _Waiting) -> bool:
        return message.at <= self._next or self._follows(message)

    def _follows(self, message: _Waiting) -> bool:
        """Whether a message is right behind the last: by its number, even where tracks share the count, or by
        its time."""
        if self._last_chunk is not None and message.chunk == self._last_chunk + 1:
            return True
        near = min(len(message.samples) // 2, self._rate_hz * SNAP_MS // 1000)
        return abs(message.at - self._next) <= near

    def _is_full(self) -> bool:
        last = self._waiting[-1]
        span = last.at + len(last.samples) - self._waiting[0].at
        return len(self._waiting) > WAIT_MESSAGES or span > self._rate_hz * WAIT_MS // 1000

    def _put(self, message: _Waiting) -> list[Placed]:
        at, samples = message.at, message.samples
        late = not self._ordered and at < self._next and not self._follows(message)
        if late:
            samples = samples[self._next - at :]
        elif message.chunk is not None:
            self._last_chunk = message.chunk
        if at - self._next <= self._rate_hz * SNAP_MS // 1000:
            at = self._next
        if not len(samples):
            return []
        self._next = at + len(samples)
        return [Placed(at, samples)]

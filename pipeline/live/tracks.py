"""One channel of a stream on the call's clock: what came twice is left out, what never came is counted.

In between the audio is brought to `RATE_HZ`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.types import RATE_HZ, Samples
from pipeline.resample import Resampler

HOLE_BLOCK_S = 10


@dataclass(frozen=True, slots=True)
class Piece:
    """Audio at `RATE_HZ`, shape (n,), right after the piece before. `lost`: silence for what never came."""

    samples: Samples
    lost: bool = False


class Track:
    """A channel of one stream, from `start_samples` (at `RATE_HZ`) of its call on.

    A stream that does not place its audio may begin before that, at `sent_from`, for the sake of another
    channel that it carries.
    """

    def __init__(self, rate_hz: int, start_samples: int, sent_from: int | None = None) -> None:
        self._rate_hz = rate_hz
        self._resampler = Resampler(rate_hz)
        self._next = _at_rate(start_samples, rate_hz)
        self._old = 0 if sent_from is None else self._next - _at_rate(sent_from, rate_hz)

    def ahead(self, at: int | None) -> int:
        """How many input samples are missing before a chunk at `at`; 0 for one that is on time or old."""
        return 0 if at is None else max(0, at - self._next)

    def place(self, at: int | None) -> int:
        """Where on the call's clock, at `RATE_HZ`, the first fresh sample of a chunk at `at` is."""
        return -(-(self._next + self.ahead(at)) * RATE_HZ // self._rate_hz)

    def push(
        self, samples: Samples, at: int | None, muted: Sequence[tuple[int, int]] = ()
    ) -> Iterator[Piece]:
        """A chunk at the stream's rate, shape (n,), whose first sample has the place `at`.

        `muted`: stretches at `RATE_HZ` of which not even the memory of the resampler's filter may hear any.
        """
        hole = self.ahead(at)
        self._next += hole
        for done in range(0, hole, HOLE_BLOCK_S * self._rate_hz):
            size = min(HOLE_BLOCK_S * self._rate_hz, hole - done)
            yield Piece(self._resampler.push(np.zeros(size, np.float32)), lost=True)
        if at is None:
            old = min(self._old, len(samples))
            self._old -= old
        else:
            old = max(0, self._next - at)
        fresh = self._without(muted, samples[old:])
        self._next += len(fresh)
        if len(fresh):
            yield Piece(self._resampler.push(fresh))

    def end(self) -> Piece:
        """The last samples."""
        return Piece(self._resampler.end())

    def _without(self, muted: Sequence[tuple[int, int]], fresh: Samples) -> Samples:
        """The next samples of the stream, with silence in the stretches."""
        for start, end in muted:
            first = max(0, start * self._rate_hz // RATE_HZ - self._next)
            last = min(len(fresh), _at_rate(end, self._rate_hz) - self._next)
            if first < last:
                fresh = fresh.copy()
                fresh[first:last] = 0.0
        return fresh


def _at_rate(samples: int, rate_hz: int) -> int:
    """The first input sample that is not before this place at `RATE_HZ`."""
    return -(-samples * rate_hz // RATE_HZ)

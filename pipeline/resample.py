"""From any rate to `RATE_HZ`, block by block, with a delay of a millisecond or two.

A polyphase filter with the design of `scipy.signal.resample_poly`: a sinc under a Kaiser window (beta 5.0),
ten zero crossings to each side. The samples are those of `resample_poly` over the whole input and do not
depend on how it was cut.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, upfirdn

from models.types import RATE_HZ, Samples

ZERO_CROSSINGS = 10
KAISER_BETA = 5.0


class Resampler:
    """One channel's way from `rate_hz` to `RATE_HZ`."""

    def __init__(self, rate_hz: int) -> None:
        divisor = gcd(rate_hz, RATE_HZ)
        self._up = RATE_HZ // divisor
        self._down = rate_hz // divisor
        self._half = ZERO_CROSSINGS * max(self._up, self._down)
        self._kept = np.zeros(0, np.float32)
        self._kept_from = 0
        self._heard = 0
        self._given = 0
        self._ended = False

    def push(self, samples: Samples) -> Samples:
        """More input, shape (n,); gives what is complete, shape (m,). Raises `RuntimeError` after `end`."""
        if self._ended:
            raise RuntimeError("samples after the end of a resampler")
        self._heard += len(samples)
        if self._up == self._down:
            self._given = self._heard
            return np.asarray(samples, np.float32)
        self._kept = np.concatenate([self._kept, samples])
        # Output m is centered on position m * down of the input with up - 1 zeros after each sample.
        return self._give((self._heard * self._up - 1 - self._half) // self._down + 1)

    def end(self) -> Samples:
        """The rest, so that all in all there are ceil(heard * up / down) samples; empty the second time."""
        if self._ended or self._up == self._down:
            self._ended = True
            return np.zeros(0, np.float32)
        self._ended = True
        self._kept = np.concatenate([self._kept, np.zeros(self._half // self._up + 1, np.float32)])
        return self._give(-(-self._heard * self._up // self._down))

    def _give(self, until: int) -> Samples:
        """Output samples up to, not including, `until`, and forget input that no later one needs."""
        if until <= self._given:
            return np.zeros(0, np.float32)
        filtered = upfirdn(_taps(self._up, self._down), self._kept, self._up, self._down)
        first = self._given - self._kept_from // self._down * self._up + _lead(self._half, self._down)
        out: Samples = filtered[first : first + until - self._given].astype(np.float32)
        self._given = until
        reach = max(0, -(-(until * self._down - self._half) // self._up))
        # The kept input starts at a multiple of `down`, so that outputs fall on the same filter phases.
        start = reach // self._down * self._down
        if start > self._kept_from:
            self._kept = self._kept[start - self._kept_from :]
            self._kept_from = start
        return out


def _lead(half: int, down: int) -> int:
    """Outputs of the filter before the one that is centered on the first kept sample."""
    return -(-half // down)


@lru_cache
def _taps(up: int, down: int) -> NDArray[np.float32]:
    """The filter, behind as many zeros as bring its center to a multiple of `down`."""
    half = ZERO_CROSSINGS * max(up, down)
    taps = firwin(2 * half + 1, 1.0 / max(up, down), window=("kaiser", KAISER_BETA)) * up
    return np.concatenate([np.zeros(-half % down), taps]).astype(np.float32)

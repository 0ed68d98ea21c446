"""From any rate to `RATE_HZ`, block by block, with a delay of a millisecond or two.

A polyphase filter with the design of `scipy.signal.resample_poly`: a sinc under a Kaiser window (beta 5.0),
ten zero crossings to each side. The samples are those of `resample_poly` over the whole input and do not
depend on how it was cut. (scipy's own is not used: it takes the whole input, and a second to import.)
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from models.types import RATE_HZ, Samples

ZERO_CROSSINGS = 10
KAISER_BETA = 5.0


class Resampler:
    """One channel's way from `rate_hz` to `RATE_HZ`.

    Between each two input samples stand up - 1 zeros; output m is centered on place m * down of that row.
    """

    def __init__(self, rate_hz: int) -> None:
        divisor = gcd(rate_hz, RATE_HZ)
        self._up = RATE_HZ // divisor
        self._down = rate_hz // divisor
        self._half = ZERO_CROSSINGS * max(self._up, self._down)
        self._phases = _phases(self._up, self._down)
        self._width = self._phases.shape[1]
        # Silence before the first sample, so that each output sees a whole window.
        self._kept = np.zeros(self._width - 1, np.float32)
        self._kept_from = 1 - self._width
        self._heard = 0
        self._given = 0
        self._ended = False

    def push(self, samples: Samples) -> Samples:
        """More input, shape (n,); gives what is complete, shape (m,). Raises `RuntimeError` after `end`."""
        if self._ended:
            raise RuntimeError("samples after the end of a resampler")
        if self._up == self._down:
            return np.asarray(samples, np.float32)
        self._heard += len(samples)
        self._kept = np.concatenate([self._kept, samples], dtype=np.float32)
        return self._give((self._heard * self._up - 1 - self._half) // self._down + 1)

    def end(self) -> Samples:
        """The rest, so that all in all there are ceil(heard * up / down) samples; empty the second time."""
        if self._ended or self._up == self._down:
            self._ended = True
            return np.zeros(0, np.float32)
        self._ended = True
        self._kept = np.concatenate([self._kept, np.zeros(self._width, np.float32)])
        return self._give(-(-self._heard * self._up // self._down))

    def _give(self, until: int) -> Samples:
        """Output samples up to, not including, `until`, and forget input that no later one needs."""
        if until <= self._given:
            return np.zeros(0, np.float32)
        out = self._filtered(until) if self._down > 1 else self._raised(until)
        self._given = until
        needed = (until * self._down + self._half) // self._up - self._width + 1
        self._kept = self._kept[max(0, needed - self._kept_from) :]
        self._kept_from = max(needed, self._kept_from)
        return out

    def _filtered(self, until: int) -> Samples:
        """Outputs `given` to `until`, each of a window and a phase of its own."""
        reach = np.arange(self._given, until) * self._down + self._half
        firsts = reach // self._up - self._width + 1 - self._kept_from
        windows = sliding_window_view(self._kept, self._width)[firsts]
        out: Samples = np.einsum("ij,ij->i", windows, self._phases[reach % self._up])
        return out

    def _raised(self, until: int) -> Samples:
        """The same where the rate only grows, as that of telephones does: a phase at a time, which is five
        times as fast. Each output is a dot product of one length, wherever the input was cut."""
        out = np.empty(until - self._given, np.float32)
        for at in range(min(self._up, len(out))):
            reach = self._given + at + self._half
            count = len(out[at :: self._up])
            first = reach // self._up - self._width + 1 - self._kept_from
            window = self._kept[first : first + count + self._width - 1]
            out[at :: self._up] = np.correlate(window, self._phases[reach % self._up], "valid")
        return out


@lru_cache
def _phases(up: int, down: int) -> NDArray[np.float32]:
    """The filter as a row for each of its phases: what a window of input is multiplied with."""
    widest = max(up, down)
    half = ZERO_CROSSINGS * widest
    taps = np.sinc(np.arange(-half, half + 1) / widest) * np.kaiser(2 * half + 1, KAISER_BETA)
    taps *= up / taps.sum()
    width = -(-len(taps) // up)
    rows = np.pad(taps, (0, width * up - len(taps))).reshape(width, up).T
    return np.ascontiguousarray(rows[:, ::-1], np.float32)

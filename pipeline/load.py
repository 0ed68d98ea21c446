"""How busy the workers are and how late texts come, measured all the time: what admission goes by."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable

Clock = Callable[[], float]


class LoadMeter:
    """The share of the workers' time that work took lately, from 0 to 1 (a little more in a burst).

    An exponential mean over about `memory_s`. Safe from several threads.
    """

    def __init__(self, threads: int, clock: Clock, memory_s: float = 3.0) -> None:
        self._threads = threads
        self._clock = clock
        self._memory_s = memory_s
        self._load = 0.0
        self._at_s = clock()
        self._lock = threading.Lock()

    def worked(self, seconds: float) -> None:
        """One thread was busy for `seconds` until now."""
        with self._lock:
            self._fade()
            self._load += seconds / (self._memory_s * self._threads)

    def load(self) -> float:
        """The share now."""
        with self._lock:
            self._fade()
            return self._load

    def _fade(self) -> None:
        now_s = self._clock()
        self._load *= math.exp((self._at_s - now_s) / self._memory_s)
        self._at_s = now_s


class LatencyWindow:
    """Latencies of the last `window_s` seconds. Safe from several threads."""

    def __init__(self, clock: Clock, window_s: float = 10.0) -> None:
        self._clock = clock
        self._window_s = window_s
        self._seen: deque[tuple[float, float]] = deque()
        self._lock = threading.Lock()

    def observe(self, latency_s: float) -> None:
        """A text came out `latency_s` after it was due."""
        with self._lock:
            self._seen.append((self._clock(), latency_s))
            self._forget()

    def p95_s(self) -> float | None:
        """The 95th percentile by nearest rank; None when nothing came lately."""
        with self._lock:
            self._forget()
            latencies = sorted(latency_s for _, latency_s in self._seen)
        if not latencies:
            return None
        return latencies[math.ceil(0.95 * len(latencies)) - 1]

    def _forget(self) -> None:
        oldest_s = self._clock() - self._window_s
        while self._seen and self._seen[0][0] < oldest_s:
            self._seen.popleft()

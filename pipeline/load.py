"""How busy the workers are and how late texts come, measured all the time: what admission goes by."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Sequence

Clock = Callable[[], float]


class LoadMeter:
    """The share of the workers' time that work took lately, from 0 to 1.

    An exponential mean over about `memory_s`, work that goes on included: what a thread does for s seconds
    until now weighs 1 - exp(-s / memory_s). Safe from several threads.
    """

    def __init__(self, threads: int, clock: Clock, memory_s: float = 3.0) -> None:
        self._threads = threads
        self._clock = clock
        self._memory_s = memory_s
        self._load = 0.0
        self._at_s = clock()
        self._busy_since_s: dict[int, float] = {}
        self._lock = threading.Lock()

    def begin(self) -> None:
        """The calling thread is busy from now on."""
        with self._lock:
            self._busy_since_s[threading.get_ident()] = self._clock()

    def end(self) -> float:
        """The calling thread is no more busy; the seconds for which it was."""
        with self._lock:
            seconds = self._clock() - self._busy_since_s.pop(threading.get_ident())
            self._fade()
            self._load += self._weight(seconds)
            return seconds

    def load(self) -> float:
        """The share now."""
        with self._lock:
            self._fade()
            now_s = self._clock()
            return self._load + sum(self._weight(now_s - since_s) for since_s in self._busy_since_s.values())

    def _weight(self, seconds: float) -> float:
        return -math.expm1(-seconds / self._memory_s) / self._threads

    def _fade(self) -> None:
        now_s = self._clock()
        self._load *= math.exp((self._at_s - now_s) / self._memory_s)
        self._at_s = now_s


Ages = Callable[[], Sequence[float]]


class LatencyWindow:
    """Latencies of the last `window_s` seconds, and of what has not come yet. Safe from several threads."""

    def __init__(self, clock: Clock, window_s: float = 10.0, under_way: Ages = tuple) -> None:
        """`under_way`: for how many seconds each text that is due has been waited for."""
        self._clock = clock
        self._window_s = window_s
        self._under_way = under_way
        self._seen: deque[tuple[float, float]] = deque()
        self._lock = threading.Lock()

    def observe(self, latency_s: float) -> None:
        """A text came out `latency_s` after it was due."""
        with self._lock:
            self._seen.append((self._clock(), latency_s))
            self._forget()

    def p95_s(self) -> float | None:
        """The 95th percentile by nearest rank; None when nothing came lately and nothing is due.

        What is waited for counts with its age: it will be as late at least, and stuck engines are seen.
        """
        ages = self._under_way()
        with self._lock:
            self._forget()
            latencies = sorted([*ages, *(latency_s for _, latency_s in self._seen)])
        if not latencies:
            return None
        return latencies[math.ceil(0.95 * len(latencies)) - 1]

    def _forget(self) -> None:
        oldest_s = self._clock() - self._window_s
        while self._seen and self._seen[0][0] < oldest_s:
            self._seen.popleft()

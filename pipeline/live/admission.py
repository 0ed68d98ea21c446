"""Whether one more call can be taken: refused rather than late.

A new call is turned away when texts came later than promised, when the workers have no time to spare, or when
a fixed number of calls is reached. Calls in progress are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.load import LatencyWindow

RETRY_S = 5
"""What a refused client is told to wait: half the window that latency is measured over."""


@dataclass(frozen=True, slots=True)
class AdmissionSettings:
    """`promise_s`: the 95th percentile of the time from the end of an utterance to its text.

    `load`: share of the workers' time. `calls`: at once, None for as many as the machine carries.
    `warm_up_s`: a call counts as not yet felt in the load for this long after it was taken, and only
    `burst` such calls are taken at a time.
    """

    promise_s: float = 1.0
    load: float = 0.85
    calls: int | None = None
    warm_up_s: float = 3.0
    burst: int = 8


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no more calls are taken, and when to ask again."""

    reason: str
    retry_s: int = RETRY_S


class Admission:
    """Decides by what was measured. One thread at a time."""

    def __init__(
        self,
        settings: AdmissionSettings,
        latency: LatencyWindow,
        load: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._latency = latency
        self._load = load
        self._clock = clock
        self._taken_s: list[float] = []

    def judge(self, calls: int) -> Refusal | None:
        """Whether a call more than the `calls` in progress is refused."""
        settings = self._settings
        if settings.calls is not None and calls >= settings.calls:
            return Refusal(f"{calls} calls are in progress, which is all that is configured")
        p95_s = self._latency.p95_s()
        if p95_s is not None and p95_s > settings.promise_s:
            return Refusal(f"texts are {p95_s:.1f} s late; calls in progress come first")
        load = self._load()
        if load > settings.load:
            return Refusal(f"the engines are {min(load, 1.0):.0%} busy; calls in progress come first")
        now_s = self._clock()
        self._taken_s = [at for at in self._taken_s if now_s - at < settings.warm_up_s]
        if len(self._taken_s) >= settings.burst and load > settings.load / 2:
            return Refusal("many calls began just now")
        return None

    def took(self) -> None:
        """A call was taken."""
        self._taken_s.append(self._clock())

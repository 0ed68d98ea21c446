"""Time that passes when a test says so."""

from __future__ import annotations


class VirtualClock:
    """A clock for whatever takes one."""

    def __init__(self, now_s: float = 1_000.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds

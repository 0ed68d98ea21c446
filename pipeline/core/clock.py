"""The media clock: integer samples since the start of the call."""

from __future__ import annotations

from models.types import RATE_HZ

WINDOW_SAMPLES = 512
"""One window of voice activity, 32 ms: the grain of every decision about time."""


def seconds(samples: int) -> float:
    """Samples as seconds: for the edges only."""
    return samples / RATE_HZ


def samples_of_ms(milliseconds: int) -> int:
    """Milliseconds as samples; exact at 16 kHz."""
    return milliseconds * RATE_HZ // 1000


def windows_of_ms(milliseconds: int) -> int:
    """Milliseconds as whole windows, at least one."""
    return max(1, round(samples_of_ms(milliseconds) / WINDOW_SAMPLES))

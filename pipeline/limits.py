"""What a live call and its connections may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a live call may cost, in seconds.

    `idle_s` without any audio ends it; `resume_s` after its last stream was cut off it counts as over;
    `longest_s` is its longest length, `hole_s` the longest stretch that a stream may leave out, `waiting_s`
    the audio that may wait to be heard.
    """

    idle_s: float = 30.0
    resume_s: float = 15.0
    longest_s: float = 4 * 3600.0
    hole_s: float = 3600.0
    waiting_s: float = 10.0


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """`hello_s` until the first message that says what the call is; `ahead_s` of audio beyond `factor` times
    real time is a flood; `messages_per_s` beside those of audio, over bursts of as many, is one too."""

    hello_s: float = 10.0
    factor: float = 20.0
    ahead_s: float = 600.0
    messages_per_s: float = 2_000.0

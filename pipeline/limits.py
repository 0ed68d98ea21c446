"""What a live call and its connections may cost."""

from __future__ import annotations

from dataclasses import dataclass

BURST_S = 2.0
"""Messages of so long may come at once."""


class Bucket:
    """An allowance that comes back at `rate` a second and is never more than `most`."""

    def __init__(self, rate: float, most: float, now_s: float) -> None:
        self._rate = rate
        self._most = most
        self._left = most
        self._last_s = now_s

    def take(self, amount: float, now_s: float) -> bool:
        """Whether so much is allowed now; it is taken then."""
        self._left = min(self._most, self._left + self._rate * (now_s - self._last_s))
        self._last_s = now_s
        if amount > self._left:
            return False
        self._left -= amount
        return True

    def give(self, amount: float) -> None:
        """So much more is allowed, as far as there is room for it."""
        self._left = min(self._most, self._left + amount)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a live call may cost, in seconds.

    `idle_s` without any audio ends it; `resume_s` after its last stream was cut off it counts as over;
    `longest_s` is its longest length, `hole_s` the longest stretch that a stream may leave out, `waiting_s`
    the audio that may wait to be heard, of all its streams. Clients that were ever more than `burst_s` ahead
    of the clock, all streams together, can wait.
    """

    idle_s: float = 30.0
    resume_s: float = 15.0
    longest_s: float = 4 * 3600.0
    hole_s: float = 3600.0
    waiting_s: float = 10.0
    burst_s: float = 5.0


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """`hello_s` until the first message that says what the call is; a burst of more than `ahead_s` of audio
    beyond `factor` times real time is a flood; so are more messages, beside those of audio, than `BURST_S`
    of `messages_per_s`."""

    hello_s: float = 10.0
    factor: float = 20.0
    ahead_s: float = 600.0
    messages_per_s: float = 2_000.0

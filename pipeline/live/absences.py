"""Hold and pause: which stretches of a call's channels nobody may hear, on the call's clock.

A hold is of the channels of the stream that said so. A pause is of all channels of the call, since payment
data is spoken by the customer and asked for by the associate, who may come on different streams; it is over
when every stream that paused has resumed or hung up.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Reason: TypeAlias = Literal["hold", "pause"]
Stretch: TypeAlias = tuple[int, int]
"""From a sample to before another."""

NO_END = sys.maxsize


@dataclass(slots=True)
class Absence:
    """A channel has nothing to hear since `start_samples`.

    `ending`: the stream resumed, and the absence lasts until its next audio. `since_s`: when it began.
    """

    reason: Reason
    start_samples: int
    since_s: float
    ending: bool = False


@dataclass(slots=True)
class Absences:
    """The absences of one call, those that last and those that are over. Knows no clock and no audio.

    Each list has an entry a channel: whether the channel's stream said hold, or pause, and has not come back;
    the absence that it is in; the stretches that are over.
    """

    holding: list[bool]
    pausing: list[bool]
    in_progress: list[Absence | None]
    over: list[list[Stretch]]

    @classmethod
    def new(cls, channels: int) -> Absences:
        """Of a call that begins."""
        return cls([False] * channels, [False] * channels, [None] * channels, [[] for _ in range(channels)])

    def leave(self, carried: Iterable[int], reason: Reason) -> None:
        """The stream of these channels says that nothing is to be heard."""
        for channel in carried:
            (self.pausing if reason == "pause" else self.holding)[channel] = True

    def back(self, carried: Iterable[int]) -> None:
        """The stream of these channels goes on, or hung up."""
        for channel in carried:
            self.pausing[channel] = self.holding[channel] = False

    def wanted(self, channel: int) -> Reason | None:
        """Why a channel is not to be heard now; None where it is."""
        if any(self.pausing):
            return "pause"
        return "hold" if self.holding[channel] else None

    def lasting(self, channel: int) -> Absence | None:
        """The absence that a channel is in; also one that is `ending`."""
        return self.in_progress[channel]

    def begin(self, channel: int, absence: Absence) -> None:
        """A channel is absent from now on."""
        self.in_progress[channel] = absence

    def end(self, channel: int, end_samples: int, needed_from: int) -> None:
        """A channel's absence is over at this place. What ended before `needed_from` never comes again."""
        absence, self.in_progress[channel] = self.in_progress[channel], None
        if absence is not None:
            stretches = [*self.over[channel], (absence.start_samples, end_samples)]
            self.over[channel] = [(start, end) for start, end in stretches if end > max(start, needed_from)]

    def muted(self, channel: int, until_samples: int = NO_END) -> Sequence[Stretch]:
        """What of a channel must not be heard, also where it is sent again; what lasts: `until_samples`."""
        absence = self.in_progress[channel]
        lasting = [] if absence is None else [(absence.start_samples, until_samples)]
        return [*self.over[channel], *lasting]

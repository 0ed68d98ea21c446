"""Hold and pause: which stretches of a call's channels nobody may hear, on the call's clock.

A hold is of the channels of the stream that said so. A pause is of all channels of the call, since payment
data is spoken by the customer and asked for by the associate, who may come on different streams; it is over
when every stream that paused has resumed or hung up.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
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


class Absences:
    """The absences of one call, those that last and those that are over. Knows no clock and no audio."""

    def __init__(self, channels: int) -> None:
        self._holding: set[int] = set()
        self._pausing: set[int] = set()
        self._lasting: dict[int, Absence] = {}
        self._over: list[list[Stretch]] = [[] for _ in range(channels)]

    def leave(self, carried: Collection[int], reason: Reason) -> None:
        """The stream of these channels says that nothing is to be heard."""
        (self._pausing if reason == "pause" else self._holding).update(carried)

    def back(self, carried: Collection[int]) -> None:
        """The stream of these channels goes on, or hung up."""
        self._pausing.difference_update(carried)
        self._holding.difference_update(carried)

    def wanted(self, channel: int) -> Reason | None:
        """Why a channel is not to be heard now; None where it is."""
        if self._pausing:
            return "pause"
        return "hold" if channel in self._holding else None

    def lasting(self, channel: int) -> Absence | None:
        """The absence that a channel is in; also one that is `ending`."""
        return self._lasting.get(channel)

    def begin(self, channel: int, absence: Absence) -> None:
        """A channel is absent from now on."""
        self._lasting[channel] = absence

    def end(self, channel: int, end_samples: int, needed_from: int) -> None:
        """A channel's absence is over at this place. What ended before `needed_from` never comes again."""
        absence = self._lasting.pop(channel)
        stretches = [*self._over[channel], (absence.start_samples, end_samples)]
        self._over[channel] = [(start, end) for start, end in stretches if end > max(start, needed_from)]

    def muted(self, channel: int, until_samples: int = NO_END) -> Sequence[Stretch]:
        """What of a channel must not be heard, also where it is sent again; what lasts: `until_samples`."""
        absence = self._lasting.get(channel)
        lasting = [] if absence is None else [(absence.start_samples, until_samples)]
        return [*self._over[channel], *lasting]

"""Events of many workers in the order of their numbers. Pure: no clock, no thread."""

from __future__ import annotations

from pipeline.live.feed import Envelope


class InOrder:
    """Numbers have no holes, but events come by partition: one that is early waits for those before it."""

    def __init__(self, last: int) -> None:
        """`last`: the number behind which events are wanted."""
        self.last = last
        self._early: dict[int, Envelope] = {}

    @property
    def misses(self) -> bool:
        """Whether events wait for others with lower numbers."""
        return bool(self._early)

    def take(self, envelope: Envelope) -> list[Envelope]:
        """An event came; those that can be told now, in order."""
        number = envelope.id
        if number is None:
            return [envelope]
        if number > self.last:
            self._early[number] = envelope
        return self._next()

    def fill(self, envelopes: list[Envelope]) -> list[Envelope]:
        """Stored events behind `last`, in order: all that there are, so that what is missing among them will
        never come."""
        told: list[Envelope] = []
        for envelope in envelopes:
            number = envelope.id or 0
            if number > self.last:
                self.last = number
                self._early.pop(number, None)
                told.append(envelope)
        self._early = {number: one for number, one in self._early.items() if number > self.last}
        return told + self._next()

    def _next(self) -> list[Envelope]:
        told: list[Envelope] = []
        while self.last + 1 in self._early:
            self.last += 1
            told.append(self._early.pop(self.last))
        return told

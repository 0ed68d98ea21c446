"""What a call that goes on after a restart has to know beside its session, as versioned bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.audio import EarState
from pipeline.core import snapshot
from pipeline.core.events import DurableEvent
from pipeline.core.session import Session
from pipeline.core.snapshot import SnapshotError
from pipeline.live.absences import Absence, Absences

MOST_LEGS = 100
"""More transfers than a call has: what says that there are more is not the call."""


@dataclass(slots=True)
class StreamPlace:
    """A stream that is read from a log: what a call must know of it to go on reading there.

    `base` is added to the places of its audio, at its rate, to have them on the call's clock. `next` is the
    number of the record that comes next. For `may_return` see `Started`. `over`: with a word, where it
    `hung_up`.
    """

    name: str
    carries: tuple[int, ...]
    rate_hz: int
    base: int
    next: int
    may_return: bool
    over: bool = False
    hung_up: bool = False


@dataclass(slots=True)
class LiveState:
    """What streams said of a call: what of it must not be heard, with whom it is, how many legs it had.

    `streams`: those of a call that is read from a log, the ones that are over among them. `ears`: what each
    channel's remembers, None where it has heard nothing.
    """

    absences: Absences
    associate: str | None = None
    queue: str | None = None
    legs: int = 0
    streams: list[StreamPlace] = field(default_factory=list)
    ears: list[EarState | None] = field(default_factory=list)

    @classmethod
    def new(cls, channels: int) -> LiveState:
        """Of a call that begins."""
        return cls(Absences.new(channels))

    def begin_leg(self, associate: str | None, queue: str | None) -> bool:
        """The call is with this associate and queue, None where that stays; whether that is a new leg."""
        names = (associate or self.associate, queue or self.queue)
        if self.legs == MOST_LEGS or (self.legs and names == (self.associate, self.queue)):
            return False
        self.associate, self.queue = names
        self.legs += 1
        return True

    def dump(self, session: Session) -> bytes:
        """This and the session: a line each."""
        return snapshot.dump(self) + b"\n" + session.snapshot()


CLASSES = {one.__name__: one for one in (LiveState, StreamPlace, EarState, Absences, Absence)}


def restored(data: bytes, events: Iterable[DurableEvent]) -> tuple[Session, LiveState]:
    """The session and the state that were dumped; `events`: see `Session.restore`.

    Raises `SnapshotError`.
    """
    head, _, rest = data.partition(b"\n")
    state = snapshot.load(head, CLASSES)
    if not isinstance(state, LiveState):
        raise SnapshotError("not a snapshot of a live call")
    return Session.restore(rest, list(events)), state

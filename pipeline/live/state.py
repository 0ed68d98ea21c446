"""What a call that goes on after a restart has to know beside its session, as versioned bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.core import snapshot
from pipeline.core.events import SpanResolved, UtteranceFinal
from pipeline.core.session import Session
from pipeline.core.snapshot import SnapshotError
from pipeline.live.absences import Absence, Absences

MOST_LEGS = 100
"""More transfers than a call has: what says that there are more is not the call."""


@dataclass(slots=True)
class LiveState:
    """What streams said of a call: what of it must not be heard, with whom it is, how many legs it had."""

    absences: Absences
    associate: str | None = None
    queue: str | None = None
    legs: int = 0

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


CLASSES = {one.__name__: one for one in (LiveState, Absences, Absence)}


def restored(
    data: bytes, finals: Iterable[UtteranceFinal], resolved: Iterable[SpanResolved] = ()
) -> tuple[Session, LiveState]:
    """The session and the state that were dumped; `finals` and `resolved`: see `Session.restore`.

    Raises `SnapshotError`.
    """
    head, _, rest = data.partition(b"\n")
    state = snapshot.load(head, CLASSES)
    if not isinstance(state, LiveState):
        raise SnapshotError("not a snapshot of a live call")
    return Session.restore(rest, list(finals), list(resolved)), state

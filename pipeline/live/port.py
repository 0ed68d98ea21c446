"""A live call as its streams' sockets know it, whether it is heard in this process or elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from pipeline.core.events import EndCode
from pipeline.doors.messages import CallInfo, Chunk, Started, Welcome
from pipeline.live.absences import Reason
from pipeline.live.streams import Stream

HangUp = Callable[[int, str], None]


class Call(Protocol):
    """One call. Any thread may use it; nothing blocks."""

    info: CallInfo
    done: Future[EndCode]
    """How it ended, once all of it is out."""
    due_s: float
    """When `tick` is due."""

    @property
    def is_over(self) -> bool:
        """Whether it has ended; its last events may still be to come."""
        ...

    @property
    def waiting_s(self) -> float:
        """Seconds of audio that wait to be heard."""
        ...

    def room(self) -> Future[None]:
        """Done when more audio may come."""
        ...

    def resume(self) -> None:
        """Go on after a restart."""
        ...

    def open_leg(self, associate: str | None, queue: str | None) -> None:
        """The call is with this associate from here on."""
        ...

    def join(self, started: Started, hang_up: HangUp) -> Future[tuple[Stream, Welcome]]:
        """A stream begins; the future fails with `StreamRefused` where it cannot."""
        ...

    def hear(self, stream: Stream, chunk: Chunk) -> None:
        """Audio of a stream."""
        ...

    def lose(self, stream: Stream, chunk: Chunk) -> None:
        """Audio of a stream that there is no room for."""
        ...

    def away(self, stream: Stream, reason: Reason) -> None:
        """Nothing is to be heard of a stream's channels from here on; in a pause, of none of the call."""
        ...

    def back(self, stream: Stream) -> None:
        """The conversation goes on."""
        ...

    def flush(self, stream: Stream) -> None:
        """What a stream's channels said so far is to be final."""
        ...

    def alive(self, stream: Stream) -> None:
        """A stream without audio is not over."""
        ...

    def leave(self, stream: Stream, hung_up: bool, flush: bool = False) -> None:
        """A stream is over: hung up, or cut off without a word."""
        ...

    def tick(self) -> None:
        """Time passed; to be called once `due_s` is reached."""
        ...

    def end(self, code: EndCode) -> None:
        """End it whoever is still on it."""
        ...

"""What any door makes of its wire protocol, and what the shell tells a door.

A door is a pure codec: messages in, these values out. It knows no socket, no engine and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from models.types import Role, Samples

Direction = Literal["inbound", "outbound"]


@dataclass(frozen=True, slots=True)
class CallInfo:
    """What a stream says of its call. `roles` has one entry a channel of the whole call.

    The names are the contact center's own; None where it gives none. `language` is a BCP 47 tag.
    """

    call_id: str
    roles: tuple[Role, ...]
    associate: str | None = None
    queue: str | None = None
    direction: Direction | None = None
    language: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A stream begins: its call, the channels of the call that it carries, and its rate.

    `placed`: its chunks say where they are, so that audio which is sent again is told from what is new.
    """

    info: CallInfo
    carries: tuple[int, ...]
    rate_hz: int
    placed: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """Audio of channels of the call, shape (len(channels), n), float32 in [-1, 1], at the stream's rate.

    `at` is the place of its first sample on the call's clock, counted at the stream's rate, where the
    protocol states one; else None: right after the chunk before.
    """

    channels: tuple[int, ...]
    samples: Samples
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Away:
    """From here on there is nothing to hear: the customer is on hold, or payment data is spoken."""

    reason: Literal["hold", "pause"]


@dataclass(frozen=True, slots=True)
class Back:
    """The conversation goes on."""


@dataclass(frozen=True, slots=True)
class Updated:
    """The call is with another associate or queue: a transfer."""

    associate: str | None
    queue: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """The stream's part of the call is over: hang-up."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A message for the client."""

    message: str | bytes


@dataclass(frozen=True, slots=True)
class Closing:
    """The socket is to be closed with this code and reason; nothing more is read from it."""

    code: int
    reason: str


Answer: TypeAlias = Reply | Closing
DoorOutput: TypeAlias = Started | Chunk | Away | Back | Updated | Ended | Answer


@dataclass(frozen=True, slots=True)
class Welcome:
    """The shell took the stream; it wants the audio of each carried channel from `from_samples` on.

    Counted at `RATE_HZ`, and the same for all of them, since a stream begins once. On a call that goes on
    after a lost connection this is less than what the client has sent: a client that still has the audio, and
    places it, sends it again from there, and nothing is lost.
    """

    call_id: str
    from_samples: tuple[int, ...]


class Door(Protocol):
    """One connection of one protocol. Each method gives what follows from it, in order."""

    def receive(self, message: str | bytes) -> list[DoorOutput]:
        """A message came. Never raises: what cannot be read gives an answer in the protocol's words."""
        ...

    def welcome(self, welcome: Welcome) -> list[Answer]:
        """The stream was taken."""
        ...

    def refuse(self, code: int, reason: str) -> list[Answer]:
        """The shell does not go on with this stream; `code` is a WebSocket close code."""
        ...

    def closed(self, end_code: str) -> list[Answer]:
        """The call is closed: all its events are out."""
        ...

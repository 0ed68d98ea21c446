"""What any door makes of its wire protocol, and what the shell tells a door.

A door is a pure codec: messages in, these values out. It knows no socket, no engine and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from models.types import Role, Samples
from pipeline.core.events import Event

Direction = Literal["inbound", "outbound"]

NO_HELLO = "no hello came"
NO_AUDIO = "no audio came"
"""Reasons of a refusal for which some protocols have words of their own."""


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
    `stands_still`: in holds and pauses the client's clock goes on only as far as its chunks say.
    `may_return`: the client may stop this stream and begin another of the same call: its stop is no other
    stream's, and a stream after the end of the call begins one more call, with a number behind its id.
    `hang_ms`: silence that ends an utterance of a new call, where the client asks for another than ours.
    `ends_with_socket`: the protocol has no goodbye; a socket that ends, in whatever way, is a hang-up.
    """

    info: CallInfo
    carries: tuple[int, ...]
    rate_hz: int
    placed: bool = False
    stands_still: bool = False
    may_return: bool = False
    hang_ms: int | None = None
    ends_with_socket: bool = False


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
class Flush:
    """What was said so far is to be final now; a `Flushed` event follows once it is."""


@dataclass(frozen=True, slots=True)
class Alive:
    """The client is there, and will send more: its call, or the socket before there is one, is not idle."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The stream's part of the call is over: hang-up.

    `flush`: as with `Flush`, a `Flushed` event is to follow, so that the door need not wait for speakers and
    note. A call that is closed by then has none. `within_s`: after so long the door says goodbye, by
    `closed`, whatever texts are still to come; None for as long as they take.
    """

    flush: bool = False
    within_s: float | None = None


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
Control: TypeAlias = Away | Back | Updated | Flush | Alive | Ended
DoorOutput: TypeAlias = Started | Chunk | Control | Answer


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
    """One connection of one protocol. Each method gives what follows from it, in order.

    Answers are sent in the order in which they were given, those to a message before it is acted upon.
    """

    @property
    def listens(self) -> bool:
        """Whether it wants to be told the events of its call."""
        ...

    def receive(self, message: str | bytes) -> list[DoorOutput]:
        """A message came. Never raises: what cannot be read gives an answer in the protocol's words."""
        ...

    def welcome(self, welcome: Welcome) -> list[Answer]:
        """The stream was taken."""
        ...

    def event(self, event: Event) -> list[Answer]:
        """An event of the call; `CallClosed` is not among them, `closed` says that."""
        ...

    def refuse(self, code: int, reason: str) -> list[Answer]:
        """The shell does not go on with this stream; `code` is a WebSocket close code.

        Without a `Closing` among the answers the client is to close, and its messages are still received.
        """
        ...

    def closed(self, end_code: str) -> list[Answer]:
        """The call is closed: all its events are out. See `refuse` for answers without a `Closing`."""
        ...


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A client's opening request. Names of headers are lower case; `url` is the address as the client has it.

    `at_s` is Unix time. `site`: that of the caller's key, where it has one alone.
    """

    url: str
    headers: Mapping[str, str]
    at_s: float
    site: str | None = None

    @property
    def target(self) -> str:
        """Path and query, as in the request line."""
        parts = urlsplit(self.url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    @property
    def authorization(self) -> tuple[str, str]:
        """Scheme, in lower case, and token of the header of that name (RFC 9110, section 11.6.2)."""
        return authorization(self.headers)

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Names and values of the query, in order."""
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)


def authorization(headers: Mapping[str, str]) -> tuple[str, str]:
    """See `Upgrade.authorization`; empty texts where there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return scheme.lower(), token.strip()


@dataclass(frozen=True, slots=True)
class Denial:
    """An opening request is turned away before there is a socket: an HTTP answer."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Presented:
    """How a client says who it is: an API key in the protocol's own place, or a signature that was right.

    `needs_key`: also on a server without keys, where everybody on this machine may do everything.
    """

    key: str | None = None
    signed: bool = False
    needs_key: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection that may begin, the WebSocket subprotocol that is taken, and headers of the answer.

    `call_id`: that of its call, where it is known already. `greeting`: what the server says first, before the
    client has said anything.
    """

    door: Door
    subprotocol: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    greeting: tuple[Reply, ...] = ()
    call_id: str | None = None


class Gate(Protocol):
    """How clients of one protocol come in: all before there is a socket. One object a server; no socket, no
    clock."""

    path: str
    """Where they connect, as a route: "/v1/listen"."""
    waits: bool
    """Whether a server without room says so on the open socket, by `Door.refuse`, and not by a `Denial`."""

    def present(self, upgrade: Upgrade) -> Presented | Denial:
        """Who the client says it is; a wrong signature is denied."""
        ...

    def open(self, upgrade: Upgrade) -> Opened | Denial:
        """A connection, or why its parameters are none."""
        ...

    def deny(self, status: int, reason: str) -> Denial:
        """The protocol's words for 401 (no such key), 403 and 503 (no room)."""
        ...

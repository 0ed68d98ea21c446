"""The client's side of a protocol, as a pure codec: what to say, when, and what the server's answers mean.

`wrapup stream --protocol` plays recordings with these, and so do the tests of the doors. What moves the bytes
is `pipeline.senders.playing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Message: TypeAlias = str | bytes


@dataclass(frozen=True, slots=True)
class Spoken:
    """A recording: samples of 16 bits, shape (n, channels), and what is known of its call.

    With two channels the first is the agent's, the second the customer's. `secret` is what the protocol's
    clients sign with, `key` the API key.
    """

    call_id: str
    rate_hz: int
    samples: NDArray[np.int16]
    key: str | None = None
    secret: bytes | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def channels(self) -> int:
        """Channels of the recording."""
        return int(self.samples.shape[1])


@dataclass(frozen=True, slots=True)
class Opening:
    """The opening request: path with its query, headers and subprotocols."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    subprotocols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """Messages that are due once `spoken_s` seconds of the recording have been spoken."""

    spoken_s: float
    messages: tuple[Message, ...]


class Sender(Protocol):
    """One recording on its way in one protocol.

    `until_closed`: the server's last word is that it closes the socket.
    """

    until_closed: bool

    @property
    def ready(self) -> bool:
        """Whether audio may be sent."""
        ...

    @property
    def over(self) -> bool:
        """Whether the server has said all, and the socket may be closed."""
        ...

    @property
    def refused(self) -> str | None:
        """Why the server does not take the call, in one line, once it has said so."""
        ...

    def opening(self, origin: str, at_s: float) -> Opening:
        """The opening request to `origin` ("ws://host:port") at this Unix time."""
        ...

    def hello(self) -> list[Message]:
        """What is said first."""
        ...

    def frames(self) -> Iterator[Frame]:
        """The recording, 20 ms at a time."""
        ...

    def goodbye(self) -> list[Message]:
        """What is said behind the last frame."""
        ...

    def answer(self, message: Message) -> list[Message]:
        """What the server said, and what is answered to that."""
        ...

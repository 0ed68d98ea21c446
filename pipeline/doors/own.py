"""Wrapup's own door: one JSON hello, then binary audio and JSON controls, over one WebSocket.

    hello {"type": "hello", "rate_hz": 8000, "encoding": "mulaw", "channels": ["agent", "customer"]}
    audio as binary messages of interleaved samples
    hold, pause, resume, dtmf, update, end as {"type": ...}

`channels` are the roles of the whole call, `carries` the numbers of those that this stream brings (all of
them unless it says so). With `"positions": true` each binary message begins with eight bytes, big endian: the
place of its first sample on the call's clock, counted at `rate_hz`, so that repeated audio is known and lost
audio is seen. The server answers `welcome` with `from_s`, the second from which it wants audio, for each
channel carried; `closed` with the end code when all is done; and one line of `error` before it closes.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal
from unicodedata import category
from urllib.parse import unquote

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from models.types import RATE_HZ, Role, Samples
from pipeline.core.events import Event
from pipeline.doors import g711
from pipeline.doors.messages import (
    Answer,
    Away,
    Back,
    CallInfo,
    Chunk,
    Closing,
    Denial,
    Direction,
    DoorOutput,
    Ended,
    Opened,
    Presented,
    Reply,
    Started,
    Updated,
    Upgrade,
    Welcome,
)

MAX_CHANNELS = 4
POSITION_BYTES = 8
LATEST_POSITION = 2**53
"""Positions are counts of samples; more than this is no place in a call."""

BAD_DATA = 1007
POLICY = 1008
NORMAL = 1000
UNAUTHORIZED = 401

Encoding = Literal["mulaw", "alaw", "l16"]
BYTES_A_SAMPLE: dict[Encoding, int] = {"mulaw": 1, "alaw": 1, "l16": 2}


def _printable(name: str) -> str:
    if any(category(character) == "Cc" for character in name):
        raise ValueError("expected a name without control characters")
    return name


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Hello(_Message):
    """The first message. `l16` is signed, 16 bits, little endian."""

    type: Literal["hello"]
    rate_hz: int = Field(ge=8_000, le=96_000)
    encoding: Encoding
    channels: Annotated[tuple[Role, ...], Field(min_length=1, max_length=MAX_CHANNELS, strict=False)]
    carries: Annotated[tuple[int, ...], Field(min_length=1, strict=False)] | None = None
    positions: bool = False
    associate: Name | None = None
    queue: Name | None = None
    direction: Direction | None = None
    language: Name | None = None
    site: Name | None = None

    @model_validator(mode="after")
    def _carries_are_channels(self) -> Hello:
        carries = self.carries or ()
        if len(set(carries)) != len(carries) or any(not 0 <= one < len(self.channels) for one in carries):
            raise ValueError(f"expected different numbers from 0 to {len(self.channels) - 1} in 'carries'")
        return self


class _Away(_Message):
    type: Literal["hold", "pause"]


class _Plain(_Message):
    type: Literal["resume", "end"]


class _Dtmf(_Message):
    type: Literal["dtmf"]
    digit: Annotated[str, Field(pattern=r"^[0-9A-D*#]$")]


class _Update(_Message):
    type: Literal["update"]
    associate: Name | None = None
    queue: Name | None = None


CONTROLS = ("hold", "pause", "resume", "dtmf", "update", "end")
FIELD = re.compile(r"[A-Za-z_]{1,30}")

_Control = Annotated[_Away | _Plain | _Dtmf | _Update, Field(discriminator="type")]
_CONTROL: TypeAdapter[_Away | _Plain | _Dtmf | _Update] = TypeAdapter(_Control)


CALL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,149}")
NOT_AN_ID = "a call id has up to 150 letters, digits and ._:- and begins with a letter or digit"


class OwnGate:
    """See `Gate`. The call's id is part of the address."""

    path = "/v1/calls/{call_id}/audio"
    waits = False

    def present(self, upgrade: Upgrade) -> Presented:
        """See `Gate`."""
        scheme, token = upgrade.authorization
        return Presented(key=token if scheme == "bearer" else None)

    def open(self, upgrade: Upgrade) -> Opened | Denial:
        """See `Gate`."""
        call_id = unquote(upgrade.target.partition("?")[0].split("/")[-2])
        if CALL_ID.fullmatch(call_id) is None:
            return self.deny(400, NOT_AN_ID)
        return Opened(OwnDoor(call_id), call_id=call_id)

    def deny(self, status: int, reason: str) -> Denial:
        """See `Gate`."""
        if status != UNAUTHORIZED:
            return Denial(status, {"detail": reason})
        detail = "this needs the header 'Authorization: Bearer KEY' with a key that may send"
        return Denial(status, {"detail": detail}, {"WWW-Authenticate": "Bearer"})


class OwnDoor:
    """One connection for the call that its address names. See `Door`."""

    listens = False
    """Events have an address of their own."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._hello: Hello | None = None
        self._over = False
        self._rest = b""

    def event(self, _: Event) -> list[Answer]:
        """See `Door`."""
        return []

    def receive(self, message: str | bytes) -> list[DoorOutput]:
        """See `Door`. After an error or the end nothing is read any more."""
        if self._over:
            return []
        if self._hello is None:
            return self._greet(message)
        if isinstance(message, bytes):
            return self._hear(message, self._hello)
        return self._control(message)

    def welcome(self, welcome: Welcome) -> list[Answer]:
        """See `Door`."""
        from_s = [samples / RATE_HZ for samples in welcome.from_samples]
        return [_reply({"type": "welcome", "call_id": welcome.call_id, "from_s": from_s})]

    def refuse(self, code: int, reason: str) -> list[Answer]:
        """See `Door`."""
        self._over = True
        return [_reply({"type": "error", "message": reason}), Closing(code, reason)]

    def closed(self, end_code: str) -> list[Answer]:
        """See `Door`."""
        self._over = True
        return [_reply({"type": "closed", "code": end_code}), Closing(NORMAL, end_code)]

    def _greet(self, message: str | bytes) -> list[DoorOutput]:
        if isinstance(message, bytes):
            return [*self.refuse(POLICY, "audio before the hello: send the JSON hello first")]
        try:
            hello = Hello.model_validate(_object(message))
        except ValueError as error:
            return [*self.refuse(POLICY, f"hello: {_line(error)}")]
        self._hello = hello
        info = CallInfo(
            call_id=self._call_id,
            roles=hello.channels,
            associate=hello.associate,
            queue=hello.queue,
            direction=hello.direction,
            language=hello.language,
            site=hello.site,
        )
        return [Started(info, self._carries(hello), hello.rate_hz, hello.positions)]

    def _carries(self, hello: Hello) -> tuple[int, ...]:
        return hello.carries or tuple(range(len(hello.channels)))

    def _control(self, message: str) -> list[DoorOutput]:
        try:
            control = _CONTROL.validate_python(_object(message))
        except ValueError as error:
            return [*self.refuse(POLICY, f"control: {_line(error)}")]
        if isinstance(control, _Away):
            return [Away(control.type)]
        if isinstance(control, _Update):
            return [Updated(control.associate, control.queue)]
        if isinstance(control, _Dtmf):
            # Keys are what card numbers are typed with: they are taken, and kept nowhere.
            return []
        if control.type == "resume":
            return [Back()]
        self._over = True
        return [Ended()]

    def _hear(self, data: bytes, hello: Hello) -> list[DoorOutput]:
        carries = self._carries(hello)
        frame = BYTES_A_SAMPLE[hello.encoding] * len(carries)
        at = None
        if hello.positions:
            at = int.from_bytes(data[:POSITION_BYTES], "big")
            if len(data) < POSITION_BYTES or (len(data) - POSITION_BYTES) % frame or at > LATEST_POSITION:
                expected = f"{POSITION_BYTES} bytes of position and whole frames of {frame} bytes"
                return [*self.refuse(BAD_DATA, f"binary message: expected {expected}")]
            data = data[POSITION_BYTES:]
        else:
            data = self._rest + data
            whole = len(data) // frame * frame
            data, self._rest = data[:whole], data[whole:]
        if not data:
            return []
        samples = _decoded(data, hello.encoding).reshape(-1, len(carries)).T
        return [Chunk(carries, np.ascontiguousarray(samples), at)]


def _decoded(data: bytes, encoding: Encoding) -> Samples:
    if encoding == "l16":
        return np.frombuffer(data, "<i2").astype(np.float32) / 32_768.0
    return g711.decode(data, encoding)


def _object(message: str) -> dict[str, Any]:
    try:
        found = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise ValueError("expected a JSON object") from error
    if not isinstance(found, dict):
        raise ValueError("expected a JSON object")
    return found


def _line(error: ValueError) -> str:
    """Which field, and what was expected; never what was sent."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_input=False, include_url=False)[0]
    if first["type"] == "extra_forbidden":
        return f"{_shown(first['loc'][-1])}: no such field"
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return f"type: expected one of {', '.join(CONTROLS)}"
    field = ".".join(str(part) for part in first["loc"])
    expected = first["msg"].removeprefix("Value error, ")
    return f"{field}: {expected}" if field else expected


def _shown(name: int | str) -> str:
    """A field's name that was made up by the client, if it looks like one."""
    return name if isinstance(name, str) and FIELD.fullmatch(name) else "a field"


def _reply(message: dict[str, Any]) -> Reply:
    return Reply(json.dumps(message))

"""Deepgram's live API: what its clients say and hear at /v1/listen. They come here by their URL alone.

    audio as binary messages of any size; KeepAlive, Finalize and CloseStream as {"type": ...}
    Results, SpeechStarted, UtteranceEnd and, at the end, Metadata back

How the audio comes and what is wanted stands in the query (`deepgram_query`), what events are told in
`deepgram_telling`. Audio without an encoding is a WAV stream. Deepgram's codes are kept: NET-0001 where
nothing came for too long, NET-0000 for trouble of the server's own, DATA-0000 for what is no audio.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any
from uuid import uuid4

import numpy as np

from models.errors import ConfigError
from models.types import RATE_HZ, Role, Samples
from pipeline.core.events import Event
from pipeline.doors import g711
from pipeline.doors.deepgram_query import Query, opening_message, read_query
from pipeline.doors.deepgram_telling import Teller, reply
from pipeline.doors.messages import (
    NO_AUDIO,
    NO_HELLO,
    Alive,
    Answer,
    CallInfo,
    Chunk,
    Closing,
    Denial,
    DoorOutput,
    Ended,
    Flush,
    Opened,
    Presented,
    Started,
    Upgrade,
    Welcome,
)
from pipeline.doors.metadata import DoorSettings, FieldName, call_info, name_at
from pipeline.doors.own import CALL_ID
from pipeline.doors.wav import AudioFormat, WavHead

NORMAL = 1000
BAD_DATA = 1007
POLICY = 1008
INTERNAL = 1011
TRY_AGAIN = 1013

FULL = 503
TOO_MANY = 429

AGENTS: Mapping[str, tuple[Role, ...]] = {"0": ("agent", "customer"), "1": ("customer", "agent")}
"""The roles of two channels by the one that the associate speaks on."""

FIELDS: Mapping[FieldName, str] = {
    "associate": "extra.associate",
    "queue": "extra.queue",
    "direction": "extra.direction",
    "language": "query.language",
    "site": "extra.site",
}

ERROR_CODES = {
    400: "INVALID_QUERY_PARAMETER",
    401: "INVALID_AUTH",
    403: "INSUFFICIENT_PERMISSIONS",
    TOO_MANY: "TOO_MANY_REQUESTS",
}

SILENT = "no audio and no KeepAlive came in time"


def _new_id() -> str:
    return str(uuid4())


class DeepgramGate:
    """See `Gate`. All that clients say of their audio and of their call stands in the address."""

    path = "/v1/listen"
    waits = False

    def __init__(self, settings: DoorSettings | None = None, new_id: Callable[[], str] = _new_id) -> None:
        """`new_id` names requests. Raises `ConfigError`."""
        self._settings = settings or DoorSettings()
        self._new_id = new_id
        for one in (self._settings, *self._settings.sites.values()):
            if one.agent not in (None, *AGENTS):
                raise ConfigError("doors.deepgram: agent: expected the channel of the associate, 0 or 1")

    def present(self, upgrade: Upgrade) -> Presented:
        """See `Gate`."""
        scheme, token = upgrade.authorization
        if scheme in ("token", "bearer"):
            return Presented(key=token)
        return Presented(key=_offered(upgrade)[1])

    def open(self, upgrade: Upgrade) -> Opened | Denial:
        """See `Gate`."""
        try:
            query = read_query(upgrade.parameters)
        except ValueError as error:
            return self.deny(400, str(error))
        message = opening_message(upgrade.parameters, query)
        fields = {**FIELDS, **self._settings.fields}
        settings = self._settings.at(upgrade.site or name_at(message, fields["site"]))
        order = Order(
            self._new_id(),
            upgrade.at_s,
            query,
            message,
            settings.agent or "0",
            {**FIELDS, **settings.fields},
        )
        headers = {"dg-request-id": order.request_id}
        return Opened(DeepgramDoor(order), _offered(upgrade)[0], headers, call_id=order.call_id)

    def deny(self, status: int, reason: str) -> Denial:
        """See `Gate`."""
        status = TOO_MANY if status == FULL else status
        request_id = self._new_id()
        body = {
            "err_code": ERROR_CODES.get(status, "ERROR"),
            "err_msg": reason,
            "request_id": request_id,
        }
        # What is no header's value would break the answer.
        header = "".join(letter if " " <= letter <= "~" else "?" for letter in reason)
        return Denial(status, body, {"dg-error": header, "dg-request-id": request_id})


@dataclass(frozen=True, slots=True)
class Order:
    """What an opening request asks for; `message` and `fields` say of which call. `at_s` is Unix time."""

    request_id: str
    at_s: float
    query: Query
    message: Mapping[str, Any]
    agent: str
    fields: Mapping[FieldName, str]

    @property
    def call_id(self) -> str:
        """The client's own name of the call, if it is one."""
        named = str(self.message["extra"].get("call_id", ""))
        return self.request_id if CALL_ID.fullmatch(named) is None else named

    def call(self, channels: int) -> CallInfo:
        """The call, which has so many channels."""
        roles: tuple[Role, ...] = AGENTS[self.agent] if channels == 2 else ("unknown",)
        return call_info(self.call_id, roles, self.message, self.fields)

    def channels(self, audio: AudioFormat) -> int:
        """Channels of the call: those of the audio are one, unless they are wanted each."""
        return audio.channels if self.query.multichannel else 1


class DeepgramDoor:
    """One connection. See `Door`."""

    listens = True

    def __init__(self, order: Order) -> None:
        self._order = order
        self._head = WavHead()
        self._audio = order.query.audio
        self._rest = b""
        self._frames = 0
        self._digest = sha256()
        self._begun = False
        self._over = False
        self._gone = False
        channels = 1 if self._audio is None else order.channels(self._audio)
        self._teller = Teller(order.request_id, order.query, channels)

    def receive(self, message: str | bytes) -> list[DoorOutput]:
        """See `Door`. After an error or the end nothing is read any more."""
        if self._over:
            return []
        if isinstance(message, bytes):
            # An empty message is how the oldest clients say that they are done.
            return self._hear(message) if message else self._end()
        return self._control(message)

    def welcome(self, welcome: Welcome) -> list[Answer]:
        """See `Door`."""
        self._teller.welcome(min(welcome.from_samples, default=0))
        return []

    def event(self, event: Event) -> list[Answer]:
        """See `Door`. A client that is done waits for its last texts alone, and for nothing else."""
        if self._gone:
            return []
        if self._over and self._teller.ends_with(event):
            return [*self._teller.tell(event), *self._bye()]
        return self._teller.tell(event)

    def refuse(self, code: int, reason: str) -> list[Answer]:
        """See `Door`."""
        return [] if self._gone else [*self._teller.rest(), *self._refusal(code, reason)]

    def closed(self, end_code: str) -> list[Answer]:
        """See `Door`."""
        if self._gone:
            return []
        rest = self._teller.rest()
        if end_code == "idle":
            return [*rest, *self._refusal(POLICY, NO_AUDIO)]
        if end_code in ("failed", "shutdown", "interrupted"):
            return [*rest, self._metadata(), *self._refusal(INTERNAL, f"the call ended: {end_code}")]
        return [*rest, *self._bye()]

    def _refusal(self, code: int, reason: str) -> list[Answer]:
        if reason in (NO_AUDIO, NO_HELLO):
            return self._fail(INTERNAL, "NET-0001", SILENT)
        if code in (INTERNAL, TRY_AGAIN):
            return self._fail(INTERNAL, "NET-0000", reason)
        if code == BAD_DATA:
            return self._fail(POLICY, "DATA-0000", reason)
        return self._fail(code, "POLICY", reason)

    def _control(self, message: str) -> list[DoorOutput]:
        match _type(message):
            case "KeepAlive":
                return [*self._begin(), Alive(), *self._overdue()]
            case "Finalize":
                return self._finalize()
            case "CloseStream":
                return self._end()
            case "Configure":
                what = "words and features are the server's own here, and cannot be set by a client"
                code, request_id = "CONFIGURE_KEYTERMS_NOT_SUPPORTED", self._order.request_id
                return [reply("ConfigureFailure", request_id=request_id, code=code, description=what)]
        what = "expected a JSON object with the type KeepAlive, Finalize or CloseStream"
        return [reply("Error", variant="SchemaError", description=what, message=what)]

    def _finalize(self) -> list[DoorOutput]:
        if self._audio is None:
            return [*self._teller.nothing()]
        self._teller.finalize()
        return [*self._begin(), Flush()]

    def _end(self) -> list[DoorOutput]:
        self._over = True
        return [Ended(flush=True)] if self._begun else [*self._bye()]

    def _begin(self) -> list[DoorOutput]:
        """The stream begins with the first message, once it is known how its audio comes."""
        if self._begun or self._audio is None:
            return []
        self._begun = True
        channels = self._order.channels(self._audio)
        info = self._order.call(channels)
        rate_hz, hang_ms = self._audio.rate_hz, self._order.query.hang_ms
        return [Started(info, tuple(range(channels)), rate_hz, hang_ms=hang_ms)]

    def _hear(self, data: bytes) -> list[DoorOutput]:
        self._digest.update(data)
        if self._audio is None:
            try:
                found = self._head.push(data)
            except ValueError as error:
                return [*self._fail(POLICY, "DATA-0000", str(error))]
            if found is None:
                return []
            self._audio, data = found
            channels = self._order.channels(self._audio)
            self._teller = Teller(self._order.request_id, self._order.query, channels)
        begun = self._begin()
        data = self._rest + data
        whole = len(data) // self._audio.frame_bytes * self._audio.frame_bytes
        data, self._rest = data[:whole], data[whole:]
        if not data:
            return begun
        samples = _decoded(data, self._audio)
        if self._order.channels(self._audio) == 1:
            samples = samples.mean(axis=0, keepdims=True)
        self._frames += samples.shape[1]
        chunk = Chunk(tuple(range(len(samples))), np.ascontiguousarray(samples))
        return [*begun, chunk, *self._overdue()]

    def _overdue(self) -> list[Answer]:
        """What is to be told for as much audio as came."""
        rate_hz = RATE_HZ if self._audio is None else self._audio.rate_hz
        return self._teller.receive(self._frames * RATE_HZ // rate_hz)

    def _bye(self) -> list[Answer]:
        self._over = self._gone = True
        return [self._metadata(), Closing(NORMAL, "")]

    def _fail(self, code: int, variant: str, what: str) -> list[Answer]:
        self._over = self._gone = True
        error = reply("Error", variant=variant, description=what, message=what)
        return [error, Closing(code, f"{variant} {what}")]

    def _metadata(self) -> Answer:
        audio, order = self._audio, self._order
        created = datetime.fromtimestamp(order.at_s, UTC).isoformat(timespec="milliseconds")
        return reply(
            "Metadata",
            transaction_key="deprecated",
            request_id=order.request_id,
            sha256=self._digest.hexdigest(),
            created=created.replace("+00:00", "Z"),
            duration=0.0 if audio is None else self._frames / audio.rate_hz,
            channels=1 if audio is None else order.channels(audio),
        )


def _offered(upgrade: Upgrade) -> tuple[str | None, str | None]:
    """The subprotocol that is taken and the key that follows it: browsers have no header for that."""
    names = [name.strip() for name in upgrade.headers.get("sec-websocket-protocol", "").split(",")]
    for scheme, key in pairwise(names):
        if scheme in ("token", "bearer"):
            return scheme, key
    return None, None


def _type(message: str) -> str | None:
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return None
    kind = found.get("type") if isinstance(found, dict) else None
    return kind if isinstance(kind, str) else None


def _decoded(data: bytes, audio: AudioFormat) -> Samples:
    """Whole frames as samples, shape (channels, n)."""
    if audio.encoding == "linear16":
        samples = np.frombuffer(data, "<i2").astype(np.float32) / 32_768.0
    else:
        samples = g711.decode(data, audio.encoding)
    return samples.reshape(-1, audio.channels).T

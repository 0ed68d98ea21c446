"""OpenAI's realtime transcription: what its clients speak on `/v1/realtime`, in its current and beta forms.

    client: session.update, input_audio_buffer.append with audio in base64, .commit, .clear
    server: session.created at once, session.updated, speech_started and speech_stopped, committed,
            conversation.item.added, ...input_audio_transcription.delta, .segment, .completed, .failed, error

A connection is a call with one channel, whose speakers are told apart like those of any mixed recording. It
begins with the first audio and ends with the socket, since the protocol has no goodbye and no way to resume.
Times are those of the call, in milliseconds of audio.

Of what clients may ask for, the server hears English alone, takes any model's name, ends turns by silence
where a model is asked to do so, and leaves noise as it is: `session.updated` says what is in force. What was
appended has been heard: a `clear` is answered, and takes nothing back.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

import numpy as np

from models.types import Role, Samples
from pipeline.core.events import Event
from pipeline.doors import g711
from pipeline.doors.g711 import Law
from pipeline.doors.messages import (
    Alive,
    Answer,
    CallInfo,
    Chunk,
    Closing,
    Denial,
    DoorOutput,
    Flush,
    Opened,
    Presented,
    Reply,
    Started,
    Upgrade,
    Welcome,
)
from pipeline.doors.metadata import FIELD_NAMES, DoorSettings, FieldName, call_info
from pipeline.doors.openai_events import Form, error, nothing_to_commit
from pipeline.doors.openai_items import CommittedItems, DetectedItems, Items
from pipeline.doors.openai_session import (
    ClientEvent,
    Encoding,
    Fault,
    InForce,
    Json,
    changed,
    check_language,
    read_event,
)
from pipeline.doors.own import CALL_ID

MONO: tuple[Role, ...] = ("unknown",)

SUBPROTOCOL = "realtime"
KEY_PREFIX = "openai-insecure-api-key."
BETA_SUBPROTOCOL = "openai-beta.realtime-v1"
BETA_HEADER = "realtime=v1"

DEFAULT_FIELDS: Mapping[FieldName, str] = {name: f"query.{name}" for name in FIELD_NAMES}

LONGEST_AUDIO = 15 * 1024 * 1024
"""Bytes of one append, as the vendor's server takes them."""

NORMAL = 1000
TRY_AGAIN = 1013
FAILED = 1011

TYPES = (
    "session.update",
    "transcription_session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
)

_DENIALS: Mapping[int, tuple[str, str]] = {
    400: ("invalid_request_error", "invalid_value"),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "forbidden"),
    503: ("server_error", "rate_limit_exceeded"),
}
_REFUSALS: Mapping[int, tuple[str, str]] = {
    TRY_AGAIN: ("server_error", "rate_limit_exceeded"),
    FAILED: ("server_error", "server_error"),
}
_LAWS: Mapping[Encoding, Law] = {"pcmu": "mulaw", "pcma": "alaw"}


class OpenAIGate:
    """See `Gate`."""

    path = "/v1/realtime"
    waits = True

    def __init__(self, settings: DoorSettings, new_id: Callable[[], str] = lambda: str(uuid4())) -> None:
        """`new_id` makes the id of a call whose client names none."""
        self._settings = settings
        self._new_id = new_id

    def present(self, upgrade: Upgrade) -> Presented:
        """See `Gate`. Browsers can send no header, and put the key into a subprotocol or the query."""
        scheme, token = upgrade.authorization
        offered = (name[len(KEY_PREFIX) :] for name in _offered(upgrade) if name.startswith(KEY_PREFIX))
        places = [
            token if scheme == "bearer" else None,
            next(offered, None),
            upgrade.headers.get("api-key"),
            upgrade.headers.get("x-api-key"),
            dict(upgrade.parameters).get("api_key"),
        ]
        return Presented(key=next((key for key in places if key), None))

    def open(self, upgrade: Upgrade) -> Opened | Denial:
        """See `Gate`. Any model is taken, and parameters that are not known are passed over."""
        query = dict(upgrade.parameters)
        query.pop("api_key", None)
        if query.get("intent", "transcription") != "transcription":
            return self._deny(400, "this server transcribes: expected intent=transcription", "intent")
        try:
            check_language(query.get("language"), "language")
        except Fault as fault:
            return self._deny(400, fault.message, fault.param)
        named = query.get("call_id", "")
        call_id = named if CALL_ID.fullmatch(named) else self._new_id()
        fields = {**DEFAULT_FIELDS, **self._settings.at(upgrade.site).fields}
        offered = _offered(upgrade)
        beta = BETA_HEADER in upgrade.headers.get("openai-beta", "") or BETA_SUBPROTOCOL in offered
        door = OpenAIDoor(call_info(call_id, MONO, {"query": query}, fields), query.get("model"), beta)
        taken = SUBPROTOCOL if SUBPROTOCOL in offered else None
        return Opened(door, taken, greeting=(door.greeting(),))

    def deny(self, status: int, reason: str) -> Denial:
        """See `Gate`."""
        return self._deny(status, reason)

    def _deny(self, status: int, reason: str, param: str | None = None) -> Denial:
        type_, code = _DENIALS.get(status, ("server_error", "server_error"))
        body = {"error": {"message": reason, "type": type_, "code": code, "param": param}}
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        return Denial(status, body, headers)


def _offered(upgrade: Upgrade) -> list[str]:
    header = upgrade.headers.get("sec-websocket-protocol", "")
    return [name.strip() for name in header.split(",") if name.strip()]


@dataclass(slots=True)
class _Heard:
    """What of the audio the door has to remember: bytes of half a sample, and how much is not committed."""

    rest: bytes = b""
    uncommitted: int = 0


class OpenAIDoor:
    """One connection, which is one call. See `Door`."""

    listens = True

    def __init__(self, info: CallInfo, model: str | None, beta: bool) -> None:
        """`model`: what the address names. `beta`: whether the client speaks the beta form."""
        self._info = info
        self._form = Form(beta)
        self._in_force = InForce(model=model)
        self._heard = _Heard()
        self._items: Items | None = None
        self._numbers = itertools.count(1)
        self._over = False

    def greeting(self) -> Reply:
        """What is said first."""
        return self._say(self._session("session.created", self._form.beta))

    def receive(self, message: str | bytes) -> list[DoorOutput]:
        """See `Door`. A fault of the client is told, and the session goes on."""
        if self._over:
            return []
        event_id = None
        try:
            event = read_event(message)
            event_id = event.id
            return self._act(event)
        except Fault as fault:
            return [self._say(error(fault, event_id))]

    def welcome(self, welcome: Welcome) -> list[Answer]:
        """See `Door`. Nothing in the protocol says this."""
        return []

    def event(self, event: Event) -> list[Answer]:
        """See `Door`."""
        if self._items is None or self._over:
            return []
        return [*self._say_all(self._items.event(event))]

    def refuse(self, code: int, reason: str) -> list[Answer]:
        """See `Door`."""
        self._over = True
        type_, name = _REFUSALS.get(code, ("invalid_request_error", "session_refused"))
        return [self._say(error(Fault(reason, code=name), None, type_)), Closing(code, reason)]

    def closed(self, end_code: str) -> list[Answer]:
        """See `Door`. The call ended while the client was there: items that still wait are told."""
        self._over = True
        last = [] if self._items is None else self._items.end()
        return [*self._say_all(last), Closing(NORMAL, end_code)]

    def _act(self, event: ClientEvent) -> list[DoorOutput]:
        match event.type:
            case "session.update":
                return [self._update(event, "session.updated"), Alive()]
            case "transcription_session.update":
                self._form.beta = True
                return [self._update(event, "transcription_session.updated"), Alive()]
            case "input_audio_buffer.append":
                return self._append(event)
            case "input_audio_buffer.commit":
                return self._commit(event)
            case "input_audio_buffer.clear":
                self._heard.rest = b""
                return [self._say({"type": "input_audio_buffer.cleared"})]
        raise Fault(f"expected one of {', '.join(TYPES)}", "type", "unknown_event")

    def _update(self, event: ClientEvent, answer: str) -> Reply:
        new = changed(self._in_force, event.members)
        if self._items is not None and new.hearing != self._in_force.hearing:
            raise Fault(
                "format and turn detection cannot change once there is audio", "session", "session_locked"
            )
        self._in_force, self._form.segments = new, new.segments
        return self._say(self._session(answer, self._form.beta))

    def _append(self, event: ClientEvent) -> list[DoorOutput]:
        samples = self._decoded(_audio_of(event))
        if not samples.size:
            return []
        self._heard.uncommitted += samples.size
        chunk = Chunk((0,), samples.reshape(1, -1))
        return [*self._begin(), chunk]

    def _begin(self) -> Sequence[DoorOutput]:
        if self._items is not None:
            return []
        now = self._in_force
        self._items = DetectedItems(self._form) if now.detects else CommittedItems(self._form)
        return [Started(self._info, (0,), now.rate_hz, hang_ms=now.silence_ms, ends_with_socket=True)]

    def _decoded(self, data: bytes) -> Samples:
        law = _LAWS.get(self._in_force.encoding)
        if law is not None:
            return g711.decode(data, law)
        data = self._heard.rest + data
        whole = len(data) // 2 * 2
        data, self._heard.rest = data[:whole], data[whole:]
        return np.frombuffer(data, "<i2").astype(np.float32) / 32_768.0

    def _commit(self, event: ClientEvent) -> list[DoorOutput]:
        if self._items is None:
            raise nothing_to_commit()
        seconds = self._heard.uncommitted / self._in_force.rate_hz
        out = self._items.commit(event.id, seconds)
        self._heard.uncommitted = 0
        return [*self._say_all(out), Flush()]

    def _session(self, type_: str, beta: bool) -> Json:
        return {"type": type_, "session": self._in_force.shown(f"sess_{self._info.call_id}", beta)}

    def _say_all(self, events: Sequence[Json]) -> list[Reply]:
        return [self._say(event) for event in events]

    def _say(self, event: Json) -> Reply:
        return Reply(json.dumps({"event_id": f"event_{next(self._numbers)}", **event}))


def _audio_of(event: ClientEvent) -> bytes:
    """The audio of an append. Raises `Fault`."""
    audio = event.members.get("audio")
    if not isinstance(audio, str):
        raise Fault("expected audio in base64", "audio")
    try:
        data = base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Fault("expected audio in base64", "audio", "invalid_base64") from fault
    if len(data) > LONGEST_AUDIO:
        raise Fault(f"an append holds up to {LONGEST_AUDIO} bytes", "audio", "event_too_large")
    return data

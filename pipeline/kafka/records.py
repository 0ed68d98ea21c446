"""What lies on the topic `wrapup.audio.v1`: the streams of calls, as the gateways took them.

The key of a record is the call's id, so that all of a call lies on one partition, in order. The headers say
what a record is and where its audio belongs; the value is sealed with a key of the call's own, which lies
beside it, wrapped by the master key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from pydantic import TypeAdapter, ValidationError

from models.types import Samples
from pipeline.doors.messages import Alive, Away, Back, Ended, Flush, Started, Updated
from pipeline.kafka.sound import SoundError, pack, unpack
from pipeline.store.errors import UnreadableError
from pipeline.store.vault import Cipher, Sealed, Vault

AUDIO_TOPIC = "wrapup.audio.v1"
EVENTS_TOPIC = "wrapup.events.v1"
NOTES_TOPIC = "wrapup.notes.v1"
"""Notes that speech workers ask notes workers for; the answers come on the audio topic."""
PARTIALS_TOPIC = "wrapup.partials.v1"
REVIEWS_TOPIC = "wrapup.reviews.v1"
DEAD_TOPIC = "wrapup.dead.v1"

SCHEMA = "wrapup.audio/1"
MOST_CHANNELS = 4
LONGEST_NAME = 200
LONGEST_LOST_S = 24 * 3600

Headers: TypeAlias = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Begun:
    """A stream of a call begins."""

    started: Started


@dataclass(frozen=True, slots=True)
class Heard:
    """Audio of channels of the call, shape (len(channels), n), float32 in [-1, 1], at the stream's rate.

    `at` is the place of its first sample at that rate: on the call's clock where the stream's client says
    where its audio belongs (`placed`), else since the stream began.
    """

    channels: tuple[int, ...]
    rate_hz: int
    at: int
    placed: bool
    samples: Samples


@dataclass(frozen=True, slots=True)
class Lost:
    """Audio that there was no room for: so many samples of these channels, from `at` on."""

    channels: tuple[int, ...]
    rate_hz: int
    at: int
    placed: bool
    count: int


Control: TypeAlias = Away | Back | Updated | Flush | Alive | Ended
"""What a client says between its audio."""


@dataclass(frozen=True, slots=True)
class Said:
    """A client's word."""

    control: Control


@dataclass(frozen=True, slots=True)
class CutOff:
    """The stream is over without a word."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A job of the call was done elsewhere: its result, as `pack_value` has it."""

    job_id: str
    value: bytes


Content: TypeAlias = Begun | Heard | Lost | Said | CutOff | Answered
Kind = Literal["begun", "heard", "lost", "said", "cut_off", "answered"]


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record. `stream` names the connection, no other of any call; `number` counts its records from 0."""

    call_id: str
    stream: str
    number: int
    content: Content


class RecordError(ValueError):
    """A record that cannot be read: why, in one line, without anything of its content."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What the headers say. Numbers that a kind has no use for are 0."""

    kind: Kind
    stream: str
    number: int
    channels: tuple[int, ...] = ()
    rate_hz: int = 0
    at: int = 0
    placed: bool = False
    encoding: str = ""
    count: int = 0

    def bound(self) -> str:
        """What a seal is bound to: the whole place."""
        return _PLACE.dump_json(self).decode()


_PLACE = TypeAdapter(_Place)
_STARTED = TypeAdapter(Started)
_CONTROLS: Mapping[str, TypeAdapter[Control]] = {
    one.__name__.lower(): TypeAdapter(one) for one in get_args(Control)
}


def encode(
    record: StreamRecord, cipher: Cipher, wrapped_key: bytes
) -> tuple[bytes, list[tuple[str, bytes]], bytes]:
    """Key, headers and value of a record. `cipher` is of the call, by `wrapped_key`."""
    place, content = _told(record)
    headers = [("schema", SCHEMA.encode()), ("place", place.bound().encode()), ("key", wrapped_key)]
    return record.call_id.encode(), headers, cipher.seal(content, place.bound()).data


def decode(key: bytes | None, headers: Headers, value: bytes | None, vault: Vault) -> StreamRecord:
    """The record. Raises `RecordError`."""
    named = dict(headers)
    if named.get("schema") != SCHEMA.encode():
        raise RecordError(f"schema: expected {SCHEMA}")
    call_id = _call_id(key)
    try:
        place = _PLACE.validate_json(named.get("place", b""))
    except ValidationError as error:
        raise RecordError("place: expected what kind of record it is and where it belongs") from error
    _check(place)
    try:
        content = vault.cipher(call_id, named.get("key", b"")).open(Sealed(value or b""), place.bound())
    except UnreadableError as error:
        raise RecordError("value: does not open with this master key") from error
    return StreamRecord(call_id, place.stream, place.number, _content(place, content))


def _told(record: StreamRecord) -> tuple[_Place, bytes]:
    content, stream, number = record.content, record.stream, record.number
    match content:
        case Begun(started):
            return _Place("begun", stream, number), _STARTED.dump_json(started)
        case Heard():
            encoding, data = pack(content.samples, content.rate_hz)
            where = (content.channels, content.rate_hz, content.at, content.placed)
            return _Place("heard", stream, number, *where, encoding), data
        case Lost():
            where = (content.channels, content.rate_hz, content.at, content.placed)
            return _Place("lost", stream, number, *where, count=content.count), b""
        case Said(control):
            name = type(control).__name__.lower()
            return _Place("said", stream, number, encoding=name), _CONTROLS[name].dump_json(control)
        case CutOff():
            return _Place("cut_off", stream, number), b""
        case Answered(job_id, value):
            return _Place("answered", stream, number, encoding=job_id), value


def _content(place: _Place, data: bytes) -> Content:
    where = (place.channels, place.rate_hz, place.at, place.placed)
    try:
        match place.kind:
            case "begun":
                return Begun(_STARTED.validate_json(data))
            case "heard":
                return Heard(*where, unpack(data, place.encoding, len(place.channels), place.rate_hz))
            case "lost":
                return Lost(*where, place.count)
            case "said":
                return Said(_CONTROLS[place.encoding].validate_json(data))
            case "cut_off":
                return CutOff()
            case "answered":
                return Answered(place.encoding, data)
    except (ValidationError, KeyError, SoundError) as error:
        told = f": {error}" if isinstance(error, SoundError) else ""
        raise RecordError(f"value: no {place.kind}{told}") from error


def _call_id(key: bytes | None) -> str:
    try:
        call_id = (key or b"").decode()
    except UnicodeDecodeError as error:
        raise RecordError("key: expected the call's id in UTF-8") from error
    if not 0 < len(call_id) <= LONGEST_NAME:
        raise RecordError(f"key: expected the call's id, of 1 to {LONGEST_NAME} characters")
    return call_id


def _check(place: _Place) -> None:
    """Raises `RecordError` for a place that nothing can have."""
    channels = place.channels
    if len(set(channels)) != len(channels) or any(not 0 <= channel < MOST_CHANNELS for channel in channels):
        raise RecordError(f"channels: expected different ones from 0 to {MOST_CHANNELS - 1}")
    if min(place.number, place.at, place.count) < 0 or not 0 < len(place.stream) <= LONGEST_NAME:
        raise RecordError("place: expected a stream, and numbers from 0 on")
    if place.kind in ("heard", "lost") and not (channels and 4_000 <= place.rate_hz <= 192_000):
        raise RecordError("place: audio has channels, and a rate of 4 to 192 kHz")
    if place.count > LONGEST_LOST_S * max(place.rate_hz, 1):
        raise RecordError(f"count: more than {LONGEST_LOST_S / 3600:.0f} hours")

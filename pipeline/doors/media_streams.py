"""Messages of Twilio Media Streams and of the vendors that speak alike, as values of one shape.

    {"event": "start", "start": {"callSid": ..., "mediaFormat": {...}, "tracks": [...]}}
    {"event": "media", "media": {"track": "inbound", "timestamp": "20", "payload": "<base64>"}}
    {"event": "stop"}

The vendors differ in names, in numbers that come as text, in what they promise of the order, and in what
their timestamps count from. The start tells which vendor it is, by the names of its ids. Codec and rate are
what the start declares, and never guessed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from models.types import Samples
from pipeline.doors import g711
from pipeline.doors.media_clock import Stamp
from pipeline.doors.own import BYTES_A_SAMPLE, CALL_ID, NOT_AN_ID, Encoding

UNSUPPORTED = 1003
BAD_DATA = 1007
POLICY = 1008

MAX_TEXT = 262_144
"""Characters of a message: two seconds at the highest rate, where the vendors send 20 to 100 ms."""

LOWEST_HZ, HIGHEST_HZ = 8_000, 48_000
LATEST = 2**53
"""No count and no time, in milliseconds, is higher; it is above the Unix time of any call."""

Track: TypeAlias = Literal["inbound", "outbound"]
BOTH: tuple[Track, ...] = ("inbound", "outbound")

DIGITS = re.compile(r"[0-9]{1,16}")
HEADERS_CHARACTERS = 2_000
"""Plivo allows 512 bytes of extra headers."""


class Unreadable(Exception):
    """A message that the connection ends with: a WebSocket close code, and why in one line."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Vendor:
    """How one vendor speaks.

    `call`, `stream`: its names of the ids. `parameters`: where the start has what the site says of the call.
    `tracks`: what it carries if the start does not say. `ordered`: whether messages come in order. `epoch`:
    whether timestamps are Unix time. `l16`: whether its 16-bit samples are known to be little endian.
    `ends_with_socket`: whether it may close the socket without a stop.
    """

    name: str
    call: str
    stream: str
    parameters: str
    tracks: tuple[Track, ...] = BOTH
    ordered: bool = True
    epoch: bool = False
    l16: bool = True
    ends_with_socket: bool = False


VENDORS = (
    Vendor("twilio", "callSid", "streamSid", "start.customParameters"),
    # Its L16 is said to be an RTP payload, which is big endian (RFC 3551, section 4.5.11), and nowhere shown.
    Vendor("telnyx", "call_control_id", "stream_id", "start.custom_parameters", ordered=False, l16=False),
    Vendor("plivo", "callId", "streamId", "extra_headers", epoch=True, ends_with_socket=True),
    Vendor("exotel", "call_sid", "stream_sid", "start.custom_parameters", tracks=("inbound",)),
)

ENCODINGS: Mapping[str, Encoding] = {
    "audio/x-mulaw": "mulaw",
    "audio/mulaw": "mulaw",
    "audio/pcmu": "mulaw",
    "pcmu": "mulaw",
    "mulaw": "mulaw",
    "audio/x-alaw": "alaw",
    "audio/alaw": "alaw",
    "audio/pcma": "alaw",
    "pcma": "alaw",
    "alaw": "alaw",
    "audio/x-l16": "l16",
    "audio/l16": "l16",
    "l16": "l16",
}
EXOTEL_L16 = ("base64", "raw", "slin", "raw/slin")
"""Exotel's names of the one format that it has."""


@dataclass(frozen=True, slots=True)
class Start:
    """A stream begins. `message` is all of it, for what the site says of the call."""

    vendor: Vendor
    call_id: str
    tracks: tuple[Track, ...]
    encoding: Encoding
    rate_hz: int
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Media:
    """Audio of a track, undecoded; None for the track where the vendor names none."""

    track: Track | None
    stamp: Stamp
    payload: bytes


@dataclass(frozen=True, slots=True)
class Stop:
    """The stream is over."""


Message: TypeAlias = Start | Media | Stop


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and DIGITS.fullmatch(value) else value


Count = Annotated[int, BeforeValidator(_number), Field(ge=0, le=LATEST)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _Format(_Wire):
    encoding: str
    rate_hz: Count = Field(
        validation_alias=AliasChoices("sampleRate", "sample_rate"), ge=LOWEST_HZ, le=HIGHEST_HZ
    )
    channels: Count = 1


class _Start(_Wire):
    format: _Format = Field(validation_alias=AliasChoices("mediaFormat", "media_format"))


class _Audio(_Wire):
    payload: str
    track: str | None = None
    chunk: Count | None = None
    timestamp: Count | None = None


class _Media(_Wire):
    media: _Audio
    sequence: Count | None = Field(None, validation_alias=AliasChoices("sequenceNumber", "sequence_number"))


def read(text: str) -> Message | None:
    """A message; None for one that says nothing of the audio, as do the keys that a caller presses.

    Raises `Unreadable`.
    """
    if len(text) > MAX_TEXT:
        raise Unreadable(POLICY, f"a message of more than {MAX_TEXT} characters")
    message = _object(text)
    match message.get("event"):
        case "start":
            return _start(message)
        case "media":
            return _media(message)
        case "stop":
            return Stop()
        case str():
            # Keys are what card numbers are typed with: they are taken, and kept nowhere.
            return None
    raise Unreadable(BAD_DATA, "event: expected a text")


def decode(payload: bytes, encoding: Encoding) -> Samples:
    """Samples of a payload, shape (n,). `l16` is little endian. Raises `Unreadable`."""
    if len(payload) % BYTES_A_SAMPLE[encoding]:
        raise Unreadable(BAD_DATA, "media.payload: expected whole samples of 16 bits")
    if encoding == "l16":
        return np.frombuffer(payload, "<i2").astype(np.float32) / 32_768.0
    return g711.decode(payload, encoding)


def track_named(name: str) -> Track | None:
    """A track by either of its names, as in "inbound" and "inbound_track"."""
    short = name.removesuffix("_track")
    return "inbound" if short == "inbound" else "outbound" if short == "outbound" else None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unreadable(BAD_DATA, "expected a JSON object")
    return found


def _start(message: dict[str, Any]) -> Start:
    start = message.get("start")
    if not isinstance(start, dict):
        raise Unreadable(BAD_DATA, "start: expected an object")
    vendor = _vendor(message, start)
    call_id = start[vendor.call]
    if not isinstance(call_id, str) or CALL_ID.fullmatch(call_id) is None:
        raise Unreadable(POLICY, f"start.{vendor.call}: {NOT_AN_ID}")
    try:
        declared = _Start.model_validate(start).format
    except ValidationError as error:
        raise Unreadable(BAD_DATA, _line("start", error)) from error
    if vendor.parameters == "extra_headers":
        headers = message.get("extra_headers", start.get("extra_headers"))
        message = {**message, "extra_headers": _headers(headers)}
    tracks = _tracks(start.get("tracks"), vendor)
    return Start(vendor, call_id, tracks, _encoding(declared, vendor), declared.rate_hz, message)


def _vendor(message: Mapping[str, Any], start: Mapping[str, Any]) -> Vendor:
    for vendor in VENDORS:
        if vendor.call in start and (vendor.stream in start or vendor.stream in message):
            return vendor
    expected = ", ".join(f"{vendor.stream} and {vendor.call}" for vendor in VENDORS)
    raise Unreadable(POLICY, f"start: expected one of {expected}")


def _encoding(declared: _Format, vendor: Vendor) -> Encoding:
    name = declared.encoding.partition(";")[0].strip().lower()
    encoding = ENCODINGS.get(name)
    if encoding is None and vendor.name == "exotel" and name in EXOTEL_L16:
        encoding = "l16"
    if encoding is None:
        raise Unreadable(UNSUPPORTED, "media format: expected PCMU, PCMA or L16")
    if encoding == "l16" and not vendor.l16:
        raise Unreadable(UNSUPPORTED, "media format: L16 of unknown byte order; stream PCMU or PCMA")
    if declared.channels != 1:
        raise Unreadable(UNSUPPORTED, "media format: expected one channel a track")
    return encoding


def _tracks(declared: Any, vendor: Vendor) -> tuple[Track, ...]:
    """The tracks that a start declares, as a list of names or as one."""
    if declared is None or declared == []:
        return vendor.tracks
    names = declared if isinstance(declared, list) else [declared]
    if names in (["both"], ["both_tracks"]):
        return BOTH
    found = {track_named(name) for name in names if isinstance(name, str)}
    if len(names) > len(BOTH) or len(found) != len(names) or None in found:
        raise Unreadable(BAD_DATA, "start.tracks: expected inbound, outbound or both")
    return tuple(track for track in BOTH if track in found)


def _headers(found: Any) -> Mapping[str, Any]:
    """Plivo's extra headers, as a JSON object or as in "queue=cards,site=north"."""
    if isinstance(found, dict):
        return found
    if not isinstance(found, str) or len(found) > HEADERS_CHARACTERS:
        return {}
    if found.lstrip().startswith("{"):
        try:
            return _object(found)
        except Unreadable:
            return {}
    pairs = (pair.partition("=") for pair in re.split("[,;]", found))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _media(message: dict[str, Any]) -> Media:
    try:
        found = _Media.model_validate(message)
    except ValidationError as error:
        raise Unreadable(BAD_DATA, _line("", error)) from error
    audio = found.media
    track = None if audio.track is None else track_named(audio.track)
    if audio.track is not None and track is None:
        raise Unreadable(BAD_DATA, "media.track: expected inbound or outbound")
    try:
        payload = base64.b64decode(audio.payload, validate=True)
    except ValueError as error:
        raise Unreadable(BAD_DATA, "media.payload: expected base64") from error
    return Media(track, Stamp(found.sequence, audio.chunk, audio.timestamp), payload)


def _line(where: str, error: ValidationError) -> str:
    """Which field, and what was expected; never what was sent."""
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in (where, *first["loc"]) if part)
    return f"{field}: {first['msg']}"

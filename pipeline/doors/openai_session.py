"""What a client of `/v1/realtime` says, read into values, and what is in force, in the words of either form.

The current form of the API has `session.update` with an `audio.input`, the beta form
`transcription_session.update` with `input_audio_format` and its kin. Both are read alike, whichever of the
two events they come in; members that are not known are passed over, since the vendor adds some now and then.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.doors.metadata import LONGEST

LONGEST_MESSAGE = 21_000_000
"""Characters: an append holds up to 15 MiB, which are four thirds of that in base64."""

LONGEST_ID = 512
"""Characters of a client's own id of an event; a longer one is not repeated."""

HANG_MS = range(256, 5_001)
"""Silences that may end an utterance; for another one asked for, the server's own holds."""

SEGMENTS = "item.input_audio_transcription.segments"
"""What a session includes to get segments with each item; the vendor has no name for that."""

Encoding = Literal["pcm", "pcmu", "pcma"]
Json: TypeAlias = dict[str, Any]

_ENGLISH = re.compile(r"(?i:en|english)(?:[-_][A-Za-z0-9_-]{1,30})?")
_TYPES: dict[str, Encoding] = {"audio/pcm": "pcm", "audio/pcmu": "pcmu", "audio/pcma": "pcma"}
_BETA_TYPES: dict[str, Encoding] = {"pcm16": "pcm", "g711_ulaw": "pcmu", "g711_alaw": "pcma"}
_TELEPHONE_HZ = 8_000
_PCM_HZ = 24_000


class Fault(Exception):
    """A client's event that cannot be acted on. `param` is the place of what is wrong in it.

    The message says what was expected, and never what was sent.
    """

    def __init__(self, message: str, param: str | None = None, code: str = "invalid_value") -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """An event of the client: its type, its own id where it has one, all its members."""

    type: str
    id: str | None
    members: Json


@dataclass(frozen=True, slots=True)
class InForce:
    """How a session is read. `rate_hz` is that of its audio.

    `detects`: the server tells where an utterance ends; otherwise the client commits. `silence_ms`: the
    silence that ends one, where the client asked for one that it may ask for. `segments`: whether it wants
    them. `model`: the client's name for it, which changes nothing.
    """

    encoding: Encoding = "pcm"
    rate_hz: int = _PCM_HZ
    model: str | None = None
    detects: bool = True
    silence_ms: int | None = None
    segments: bool = False

    @property
    def hearing(self) -> tuple[Encoding, int, bool, int | None]:
        """What cannot change once there is audio."""
        return self.encoding, self.rate_hz, self.detects, self.silence_ms

    def shown(self, session_id: str, beta: bool) -> Json:
        """The session as the server describes it."""
        return self._as_beta(session_id) if beta else self._as_current(session_id)

    def _as_current(self, session_id: str) -> Json:
        type_ = next(name for name, encoding in _TYPES.items() if encoding == self.encoding)
        rate = {"rate": self.rate_hz} if self.encoding == "pcm" else {}
        audio = {
            "format": {"type": type_, **rate},
            "noise_reduction": None,
            "transcription": self._transcription(),
            "turn_detection": self._turns(),
        }
        return {
            "type": "transcription",
            "object": "realtime.transcription_session",
            "id": session_id,
            "audio": {"input": audio},
            "include": self._include(),
        }

    def _as_beta(self, session_id: str) -> Json:
        return {
            "object": "realtime.transcription_session",
            "id": session_id,
            "input_audio_format": next(
                name for name, encoding in _BETA_TYPES.items() if encoding == self.encoding
            ),
            "input_audio_noise_reduction": None,
            "input_audio_transcription": self._transcription(),
            "turn_detection": self._turns(),
            "include": self._include(),
        }

    def _transcription(self) -> Json:
        return {"model": self.model, "language": "en"}

    def _turns(self) -> Json | None:
        if not self.detects:
            return None
        asked = {} if self.silence_ms is None else {"silence_duration_ms": self.silence_ms}
        return {"type": "server_vad", **asked}

    def _include(self) -> list[str]:
        return [SEGMENTS] if self.segments else []


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Format(_Part):
    type: Literal["audio/pcm", "audio/pcmu", "audio/pcma"]
    rate: int | None = None


class _Transcription(_Part):
    model: str | None = Field(default=None, max_length=LONGEST)
    language: str | None = None
    languages: list[str] | None = None


class _Turns(_Part):
    type: Literal["server_vad", "semantic_vad"] = "server_vad"
    silence_duration_ms: int | None = None


class _Input(_Part):
    format: _Format | None = None
    transcription: _Transcription | None = None
    turn_detection: _Turns | None = None


class _Audio(_Part):
    input: _Input = _Input()


class _Session(_Part):
    type: Literal["transcription"] | None = None
    audio: _Audio = _Audio()
    include: list[str] | None = None
    input_audio_format: Literal["pcm16", "g711_ulaw", "g711_alaw"] | None = None
    input_audio_transcription: _Transcription | None = None
    turn_detection: _Turns | None = None


class _Update(_Part):
    session: _Session


def read_event(message: str | bytes) -> ClientEvent:
    """An event of the client. Raises `Fault`."""
    if isinstance(message, bytes):
        raise Fault("expected events as text; audio comes in input_audio_buffer.append", code="invalid_event")
    if len(message) > LONGEST_MESSAGE:
        raise Fault(f"an event has up to {LONGEST_MESSAGE} characters", code="event_too_large")
    try:
        found = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise Fault("expected a JSON object", code="invalid_json") from error
    if not isinstance(found, dict):
        raise Fault("expected a JSON object", code="invalid_json")
    own_id = found.get("event_id")
    own_id = own_id if isinstance(own_id, str) and 0 < len(own_id) <= LONGEST_ID else None
    type_ = found.get("type")
    return ClientEvent(type_ if isinstance(type_, str) else "", own_id, found)


def changed(in_force: InForce, members: Json) -> InForce:
    """What is in force after an update; what it does not speak of stays. Raises `Fault`."""
    try:
        session = _Update.model_validate(members).session
    except ValidationError as error:
        raise _fault(error) from error
    current = session.audio.input
    new = _with_format(in_force, session)
    for transcription in (current.transcription, session.input_audio_transcription):
        new = _with_transcription(new, transcription)
    for part in (current, session):
        if "turn_detection" in part.model_fields_set:
            new = _with_turns(new, part.turn_detection)
    if session.include is not None:
        new = replace(new, segments=SEGMENTS in session.include)
    return new


def check_language(language: str | None, param: str) -> None:
    """Raises `Fault` for a language that is not English."""
    if language is not None and _ENGLISH.fullmatch(language) is None:
        raise Fault("this server hears English alone: expected 'en'", param, "unsupported_language")


def _with_format(in_force: InForce, session: _Session) -> InForce:
    asked = session.audio.input.format
    if asked is None:
        if session.input_audio_format is None:
            return in_force
        encoding = _BETA_TYPES[session.input_audio_format]
        return replace(in_force, encoding=encoding, rate_hz=_usual_rate(encoding))
    encoding = _TYPES[asked.type]
    rates = (_PCM_HZ, 16_000, _TELEPHONE_HZ) if encoding == "pcm" else (_TELEPHONE_HZ,)
    rate_hz = _usual_rate(encoding) if asked.rate is None else asked.rate
    if rate_hz not in rates:
        expected = " or ".join(str(rate) for rate in rates)
        raise Fault(f"expected a rate of {expected}", "session.audio.input.format.rate")
    return replace(in_force, encoding=encoding, rate_hz=rate_hz)


def _usual_rate(encoding: Encoding) -> int:
    return _PCM_HZ if encoding == "pcm" else _TELEPHONE_HZ


def _with_transcription(in_force: InForce, asked: _Transcription | None) -> InForce:
    if asked is None:
        return in_force
    check_language(asked.language, "session.audio.input.transcription.language")
    if asked.languages and not any(_ENGLISH.fullmatch(language) for language in asked.languages):
        check_language("", "session.audio.input.transcription.languages")
    return in_force if asked.model is None else replace(in_force, model=asked.model)


def _with_turns(in_force: InForce, asked: _Turns | None) -> InForce:
    """Where a model is asked to tell the ends of turns, silence does that here."""
    if asked is None:
        return replace(in_force, detects=False, silence_ms=None)
    silence_ms = asked.silence_duration_ms
    return replace(in_force, detects=True, silence_ms=silence_ms if silence_ms in HANG_MS else None)


def _fault(error: ValidationError) -> Fault:
    first = error.errors(include_input=False, include_url=False)[0]
    param = ".".join(str(part) for part in first["loc"])
    return Fault(f"{param}: {first['msg']}", param)

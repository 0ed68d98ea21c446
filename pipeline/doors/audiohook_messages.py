"""What AudioHook's messages look like: the envelope, what is read of each, durations and transcripts."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from models.types import RATE_HZ, Word
from pipeline.core.events import Partial, UtteranceFinal
from pipeline.core.transcript import utterance_id

VERSION = "2"

LONGEST_TEXT = 65_535
"""Characters of a text message, in both directions."""

LONGEST_OFFER = 2_000
"""Characters of an offered medium that can be answered with."""

DEEPEST = 32
"""Levels of objects and lists in a message."""

LATEST_SEQ = 2**53

NOBODY = uuid.UUID(int=0)
"""The conversation of a probe."""

STEP_SAMPLES = RATE_HZ // 1000
"""Words of a transcript begin at least a millisecond apart: their offsets tell them apart."""

CERTAIN = 1.0
"""The confidence where the engine gives none: nothing speaks against the text."""

_DURATION = re.compile(r"PT([0-9]{1,9})(?:\.([0-9]{1,20}))?S")
_TICKS_HZ = 10_000_000
"""A sample at 8 or 16 kHz is a whole number of these."""

Side = Literal["external", "internal"]


def _different(sides: tuple[Side, ...]) -> tuple[Side, ...]:
    if len(set(sides)) != len(sides):
        raise ValueError("expected each channel once")
    return sides


class _Message(BaseModel):
    """Members that are not known are left alone: Genesys adds some."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Envelope(_Message):
    """What is around every message of the client. `serverseq` and `position` are not relied on."""

    version: Literal["2"]
    id: str
    type: str
    seq: int = Field(ge=1, le=LATEST_SEQ)
    parameters: dict[str, Any] = Field(default_factory=dict)


class Open(_Message):
    """What is read of the parameters of `open`."""

    organization: str = Field(alias="organizationId")
    conversation: str = Field(alias="conversationId")
    media: list[Any]
    asks_languages: Any = Field(default=None, alias="supportedLanguages")

    @property
    def is_probe(self) -> bool:
        """Whether this is no conversation, but a look at whether somebody answers."""
        return self.conversation == str(NOBODY)


class Skipped(_Message):
    """What is read of the parameters of `discarded` and `resumed`."""

    discarded: str = "PT0S"


class _Offer(_Message):
    type: Literal["audio"]
    format: Literal["PCMU", "L16"]
    channels: Annotated[
        tuple[Side, ...], Field(min_length=1, max_length=2, strict=False), AfterValidator(_different)
    ]
    rate: int = Field(ge=8_000, le=48_000)


@dataclass(frozen=True, slots=True)
class Medium:
    """An offered medium that can be taken; `offered` is the object exactly as it came."""

    format: Literal["PCMU", "L16"]
    channels: tuple[Side, ...]
    rate_hz: int
    offered: dict[str, Any]

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return len(self.channels) * (1 if self.format == "PCMU" else 2)


def read_envelope(message: str) -> Envelope:
    """A text message. Raises `ValueError`."""
    if len(message) > LONGEST_TEXT:
        raise ValueError(f"a text message has at most {LONGEST_TEXT} characters")
    return Envelope.model_validate(_object(message))


def choose(offers: Sequence[Any]) -> Medium | None:
    """The medium to take: both channels rather than one, then PCMU rather than L16, then the first."""
    usable = [medium for medium in map(_medium, offers) if medium is not None]
    return min(usable, key=lambda one: (-len(one.channels), one.format != "PCMU"), default=None)


def samples_of(duration: str, rate_hz: int) -> int:
    """A duration as samples; exact where it is a whole number of them, else the nearest.

    Raises `ValueError`.
    """
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError('expected a duration in seconds, as in "PT1.5S"')
    return round(Fraction(f"{found[1]}.{found[2] or 0}") * rate_hz)


def duration_of(samples: int, rate_hz: int = RATE_HZ) -> str:
    """Samples as a duration; exact at 8 and 16 kHz."""
    whole, rest = divmod(samples * _TICKS_HZ // rate_hz, _TICKS_HZ)
    return f"PT{whole}.{f'{rest:07d}'.rstrip('0') or '0'}S"


def line(error: ValueError) -> str:
    """Which member, and what was expected; never what was sent."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_input=False, include_url=False)[0]
    member = ".".join(str(part) for part in first["loc"])
    return f"{member}: {first['msg']}"


@dataclass(frozen=True, slots=True)
class Teller:
    """How events of a call are told on a stream that carries some of its channels.

    `from_samples`: where on the call's clock the stream began; what was said before is not told. Times that
    are told are those of the stream.
    """

    call_id: str
    carries: tuple[int, ...]
    from_samples: int = 0

    def parameters(self, event: UtteranceFinal | Partial) -> dict[str, Any] | None:
        """The parameters of an `event` message; None where there is nothing to tell.

        A text so long that it does not fit with a time for each word goes without those.
        """
        if event.channel not in self.carries or event.start_samples < self.from_samples:
            return None
        if isinstance(event, Partial):
            return self._fitting([self._partial(event)]) if event.text else None
        if not event.words:
            return None
        return self._fitting([self._final(event, tokens=True), self._final(event, tokens=False)])

    def _fitting(self, entities: list[dict[str, Any]]) -> dict[str, Any] | None:
        for entity in entities:
            parameters = {"entities": [{"type": "transcript", "data": entity}]}
            # The envelope around it needs some of the room.
            if len(json.dumps(parameters)) < LONGEST_TEXT - 500:
                return parameters
        return None

    def _partial(self, event: Partial) -> dict[str, Any]:
        spoken: dict[str, Any] = {"type": "display", "transcript": event.text}
        alternative = {"confidence": CERTAIN, "interpretations": [spoken]}
        return self._entity(event, utterance_id(event.channel, event.start_samples), alternative)

    def _final(self, event: UtteranceFinal, tokens: bool) -> dict[str, Any]:
        text = " ".join(word.text for word in event.words)
        spoken: dict[str, Any] = {"type": "display", "transcript": text}
        if tokens:
            spoken["tokens"] = self._tokens(event.words)
        confidence = sum(map(_confidence, event.words)) / len(event.words)
        alternative = {"confidence": round(confidence, 4), "interpretations": [spoken]}
        return self._entity(event, event.id, alternative)

    def _tokens(self, words: tuple[Word, ...]) -> list[dict[str, Any]]:
        tokens = []
        earliest = self.from_samples
        for word in words:
            start = max(word.start_samples, earliest)
            earliest = start + STEP_SAMPLES
            token = {
                "type": "word",
                "value": word.text,
                "confidence": round(_confidence(word), 4),
                "offset": duration_of(start - self.from_samples),
                "duration": duration_of(max(0, word.end_samples - start)),
            }
            tokens.append(token)
        return tokens

    def _entity(
        self, event: UtteranceFinal | Partial, utterance: str, alternative: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"audiohook:{self.call_id}/{utterance}")),
            "channelId": self.carries.index(event.channel),
            "isFinal": isinstance(event, UtteranceFinal),
            "offset": duration_of(event.start_samples - self.from_samples),
            "duration": duration_of(max(0, event.end_samples - event.start_samples)),
            "alternatives": [alternative],
        }


def _confidence(word: Word) -> float:
    return CERTAIN if word.confidence is None else min(max(word.confidence, 0.0), 1.0)


def _medium(offered: Any) -> Medium | None:
    try:
        offer = _Offer.model_validate(offered)
        # It must be possible to say it again.
        fits = len(json.dumps(offered, allow_nan=False)) <= LONGEST_OFFER
    except ValueError:
        return None
    return Medium(offer.format, offer.channels, offer.rate, offered) if fits else None


def _object(message: str) -> dict[str, Any]:
    try:
        found = json.loads(message, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ValueError("expected a JSON object") from error
    if not isinstance(found, dict) or _is_deeper(found, DEEPEST):
        raise ValueError("expected a JSON object")
    return found


def _no_number(_: str) -> None:
    raise ValueError("expected a number")


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether a value has more levels; what has can be read in one place and not written in another."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in inner)

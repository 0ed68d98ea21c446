"""The query of Deepgram's live API: how the audio comes, what the client wants to hear, what it says of its
call. Names that mean nothing here are passed over, as Deepgram's clients send many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from pipeline.doors.wav import HIGHEST_HZ, LOWEST_HZ, MAX_CHANNELS, AudioFormat, Encoding

SHORTEST_HANG_MS = 256
"""Voice clients ask for 10 or 25 ms, which is no end of anything that a person says: ours is better."""

LONGEST_HANG_MS = 5_000
"""The longest silence within an utterance, and what stands for no endpointing at all."""

UNDECIDED = ("", "multi")
"""Where Deepgram's clients leave the language to the server."""


def _endpointing(value: Any) -> Any:
    """Deepgram takes milliseconds, and false for none."""
    return {"false": LONGEST_HANG_MS, "true": 0}.get(str(value).lower(), value)


class Query(BaseModel):
    """What the client asks for. Without an encoding the audio says itself how it is written."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    encoding: Encoding | None = None
    sample_rate: int | None = Field(None, ge=LOWEST_HZ, le=HIGHEST_HZ)
    channels: int = Field(1, ge=1, le=MAX_CHANNELS)
    multichannel: bool = False
    interim_results: bool = False
    endpointing: Annotated[int, BeforeValidator(_endpointing), Field(ge=0)] = 0
    utterance_end_ms: int | None = Field(None, ge=1_000)
    vad_events: bool = False
    diarize: bool = False
    diarize_model: str | None = None
    language: str | None = None

    @field_validator("language")
    @classmethod
    def _english(cls, language: str | None) -> str | None:
        if language is None:
            return None
        language = language.replace("_", "-")
        if language.lower() in UNDECIDED:
            return "en"
        if language.lower().partition("-")[0] != "en":
            raise ValueError("only English is written down here: expected en or en-*")
        return language

    @model_validator(mode="after")
    def _together(self) -> Query:
        if self.encoding is not None and self.sample_rate is None:
            raise ValueError("sample_rate: expected beside encoding")
        if self.utterance_end_ms is not None and not self.interim_results:
            raise ValueError("utterance_end_ms: expected beside interim_results=true")
        return self

    @property
    def hang_ms(self) -> int | None:
        """Silence that is to end an utterance; None for the server's own."""
        if self.endpointing < SHORTEST_HANG_MS:
            return None
        return min(self.endpointing, LONGEST_HANG_MS)

    @property
    def audio(self) -> AudioFormat | None:
        """How the audio comes, where the query says it."""
        if self.encoding is None or self.sample_rate is None:
            return None
        return AudioFormat(self.encoding, self.sample_rate, self.channels)

    @property
    def tells_speakers(self) -> bool:
        """Whether words are to say who spoke them."""
        return self.diarize or self.diarize_model is not None


def read_query(parameters: Sequence[tuple[str, str]]) -> Query:
    """The query of an opening request. Raises ValueError, in words for the client."""
    try:
        return Query.model_validate(dict(parameters))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        expected = first["msg"].removeprefix("Value error, ")
        raise ValueError(": ".join([*map(str, first["loc"][:1]), expected])) from error


def opening_message(parameters: Sequence[tuple[str, str]], query: Query) -> Mapping[str, Any]:
    """What the query says of the call, for `call_info`: its parameters, and the pairs of `extra=name:value`.

    Of a parameter that is repeated, the last one counts. The language is the one that was understood.
    """
    pairs = [value.partition(":") for name, value in parameters if name == "extra"]
    language = {} if query.language is None else {"language": query.language}
    return {"query": {**dict(parameters), **language}, "extra": {name: value for name, _, value in pairs}}

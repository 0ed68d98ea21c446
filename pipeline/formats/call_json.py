"""Our own JSON of a call, schema `wrapup.call/1`.

Within /1 there are only additions: readers ignore fields that they do not know, and no field is removed
or changes its meaning. Times are seconds since the start of the call, rounded to milliseconds when a value
enters the document, so that what is written is what is read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

from models.errors import InputError
from models.types import FactKind, Flag, Role, StandIn, SummaryCode, Support
from pipeline.formats.fields import field_error, load_json
from pipeline.formats.plain import clean, read_text
from pipeline.formats.segments import Segment, TimedWord

SCHEMA: Literal["wrapup.call/1"] = "wrapup.call/1"


def _rounded(value: float) -> float:
    return round(value, 3) + 0.0


Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(_rounded)]
Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), AfterValidator(_rounded)]
ChannelIndex = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class _Spanning(Protocol):
    @property
    def start_s(self) -> float: ...

    @property
    def end_s(self) -> float: ...


_PartT = TypeVar("_PartT", bound=_Spanning)


def _span_in_order(part: _PartT) -> _PartT:
    if part.end_s < part.start_s:
        raise ValueError("expected end_s at or after start_s")
    return part


class Channel(_Part):
    """One channel of the recording."""

    index: ChannelIndex
    role: Role


class Speaker(_Part):
    """One person on the call; `id` is what utterances name."""

    id: str
    role: Role


class CallWord(_Part):
    """One word, punctuation attached."""

    text: str
    start_s: Seconds
    end_s: Seconds
    confidence: Probability | None = None
    estimated: bool = False
    """The times were spread over the utterance, not heard."""
    _check = model_validator(mode="after")(_span_in_order)


class Utterance(_Part):
    """One stretch of speech of one speaker."""

    id: str
    speaker: str
    channel: ChannelIndex
    start_s: Seconds
    end_s: Seconds
    text: str
    words: tuple[CallWord, ...] = ()
    _check = model_validator(mode="after")(_span_in_order)


class TurnOfSpeaker(_Part):
    """A stretch in which one speaker of a mono call holds the floor, as the diarizer heard it."""

    speaker: str
    channel: ChannelIndex
    start_s: Seconds
    end_s: Seconds
    _check = model_validator(mode="after")(_span_in_order)


class Gap(_Part):
    """A stretch that holds audio but no words, because the audio or its result was lost."""

    channel: ChannelIndex
    start_s: Seconds
    end_s: Seconds
    _check = model_validator(mode="after")(_span_in_order)


class Redaction(_Part):
    """A masked span: what it held and the token that stands for it in the text."""

    kind: str
    start_s: Seconds
    end_s: Seconds
    channel: ChannelIndex
    token: str
    _check = model_validator(mode="after")(_span_in_order)


class NoteClaim(_Part):
    """One checkable fact of a statement: characters [start, end) of its text, and whether the call has it."""

    kind: FactKind
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    support: Support


NOT_CONFIRMED = "(not confirmed) "
"""Before a statement that the call does not bear out, wherever a note is shown as text."""


def shown(text: str, flags: Sequence[Flag]) -> str:
    """A statement as people read it: what is no fact says so before anything else."""
    return f"{NOT_CONFIRMED}{text}" if "unsupported" in flags else text


class NoteStatement(_Part):
    """One sentence of the note and the ids of the utterances that it rests on."""

    section: str
    text: str
    evidence: tuple[str, ...] = ()
    support: Support = "unchecked"
    claims: tuple[NoteClaim, ...] = ()
    flags: tuple[Flag, ...] = ()
    """What is doubtful about it: speakers told apart anew since, a mask that the call does not have, ..."""


class NoteValue(_Part):
    """One of the site's own fields."""

    name: str
    value: str


class NoteUsage(_Part):
    """What the note cost."""

    requests: Annotated[int, Field(ge=0)] = 0
    input_tokens: Annotated[int, Field(ge=0)] = 0
    output_tokens: Annotated[int, Field(ge=0)] = 0


class NoteMember(_Part):
    """What one member of a panel wrote."""

    summarizer: str
    statements: tuple[NoteStatement, ...] = ()
    fault: str | None = None
    version: str = ""
    """As the summarizer names itself, with model, prompt and decoding."""


class NoteTold(_Part):
    """How one member of a panel tells a fact."""

    summarizer: str
    words: str


class NoteDisagreement(_Part):
    """A fact that members of a panel tell differently."""

    kind: FactKind
    told: tuple[NoteTold, ...]


class Note(_Part):
    """The wrap-up note. With a code other than "ok" there are no statements."""

    code: SummaryCode
    text: str = ""
    statements: tuple[NoteStatement, ...] = ()
    fields: tuple[NoteValue, ...] = ()
    """The site's own."""
    usage: NoteUsage = NoteUsage()
    stand_in: StandIn | None = None
    """Why the embedded summarizer wrote it in place of the chosen one."""
    members: tuple[NoteMember, ...] = ()
    disagreements: tuple[NoteDisagreement, ...] = ()


class End(_Part):
    """How the call ended: "hangup", "truncated" (the audio broke off), "failed" ..."""

    code: str


class Provenance(_Part):
    """What made the document."""

    wrapup: str
    """Version of Wrapup."""
    asr: str | None = None
    diarizer: str | None = None
    summarizer: str | None = None
    version: str = ""
    """Hash of summarizer, model, prompt, examples and decoding, of the redaction, and of the transcriber."""
    config: dict[str, JsonValue] = Field(default_factory=dict)
    source: str | None = None
    """SHA-256 of the file that the call was read from."""


class Timing(_Part):
    """Seconds of audio, and of wall clock that they took."""

    audio_s: Seconds
    wall_s: Seconds


class CallDocument(_Part):
    """One call: who said what, the note, and what made them."""

    schema_: Literal["wrapup.call/1"] = Field(default=SCHEMA, alias="schema")
    call_id: str
    language: str | None = None
    """BCP 47 tag; null where nobody spoke."""
    started_at: datetime | None = None
    duration_s: Seconds
    channels: tuple[Channel, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    utterances: tuple[Utterance, ...] = ()
    turns: tuple[TurnOfSpeaker, ...] = ()
    """Who holds the floor when, on mono calls; empty where the channel says it."""
    gaps: tuple[Gap, ...] = ()
    redactions: tuple[Redaction, ...] = ()
    summary: Note
    end: End
    provenance: Provenance
    timing: Timing


def json_schema() -> dict[str, Any]:
    """The JSON Schema of what `write_call` writes."""
    return CallDocument.model_json_schema(by_alias=True, mode="serialization")


def parse_call(text: str, source: str) -> CallDocument:
    """The call in `text`; `source` names it in errors. Raises `InputError`."""
    found = load_json(text, source)
    name = found.get("schema") if isinstance(found, dict) else None
    if name != SCHEMA:
        raise InputError(f'{source}: schema: expected "{SCHEMA}"')
    try:
        return CallDocument.model_validate_json(json.dumps(found), strict=True)
    except ValidationError as error:
        raise field_error(source, error) from error


def read_call(path: Path) -> CallDocument:
    """The call in a file. Raises `InputError`."""
    return parse_call(read_text(path), str(path))


def write_call(doc: CallDocument) -> str:
    """JSON with keys in the order of the schema, indented, with a newline at the end."""
    found = doc.model_dump(mode="json", by_alias=True)
    return json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def segments_of(doc: CallDocument) -> list[Segment]:
    """The utterances of a call in their order, with the role as speaker where a role is one person's."""
    names = speaker_names(doc)
    return [
        Segment(
            speaker=names.get(utterance.speaker, utterance.speaker),
            start_s=utterance.start_s,
            end_s=utterance.end_s,
            text=clean(utterance.text),
            channel=utterance.channel,
            words=tuple(
                TimedWord(word.text, word.start_s, word.end_s, word.confidence, word.estimated)
                for word in utterance.words
            ),
        )
        for utterance in doc.utterances
    ]


def turns_of(doc: CallDocument) -> list[Segment]:
    """Who spoke when: the diarizer's turns, or the utterances where the channel is the speaker."""
    if not doc.turns:
        return segments_of(doc)
    names = speaker_names(doc)
    return [
        Segment(names.get(turn.speaker, turn.speaker), turn.start_s, turn.end_s, None, turn.channel)
        for turn in doc.turns
    ]


def speaker_names(doc: CallDocument) -> dict[str, str]:
    """Speaker id -> the name to show: the role where it is known and no other speaker has it, else the id."""
    roles = [speaker.role for speaker in doc.speakers]
    return {
        speaker.id: speaker.role
        if speaker.role != "unknown" and roles.count(speaker.role) == 1
        else speaker.id
        for speaker in doc.speakers
    }

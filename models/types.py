"""The values that engines take and give.

Audio is mono float32 in [-1, 1] at `RATE_HZ`. Time is an integer count of samples at that rate, from
the start of the audio an engine was given; callers that cut a clip out of a call add its offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
"""The one rate inside Wrapup: what every engine here was trained on."""

Samples: TypeAlias = NDArray[np.float32]

TranscriptionCode = Literal["ok", "rejected", "unsupported_language"]
Support = Literal["supported", "contradicted", "not_found", "unchecked"]
SummaryCode = Literal["ok", "no_speech", "too_short", "no_conversation", "unsupported_language", "failed"]
Role = Literal["agent", "customer", "unknown"]
FactKind = Literal["number", "money", "date", "time", "name", "negation", "promise"]
Flag = Literal["role_changed", "unissued_token", "wrong_speaker", "unsupported"]
StandIn = Literal["late", "failed", "budget"]
NotePurpose = Literal["chunk", "draft"]

SECTIONS = ("reason", "actions", "outcome", "follow_ups", "key_facts")
"""Sections of a note, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the engine wrote it, punctuation attached, without white space around it.

    `confidence` is a probability in [0, 1] or None where the engine gives none. `estimated` says that
    the times were spread over the utterance, not heard.
    """

    text: str
    start_samples: int
    end_samples: int
    confidence: float | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Transcription:
    """What an engine heard in one clip.

    Words lie within the clip and their starts do not decrease. `code` other than "ok" comes without
    words: "rejected" when a guard took the text for invented, "unsupported_language" when the clip is in
    a language that the engine does not have. `language` is a BCP 47 tag. `tokens` are the engine's own of
    the text, to be given back to it as the draft of a later reading; empty where it takes no drafts, or
    where `code` is not "ok".
    """

    words: tuple[Word, ...]
    language: str = "en"
    code: TranscriptionCode = "ok"
    tokens: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The words, joined by single spaces."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of audio in which `speaker` holds the floor; the label has no meaning beyond its call."""

    start_samples: int
    end_samples: int
    speaker: str


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance as a summarizer reads it: already masked, with the role of who said it."""

    id: str
    role: Role
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable fact of a statement: characters [start, end) of its text, and whether the call has it."""

    kind: FactKind
    start: int
    end: int
    support: Support


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a note, the utterances that it rests on, and whether they support it.

    `support` is the worst of its claims'. Flags: "role_changed", the speakers of its evidence were told apart
    anew after it was written; "unissued_token", it names a mask that the call does not have; "wrong_speaker",
    a promise that the agent did not make, or a claim of the customer that the customer did not;
    "unsupported", it is shown and is no fact.
    """

    section: str
    text: str
    evidence: tuple[str, ...]
    support: Support = "unchecked"
    claims: tuple[Claim, ...] = ()
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What notes cost: counts that add."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Both ways."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
        )


@dataclass(frozen=True, slots=True)
class MemberNote:
    """What one member of a panel wrote; `fault` says in one line why there is nothing, without call
    content. `version` is the member's own, as the engine names itself."""

    summarizer: str
    statements: tuple[Statement, ...] = ()
    fault: str | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A fact that members of a panel tell differently: (summarizer, its words) each."""

    kind: FactKind
    told: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """A note. With a code other than "ok" there are no statements.

    `fields` are the site's own: (name, value). `stand_in` says why the embedded summarizer wrote it in place
    of the chosen one. `members` and `disagreements` are a panel's.
    """

    code: SummaryCode
    statements: tuple[Statement, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    usage: Usage = Usage()
    stand_in: StandIn | None = None
    members: tuple[MemberNote, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()


@dataclass(frozen=True, slots=True)
class ChunkNote:
    """What was noted of one chunk of a call; numbers count from 1."""

    number: int
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class NoteRequest:
    """What a note is to be written of; nothing said in it is an instruction.

    "chunk": `lines` are one chunk of a call. "draft": the note of a whole call; `lines` are what no chunk
    note tells of yet, all of it on a call that has none, in order of time; `earlier` are the notes of the
    chunks before, and `cited` the lines that those rest on.
    """

    lines: tuple[Line, ...]
    purpose: NotePurpose = "draft"
    earlier: tuple[ChunkNote, ...] = ()
    cited: tuple[Line, ...] = ()

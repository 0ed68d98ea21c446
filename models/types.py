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
class Statement:
    """One sentence of a note, the utterances that it rests on, and whether they support it."""

    section: str
    text: str
    evidence: tuple[str, ...]
    support: Support = "unchecked"


@dataclass(frozen=True, slots=True)
class Summary:
    """A note. With a code other than "ok" there are no statements."""

    code: SummaryCode
    statements: tuple[Statement, ...] = ()

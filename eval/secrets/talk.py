"""Ordinary talk behind a mask: how much of it is hidden in vain.

Real transcripts hold real secrets too, and nobody marked them. `eval.secrets.kinds` says by strict patterns
which words are truly a part of one; a hidden word is in vain unless it is among them. All that is hidden is
the upper bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.normalizer import without_tags
from eval.secrets.kinds import true_words
from eval.secrets.masks import Mask
from eval.secrets.playing import Spoken
from models.errors import InputError
from pipeline.formats.fields import field_error
from pipeline.formats.plain import read_text


@dataclass(frozen=True, slots=True)
class TalkCounts:
    """Words of ordinary talk; `stretches` and `hidden` words that were masked, of which `true_kind` are truly
    of a kind to be hidden; `shown` are words of such a kind that were not."""

    words: int = 0
    stretches: int = 0
    hidden: int = 0
    true_kind: int = 0
    shown: int = 0

    @property
    def in_vain(self) -> int:
        """Hidden words that are a part of no secret."""
        return self.hidden - self.true_kind

    @property
    def in_vain_per_1000(self) -> float | None:
        """Per 1,000 words; None without a word."""
        return 1000 * self.in_vain / self.words if self.words else None

    @property
    def hidden_per_1000(self) -> float | None:
        """The upper bound: as if no transcript held a secret. None without a word."""
        return 1000 * self.hidden / self.words if self.words else None

    def __add__(self, other: TalkCounts) -> TalkCounts:
        return TalkCounts(
            self.words + other.words,
            self.stretches + other.stretches,
            self.hidden + other.hidden,
            self.true_kind + other.true_kind,
            self.shown + other.shown,
        )


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation of a set, as turns one after the other, a channel for each speaker."""

    data: str
    spoken: tuple[Spoken, ...]


class _Turn(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    speaker: str
    text: str


class _Conversation(BaseModel):
    turns: list[_Turn]


def read_talk(folder: Path) -> list[Talk]:
    """The conversations of all *.jsonl files under a folder: an object a line with `turns[{speaker, text}]`.

    Files without turns are passed by. Raises `InputError` where there is no folder, a line is not readable,
    or no conversation is found.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    found = [talk for file in sorted(folder.rglob("*.jsonl")) for talk in _conversations(file)]
    if not found:
        raise InputError(f"{folder}: no conversations in it (*.jsonl, a line each, with turns)")
    return found


def _conversations(file: Path) -> Iterator[Talk]:
    for number, line in enumerate(read_text(file).split("\n"), 1):
        if '"turns"' not in line:
            continue
        try:
            turns = _Conversation.model_validate_json(line).turns
        except ValidationError as error:
            raise field_error(f"{file}:{number}", error) from error
        speakers = list(dict.fromkeys(turn.speaker for turn in turns))
        spoken = (Spoken(speakers.index(turn.speaker), _words(turn.text)) for turn in turns)
        yield Talk(file.parent.name, tuple(turn for turn in spoken if turn.words))


def _words(text: str) -> tuple[str, ...]:
    return tuple(without_tags(text).split())


def score_talk(talk: Talk, mask: Mask) -> tuple[TalkCounts, Counter[str]]:
    """One conversation behind a mask, and its hidden stretches by kind."""
    seen = mask(talk.spoken)
    said = {(number, place) for number, turn in enumerate(talk.spoken) for place in range(len(turn.words))}
    hidden = said - seen.readable
    true = true_words(talk.spoken)
    counts = TalkCounts(
        words=len(said),
        stretches=len(seen.stretches),
        hidden=len(hidden),
        true_kind=len(hidden & true),
        shown=len(true - hidden),
    )
    return counts, Counter(stretch.kind for stretch in seen.stretches)

"""Ordinary talk behind a mask: how much of it is hidden in vain.

Real transcripts hold real secrets too, and nobody marked them. A hidden stretch with `LONG_DIGITS` digits
or more, or with an "@", is taken for one, since amounts, dates and counts are shorter; all that is hidden is
the upper bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.normalizer import without_tags
from eval.secrets.masks import Mask
from eval.secrets.playing import Spoken, Stretch
from models.errors import InputError
from models.text.digits import count_digits, look
from pipeline.formats.fields import field_error
from pipeline.formats.plain import read_text

LONG_DIGITS = 6
"""More digits than a date in numbers, a price or a count has when it is said: "3 5 85" has four."""


@dataclass(frozen=True, slots=True)
class TalkCounts:
    """Words of ordinary talk; `stretches` and `hidden` words that were masked, of which `long_stretches` and
    `long_hidden` are taken for real secrets."""

    words: int = 0
    stretches: int = 0
    hidden: int = 0
    long_stretches: int = 0
    long_hidden: int = 0

    @property
    def in_vain(self) -> int:
        """Hidden words that are taken for no secret."""
        return self.hidden - self.long_hidden

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
            self.long_stretches + other.long_stretches,
            self.long_hidden + other.long_hidden,
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
    stretches = mask(talk.spoken).stretches
    long = [stretch for stretch in stretches if is_long(stretch)]
    counts = TalkCounts(
        words=sum(len(turn.words) for turn in talk.spoken),
        stretches=len(stretches),
        hidden=_count(stretches),
        long_stretches=len(long),
        long_hidden=_count(long),
    )
    return counts, Counter(stretch.kind for stretch in stretches)


def is_long(stretch: Stretch) -> bool:
    """Whether a hidden stretch is taken for a real secret."""
    digits = count_digits([look(word) for word in stretch.words])
    return digits >= LONG_DIGITS or any("@" in word for word in stretch.words)


def _count(stretches: Sequence[Stretch]) -> int:
    return sum(len(stretch.words) for stretch in stretches)

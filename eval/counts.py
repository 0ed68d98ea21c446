"""Scores as counts that add. A rate is counts divided at the very end; nothing over nothing is None."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Ratio(Protocol):
    """A score of one item, `part` of a `whole`; the rate of several is parts summed over wholes summed."""

    @property
    def part(self) -> float:
        """What is counted."""
        ...

    @property
    def whole(self) -> float:
        """What it is counted of; not negative."""
        ...


@dataclass(frozen=True, slots=True)
class Share:
    """A part and its whole, of whatever is counted; one value of one item is itself over 1."""

    part: float
    whole: float


def _rate(part: float, whole: float) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True, slots=True)
class ErrorCounts:
    """Word errors against `length` words of reference."""

    deletions: int = 0
    insertions: int = 0
    substitutions: int = 0
    length: int = 0

    @property
    def errors(self) -> int:
        """Deletions, insertions and substitutions."""
        return self.deletions + self.insertions + self.substitutions

    @property
    def part(self) -> int:
        """Errors."""
        return self.errors

    @property
    def whole(self) -> int:
        """Words of reference."""
        return self.length

    @property
    def rate(self) -> float | None:
        """Errors a word of reference; may exceed 1; None without a reference word."""
        return _rate(self.errors, self.length)

    def __add__(self, other: ErrorCounts) -> ErrorCounts:
        return ErrorCounts(
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.substitutions + other.substitutions,
            self.length + other.length,
        )


@dataclass(frozen=True, slots=True)
class SpeakerWordCounts:
    """Words that were aligned with a reference word, and those of them with the wrong speaker."""

    wrong: int = 0
    words: int = 0

    @property
    def part(self) -> int:
        """Words with the wrong speaker."""
        return self.wrong

    @property
    def whole(self) -> int:
        """Aligned words."""
        return self.words

    @property
    def rate(self) -> float | None:
        """Wrong over words; None without an aligned word."""
        return _rate(self.wrong, self.words)

    def __add__(self, other: SpeakerWordCounts) -> SpeakerWordCounts:
        return SpeakerWordCounts(self.wrong + other.wrong, self.words + other.words)


@dataclass(frozen=True, slots=True)
class SpeakerTimeCounts:
    """Seconds of speaker errors against `total_s` seconds of reference speech, each speaker counted."""

    missed_s: float = 0.0
    false_alarm_s: float = 0.0
    confusion_s: float = 0.0
    total_s: float = 0.0

    @property
    def part(self) -> float:
        """Seconds of errors."""
        return self.missed_s + self.false_alarm_s + self.confusion_s

    @property
    def whole(self) -> float:
        """Seconds of reference speech."""
        return self.total_s

    @property
    def rate(self) -> float | None:
        """The diarization error rate; may exceed 1; None without reference speech."""
        return _rate(self.part, self.whole)

    def __add__(self, other: SpeakerTimeCounts) -> SpeakerTimeCounts:
        return SpeakerTimeCounts(
            self.missed_s + other.missed_s,
            self.false_alarm_s + other.false_alarm_s,
            self.confusion_s + other.confusion_s,
            self.total_s + other.total_s,
        )

"""Guards against text that nobody said, shared by all engines.

The limits were set on real English telephone and read speech (none of it may be lost) against noise, hum,
tones, coughs, music and eleven languages that the English engine does not have. What they let through:
invented text that is short, likely to the model and free of repetition ("Thank you.", "I'm going to be").
Voice activity in front of the engine is the first line of defence; these are the second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from models.types import RATE_HZ, TranscriptionCode

STOCK_PHRASES = frozenset(
    {
        "you",
        "thank you for watching",
        "thanks for watching",
        "please subscribe",
        "like and subscribe",
        "subtitles by the amara org community",
    }
)
"""What engines trained on captions write for noise and nobody says alone on a call."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a guard closes. Log-probabilities and entropies are means over tokens, in nats."""

    log_probability: float = -1.5
    no_speech: float = 0.6
    log_probability_of_no_speech: float = -1.0
    words_per_s: float = 10.0
    slow_words_per_s: float = 0.4
    slow_after_s: float = 4.0
    foreign_log_probability: float | None = None
    foreign_entropy: float | None = None
    foreign_after_s: float = 3.0
    foreign_words_per_s: float = 0.7


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an engine shows of one text. A figure that it does not have is None."""

    words: Sequence[str]
    duration_samples: int
    log_probability: float | None = None
    entropy: float | None = None
    no_speech: float | None = None


def judge(evidence: Evidence, limits: Limits) -> TranscriptionCode:
    """Whether a text may be what was said. A text without words is "ok"."""
    if not evidence.words:
        return "ok"
    spelled = [word for word in map(_spell, evidence.words) if word]
    if not spelled or " ".join(spelled) in STOCK_PHRASES or has_loop(spelled):
        return "rejected"
    duration_s = evidence.duration_samples / RATE_HZ
    words_per_s = len(spelled) / duration_s if duration_s else math.inf
    if words_per_s > limits.words_per_s and len(spelled) >= 8:
        return "rejected"
    if duration_s >= limits.slow_after_s and words_per_s < limits.slow_words_per_s:
        return "rejected"
    if _sounds_foreign(evidence, limits) and duration_s >= limits.foreign_after_s:
        return "unsupported_language" if words_per_s >= limits.foreign_words_per_s else "rejected"
    return "rejected" if _is_unlikely(evidence, limits) else "ok"


def has_loop(words: Sequence[str]) -> bool:
    """Whether a text goes round in circles, as decoders do and people do not.

    A run of the same words: twelve words or more in three rounds or more, and eight rounds of a single
    word; or a word of forty characters or more that is one to six characters over and over.
    """
    return any(_is_loop_of_characters(word) for word in words) or any(
        rounds >= (8 if period == 1 else 3) and rounds * period >= (8 if period == 1 else 12)
        for period in range(1, len(words) // 3 + 1)
        for rounds in (_most_rounds(words, period),)
    )


def _spell(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def _sounds_foreign(evidence: Evidence, limits: Limits) -> bool:
    if limits.foreign_entropy is not None and evidence.entropy is not None:
        return evidence.entropy > limits.foreign_entropy
    if limits.foreign_log_probability is not None and evidence.log_probability is not None:
        return evidence.log_probability < limits.foreign_log_probability
    return False


def _is_unlikely(evidence: Evidence, limits: Limits) -> bool:
    if evidence.log_probability is None:
        return False
    if evidence.log_probability < limits.log_probability:
        return True
    silent = evidence.no_speech is not None and evidence.no_speech > limits.no_speech
    return silent and evidence.log_probability < limits.log_probability_of_no_speech


def _most_rounds(words: Sequence[str], period: int) -> int:
    """The most times that any `period` words in a row come again at once, counting the first."""
    longest = run = 0
    for at in range(period, len(words)):
        run = run + 1 if words[at] == words[at - period] else 0
        longest = max(longest, run)
    return longest // period + 1


def _is_loop_of_characters(word: str) -> bool:
    return len(word) >= 40 and any(word[period:] == word[:-period] for period in range(1, 7))

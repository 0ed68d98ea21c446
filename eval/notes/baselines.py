"""Summaries that cost nothing: what a summarizer has to be better than.

LEAD-3 is the first three utterances, LONGEST-3 the three longest, TextRank-3 the three sentences that rank
highest. Notes say who said what, and so do the baselines: each utterance begins with its speaker ("Ann: ").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from nltk.stem.porter import PorterStemmer

from eval.notes.textrank import rank
from models.text.sentences import split_sentences
from models.text.worth import COMMON
from models.types import Line

System: TypeAlias = Callable[[Sequence[Line]], list[str]]
"""Lines of a call -> sentences of its summary; none for a call that it refuses."""

_STEM = PorterStemmer().stem


def lead_3(lines: Sequence[Line]) -> list[str]:
    """The first three utterances."""
    return [named(line, line.text) for line in lines[:3]]


def longest_3(lines: Sequence[Line]) -> list[str]:
    """The three utterances with most words, in order of time."""
    places = sorted(range(len(lines)), key=lambda place: -len(lines[place].text.split()))[:3]
    return [named(lines[place], lines[place].text) for place in sorted(places)]


def textrank_3(lines: Sequence[Line]) -> list[str]:
    """The three sentences that TextRank puts first, in order of time; stop words do not count."""
    said = [(line, sentence.text) for line in lines for sentence in split_sentences(line.text)]
    ranks = rank([_content(text) for _, text in said])
    places = sorted(range(len(said)), key=lambda place: (-ranks[place], place))[:3]
    return [named(*said[place]) for place in sorted(places)]


BASELINES: Mapping[str, System] = MappingProxyType(
    {"LEAD-3": lead_3, "LONGEST-3": longest_3, "TextRank-3": textrank_3}
)


def named(line: Line, text: str) -> str:
    """Words with who said them in front, as a note names people."""
    return f"{line.speaker if line.role == 'unknown' else line.role.capitalize()}: {text}"


def _content(sentence: str) -> frozenset[str]:
    words = re.findall(r"[a-z0-9']+", sentence.lower())
    return frozenset(_STEM(word) for word in words if word not in COMMON)

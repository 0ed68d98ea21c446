"""Sentences as they may be shown: without names, e-mail addresses and the digits of numbers.

Masks stay, since nothing can be read in them. Beside what the readers of text find, a word that fewer than
`LEAST` associates ever wrote in small letters is hidden too: it may be a name at the begin of a sentence, or
one that was written without a capital.
"""

from __future__ import annotations

import re
from collections.abc import Container

from eval.edits.values import find_spans
from models.text.dates import MONTHS
from models.text.digits import look
from models.text.facts_names import MASK, find_names, without_masks
from models.text.facts_words import STOP
from models.text.secrets_reach import email_words
from models.text.tokens import listed, spoken_tokens, tokenize
from models.text.worth import COMMON

NAME, NUMBER, EMAIL, WORD = "<name>", "<number>", "<e-mail>", "<...>"
LEAST = 3
MARKS = re.compile("|".join(re.escape(mark) for mark in (NAME, NUMBER, EMAIL, WORD)))

_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]*[^\s@<>.,;:!?)]")
_DIGITS = re.compile(r"\d(?:[ .\-/]?\d){3,}")
_DAYS = listed("monday tuesday wednesday thursday friday saturday sunday")
_WORD = re.compile(r"\S+")
_KNOWN = STOP | COMMON | frozenset(MONTHS) | frozenset(_DAYS)


class Vocabulary:
    """Words by how many associates wrote them in small letters."""

    def __init__(self, least: int = LEAST) -> None:
        self._least = least
        self._few: dict[str, set[str]] = {}
        self._many: set[str] = set()

    def add(self, associate: str, words: frozenset[str]) -> None:
        """Take the words of one associate's note."""
        for word in words - self._many:
            known = self._few.setdefault(word, set())
            known.add(associate)
            if len(known) >= self._least:
                self._many.add(word)
                del self._few[word]

    def __contains__(self, word: object) -> bool:
        return word in self._many or word in _KNOWN


def redact(text: str, vocabulary: Container[str] | None = None) -> str:
    """The text as it may be shown; without a vocabulary no words are hidden for being rare."""
    text, spans = find_spans(text)
    masks = [match.span() for match in MASK.finditer(text)]
    hidden = [(span.start, span.end, NUMBER) for span in spans if span.kind == "tail"]
    hidden += [(*match.span(), EMAIL) for match in _EMAIL.finditer(text)]
    hidden += [(*match.span(), NUMBER) for match in _DIGITS.finditer(without_masks(text))]
    hidden += _spoken_emails(text)
    bare = without_masks(text)
    hidden += [(found.start, found.end, NAME) for found in find_names(spoken_tokens(bare))]
    if vocabulary is not None:
        hidden += [
            (token.start, token.end, WORD)
            for token in tokenize(bare)
            if token.kind == "word" and token.norm not in vocabulary
        ]
    return _without(text, [one for one in hidden if not _inside(one, masks)])


def _spoken_emails(text: str) -> list[tuple[int, int, str]]:
    words = list(_WORD.finditer(text))
    texts = [match[0] for match in words]
    held = sorted(email_words(texts, [look(word) for word in texts]))
    ends = [words[i].start() + len(texts[i].rstrip(".,;:!?)")) for i in held]
    return [(words[i].start(), end, EMAIL) for i, end in zip(held, ends, strict=True)]


def _inside(one: tuple[int, int, str], masks: list[tuple[int, int]]) -> bool:
    return any(start <= one[0] and one[1] <= end for start, end in masks)


def _without(text: str, hidden: list[tuple[int, int, str]]) -> str:
    """The text with a mark for each stretch; of stretches that overlap, the first's mark stands for all."""
    shown: list[str] = []
    at = 0
    for start, end, mark in sorted(hidden, key=lambda one: (one[0], -one[1])):
        if start >= at:
            shown += [text[at:start], mark]
        at = max(at, end)
    joined = "".join([*shown, text[at:]])
    for mark in (NAME, NUMBER, EMAIL, WORD):
        joined = re.sub(rf"{re.escape(mark)}(?:\s+{re.escape(mark)})+", mark, joined)
    return joined

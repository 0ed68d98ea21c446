"""Words, numbers, currency signs and punctuation of a text, with their character spans."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

TokenKind = Literal["word", "number", "currency", "punct"]

_LETTER = r"(?:[^\W\d_][\u0300-\u036f]*)"
_TOKEN = re.compile(
    rf"(?P<word>(?:[A-Za-z]\.){{2,}}|{_LETTER}+(?:['\u2018\u2019\u02bc]{_LETTER}+)*)"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"|(?P<currency>[$€£¥₹₩₽¢])"
    r"|(?P<punct>\S)"
)
_KIND_OF: dict[str | None, TokenKind] = {
    "word": "word",
    "number": "number",
    "currency": "currency",
    "punct": "punct",
}
_PLAIN = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value read out of a text, and the characters [start, end) that say it."""

    value: T
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Token:
    """The characters [start, end) of a text, without white space; `norm` is their normal form."""

    text: str
    start: int
    end: int
    kind: TokenKind
    norm: str


def listed(words: str) -> tuple[str, ...]:
    """The words of a table that is written as one string."""
    return tuple(words.split())


def normal(text: str) -> str:
    """Normal form for comparing: NFC, case folded, plain quotes and hyphens."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text.translate(_PLAIN).casefold())


def tokenize(text: str) -> list[Token]:
    """Tokens in order. They do not overlap, and what lies between them is white space only."""
    return [
        Token(match[0], match.start(), match.end(), _KIND_OF[match.lastgroup], normal(match[0]))
        for match in _TOKEN.finditer(text)
    ]


def spoken_tokens(text: str) -> list[Token]:
    """Tokens as they are said: without the hyphens that hold words, or a word and a number, together."""
    tokens = tokenize(text)
    return [token for i, token in enumerate(tokens) if not _joins(tokens, i)]


def norm_at(tokens: Sequence[Token], i: int) -> str:
    """Normal form of token `i`, or an empty string outside the sequence."""
    return tokens[i].norm if 0 <= i < len(tokens) else ""


def touches(tokens: Sequence[Token], i: int) -> bool:
    """Whether token `i` follows the one before it without white space."""
    return 0 < i < len(tokens) and tokens[i - 1].end == tokens[i].start


def _joins(tokens: Sequence[Token], i: int) -> bool:
    if tokens[i].norm != "-" or not touches(tokens, i) or not touches(tokens, i + 1):
        return False
    return "word" in (tokens[i - 1].kind, tokens[i + 1].kind)

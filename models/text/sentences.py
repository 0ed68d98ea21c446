"""Sentences of a text with their character spans."""

from __future__ import annotations

import re
from dataclasses import dataclass

from models.text.tokens import listed

_END = re.compile(r"(?<![.!?…])[.!?…]+[\"'\u2019\u201d)\]]*(?=\s)|\n")
_LAST_WORD = re.compile(r"[^\s(\[\"'\u201c\u2018]+$")
_NEXT_WORD = re.compile(r"[\s\"'(\[\u201c\u2018]*([^\s.,!?]*)")

_TITLES = frozenset(listed("mr mrs ms dr prof rev sr jr st mt ft gen col sgt capt lt hon"))
_MONTHS = frozenset(listed("jan feb mar apr jun jul aug sep sept oct nov dec"))
_LEADING = frozenset(listed("no nos vs approx ext e.g i.e cf fig art acct")) | _MONTHS
_WORDS_TOO = _MONTHS | {"no", "art"}
_TRAILING = frozenset(listed("a.m p.m etc inc ltd co corp bros ave blvd dept est u.s u.k u.s.a p.s p.o"))
_STARTERS = frozenset(
    listed(
        "i i'm i'll i've i'd we we'll you your he she it it's its they the this that these those there"
        " then so but and please thank thanks could can would will what when where why who how my our"
        " if is are do does did let okay ok yes no alright in on at for"
    )
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """The characters [start, end) of a text, without white space around them."""

    text: str
    start: int
    end: int


def split_sentences(text: str) -> list[Sentence]:
    """Sentences in order; what lies between them is white space only.

    A full stop ends a sentence unless it belongs to an abbreviation, an initial or a number, or a small
    letter follows. A line end always does. Text without punctuation, as some engines write it, is one
    sentence.
    """
    sentences: list[Sentence] = []
    start = 0
    for match in _END.finditer(text):
        if match[0] == "\n" or _ends(text, match):
            _add(sentences, text, start, match.end())
            start = match.end()
    _add(sentences, text, start, len(text))
    return sentences


def _add(sentences: list[Sentence], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    bare = piece.strip()
    if bare:
        first = start + len(piece) - len(piece.lstrip())
        sentences.append(Sentence(bare, first, first + len(bare)))


def _ends(text: str, match: re.Match[str]) -> bool:
    if not match[0].startswith("."):
        return True
    follows = _NEXT_WORD.match(text, match.end())
    after = follows[1] if follows else ""
    if after[:1].islower():
        return False
    if len(match[0]) > 1:
        return True
    before = _LAST_WORD.search(text, max(0, match.start() - 24), match.start())
    word = before[0].casefold() if before else ""
    if word in _TITLES or (word in _LEADING and (after[:1].isdigit() or word not in _WORDS_TOO)):
        return False
    if word in _TRAILING:
        return after.casefold() in _STARTERS or not after
    return not (
        len(word) == 1 and word.isalpha() and before is not None and before[0].isupper() and word != "i"
    )

"""The content of a sentence: its words in canonical form, each with the kind of change that it makes.

"Three hundred dollars" and "$300.00" are one word with one key; so are "pmt" and "payment". What carries a
fact (a number, a name, "not", "may") is critical; other words are of kind "word".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from eval.edits.edit import ChangeKind
from eval.edits.forms import plain_signs
from eval.edits.tables import (
    ABBREVIATIONS,
    ARTICLES,
    CONTRACTIONS,
    DISPOSITIONS,
    ENDINGS,
    MODALS,
    NEGATIONS,
    PERSONAL,
    SAYS,
    SIDES,
)
from eval.edits.values import find_spans
from models.text.facts_names import NO_NAMES

PIECE = 2_000
"""Characters of a sentence that are read at once; values are not read across the end of a piece."""

_SINGLE = (
    "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # scripts without spaces
    "\u2600-\u27bf\U0001f000-\U0001faff"  # pictures
)
_PUNCT = (
    r"\s!-/:-@\[-`{-~\u00a1\u00a7\u00ab\u00b6\u00b7\u00bb\u00bf\u2000-\u206f\u3000-\u303f"
    r"\uff01-\uff0f\uff1a-\uff20\u060c\u061b\u061f\u06d4"
)
_PIECE_OF_WORD = rf"[^{_PUNCT}{_SINGLE}]+"
_WORD = re.compile(
    r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    rf"|\[[A-Z]+(?:_[A-Z]+)*_\d+\]|(?<!\w)(?:b/c|c/b|f/u|w/o)(?!\w)|(?<!\w)w/|[<>=&±≤≥≠]"
    rf"|[{_SINGLE}]|{_PIECE_OF_WORD}(?:'{_PIECE_OF_WORD})*",
    re.IGNORECASE,
)
_COMPARES = frozenset("<>=±≤≥≠")
_ENDS = frozenset(".!?:;\"'(*/-")
_HIDDEN = frozenset("xX")
_NUMERAL_FOLLOWS = re.compile(r"\.? ?#?\d")
_SECRET = re.compile(r"\[(?:NUMBER|ACCOUNT|CARD|PHONE|ROUTING)", re.IGNORECASE)


class Word(NamedTuple):
    """One word of content. Equal keys say the same; `text` is as written, `kind` what a change of it is."""

    key: str
    text: str
    kind: ChangeKind


def content(sentence: str) -> tuple[Word, ...]:
    """The content of a sentence, in order, without articles and punctuation."""
    if len(sentence) <= PIECE:
        return _cached(sentence)
    return tuple(word for piece in _pieces(sentence) for word in _content(piece))


@lru_cache(maxsize=4_096)
def _cached(sentence: str) -> tuple[Word, ...]:
    return _content(sentence)


def _pieces(sentence: str) -> Iterator[str]:
    """Cut at white space, as far as there is any."""
    at = 0
    while at < len(sentence):
        end = at + PIECE
        if end < len(sentence):
            end = max(sentence.rfind(" ", at + 1, end), sentence.rfind("\t", at + 1, end))
            end = end if end > at else at + PIECE
        yield sentence[at:end]
        at = end


def _content(sentence: str) -> tuple[Word, ...]:
    text = sentence if sentence.isascii() else unicodedata.normalize("NFC", sentence)
    text = plain_signs(text)
    text, spans = find_spans(text)
    matches = list(_WORD.finditer(text))
    names = _names(text, matches)
    words: list[Word] = []
    after = next_span = 0
    for place, match in enumerate(matches):
        start = match.start()
        while next_span < len(spans) and spans[next_span].start < match.end():
            span = spans[next_span]
            words.append(Word(span.key, text[span.start : span.end], span.kind))
            after, next_span = span.end, next_span + 1
        if start >= after:
            words += _plain(text, match, place in names)
    words += [Word(span.key, text[span.start : span.end], span.kind) for span in spans[next_span:]]
    return tuple(words)


def _plain(text: str, match: re.Match[str], is_name: bool) -> Sequence[Word]:
    """The content of one written word that is no part of a value."""
    said = match[0]
    key = said.lower() if said.isascii() else unicodedata.normalize("NFC", said.casefold())
    if key in ARTICLES:
        return ()
    if key in ABBREVIATIONS:
        return [_word(full, said) for full in ABBREVIATIONS[key]]
    if "'" in key or key in CONTRACTIONS:
        return [_word(full, said, is_name) for full in _written_out(key)]
    if key == "no" and _NUMERAL_FOLLOWS.match(text, match.end()):
        return [Word("number", said, "word")]
    if _HIDDEN.issuperset(said) and text[match.end() : match.end() + 1].isdecimal():
        return ()
    return [_word(key, said, is_name)]


def _word(key: str, said: str, is_name: bool = False) -> Word:
    kind: ChangeKind = "word"
    if key in NEGATIONS:
        kind = "negation"
    elif key in MODALS:
        kind = "modality"
    elif key in SIDES:
        kind = "actor"
    elif key in DISPOSITIONS:
        kind = "disposition"
    elif key[0] == "[":
        kind = "tail" if _SECRET.match(key) else "name"
    elif key in _COMPARES or (not key.isalpha() and any(char.isdigit() for char in key)):
        kind = "number"
    elif is_name or "@" in key:
        kind = "name"
    return Word(key, said, kind)


def _written_out(key: str) -> Sequence[str]:
    """The words of a contraction; the possessive is left out."""
    if key in CONTRACTIONS:
        return CONTRACTIONS[key]
    if key.endswith("n't") and len(key) > 3 and key != "ain't":
        return (key[:-3], "not")
    base, mark, ending = key.rpartition("'")
    full = ENDINGS.get(mark + ending)
    if full is not None and base:
        return (base, full)
    return (base,) if ending == "s" and base else (key,)


def _names(text: str, matches: Sequence[re.Match[str]]) -> set[int]:
    """Places of words that are parts of names: those with a capital inside a sentence.

    At its begin a capital counts only before another, or where one does what persons do ("Nolan called").
    Where every word has a capital, none is a name by it.
    """
    if len(matches) > 3 and not any(match[0][0].islower() for match in matches):
        return set()
    capital = [_is_capital(match[0]) for match in matches]
    return {
        place for place in range(len(matches)) if capital[place] and _is_name(text, matches, capital, place)
    }


def _is_name(text: str, matches: Sequence[re.Match[str]], capital: Sequence[bool], place: int) -> bool:
    if not _opens(text, matches, place):
        return True
    if place + 1 == len(matches):
        return False
    if capital[place + 1] and not _opens(text, matches, place + 1):
        return True
    return matches[place + 1][0] in SAYS and matches[place][0].lower() not in PERSONAL


def _is_capital(said: str) -> bool:
    if len(said) < 2 or not said[0].isupper():
        return False
    key = said.lower()
    return key not in NO_NAMES and key not in SIDES and key not in ABBREVIATIONS


def _opens(text: str, matches: Sequence[re.Match[str]], place: int) -> bool:
    """Whether a word begins a sentence or what is quoted."""
    if not place:
        return True
    between = text[matches[place - 1].end() : matches[place].start()].strip()
    return bool(between) and between[-1] in _ENDS and matches[place - 1][0].lower() not in _TITLES


_TITLES = frozenset(("mr", "mrs", "ms", "dr", "prof"))

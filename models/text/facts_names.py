"""Proper names and masks of a text. No list of names is used: a name is what is written with capitals."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.text.dates import MONTHS
from models.text.facts_words import STOP
from models.text.tokens import Found, Token, listed, norm_at, touches

MASK = re.compile(r"\[[A-Z]+(?:_[A-Z]+)*_\d+\]")
"""A mask of a secret in the form in which it is issued: [ACCOUNT_1], [CARD_CODE_2]."""

_TITLES = frozenset(listed("mr mrs ms miss mister dr doctor sir madam prof"))
NO_NAMES = (
    STOP
    | frozenset(MONTHS)
    | frozenset(listed("monday tuesday wednesday thursday friday saturday sunday"))
    | frozenset(listed("am pm i ok faq tv id pin atm sms pdf usd eur gbp bank no not never yes none nobody"))
)
_NEVER_NAMES = NO_NAMES - _TITLES
_ENDS = frozenset(listed(". ! ? : ; \" ' ( - * / …"))
_MOSTLY = 0.6


def find_names(tokens: Sequence[Token]) -> list[Found[tuple[str, ...]]]:
    """Rows of capitalised words, in normal form, without titles.

    The first word of a sentence counts only when another name follows it. A text that is mostly in capitals
    has no names.
    """
    words = [token for token in tokens if token.kind == "word" and len(token.text) > 1]
    capital = sum(token.text[0].isupper() for token in words)
    if len(words) > 3 and capital > _MOSTLY * len(words):
        return []
    found: list[Found[tuple[str, ...]]] = []
    i = 0
    while i < len(tokens):
        row = _row(tokens, i)
        if row is None:
            i += 1
            continue
        start, after = row
        parts = tuple(plain(token.norm) for token in tokens[start:after] if token.kind == "word")
        if parts:
            found.append(Found(parts, tokens[start].start, tokens[after - 1].end))
        i = after
    return found


def plain(norm: str) -> str:
    """A word of a name without dots and possessive: "u.s." is "us", "susan's" is "susan"."""
    return norm.replace(".", "").removesuffix("'s").removesuffix("'")


def _row(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    """The name that starts at token `i`: its first token and the one after it."""
    after = i
    while after < len(tokens) and _capital(tokens, after):
        after += 1
    if after == i:
        return None
    titled = norm_at(tokens, i - 1) == "." and norm_at(tokens, i - 2) in _TITLES
    opens = i == 0 or (norm_at(tokens, i - 1) in _ENDS and not titled)
    start = i
    while start < after and norm_at(tokens, start) in _TITLES:
        start, opens = start + 1, False
    if start == after:
        return None
    return (start, after) if not opens or after - start > 1 else None


def _capital(tokens: Sequence[Token], i: int) -> bool:
    token = tokens[i]
    if token.kind != "word" or not token.text[0].isupper() or token.norm in _NEVER_NAMES:
        return False
    if touches(tokens, i) and tokens[i - 1].kind == "number":
        return False
    single = len(token.text) == 1
    return not single or (i > 0 and norm_at(tokens, i + 1) == "." and touches(tokens, i + 1))


def masks_of(text: str) -> list[Found[tuple[str, ...]]]:
    """The masks of a text, each as it is written."""
    return [Found((match[0],), match.start(), match.end()) for match in MASK.finditer(text)]


def without_masks(text: str) -> str:
    """The text with blanks in place of masks, so that their numbers are not read; spans stay."""
    return MASK.sub(lambda match: " " * len(match[0]), text)

"""Words of the second generator: groups of them, the names of numbers, sentences as engines write them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from eval.secrets.items import ItemWord

Group: TypeAlias = tuple[ItemWord, ...]
"""What is said in one breath."""
Groups: TypeAlias = tuple[Group, ...]
"""A value as it is said: breaths, with room between them."""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
MARKS = ".,?!;:"


def hide(texts: Iterable[str]) -> Group:
    """Words that say a part of the value."""
    return tuple(ItemWord(text, True) for text in texts)


def show(text: str) -> Group:
    """The words of a text that say nothing of the value."""
    return tuple(ItemWord(word) for word in text.split())


def number(value: int, rng: random.Random) -> list[str]:
    """0 to 99 in words; "forty-one" as one word or as two."""
    if value < 10:
        return [DIGITS[value]]
    if value < 20:
        return [_TEENS[value - 10]]
    tens, ones = divmod(value, 10)
    if ones == 0:
        return [_TENS[tens]]
    return [f"{_TENS[tens]}-{DIGITS[ones]}"] if rng.random() < 0.6 else [_TENS[tens], DIGITS[ones]]


def ending(group: Group, mark: str) -> Group:
    """The group with a mark of punctuation after its last word, unless there is one."""
    if not group or not mark or group[-1].text[-1] in MARKS + "-":
        return group
    return (*group[:-1], replace(group[-1], text=group[-1].text + mark))


def sentence(group: Group) -> Group:
    """The group with a full stop, and capitals where a sentence begins (but not on an e-mail)."""
    words: list[ItemWord] = []
    for word in ending(group, "."):
        begins = not words or words[-1].text.endswith("?")
        capital = begins and "@" not in word.text
        words.append(replace(word, text=word.text[0].upper() + word.text[1:]) if capital else word)
    return tuple(words)


def bare(group: Group) -> Group:
    """The group in lower case without punctuation; "forty-one" and "mm-hmm" become two words."""
    words: list[ItemWord] = []
    for word in group:
        text = word.text.lower().strip(MARKS + "-()")
        pieces = text.split("-") if text.replace("-", "").isalpha() else [text]
        words.extend(ItemWord(piece, word.secret) for piece in pieces if piece)
    return tuple(words)

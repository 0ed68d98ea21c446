"""Numbers that are clearly no secret: amounts, dates, times, durations, counts.

This is what a mask of secrets may leave readable where nothing else in the utterance speaks against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from models.text.dates import CalendarDate, When, find_dates
from models.text.digits import FILLERS, HOMOPHONES, MASK
from models.text.money import find_money
from models.text.numbers import TEENS, TENS, UNITS, Number, find_numbers
from models.text.times import ClockTime, Duration
from models.text.tokens import Found, listed, normal, tokenize

HarmlessKind = Literal[
    "money",
    "percent",
    "date",
    "calendar",
    "time",
    "bare time",
    "duration",
    "count",
    "ordinal",
    "name",
    "link",
]

WEAK_KINDS = frozenset({"bare time", "count", "ordinal", "name"})
"""Kinds that digits alone can form, or that hang on a guess about one word."""

_NAME = re.compile(
    r"\b(?:(?:scale of|from) (?:one|1|zero|0),? (?:to|through) (?:ten|10|five|5)\b|401 ?\(?k\b\)?"
    r"|403 ?\(?b\b\)?|four oh one k\b|24/7|twenty[ -]four[ -]seven|50/50|fifty[ -]fifty)",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?<!\S)(?:https?://\S+|www\.\S+|@(?!\d{8})\w+(?!\S*@))(?!\S)", re.IGNORECASE)
_THINGS = frozenset(
    listed(
        "account card charge check payment transaction transfer deposit fee time person customer ticket item"
        " option question digit copy branch night star bed room mile point call email letter message"
        " statement installment kid dog cat car stop step thing page way"
    )
)
_MANY = frozenset(f"{thing}s" for thing in _THINGS) | frozenset(
    listed("copies branches people children business more other others different separate degrees percent")
)
_WHOM = frozenset(listed("us them you these those the my our your"))
_NOT_PLURAL = frozenset(
    listed(
        "this his is was as us has does plus always perhaps unless less guess address yes thanks ends"
        " numbers minus across pass its yours ours theirs hers hundreds thousands millions guys"
        " sometimes besides afterwards express access previous various"
    )
)
_AS_MANY = ("s", "hr", "min", "sec")
_JOINS = frozenset({"to", "or", "and", "-", "through"})


@dataclass(frozen=True, slots=True)
class Harmless:
    """Words [first, after) that say a harmless number."""

    kind: HarmlessKind
    first: int
    after: int


def find_harmless(texts: Sequence[str]) -> list[Harmless]:
    """Harmless numbers in the words of one utterance, in order, not overlapping."""
    plain = [MASK.sub("#", text) for text in texts]
    line = " ".join(plain)
    starts = [0]
    for text in plain:
        starts.append(starts[-1] + len(text) + 1)
    taken = [False] * len(texts)
    spans = []
    for kind, start, end in _candidates(line):
        if line[end : end + 1].isalnum():
            # What ends inside a word says nothing about that word: "¢B".
            continue
        first = max(i for i in range(len(texts)) if starts[i] <= start)
        after = min(i for i in range(1, len(starts)) if starts[i] > end - 1)
        if not any(taken[first:after]):
            taken[first:after] = [True] * (after - first)
            spans.append(Harmless(kind, first, after))
    return sorted(spans, key=lambda span: span.first)


def _candidates(line: str) -> Iterator[tuple[HarmlessKind, int, int]]:
    """Spans of characters, those to be preferred first."""
    numbers = find_numbers(line)
    for money in find_money(line):
        if not _spelled_out(line[money.start : money.end]):
            yield "money", money.start, money.end
    for number in numbers:
        if number.value.kind == "percent" and not _spelled_out(line[number.start : number.end]):
            yield "percent", number.start, number.end
    for link in _LINK.finditer(line):
        yield "link", link.start(), link.end()
    for name in _NAME.finditer(line):
        yield "name", name.start(), name.end()
    for found in find_dates(line):
        when = _when(found.value, line[found.start : found.end])
        if when is not None:
            yield when, found.start, found.end
    yield from _counts(line, numbers)
    for number in numbers:
        if number.value.kind == "ordinal":
            yield "ordinal", number.start, number.end


def _when(value: When, said: str) -> HarmlessKind | None:
    """What kind of date or time it is; None for a row of numerals, and where unit and number disagree."""
    if isinstance(value, ClockTime):
        return "bare time" if value.half is None else "time"
    if isinstance(value, Duration):
        return None if _disagrees(value, said) else "duration"
    if isinstance(value, CalendarDate):
        return "calendar" if any(char.isalpha() for char in said) else None
    return "date"


def _disagrees(length: Duration, said: str) -> bool:
    """Whether unit and number do not go together: "seven day", more likely misheard digits."""
    return length.high in (0, *range(2, 10)) and not said.casefold().rstrip(".").endswith(_AS_MANY)


def _spelled_out(said: str) -> bool:
    """Whether three single digits stand in a row: an amount is not said like that, a card number is."""
    row = 0
    for token in tokenize(said):
        row = row + 1 if token.norm in UNITS or (token.norm.isdecimal() and len(token.norm) == 1) else 0
        if row == 3:
            return True
    return False


def _counts(line: str, numbers: Sequence[Found[Number]]) -> Iterator[tuple[HarmlessKind, int, int]]:
    """ "two charges", "three to five cards", "two new cards"."""
    after_count = -1
    for i in range(len(numbers) - 1, -1, -1):
        number = numbers[i]
        if number.value.kind != "cardinal" or number.value.spelled or number.value.value >= 1000:
            continue
        tokens = tokenize(line[number.end : number.end + 60])
        words = [token.norm for token in tokens[:2]] + ["", ""]
        follows = i + 1 < len(numbers) and number.end < numbers[i + 1].start == after_count
        joined = follows and normal(line[number.end : after_count]).strip() in _JOINS
        if joined or _is_counted(words[0], words[1], number.value):
            after_count = number.start
            yield "count", number.start, number.end


def _is_counted(word: str, then: str, number: Number) -> bool:
    """Whether the two words after a number name what is counted; one thing, or many."""
    if _is_spoken_digit(word) or word in FILLERS:
        return False
    if word in _MANY or (word in _THINGS and number.value == 1) or (word == "of" and then in _WHOM):
        return True
    if word.isalpha() and then in _MANY and then not in ("more", "other", "different"):
        return True
    plural = len(word) > 3 and word.isalpha() and word.endswith("s") and word not in _NOT_PLURAL
    return plural and number.value < 100


def _is_spoken_digit(word: str) -> bool:
    stem = word.removesuffix("s").removesuffix("e") if word == "sixes" else word.removesuffix("s")
    return stem in UNITS or stem in TEENS or stem in TENS or word in HOMOPHONES

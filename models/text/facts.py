"""The checkable facts of a sentence, each in one canonical form: "$35" and "thirty-five dollars" are equal.

Kinds: number, money, date, time (of day, and durations), name (masks too), negation, promise (what is done or
promised for somebody). No model: closed lists and the readers of this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from models.text.dates import CalendarDate, RelativeDay, WeekdayRef, When, find_dates
from models.text.facts_denials import Denial, find_denials
from models.text.facts_names import find_names, masks_of, without_masks
from models.text.facts_promises import Act, find_acts
from models.text.facts_words import NEGATORS, carries, stem
from models.text.money import Money, find_money
from models.text.numbers import Number, find_numbers
from models.text.times import Duration
from models.text.tokens import Found, Token, listed, norm_at, spoken_tokens
from models.types import FactKind

_NOT_COUNTED = frozenset(
    listed(
        "no any every each this that which new another other wrong right old big only last next the my good"
    )
)
_IN_ORDER = frozenset(listed("the a his her their this my your its"))
_COARSER = {
    "week": (7, "day"),
    "business week": (5, "business day"),
    "year": (12, "month"),
    "minute": (60, "second"),
}
_NO_LENGTH = 10**15
"""Durations past it are no durations, and too long for the arithmetic of decimals."""
_WHICH = {"last": -1, "this": 0, "next": 1}
_PERIODS = frozenset(listed("week month year weekend quarter"))
_DAY_PARTS = frozenset(listed("morning afternoon evening"))
_LOOSE = {"a": 1, "an": 1, "another": 1, "once": 1, "both": 2, "couple": 2, "pair": 2, "twice": 2}


@dataclass(frozen=True, slots=True)
class Counted:
    """A number and the stem of what it counts ("two payments": payment), or nothing."""

    number: Number
    of: str


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of the calendar told from the day of the call: "next week" is (1, "week")."""

    which: int
    unit: str


@dataclass(frozen=True, slots=True)
class Name:
    """Words of a name in normal form; a mask is one word."""

    words: tuple[str, ...]


Value: TypeAlias = Counted | Money | When | Period | Name | Denial | Act


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact, and the characters [start, end) that say it."""

    kind: FactKind
    value: Value
    start: int
    end: int


def find_facts(text: str) -> list[Fact]:
    """Facts of a sentence in order of their start. Spans of amounts, dates and numbers do not overlap."""
    bare = without_masks(text)
    tokens = spoken_tokens(bare)
    facts = find_values(text)
    facts += [Fact("name", Name(found.value), found.start, found.end) for found in masks_of(text)]
    facts += [Fact("name", Name(found.value), found.start, found.end) for found in find_names(tokens)]
    for denial in find_denials(tokens):
        facts.append(Fact("negation", denial, tokens[denial.at].start, tokens[denial.at].end))
    facts += [Fact("promise", found.value, found.start, found.end) for found in find_acts(tokens)]
    return sorted(facts, key=lambda fact: (fact.start, fact.end))


def find_values(text: str, strict: bool = True) -> list[Fact]:
    """Amounts, dates, times and numbers; those that count nothing ("a new one") only if not `strict`."""
    bare = without_masks(text)
    tokens = spoken_tokens(bare)
    taken: list[Fact] = []
    for money in find_money(bare, tokens):
        taken.append(Fact("money", money.value, money.start, money.end))
    for period in find_periods(bare, tokens):
        taken.append(Fact("date", period.value, period.start, period.end))
    for when in find_dates(bare, tokens=tokens):
        kind: FactKind = "date" if isinstance(when.value, CalendarDate | WeekdayRef | RelativeDay) else "time"
        _add(taken, Fact(kind, canonical(when.value), when.start, when.end))
    places = {token.start: i for i, token in enumerate(tokens)}
    for number in find_numbers(bare, tokens):
        at = places[number.start]
        after = next((k for k in range(at, len(tokens)) if tokens[k].start >= number.end), len(tokens))
        if not strict or _counts(tokens, at, after, number.value):
            of = stem(tokens[after].norm) if after < len(tokens) and carries(tokens[after]) else ""
            _add(taken, Fact("number", Counted(number.value, of), number.start, number.end))
    for loose in [] if strict else _loose(tokens):
        _add(taken, loose)
    return taken


def find_periods(text: str, tokens: Sequence[Token] | None = None) -> list[Found[Period]]:
    """ "last month", "this week", "next year", "this evening". `tokens`: its spoken ones, if read already."""
    tokens = spoken_tokens(text) if tokens is None else tokens
    found = []
    for i in range(1, len(tokens)):
        which, unit = _WHICH.get(tokens[i - 1].norm), tokens[i].norm
        if which is not None and (unit in _PERIODS or (which == 0 and unit in _DAY_PARTS)):
            found.append(Found(Period(which, unit), tokens[i - 1].start, tokens[i].end))
    return found


def _loose(tokens: Sequence[Token]) -> list[Fact]:
    """Words that say a number without being one: "both payments", "twice"."""
    found = []
    for i, token in enumerate(tokens):
        if token.norm in _LOOSE:
            of = stem(norm_at(tokens, i + 1))
            value = Counted(Number("cardinal", Decimal(_LOOSE[token.norm])), of)
            found.append(Fact("number", value, token.start, token.start))
    return found


def canonical(value: When) -> When:
    """One form for one stretch of time: a week is 7 days, a day 24 hours, a year 12 months."""
    if not isinstance(value, Duration):
        return value
    low, high, unit = value.low, value.high, value.unit
    if high >= _NO_LENGTH:
        return value
    if unit in _COARSER:
        times, unit = _COARSER[unit]
        low, high = low * times, high * times
    if unit == "day" and value.unit == "day" and low == high == 1:
        return Duration(low * 24, high * 24, "hour")
    if unit == "hour" and low % 24 == 0 and high % 24 == 0 and high > 24:
        return Duration(low / 24, high / 24, "day")
    return Duration(low, high, unit)


def _add(taken: list[Fact], fact: Fact) -> None:
    if all(fact.end <= other.start or fact.start >= other.end for other in taken):
        taken.append(fact)


def _counts(tokens: Sequence[Token], at: int, after: int, number: Number) -> bool:
    """Whether a number is a fact: "a new one" and "first, ..." count nothing."""
    then, before = norm_at(tokens, after), norm_at(tokens, at - 1)
    if number.kind == "ordinal":
        return tokens[at].kind == "number" or (before in _IN_ORDER and then not in ("name", "place"))
    if norm_at(tokens, at) == "one" and after == at + 1:
        counted = after < len(tokens) and (carries(tokens[after]) or then in ("more", "call"))
        return counted and before not in _NOT_COUNTED | NEGATORS
    return True

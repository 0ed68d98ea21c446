"""Times of day and durations, written or spoken, in one canonical form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from models.text.numbers import read_below_hundred, read_cardinal
from models.text.tokens import Token, norm_at, touches

Half: TypeAlias = Literal["am", "pm"]

_UNIT_NAMES = "second minute hour day week month year"
_UNITS = (
    {name: name for name in _UNIT_NAMES.split()}
    | {name + "s": name for name in _UNIT_NAMES.split()}
    | {"sec": "second", "secs": "second", "min": "minute", "mins": "minute", "hr": "hour", "hrs": "hour"}
)
_BUSINESS = frozenset({"business", "working", "banking"})
_DAY_KINDS = _BUSINESS | {"calendar"}
_TO = frozenset({"to", "or", "through", "-"})
_DAY_PARTS: dict[tuple[str, ...], Half] = {
    ("am",): "am",
    ("a.m.",): "am",
    ("a", "m"): "am",
    ("a", ".", "m"): "am",
    ("pm",): "pm",
    ("p.m.",): "pm",
    ("p", "m"): "pm",
    ("p", ".", "m"): "pm",
    ("in", "the", "morning"): "am",
    ("in", "the", "afternoon"): "pm",
    ("in", "the", "evening"): "pm",
    ("at", "night"): "pm",
}
_HALF_BEGINS = frozenset(said[0] for said in _DAY_PARTS)


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day on a clock of twelve hours; `half` is None where it was not said."""

    hour: int
    minute: int = 0
    half: Half | None = None


@dataclass(frozen=True, slots=True)
class Duration:
    """A stretch of time, low to high; `unit` is singular: "day", "business day", "hour"."""

    low: Decimal
    high: Decimal
    unit: str


def read_whole(tokens: Sequence[Token], i: int, low: int, high: int, length: int = 4) -> int | None:
    """A plain numeral of at most `length` digits within [low, high]."""
    norm = norm_at(tokens, i)
    if not norm.isdecimal() or len(norm) > length or not low <= int(norm) <= high:
        return None
    return int(norm)


def _half(tokens: Sequence[Token], i: int) -> tuple[Half | None, int]:
    if norm_at(tokens, i) not in _HALF_BEGINS:
        return None, i
    for said, half in _DAY_PARTS.items():
        if said == ("am",) and norm_at(tokens, i + 1) == "i":
            continue
        if tuple(norm_at(tokens, i + k) for k in range(len(said))) == said:
            return half, i + len(said)
    return None, i


def _hour(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    whole = read_whole(tokens, i, 1, 12, 2)
    if whole is not None:
        return whole, i + 1
    read = read_below_hundred(tokens, i)
    return read if read is not None and 1 <= read[0] <= 12 else None


def read_clock(tokens: Sequence[Token], i: int) -> tuple[ClockTime, int] | None:
    """ "2 p.m.", "17:15", "9.10pm", "nine thirty a m", "three o'clock", "half past three", "noon"."""
    norm = norm_at(tokens, i)
    if norm in ("noon", "midday", "midnight"):
        return ClockTime(12, 0, "am" if norm == "midnight" else "pm"), i + 1
    return _past(tokens, i) or _colon(tokens, i) or _plain_clock(tokens, i)


def _past(tokens: Sequence[Token], i: int) -> tuple[ClockTime, int] | None:
    norm = norm_at(tokens, i)
    named = {"half": 30, "quarter": 15}.get(norm)
    read = (named, i + 1) if named else read_below_hundred(tokens, i) or _small(tokens, i)
    if read is None or not 0 < read[0] < 60:
        return None
    minute, at = read
    counted = norm_at(tokens, at) == "minutes"
    at += counted
    word = norm_at(tokens, at)
    hour = _hour(tokens, at + 1)
    if hour is None or norm_at(tokens, hour[1]) in _UNITS:
        return None
    if word not in ("past", "after", "to", "of", "till"):
        return None
    if word != "past" and not (norm == "quarter" or (counted and word in ("to", "till"))):
        return None
    half, after = _half(tokens, hour[1])
    if word in ("past", "after"):
        return ClockTime(hour[0], minute, half), after
    return ClockTime(hour[0] - 1 or 12, 60 - minute, half), after


def _small(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    whole = read_whole(tokens, i, 1, 59, 2)
    return None if whole is None else (whole, i + 1)


def _colon(tokens: Sequence[Token], i: int) -> tuple[ClockTime, int] | None:
    """Hours and minutes in numerals: "4:30", "17:15", "9.10pm"."""
    hour = read_whole(tokens, i, 0, 23, 2)
    if hour is not None and norm_at(tokens, i + 1) == ":" and len(norm_at(tokens, i + 2)) == 2:
        minute, at = read_whole(tokens, i + 2, 0, 59, 2), i + 3
        if not touches(tokens, i + 1) or not touches(tokens, i + 2) or touches(tokens, i):
            return None
        half, after = _half(tokens, at)
    else:
        whole, dot, rest = norm_at(tokens, i).partition(".")
        half, after = _half(tokens, i + 1)
        if not dot or half is None or not whole.isdecimal() or len(whole) > 2 or len(rest) != 2:
            return None
        hour, minute = int(whole), int(rest)
    if minute is None or hour is None or hour > 23 or minute > 59:
        return None
    if hour > 12 or hour == 0:
        half = "pm" if hour else "am"
    return ClockTime(hour % 12 or 12, minute, half), after


def _plain_clock(tokens: Sequence[Token], i: int) -> tuple[ClockTime, int] | None:
    """An hour, perhaps with minutes, and a half of the day or "o'clock"."""
    hour = _hour(tokens, i)
    if hour is None:
        return None
    at, minute = hour[1], 0
    oh = norm_at(tokens, at) in ("oh", "o")
    read = read_below_hundred(tokens, at + oh)
    if read is not None and (read[0] < 10 if oh else 10 <= read[0] < 60):
        minute, at = read
    if norm_at(tokens, at) == "o'clock":
        half, after = _half(tokens, at + 1)
        return ClockTime(hour[0], minute, half), after
    half, after = _half(tokens, at)
    return None if half is None else (ClockTime(hour[0], minute, half), after)


def read_duration(tokens: Sequence[Token], i: int) -> tuple[Duration, int] | None:
    """ "30 minutes", "three to five business days", "3-5 days", "a week", "half an hour"."""
    norm = norm_at(tokens, i)
    if norm == "half" and norm_at(tokens, i + 1) in ("an", "a"):
        low, at = Decimal("0.5"), i + 2
    elif norm in ("a", "an"):
        low, at = Decimal(1), i + 1
        if norm_at(tokens, at) not in _UNITS:
            hundred = read_cardinal(tokens, i)
            if hundred is None:
                return None
            low, at = hundred[0].value, hundred[1]
    elif (read := read_cardinal(tokens, i)) is not None:
        low, at = read[0].value, read[1]
    else:
        return None
    high = low
    if norm_at(tokens, at) in _TO and (upper := read_cardinal(tokens, at + 1)) is not None:
        high, at = upper[0].value, upper[1]
    kind = norm_at(tokens, at)
    unit = _UNITS.get(norm_at(tokens, at + (kind in _DAY_KINDS)))
    if unit is None:
        return None
    prefix = "business " if kind in _BUSINESS else ""
    return Duration(low, high, prefix + unit), at + 1 + (kind in _DAY_KINDS)

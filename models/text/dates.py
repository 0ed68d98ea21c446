"""Dates, times of day and durations, written or spoken, in one canonical form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from models.text.numbers import read_below_hundred, read_cardinal, read_ordinal
from models.text.tokens import Found, Token, norm_at, spoken_tokens, touches

_MONTH_NAMES = "january february march april may june july august september october november december"
MONTHS = (
    {name: n for n, name in enumerate(_MONTH_NAMES.split(), start=1)}
    | {name[:3]: n for n, name in enumerate(_MONTH_NAMES.split(), start=1)}
    | {"sept": 9}
)
_WEEKDAYS = {
    name: n
    for n, name in enumerate("monday tuesday wednesday thursday friday saturday sunday".split())
}
_UNIT_NAMES = "second minute hour day week month year"
_UNITS = (
    {name: name for name in _UNIT_NAMES.split()}
    | {name + "s": name for name in _UNIT_NAMES.split()}
    | {"sec": "second", "secs": "second", "min": "minute", "mins": "minute", "hr": "hour", "hrs": "hour"}
)
_BUSINESS = frozenset({"business", "working", "banking"})
_TO = frozenset({"to", "or", "through", "-"})
_RELATIVE = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1}
_WHICH = {"last": -1, "this": 0, "next": 1}
_NOT_MONTHS_ALONE = frozenset("may march mar sep dec jan jun jul feb apr aug oct nov sept".split())
_BEFORE_MONTH = frozenset("in of by since last next this until during early late".split())
_PRONOUNS = frozenset("i you we they he she it that which".split())
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

Half: TypeAlias = Literal["am", "pm"]


@dataclass(frozen=True, slots=True)
class CalendarDate:
    """A date as far as it was said: year, month (1-12) and day (1-31) may each be None."""

    year: int | None
    month: int | None
    day: int | None


@dataclass(frozen=True, slots=True)
class WeekdayRef:
    """A weekday, Monday 0 to Sunday 6; `which` is -1 for "last", 1 for "next", else 0."""

    weekday: int
    which: int = 0


@dataclass(frozen=True, slots=True)
class RelativeDay:
    """Days from the day of the call: -1 yesterday, 0 today, 1 tomorrow."""

    days: int


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


When: TypeAlias = CalendarDate | WeekdayRef | RelativeDay | ClockTime | Duration
_Read: TypeAlias = "tuple[When, int] | None"
_Reader: TypeAlias = Callable[[Sequence[Token], int], _Read]


def find_dates(text: str, day_first: bool = False) -> list[Found[When]]:
    """Dates, times and durations in order, not overlapping.

    `day_first` reads 03/05/2026 as 3 May; what can be read one way only is read that way.
    """
    tokens = spoken_tokens(text)
    readers: tuple[_Reader, ...] = (
        lambda tokens, i: _numeric(tokens, i, day_first),
        _duration,
        _clock,
        _month_first,
        _day_first,
        _weekday,
    )
    found: list[Found[When]] = []
    i = 0
    while i < len(tokens):
        read = next((read for reader in readers if (read := reader(tokens, i)) is not None), None)
        if read is None:
            i += 1
            continue
        value, after = read
        found.append(Found(value, tokens[i].start, tokens[after - 1].end))
        i = after
        if isinstance(value, CalendarDate) and value.day is not None:
            found += _to_day(tokens, value, after)
            i = after if found[-1].end <= tokens[after - 1].end else _index_after(tokens, found[-1].end)
    return found


def _index_after(tokens: Sequence[Token], end: int) -> int:
    return next((k for k, token in enumerate(tokens) if token.start >= end), len(tokens))


def _whole(tokens: Sequence[Token], i: int, low: int, high: int, length: int = 4) -> int | None:
    """A plain numeral of at most `length` digits within [low, high]."""
    norm = norm_at(tokens, i)
    if not norm.isdecimal() or len(norm) > length or not low <= int(norm) <= high:
        return None
    return int(norm)


def _numeric(tokens: Sequence[Token], i: int, day_first: bool) -> _Read:
    """03/05/2026, 3-5-26, 2026-03-05, 03.05.2026 is not read."""
    mark = norm_at(tokens, i + 1)
    if mark not in ("/", "-") or norm_at(tokens, i + 3) != mark:
        return None
    if any(not touches(tokens, i + k) for k in range(1, 5)) or touches(tokens, i):
        return None
    parts = [_whole(tokens, i + k, 0, 9999) for k in (0, 2, 4)]
    first, second, third = parts
    if first is None or second is None or third is None:
        return None
    if len(norm_at(tokens, i)) == 4:
        year, month, day = first, second, third
    else:
        month, day = (second, first) if day_first else (first, second)
        month, day = (day, month) if month > 12 >= day else (month, day)
        year = third + 2000 if len(norm_at(tokens, i + 4)) == 2 else third
    if not (1 <= month <= 12 and 1 <= day <= 31 and 1900 <= year <= 2099):
        return None
    return CalendarDate(year, month, day), i + 5


def _year(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    """2026, "twenty twenty six", "nineteen oh five", "two thousand and six", and "19 82" as some engines write."""
    whole = _whole(tokens, i, 1900, 2099)
    if whole is not None:
        return whole, i + 1
    norm = norm_at(tokens, i)
    if norm == "two" and norm_at(tokens, i + 1) == "thousand":
        at = i + 2 + (norm_at(tokens, i + 2) == "and")
        rest = read_below_hundred(tokens, at)
        return (2000 + rest[0], rest[1]) if rest else (2000, i + 2)
    century = {"nineteen": 1900, "twenty": 2000, "19": 1900, "20": 2000}.get(norm)
    if century is None:
        return None
    pair = _whole(tokens, i + 1, 0, 99, 2)
    if pair is not None and len(norm_at(tokens, i + 1)) == 2:
        return century + pair, i + 2
    if norm_at(tokens, i + 1) in ("oh", "o"):
        unit = read_below_hundred(tokens, i + 2)
        return (century + unit[0], unit[1]) if unit and unit[0] < 10 else None
    rest = read_below_hundred(tokens, i + 1)
    return (century + rest[0], rest[1]) if rest and rest[0] >= 10 and not norm.isdecimal() else None


def _day(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    ordinal = read_ordinal(tokens, i)
    if ordinal is not None:
        day, after = int(ordinal[0].value), ordinal[1]
    elif (whole := _whole(tokens, i, 1, 31, 2)) is not None:
        if norm_at(tokens, i + 1) in (":", "%") and touches(tokens, i + 1):
            return None
        day, after = whole, i + 1
    elif (read := read_below_hundred(tokens, i)) is not None:
        day, after = read
    else:
        return None
    return (day, after) if 1 <= day <= 31 else None


def _month(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    month = MONTHS.get(norm_at(tokens, i))
    if month is None:
        return None
    dotted = norm_at(tokens, i + 1) == "." and len(norm_at(tokens, i)) <= 4 and touches(tokens, i + 1)
    return month, i + (2 if dotted and norm_at(tokens, i) != "may" else 1)


def _month_first(tokens: Sequence[Token], i: int) -> _Read:
    """"March 5th 2026", "March 5", "March 2026", "in March"."""
    month = _month(tokens, i)
    if month is None:
        return None
    number, after = month
    year = _year(tokens, after)
    if year is not None:
        return CalendarDate(year[0], number, None), year[1]
    if norm_at(tokens, i) == "may" and norm_at(tokens, i - 1) in _PRONOUNS:
        return None
    at = after + (norm_at(tokens, after) == "the")
    day = _day(tokens, at)
    if day is not None:
        return _closed(tokens, number, *day)
    alone = norm_at(tokens, i) not in _NOT_MONTHS_ALONE or norm_at(tokens, i - 1) in _BEFORE_MONTH
    return (CalendarDate(None, number, None), i + 1) if alone else None


def _day_first(tokens: Sequence[Token], i: int) -> _Read:
    """"the fifth of March 2026", "5 March"."""
    day = _day(tokens, i)
    if day is None:
        return None
    month = _month(tokens, day[1] + (norm_at(tokens, day[1]) == "of"))
    return None if month is None else _closed(tokens, month[0], day[0], month[1])


def _closed(tokens: Sequence[Token], month: int, day: int, after: int) -> tuple[CalendarDate, int]:
    """A date with the year that may follow it."""
    year = _year(tokens, after + (norm_at(tokens, after) in (",", "of", "in")))
    return (CalendarDate(year[0], month, day), year[1]) if year else (CalendarDate(None, month, day), after)


def _to_day(tokens: Sequence[Token], date: CalendarDate, after: int) -> list[Found[When]]:
    """The second day of "March 7th to the 10th"."""
    if norm_at(tokens, after) not in ("to", "through", "until", "-"):
        return []
    at = after + 1 + (norm_at(tokens, after + 1) == "the")
    day = read_ordinal(tokens, at)
    if day is None or not 1 <= day[0].value <= 31:
        return []
    second = CalendarDate(date.year, date.month, int(day[0].value))
    return [Found(second, tokens[at].start, tokens[day[1] - 1].end)]


def _weekday(tokens: Sequence[Token], i: int) -> _Read:
    """"next Tuesday", "Friday", "tomorrow"."""
    norm = norm_at(tokens, i)
    if norm in _RELATIVE:
        return RelativeDay(_RELATIVE[norm]), i + 1
    which = _WHICH.get(norm)
    at = i if which is None else i + 1
    weekday = _WEEKDAYS.get(norm_at(tokens, at))
    return None if weekday is None else (WeekdayRef(weekday, which or 0), at + 1)


def _half(tokens: Sequence[Token], i: int) -> tuple[Half | None, int]:
    for said, half in _DAY_PARTS.items():
        if tuple(norm_at(tokens, i + k) for k in range(len(said))) == said:
            return half, i + len(said)
    return None, i


def _hour(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    whole = _whole(tokens, i, 1, 12, 2)
    if whole is not None:
        return whole, i + 1
    read = read_below_hundred(tokens, i)
    return read if read is not None and 1 <= read[0] <= 12 else None


def _clock(tokens: Sequence[Token], i: int) -> _Read:
    """"2 p.m.", "17:15", "9.10pm", "nine thirty a m", "three o'clock", "half past three", "noon"."""
    norm = norm_at(tokens, i)
    if norm in ("noon", "midday", "midnight"):
        return ClockTime(12, 0, "am" if norm == "midnight" else "pm"), i + 1
    return _past(tokens, i) or _colon(tokens, i) or _plain_clock(tokens, i)


def _past(tokens: Sequence[Token], i: int) -> _Read:
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
    if hour is None or word not in ("past", "after", "to", "of", "till"):
        return None
    if word != "past" and not (norm == "quarter" or (counted and word in ("to", "till"))):
        return None
    half, after = _half(tokens, hour[1])
    if word in ("past", "after"):
        return ClockTime(hour[0], minute, half), after
    return ClockTime(hour[0] - 1 or 12, 60 - minute, half), after


def _small(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    whole = _whole(tokens, i, 1, 59, 2)
    return None if whole is None else (whole, i + 1)


def _colon(tokens: Sequence[Token], i: int) -> _Read:
    """Hours and minutes in numerals: "4:30", "17:15", "9.10pm"."""
    hour = _whole(tokens, i, 0, 23, 2)
    if hour is not None and norm_at(tokens, i + 1) == ":" and len(norm_at(tokens, i + 2)) == 2:
        minute, at = _whole(tokens, i + 2, 0, 59, 2), i + 3
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


def _plain_clock(tokens: Sequence[Token], i: int) -> _Read:
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


def _duration(tokens: Sequence[Token], i: int) -> _Read:
    """"30 minutes", "three to five business days", "3-5 days", "a week", "half an hour"."""
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
    business = norm_at(tokens, at) in _BUSINESS or (norm_at(tokens, at), norm_at(tokens, at + 1)) == ("calendar", "day")
    prefix = "business " if norm_at(tokens, at) in _BUSINESS else ""
    unit = _UNITS.get(norm_at(tokens, at + business))
    return None if unit is None else (Duration(low, high, prefix + unit), at + business + 1)

"""Dates, times of day and durations, written or spoken, in one canonical form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from models.text.numbers import begins_number, read_below_hundred, read_ordinal
from models.text.times import ClockTime, Duration, read_clock, read_duration, read_whole
from models.text.tokens import Found, Token, listed, norm_at, spoken_tokens, touches

_MONTH_NAMES = "january february march april may june july august september october november december"
MONTHS = (
    {name: n for n, name in enumerate(_MONTH_NAMES.split(), start=1)}
    | {name[:3]: n for n, name in enumerate(_MONTH_NAMES.split(), start=1)}
    | {"sept": 9}
)
_WEEKDAYS = {
    name: n for n, name in enumerate(listed("monday tuesday wednesday thursday friday saturday sunday"))
}
_RELATIVE = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1}
_WHICH = {"last": -1, "this": 0, "next": 1}
_BEGINS = frozenset(MONTHS.keys() | _WEEKDAYS.keys() | _RELATIVE.keys() | _WHICH.keys()) | {
    *("half", "quarter", "noon", "midday", "midnight")
}
_NOT_MONTHS_ALONE = frozenset(listed("may march mar sep dec jan jun jul feb apr aug oct nov sept"))
_BEFORE_MONTH = frozenset(listed("in of by since last next this until during early late"))
_PRONOUNS = frozenset(listed("i you we they he she it that which"))


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


When: TypeAlias = CalendarDate | WeekdayRef | RelativeDay | ClockTime | Duration
_Read: TypeAlias = "tuple[When, int] | None"
_Reader: TypeAlias = Callable[[Sequence[Token], int], _Read]


def find_dates(
    text: str, day_first: bool = False, tokens: Sequence[Token] | None = None
) -> list[Found[When]]:
    """Dates, times and durations in order, not overlapping.

    `day_first` reads 03/05/2026 as 3 May; what can be read one way only is read that way.
    `tokens` are the spoken ones of the text, where they have been read already.
    """
    tokens = spoken_tokens(text) if tokens is None else tokens
    readers: tuple[_Reader, ...] = (
        lambda tokens, i: _numeric(tokens, i, day_first),
        read_clock,
        read_duration,
        _month_first,
        _day_first,
        _weekday,
    )
    found: list[Found[When]] = []
    i = 0
    while i < len(tokens):
        read = None
        if begins_number(tokens[i]) or tokens[i].norm in _BEGINS:
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


def _numeric(tokens: Sequence[Token], i: int, day_first: bool) -> _Read:
    """03/05/2026, 3-5-26, 2026-03-05."""
    mark = norm_at(tokens, i + 1)
    if mark not in ("/", "-") or norm_at(tokens, i + 3) != mark:
        return None
    if any(not touches(tokens, i + k) for k in range(1, 5)) or touches(tokens, i):
        return None
    parts = [read_whole(tokens, i + k, 0, 9999) for k in (0, 2, 4)]
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
    """2026, "twenty twenty six", "nineteen oh five", "two thousand and six"; "19 82" as engines write it."""
    whole = read_whole(tokens, i, 1900, 2099)
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
    pair = read_whole(tokens, i + 1, 0, 99, 2)
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
    elif (whole := read_whole(tokens, i, 1, 31, 2)) is not None:
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
    """ "March 5th 2026", "March 5", "March 2026", "in March"."""
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
    """ "the fifth of March 2026", "5 March"."""
    day = _day(tokens, i)
    if day is None:
        return None
    of = norm_at(tokens, day[1]) == "of"
    if not of and tokens[i].kind != "number" and read_ordinal(tokens, i) is None:
        return None
    month = _month(tokens, day[1] + of)
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
    """ "next Tuesday", "Friday", "tomorrow"."""
    norm = norm_at(tokens, i)
    if norm in _RELATIVE:
        return RelativeDay(_RELATIVE[norm]), i + 1
    which = _WHICH.get(norm)
    at = i if which is None else i + 1
    weekday = _WEEKDAYS.get(norm_at(tokens, at))
    return None if weekday is None else (WeekdayRef(weekday, which or 0), at + 1)

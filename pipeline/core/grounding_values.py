"""Whether amounts, dates, times, numbers and names of a note are among those that were said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from models.text.dates import CalendarDate, RelativeDay, WeekdayRef
from models.text.facts import Counted, Fact, Name, Period
from models.text.money import Money
from models.text.times import ClockTime, Duration
from models.types import Support
from pipeline.core.grounding_call import CallText


def check_value(fact: Fact, said: Sequence[Fact]) -> Support:
    """Whether a value is one of those said, is told differently, or is not there.

    A value may be said by a part of it where the rest is near: "the eighteenth" with a November beside it,
    a bare number for an amount ("six fifty"), an hour without its half of the day.
    """
    if any(same_value(fact, other) for other in said) or is_pieced(fact, said):
        counted = _counted_otherwise(fact, said)
        return "contradicted" if counted else "supported"
    return "contradicted" if any(conflicts(fact, other) for other in said) else "not_found"


def check_name(name: Name, call: CallText, near: Sequence[int]) -> Support:
    """Whether the words of a name fell on the call; one that is half another name contradicts it."""
    known = [word in call.vocabulary or word in call.masks for word in name.words]
    if all(known):
        return "supported"
    here = {word for place in near for word in call.words[place]}
    return "contradicted" if any(word in here for word in name.words) else "not_found"


_LONGER_THAN_A_DAY = frozenset({"week", "month", "year", "quarter", "weekend"})


def same_value(fact: Fact, other: Fact) -> bool:
    """Whether two values are one, as far as both are told: "the third" and "March 3"."""
    mine, said = fact.value, other.value
    if isinstance(mine, CalendarDate) and isinstance(said, CalendarDate):
        pairs = ((mine.year, said.year), (mine.month, said.month), (mine.day, said.day))
        open_day = mine.day is not None and said.day is None
        return not open_day and all(a is None or b is None or a == b for a, b in pairs)
    if isinstance(mine, WeekdayRef) and isinstance(said, WeekdayRef):
        return mine.weekday == said.weekday and (mine.which == said.which or 0 in (mine.which, said.which))
    if isinstance(mine, ClockTime) and isinstance(said, ClockTime):
        halves = mine.half == said.half or None in (mine.half, said.half)
        return halves and replace(mine, half=None) == replace(said, half=None)
    if isinstance(mine, RelativeDay | Period) and isinstance(said, RelativeDay | Period):
        return mine == said or _same_day(mine, said)
    if isinstance(mine, Counted) and isinstance(said, Counted):
        return mine.number.value == said.number.value and _kinds_agree(mine, said)
    bare = isinstance(mine, Counted) or isinstance(said, Counted)
    return mine == said or (bare and _amount(mine) == _amount(said) is not None)


def _same_day(mine: RelativeDay | Period, said: RelativeDay | Period) -> bool:
    """Whether one is a part of the day that the other names: "this morning" is today, and today no week."""
    if isinstance(mine, RelativeDay) and isinstance(said, Period):
        return mine.days == said.which == 0
    if isinstance(mine, Period) and isinstance(said, RelativeDay):
        return mine.which == said.days == 0 and mine.unit not in _LONGER_THAN_A_DAY
    return False


def _kinds_agree(mine: Counted, said: Counted) -> bool:
    kinds = {mine.number.kind, said.number.kind}
    return len(kinds) == 1 or kinds == {"cardinal", "percent"}


def _amount(value: object) -> Decimal | None:
    """The bare number in a value, where a speaker may leave the rest out."""
    if isinstance(value, Counted) and value.number.kind == "cardinal":
        return value.number.value
    if isinstance(value, Money):
        return value.amount
    return Decimal(value.hour) if isinstance(value, ClockTime) and not value.minute else None


def is_pieced(fact: Fact, said: Sequence[Fact]) -> bool:
    """Whether a value is put together of parts that were said."""
    value = fact.value
    numbers = {one.value.number.value for one in said if isinstance(one.value, Counted)}
    dates = [one.value for one in said if isinstance(one.value, CalendarDate)]
    if isinstance(value, CalendarDate):
        months = any(date.month == value.month for date in dates)
        years = value.year is None or value.year in numbers | {date.year for date in dates}
        return value.day in numbers and (months or value.month is None) and years
    if isinstance(value, Counted):
        digits = value.number.digits
        row = "".join(
            one.value.number.digits for one in said if isinstance(one.value, Counted) and one.end > one.start
        )
        return (
            (len(digits) > 3 and digits in row)
            or any(value.number.value in (date.day, date.year) for date in dates)
            or any(
                isinstance(one.value, Duration) and value.number.value in (one.value.low, one.value.high)
                for one in said
            )
        )
    if isinstance(value, Duration):
        units = {one.value.unit for one in said if isinstance(one.value, Duration)}
        return {value.low, value.high} <= numbers and (not units or value.unit in units)
    if isinstance(value, Money):
        return value.amount * 100 in numbers and bool(value.amount % 1)
    return False


def conflicts(fact: Fact, other: Fact) -> bool:
    """Whether something else was said where this is told: another amount of the currency, another day."""
    mine, said = fact.value, other.value
    if isinstance(mine, Money) and isinstance(said, Money):
        return mine.currency == said.currency
    if isinstance(mine, Duration) and isinstance(said, Duration):
        return mine.unit.split()[-1] == said.unit.split()[-1]
    if isinstance(mine, Counted) and isinstance(said, Counted):
        return bool(mine.of) and mine.of == said.of and mine.number.kind == said.number.kind
    days = (CalendarDate, WeekdayRef, RelativeDay)
    if isinstance(mine, days) and isinstance(said, days):
        return type(mine) is type(said)
    return isinstance(mine, ClockTime) and isinstance(said, ClockTime)


def _counted_otherwise(fact: Fact, said: Sequence[Fact]) -> bool:
    """Whether what a number counts was counted, and always differently: "three payments" of two."""
    mine = fact.value
    if not isinstance(mine, Counted) or not mine.of or mine.number.kind != "cardinal":
        return False
    same = [
        one.value.number
        for one in said
        if isinstance(one.value, Counted) and one.value.of == mine.of and one.value.number.kind == "cardinal"
    ]
    plain = [number for number in same if number.value != 1]
    return bool(plain) and all(number.value != mine.number.value for number in same)

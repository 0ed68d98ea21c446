"""Dates, times and durations."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.dates import CalendarDate, RelativeDay, WeekdayRef, When, find_dates
from models.text.times import ClockTime, Duration
from models.text.tokens import listed
from tests.models.text_speller import spell

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def length(low: str, unit: str, high: str = "") -> Duration:
    return Duration(Decimal(low), Decimal(high or low), unit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("March 5th", [CalendarDate(None, 3, 5)]),
        ("the fifth of March 2026", [CalendarDate(2026, 3, 5)]),
        ("5 March, 2020", [CalendarDate(2020, 3, 5)]),
        ("five march", []),
        ("Dec. 5", [CalendarDate(None, 12, 5)]),
        ("march five", [CalendarDate(None, 3, 5)]),
        ("march twenty twenty six", [CalendarDate(2026, 3, None)]),
        ("march twenty six", [CalendarDate(None, 3, 26)]),
        ("june nineteen oh five", [CalendarDate(1905, 6, None)]),
        ("june two thousand and six", [CalendarDate(2006, 6, None)]),
        ("june two thousand", [CalendarDate(2000, 6, None)]),
        ("June 9th 19 82", [CalendarDate(1982, 6, 9)]),
        ("March 7th to the 10th", [CalendarDate(None, 3, 7), CalendarDate(None, 3, 10)]),
        ("March 7th to me", [CalendarDate(None, 3, 7)]),
        ("in March, in June", [CalendarDate(None, 3, None), CalendarDate(None, 6, None)]),
        ("December", [CalendarDate(None, 12, None)]),
        ("you may first want to march on", []),
        ("March 45", []),
        ("March 5:30", [ClockTime(5, 30)]),
        ("june twenty oh boy", [CalendarDate(None, 6, 20)]),
        ("03/05/2026", [CalendarDate(2026, 3, 5)]),
        ("25/12/2026", [CalendarDate(2026, 12, 25)]),
        ("3-5-26", [CalendarDate(2026, 3, 5)]),
        ("2026-03-05", [CalendarDate(2026, 3, 5)]),
        ("13/13/2026 1/2/3 3 / 5 / 2026 1/a/2026", []),
        ("next Tuesday, last Friday, Monday", [WeekdayRef(1, 1), WeekdayRef(4, -1), WeekdayRef(0)]),
        ("yesterday and tomorrow", [RelativeDay(-1), RelativeDay(1)]),
        ("2 p.m.", [ClockTime(2, 0, "pm")]),
        ("eleven a m", [ClockTime(11, 0, "am")]),
        ("nine thirty a m", [ClockTime(9, 30, "am")]),
        ("nine oh five pm", [ClockTime(9, 5, "pm")]),
        ("17:15 or 0:15", [ClockTime(5, 15, "pm"), ClockTime(12, 15, "am")]),
        ("9.10pm", [ClockTime(9, 10, "pm")]),
        ("4:30", [ClockTime(4, 30)]),
        ("4:75, 25:10, 99.10pm, 1:2:3", []),
        ("half past three", [ClockTime(3, 30)]),
        ("half past 6 in the evening", [ClockTime(6, 30, "pm")]),
        ("quarter to one", [ClockTime(12, 45)]),
        ("ten past two", [ClockTime(2, 10)]),
        ("20 minutes to four", [ClockTime(3, 40)]),
        ("ten to five", []),
        ("five o'clock p m", [ClockTime(5, 0, "pm")]),
        ("noon or midnight", [ClockTime(12, 0, "pm"), ClockTime(12, 0, "am")]),
        ("which one am i", []),
        ("in three to five business days", [length("3", "business day", "5")]),
        ("3-5 calendar days", [length("3", "day", "5")]),
        ("90-day", [length("90", "day")]),
        ("half an hour", [length("0.5", "hour")]),
        ("a week, a hundred hours", [length("1", "week"), length("100", "hour")]),
        ("a card, 5 cards", []),
        ("30 mins", [length("30", "minute")]),
        ("30 minutes to 2 hours", [length("30", "minute"), length("2", "hour")]),
    ],
)
def test_what_is_said(text: str, expected: list[When]) -> None:
    assert [found.value for found in find_dates(text)] == expected


def test_the_day_may_come_first() -> None:
    assert find_dates("03/05/2026", day_first=True)[0].value == CalendarDate(2026, 5, 3)


def test_spans_say_where() -> None:
    text = "Call on March 5th, 2026 at 2 p.m. or in 3 days."
    said = [text[found.start : found.end] for found in find_dates(text)]
    assert said == ["March 5th, 2026", "2 p.m.", "3 days"]


@given(st.dates(date(1950, 1, 1), date(2049, 12, 31)))
def test_a_date_is_the_same_however_it_was_said(day: date) -> None:
    wanted = CalendarDate(day.year, day.month, day.day)
    name = MONTHS[day.month - 1]
    forms = [
        day.isoformat(),
        f"{day:%m/%d/%Y}",
        f"{name} {day.day}, {day.year}",
        f"{day.day} {name} {day.year}",
        f"{name.lower()} {day.day}th {day.year}",
        f"{name[:3]} {day.day} {day.year}",
    ]
    if day.year >= 2000:
        forms.append(f"{day.day}th of {name.lower()} {spell(day.year, conjunction=True)}")
    assert [[found.value for found in find_dates(form)] for form in forms] == [[wanted]] * len(forms)


@given(st.integers(1, 12), st.integers(1, 59), st.sampled_from(["am", "pm"]))
def test_a_time_is_the_same_however_it_was_said(hour: int, minute: int, half: str) -> None:
    said = f"{spell(hour)} {'oh ' if minute < 10 else ''}{spell(minute)} {half[0]} m"
    hour_of_day = hour % 12 + (12 if half == "pm" else 0)
    forms = [
        said,
        f"{hour}:{minute:02} {half}",
        f"{hour}:{minute:02}{half[0]}.m.",
        f"{hour}.{minute:02}{half}",
    ]
    if hour_of_day == 0 or hour_of_day > 12:
        forms.append(f"{hour_of_day}:{minute:02}")
    values = {found.value for form in forms for found in find_dates(form)}
    assert {(v.hour, v.minute, v.half) for v in values if isinstance(v, ClockTime)} == {(hour, minute, half)}
    assert len(values) == 1


WORDS = listed(
    "march may 5th 5 12 2026 twenty six of the to - / : . , half past quarter a m pm three days business in"
)


@given(
    st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join) | st.lists(st.sampled_from(WORDS)).map("".join)
)
def test_any_text_is_read_in_order(text: str) -> None:
    at = 0
    for found in find_dates(text):
        assert at <= found.start < found.end <= len(text)
        at = found.end

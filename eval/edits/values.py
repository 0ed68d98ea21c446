"""Amounts, dates, times, numbers and tails of a sentence, each with a key that says its value."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from eval.edits.edit import ChangeKind
from eval.edits.tables import VALUE_WORDS
from models.text.dates import MONTHS, CalendarDate, RelativeDay
from models.text.facts import Counted, Period, Value, find_values
from models.text.facts_names import MASK
from models.text.money import Money
from models.text.numbers import SCALES, TEENS, TENS, UNITS
from models.text.times import ClockTime, Duration
from models.text.tokens import listed

_HINTS = UNITS.keys() | TEENS.keys() | TENS.keys() | SCALES.keys() | MONTHS.keys()
_HINTS |= set(
    listed(
        "hundred dollar buck cent first second third fourth fifth sixth seventh eighth ninth twelfth"
        " twentieth thirtieth double triple monday tuesday wednesday thursday friday saturday sunday today"
        " tonight tomorrow yesterday noon midday midnight half quarter week month year day hour minute"
        " weekend morning evening afternoon euro pound penny pence"
    )
)
_MAY_HOLD_VALUES = re.compile(r"\d|[$€£¥₹₩₽¢%]|\b(?:" + "|".join(sorted(_HINTS)) + ")", re.IGNORECASE)
_SHORT = re.compile(r"\b(?:" + "|".join(VALUE_WORDS) + r")\b\.?", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<![\w.,])(?!401k)(\d[\d,]*(?:\.\d+)?)k\b", re.IGNORECASE)
_MILLIONS = re.compile(r"(?<=[$€£])(\d[\d,]*(?:\.\d+)?)m\b", re.IGNORECASE)
_WEEKDAY = re.compile(r"\b(Mon|Wed|Sat|Sun)\b\.?(?= |,|$)")
_WEEKDAYS = {"Mon": "Monday", "Wed": "Wednesday", "Sat": "Saturday", "Sun": "Sunday"}
_LAST_FOUR = re.compile(r"\blast[ -](?:four|4)(?: digits?)?\b", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w$€£.-])(?:\+?1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])?\d{3}[-.]\d{4}(?![\w-])")
_LONG = re.compile(r"\d[\d,]{15,}(?:\.\d+)?")
_TAIL_CUE = re.compile(
    r"(?:\bend(?:ing|s|ed)?|\blast[ -](?:four|4)(?: digits?)?|\baccounts?|\bacct|\bcard|\bphone|\bext"
    r"|x{2,}|[*#•]+)"
    r"\W{0,3}(?:(?:in|with|is|are|of|number|no)\b\W{0,3})*$",
    re.IGNORECASE,
)
_CUE_REACH = 40
_MINUS = re.compile(r"(?:^|[\s(])-$")


class Span(NamedTuple):
    """The characters [start, end) that say one value."""

    start: int
    end: int
    key: str
    kind: ChangeKind


def find_spans(text: str) -> tuple[str, list[Span]]:
    """The text with short forms of dates written out, and its values in order, not overlapping."""
    if not any(pattern.search(text) for pattern in (_MAY_HOLD_VALUES, _SHORT, _WEEKDAY)):
        return text, []
    text = _SHORT.sub(lambda match: VALUE_WORDS[match[0].rstrip(".").lower()], text)
    text = _THOUSANDS.sub(r"\1 thousand", _MILLIONS.sub(r"\1 million", text))
    text = _WEEKDAY.sub(lambda match: _WEEKDAYS[match[1]], text)
    spans: list[Span] = []
    readable = text
    for pattern in (_PHONE, _LONG):
        for match in pattern.finditer(readable):
            digits = "".join(str(int(char)) for char in match[0].partition(".")[0] if char.isdecimal())
            if pattern is _PHONE:
                digits = "".join(char for char in match[0] if char.isdecimal())
            spans.append(Span(match.start(), match.end(), digits, "tail"))
        readable = pattern.sub(_blank, readable)
    readable = _LAST_FOUR.sub(_blank, MASK.sub(_blank, readable))
    for fact in find_values(readable, strict=False):
        if fact.end > fact.start:
            spans.append(_span(text, fact.start, fact.end, fact.value))
    return text, sorted(spans)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _span(text: str, start: int, end: int, value: Value) -> Span:
    if isinstance(value, Counted):
        number = value.number
        if number.kind != "cardinal":
            return _signed(text, Span(start, end, f"{number.digits} {number.kind}", "number"))
        is_tail = len(number.digits) > 2 and _TAIL_CUE.search(text, max(0, start - _CUE_REACH), start)
        return _signed(text, Span(start, end, number.digits, "tail" if is_tail else "number"))
    if isinstance(value, Money):
        return _signed(text, Span(start, end, f"{_plain(value.amount)} {value.currency}", "money"))
    kind: ChangeKind = "time" if isinstance(value, Duration | ClockTime) else "date"
    return Span(start, end, _when(value, text[start:end]), kind)


def _when(value: Value, said: str) -> str:
    """The key of a date or time."""
    if isinstance(value, Duration):
        low, high = _plain(value.low), _plain(value.high)
        return f"{low} {value.unit}" if low == high else f"{low}-{high} {value.unit}"
    if isinstance(value, ClockTime):
        return f"{value.hour}:{value.minute:02d} {value.half or ''}"
    if isinstance(value, CalendarDate):
        return f"date {value.year}-{value.month}-{value.day}"
    if isinstance(value, RelativeDay) and said.lower() == "tonight":
        return str(Period(0, "evening"))
    return str(value)


def _signed(text: str, span: Span) -> Span:
    """A minus before a number is part of it; between two words it is a hyphen."""
    if _MINUS.search(text, max(0, span.start - 2), span.start):
        return span._replace(start=span.start - 1, key="-" + span.key)
    return span


def _plain(value: Decimal) -> str:
    written = format(value, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written

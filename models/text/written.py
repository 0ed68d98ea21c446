"""Spoken dates and addresses as they are written, where there is one way to write them."""

from __future__ import annotations

import re

from models.text.dates import MONTHS, CalendarDate, find_dates
from models.text.digits import look
from models.text.secrets_values import digits_of
from models.text.secrets_words import is_ordinal
from models.text.tokens import listed

_MONTH_NAMES = listed("January February March April May June July August September October November December")
_JOINING = frozenset({"oh", "o", "double", "triple"})
_END = re.compile(r"[^\w]*$")


def written(kind: str, value: str) -> str:
    """A "birth_date" as "3 March 1982" and an "address" with numerals; any other value, and one that could
    be written in several ways, as it is."""
    if kind == "birth_date":
        return _date(value)
    return _address(value.split()) if kind == "address" else value


def _date(value: str) -> str:
    """Only with the month by name and all of the year: else day and month, or centuries, may be meant
    otherwise."""
    found = find_dates(value)
    names = MONTHS.keys() & {part for text in value.split() for part in look(text).parts}
    when = found[0].value if len(found) == 1 and len(names) == 1 else None
    if not isinstance(when, CalendarDate) or not (when.year and when.month and when.day):
        return value
    rest = value[: found[0].start] + value[found[0].end :]
    if digits_of(rest.split()):
        return value
    return f"{when.day} {_MONTH_NAMES[when.month - 1]} {when.year}"


def _address(texts: list[str]) -> str:
    out: list[str] = []
    at = 0
    while at < len(texts):
        after = at
        while after < len(texts) and _is_digit(texts[after]):
            after += 1
        run = texts[at:after]
        # "Forty" before "second street" is no number of a house.
        numbered = after < len(texts) and is_ordinal(look(texts[after]))
        if not any(look(text).kind == "digit" for text in run) or numbered:
            out += texts[at : max(after, at + 1)]
        else:
            out.append(digits_of(run) + (_END.search(run[-1]) or [""])[0])
        at = max(after, at + 1)
    return " ".join(out)


def _is_digit(text: str) -> bool:
    seen = look(text)
    return seen.kind in ("digit", "one") or _JOINING.issuperset(seen.parts)

"""Ways to say a date of birth and the expiry of a card, in the second generator."""

from __future__ import annotations

import random
from collections.abc import Callable

from eval.secrets.items import ItemWord
from eval.secrets.second_digits import in_pairs, singly, sounding
from eval.secrets.second_words import Group, Groups, hide, number, show

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
    "twenty": "twentieth",
    "thirty": "thirtieth",
}


def _ordinal(day: int, rng: random.Random) -> list[str]:
    *front, last = number(day, rng)
    head, dash, tail = last.rpartition("-")
    return [*front, f"{head}{dash}{_ORDINALS.get(tail, f'{tail}th')}"]


def _year_words(year: int, rng: random.Random) -> Group:
    if year < 2000:
        front = hide(["nineteen"]) if rng.random() < 0.7 else ()
        return (*front, *hide(in_pairs(f"{year % 100:02}", rng)))
    if year < 2010:
        return rng.choice(
            (
                hide(["two", "thousand", *(number(year % 100, rng) if year % 100 else [])]),
                hide(["twenty", *in_pairs(f"{year % 100:02}", rng)])
                if year % 100
                else hide(["two", "thousand"]),
                (*hide(["two", "thousand"]), *show("and"), *hide(number(year % 100, rng)))
                if year % 100
                else hide(["two", "thousand"]),
            )
        )
    return hide(["twenty", *number(year % 100, rng)])


def _parts(value: str) -> tuple[int, int, int]:
    year, month, day = value.split("-")
    return int(year), int(month), int(day)


def _month_first(value: str, rng: random.Random) -> Groups:
    year, month, day = _parts(value)
    said = _ordinal(day, rng) if rng.random() < 0.75 else number(day, rng)
    return ((*hide([MONTHS[month - 1]]), *hide(said)), _year_words(year, rng))


def _day_first(value: str, rng: random.Random) -> Groups:
    year, month, day = _parts(value)
    return (
        (*show("the"), *hide(_ordinal(day, rng)), *show("of"), *hide([MONTHS[month - 1]])),
        _year_words(year, rng),
    )


def _number_words(value: str, rng: random.Random) -> Groups:
    year, month, day = _parts(value)
    return (hide(number(month, rng)), hide(number(day, rng)), _year_words(year, rng))


def _oh(value: str, rng: random.Random) -> Groups:
    year, month, day = _parts(value)
    return (hide(in_pairs(f"{month:02}", rng)), hide(in_pairs(f"{day:02}", rng)), _year_words(year, rng))


def _each_digit(value: str, rng: random.Random) -> Groups:
    year, month, day = _parts(value)
    last = f"{year}" if rng.random() < 0.6 else f"{year % 100:02}"
    return (hide(singly(f"{month:02}")), hide(singly(f"{day:02}")), hide(singly(last)))


def _numerals(value: str, rng: random.Random) -> Groups:
    year, month, day = _parts(value)
    return (
        hide([str(month)]),
        hide([str(day)]),
        hide([f"{year % 100:02}" if rng.random() < 0.6 else str(year)]),
    )


def _marked(sign: str) -> Callable[[str, random.Random], Groups]:
    def sayer(value: str, rng: random.Random) -> Groups:
        year, month, day = _parts(value)
        full = f"{month:02}{sign}{day:02}{sign}{year}"
        return (hide([full if rng.random() < 0.7 else f"{month}{sign}{day}{sign}{year % 100:02}"]),)

    return sayer


def _written(value: str, rng: random.Random) -> Groups:
    year, month, day = _parts(value)
    ending = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}.get(day, "th")
    said = rng.choice((f"{day}{ending}", str(day)))
    return (hide([MONTHS[month - 1], f"{said},", str(year)]),)


def _mixed(value: str, rng: random.Random) -> Groups:
    year, month, day = _parts(value)
    first = MONTHS[month - 1] if rng.random() < 0.6 else str(month)
    if rng.random() < 0.5:
        return (hide([first, *number(day, rng)]), hide([str(year)]))
    return (hide([first, str(day)]), _year_words(year, rng))


def _homophones(value: str, rng: random.Random) -> Groups:
    year, month, day = _parts(value)
    said = [sounding(str(part), rng) if part < 10 else number(part, rng) for part in (month, day)]
    tens, ones = divmod(year % 100, 10)
    end = (
        [*number(tens * 10, rng), *sounding(str(ones), rng)] if tens > 1 and ones else number(year % 100, rng)
    )
    return (hide(said[0]), hide(said[1]), hide(["nineteen", *end]) if year < 2000 else _year_words(year, rng))


_DATE_SAYERS: dict[str, Callable[[str, random.Random], Groups]] = {
    "month_first": _month_first,
    "day_first": _day_first,
    "number_words": _number_words,
    "digit_by_digit": _each_digit,
    "oh": _oh,
    "numerals": _numerals,
    "slashed": _marked("/"),
    "hyphenated": _marked("-"),
    "written": _written,
    "mixed": _mixed,
    "homophones": _homophones,
}
DATE_STYLES = tuple(_DATE_SAYERS)
"""Ways to say a date of birth."""


def say_date(style: str, value: str, rng: random.Random) -> Groups:
    """The date "YYYY-MM-DD", said in a style of `DATE_STYLES`."""
    return _DATE_SAYERS[style](value, rng)


def _expiry_pairs(month: str, year: str, rng: random.Random) -> Groups:
    return (hide(number(int(month), rng)), hide(number(int(year), rng)))


def _expiry_month(month: str, year: str, rng: random.Random) -> Groups:
    said = rng.choice((["twenty"], [], ["two", "thousand"]))
    name = hide([MONTHS[int(month) - 1]])
    linked = (*name, *show("of")) if rng.random() < 0.3 else name
    return (linked, hide([*said, *number(int(year), rng)]))


def _expiry_numerals(month: str, year: str, rng: random.Random) -> Groups:
    return rng.choice(
        (
            (hide([month]), hide([year])),
            (hide([str(int(month))]), hide([year])),
            (hide([month + year]),),
            (hide([month]), hide([f"20{year}"])),
        )
    )


def _expiry_slash_words(month: str, year: str, rng: random.Random) -> Groups:
    said = hide(in_pairs(month, rng) if rng.random() < 0.5 else number(int(month), rng))
    return ((*said, ItemWord(rng.choice(("slash", "slash", "stroke")))), hide(number(int(year), rng)))


def _expiry_mixed(month: str, year: str, rng: random.Random) -> Groups:
    if rng.random() < 0.5:
        return (hide([str(int(month))]), hide(number(int(year), rng)))
    return (hide(number(int(month), rng)), hide([rng.choice((year, f"20{year}"))]))


def _expiry_homophones(month: str, year: str, rng: random.Random) -> Groups:
    first = sounding(str(int(month)), rng) if month[0] == "0" else number(int(month), rng)
    if month[0] == "0" and rng.random() < 0.4:
        first = ["oh", *first]
    tens = {"2": "twenty", "3": "thirty"}[year[0]]
    last = [tens, *(sounding(year[1], rng) if year[1] != "0" else [])]
    return (hide(first), hide(last if rng.random() < 0.6 else sounding(year, rng)))


_EXPIRY_SAYERS: dict[str, Callable[[str, str, random.Random], Groups]] = {
    "oh": lambda month, year, rng: (hide(in_pairs(month, rng)), hide(number(int(year), rng))),
    "pairs": _expiry_pairs,
    "month_name": _expiry_month,
    "digit_by_digit": lambda month, year, rng: (hide(singly(month)), hide(singly(year))),
    "slash_words": _expiry_slash_words,
    "slashed": lambda month, year, rng: (hide([f"{month}/{rng.choice((year, year, f'20{year}'))}"]),),
    "hyphenated": lambda month, year, rng: (hide([f"{month}-{rng.choice((year, year, f'20{year}'))}"]),),
    "numerals": _expiry_numerals,
    "written": lambda month, year, rng: (hide([MONTHS[int(month) - 1], f"20{year}"]),),
    "mixed": _expiry_mixed,
    "homophones": _expiry_homophones,
}
EXPIRY_STYLES = tuple(_EXPIRY_SAYERS)
"""Ways to say the month and year of a card's expiry."""


def say_expiry(style: str, value: str, rng: random.Random) -> Groups:
    """The expiry "MM/YY", said in a style of `EXPIRY_STYLES`."""
    month, year = value.split("/")
    return _EXPIRY_SAYERS[style](month, year, rng)

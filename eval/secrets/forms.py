"""How people say what is more than a number: dates, e-mail addresses and postal addresses."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from eval.secrets import saying
from eval.secrets.saying import Group, joined, plain, secret
from eval.secrets.values import Address, Email

MONTHS = (
    "january february march april may june july august september october november december"
).split()
_ALPHABET = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa "
    "quebec romeo sierra tango uniform victor whiskey xray yankee zulu"
).split()
_SHORT = {"street": "St", "avenue": "Ave", "road": "Rd", "drive": "Dr", "lane": "Ln", "court": "Ct"}


def _year(year: str, rng: Random) -> Group:
    """In full or by its last two digits: "nineteen eighty five", "two thousand and three", "eighty five"."""
    if year.startswith("19"):
        return secret(rng.choice([saying.pairs(year), saying.pairs(year[2:])]))
    if rng.random() < 0.5:
        return joined([secret("two thousand"), plain("and"), secret(saying.ONES[int(year[3])])])
    return secret(saying.pairs(year[2:]))


def _said_number(written: str) -> str:
    return saying.whole_number(int(written))


def _parts(value: str) -> tuple[str, str, str]:
    year, month, day = value.split("-")
    return year, month, day


def _month_first(value: str, rng: Random) -> list[Group]:
    year, month, day = _parts(value)
    said = rng.choice([saying.ordinal, saying.whole_number])(int(day))
    return [secret(f"{MONTHS[int(month) - 1]} {said}"), _year(year, rng)]


def _day_first(value: str, rng: Random) -> list[Group]:
    year, month, day = _parts(value)
    first = joined([plain("the"), secret(saying.ordinal(int(day))), plain("of")])
    return [joined([first, secret(MONTHS[int(month) - 1])]), _year(year, rng)]


def _numbers(value: str, rng: Random) -> list[Group]:
    year, month, day = _parts(value)
    return [secret(f"{_said_number(month)} {_said_number(day)}"), _year(year, rng)]


def _slash_said(value: str, rng: Random) -> list[Group]:
    year, month, day = _parts(value)
    between = plain(rng.choice(["slash", "dash"]))
    said = [secret(_said_number(month)), between, secret(_said_number(day)), between]
    return [joined(said), _year(year, rng)]


def _date_digits(oh: bool) -> Callable[[str, Random], list[Group]]:
    def say(value: str, _: Random) -> list[Group]:
        year, month, day = _parts(value)
        return [secret(saying.singles(part, oh=oh)) for part in (month, day, year)]

    return say


def _date_written(value: str, _: Random) -> list[Group]:
    year, month, day = _parts(value)
    return [secret(f"{MONTHS[int(month) - 1].capitalize()} {int(day)}, {year}")]


def _date_slashed(value: str, rng: Random) -> list[Group]:
    year, month, day = _parts(value)
    between = rng.choice("/-.")
    return [secret(between.join([month, day, rng.choice([year, year[2:]])]))]


BIRTH_DATES: dict[str, Callable[[str, Random], list[Group]]] = {
    "month first": _month_first,
    "day first": _day_first,
    "numbers": _numbers,
    "slash said": _slash_said,
    "single digits": _date_digits(oh=False),
    "oh for zero": _date_digits(oh=True),
    "written": _date_written,
    "slashed": _date_slashed,
}

EXPIRIES: dict[str, Callable[[str, Random], list[Group]]] = {
    "oh for zero": lambda value, _: [secret(saying.pairs(value[:2])), secret(saying.pairs(value[3:]))],
    "numbers": lambda value, _: [secret(f"{_said_number(value[:2])} {_said_number(value[3:])}")],
    "single digits": lambda value, _: [secret(saying.singles(value[:2] + value[3:]))],
    "slash said": lambda value, _: [
        joined([secret(_said_number(value[:2])), plain("slash"), secret(_said_number(value[3:]))])
    ],
    "month and year": lambda value, _: [
        secret(f"{MONTHS[int(value[:2]) - 1]} twenty {_said_number(value[3:])}")
    ],
    "month of": lambda value, _: [
        joined([secret(MONTHS[int(value[:2]) - 1]), plain("of"), secret(_said_number(value[3:]))])
    ],
    "slashed": lambda value, rng: [secret(rng.choice([value, f"{value[:3]}20{value[3:]}"]))],
    "numerals": lambda value, _: [secret(f"{value[:2]} {value[3:]}")],
}


def _spelled(part: str) -> Group:
    return secret(saying.singles(part) if part.isdigit() else " ".join(part))


def _letter_names(part: str) -> Group:
    """ "j as in juliet"; the word of the alphabet tells the letter too."""
    if part.isdigit():
        return secret(saying.singles(part))
    return joined(
        joined([secret(letter), plain("as in"), secret(_ALPHABET[ord(letter) - ord("a")])]) for letter in part
    )


def _spoken(part: str) -> Group:
    if not part.isdigit():
        return secret(part)
    return secret(saying.pairs(part) if len(part) == 2 else saying.singles(part))


_BETWEEN = {".": plain("dot"), "_": plain("underscore"), "-": plain("dash"), "": ()}


def _email(
    name: Callable[[str], Group], domain: Callable[[str], Group]
) -> Callable[[Email, Random], list[Group]]:
    def say(value: Email, _: Random) -> list[Group]:
        local: list[Group] = []
        for part in value.parts:
            local += [_BETWEEN[value.between] if local else (), name(part)]
        return [joined(local), joined([plain("at"), domain(value.domain), plain(f"dot {value.ending}")])]

    return say


def _email_half_written(value: Email, _: Random) -> list[Group]:
    local = secret(value.between.join(value.parts))
    return [local, joined([plain("at"), secret(f"{value.domain}.{value.ending}")])]


EMAILS: dict[str, Callable[[Email, Random], list[Group]]] = {
    "spoken": _email(_spoken, _spoken),
    "spelled": _email(_spelled, _spoken),
    "all spelled": _email(_spelled, _spelled),
    "letter names": _email(_letter_names, _spoken),
    "hyphened letters": _email(lambda part: secret("-".join(part.upper())), _spoken),
    "half written": _email_half_written,
    "written": lambda value, _: [secret(value.written)],
}


def _address(number: Callable[[str], str], zip_code: Callable[[str], str]) -> Callable[..., list[Group]]:
    def say(value: Address, _: Random) -> list[Group]:
        house = joined([secret(f"{number(value.number)} {value.street}"), plain(value.kind)])
        return [house, *_unit(value, number), *_place(value, zip_code)]

    return say


def _unit(value: Address, number: Callable[[str], str]) -> list[Group]:
    if not value.unit:
        return []
    letter = value.unit[-1] if value.unit[-1].isalpha() else ""
    said = f"{number(value.unit.rstrip('abcd'))} {letter}"
    return [joined([plain(value.unit_kind), secret(said)])]


def _place(value: Address, zip_code: Callable[[str], str]) -> list[Group]:
    return [joined([secret(value.city), plain(value.state)]), secret(zip_code(value.postal_code))]


def _spelled_street(value: Address, _: Random) -> list[Group]:
    street = secret(f"{value.street} {' '.join(value.street)}")
    house = joined([secret(saying.pairs(value.number)), street, plain(value.kind)])
    return [house, *_unit(value, saying.pairs), *_place(value, saying.singles)]


def _address_written(value: Address, rng: Random) -> list[Group]:
    kind = rng.choice([value.kind.title(), _SHORT.get(value.kind, "Blvd")])
    house = joined([secret(f"{value.number} {value.street.title()}"), plain(f"{kind},")])
    kinds = [value.unit_kind.title(), "Apt", "#"]
    unit = joined([plain(rng.choice(kinds)), secret(f"{value.unit.upper()},")]) if value.unit else ()
    city = joined([secret(f"{value.city.title()},"), plain(value.state.title())])
    return [joined([house, unit, city, secret(value.postal_code)])]


ADDRESSES: dict[str, Callable[[Address, Random], list[Group]]] = {
    "pairs": _address(saying.pairs, lambda digits: saying.singles(digits, oh=True)),
    "single digits": _address(saying.singles, saying.singles),
    "hundreds": _address(saying.hundreds, saying.singles),
    "double digits": _address(saying.doubles, saying.doubles),
    "numerals": _address(str, str),
    "spelled street": _spelled_street,
    "written": _address_written,
}

"""Ways to say an e-mail address and a postal address, in the second generator."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from eval.secrets.items import ItemWord
from eval.secrets.second_digits import in_hundreds, in_pairs, mixed, repeated, singly, sounding, spoken
from eval.secrets.second_values import FIRST_NAMES
from eval.secrets.second_words import Group, Groups, ending, hide, number, show

_SIGNS = {".": ("dot", "dot", "period"), "_": ("underscore",), "-": ("dash", "hyphen")}
_ALPHABET = (
    *("apple", "boy", "cat", "dog", "edward", "frank", "george", "henry", "ida", "john", "king", "larry"),
    *("mary", "nancy", "oscar", "peter", "queen", "robert", "sam", "tom", "uncle", "victor", "william"),
    *("x-ray", "yellow", "zebra"),
)
_SHORT = {
    "Street": "St",
    "Avenue": "Ave",
    "Drive": "Dr",
    "Road": "Rd",
    "Lane": "Ln",
    "Court": "Ct",
    "Boulevard": "Blvd",
    "Way": "Way",
}
_STATES = {
    "Illinois": "IL",
    "Ohio": "OH",
    "Oregon": "OR",
    "Texas": "TX",
    "California": "CA",
    "Florida": "FL",
    "New York": "NY",
    "Idaho": "ID",
    "Iowa": "IA",
    "Alabama": "AL",
    "Nevada": "NV",
}


def _pieces(value: str) -> tuple[list[str], str, str]:
    local, domain = value.split("@")
    name, _, top = domain.rpartition(".")
    return re.findall(r"[a-z]+|\d+|[._-]", local), name, top


def _letters(text: str, rng: random.Random) -> list[str]:
    upper = rng.random() < 0.5
    doubled = rng.random() < 0.3
    words: list[str] = []
    for at, letter in enumerate(text):
        if doubled and at and text[at - 1] == letter and words[-1] == letter:
            words[-1:] = ["double", letter]
        else:
            words.append(letter)
    return [word.upper() if upper and len(word) == 1 else word for word in words]


def _names(text: str, rng: random.Random) -> Group:
    """ "john smith" as the two words that are heard, or run together."""
    first = next((name for name in FIRST_NAMES if text.startswith(name)), text)
    if len(text) > len(first) and rng.random() < 0.7:
        return hide([first, text.removeprefix(first)])
    return hide([text])


def _as_in(text: str, rng: random.Random) -> Group:
    linked = rng.choice(("as in", "like", "for", "as in"))
    words: list[ItemWord] = []
    for letter in text:
        words.extend(hide([letter]))
        if rng.random() < 0.6:
            words.extend((*show(linked), *hide([_ALPHABET[ord(letter) - 97]])))
    return tuple(words)


def _email_digits(text: str, rng: random.Random) -> Group:
    ways = (
        lambda: singly(text, rng.choice(("oh", "zero"))),
        lambda: in_pairs(text, rng),
        lambda: [text],
        lambda: list(text),
    )
    return hide(rng.choice(ways)())


def _domain(name: str, top: str, rng: random.Random, at: str = "at") -> Group:
    """ "at gmail dot com"; the last part tells nothing."""
    return (*show(at), *hide([name]), *show(f"dot {top}"))


def _said_email(
    value: str, rng: random.Random, name: Callable[[str, random.Random], Group], at: str = "at"
) -> Groups:
    """Names by `name`; each sign begins a breath of its own together with what follows it."""
    parts, host, top = _pieces(value)
    groups: list[Group] = []
    held: Group = ()
    for part in parts:
        if part in _SIGNS:
            held = show(rng.choice(_SIGNS[part]))
            continue
        said = _email_digits(part, rng) if part.isdigit() else name(part, rng)
        groups.append((*held, *said))
        held = ()
    return (*groups, _domain(host, top, rng, at))


def _spelled(value: str, rng: random.Random) -> Groups:
    groups = _said_email(value, rng, lambda part, rng: hide(_letters(part, rng)))
    first = _pieces(value)[0][0]
    if len(first) > 2 and rng.random() < 0.3:
        return ((*hide([f"{first},"]), *show("that's"), *groups[0]), *groups[1:])
    return groups


def _hyphen_spelled(value: str, rng: random.Random) -> Groups:
    """ "J-O-H-N dot S-M-I-T-H at gmail.com", as engines write letters said one by one."""
    *groups, _ = _said_email(value, rng, lambda part, rng: hide(["-".join(part.upper())]))
    return (*groups, (*show("at"), *hide([value.split("@")[1]])))


def _half_written(value: str, rng: random.Random) -> Groups:
    local, domain = value.split("@")
    return (hide([local]), (*show("at"), *hide([domain])))


_EMAIL_SAYERS: dict[str, Callable[[str, random.Random], Groups]] = {
    "spoken": lambda value, rng: _said_email(value, rng, _names),
    "spelled": _spelled,
    "as_in": lambda value, rng: _said_email(value, rng, _as_in),
    "at_symbol": lambda value, rng: _said_email(
        value, rng, _names, rng.choice(("at symbol", "at sign", "the at symbol"))
    ),
    "hyphenated": _hyphen_spelled,
    "mixed": _half_written,
    "written": lambda value, rng: (hide([value]),),
}
EMAIL_STYLES = tuple(_EMAIL_SAYERS)
"""Ways to say an e-mail address."""


def say_email(style: str, value: str, rng: random.Random) -> Groups:
    """The address "name@host.top", said in a style of `EMAIL_STYLES`."""
    return _EMAIL_SAYERS[style](value, rng)


@dataclass(frozen=True, slots=True)
class _Address:
    """An address in parts: "42", "Maple", "Street", "apartment 3B"; city, state, code; else "".

    A house number and a street are always there.
    """

    house: str
    street: str
    kind: str
    unit: str = ""
    city: str = ""
    state: str = ""
    code: str = ""


def _taken_apart(value: str) -> _Address:
    line, *rest = value.split(", ")
    house, *name, kind = line.split()
    unit = rest.pop(0) if len(rest) % 2 else ""
    if not rest:
        return _Address(house, " ".join(name), kind, unit)
    city, end = rest
    state, _, code = end.rpartition(" ")
    return _Address(house, " ".join(name), kind, unit, city, state, code)


def _unit(unit: str, say: Callable[[str], list[str]]) -> Groups:
    if not unit:
        return ()
    kind, which = unit.split()
    found = re.fullmatch(r"(\d+)([A-Z]?)", which)
    assert found is not None
    count, letter = found.groups()
    return ((*show(kind), *hide([*say(count), *([letter] if letter else [])])),)


def _town(city: str, state: str, rng: random.Random) -> Group:
    """ "Springfield, Illinois"; the state tells little."""
    return (*ending(hide(city.split()), "," if rng.random() < 0.6 else ""), *show(state))


def _said_address(value: str, rng: random.Random, say: Callable[[str, random.Random], list[str]]) -> Groups:
    where = _taken_apart(value)
    line = (*spoken(say(where.house, rng)), *hide(where.street.split()), *show(where.kind))
    groups: Groups = (line, *_unit(where.unit, lambda count: number(int(count), rng)))
    if not where.city:
        return groups
    zip_cue = show(rng.choice(("", "", "zip code", "zip is", "zip")))
    return (*groups, _town(where.city, where.state, rng), (*zip_cue, *spoken(say(where.code, rng))))


def _written_address(value: str, rng: random.Random) -> Groups:
    where = _taken_apart(value)
    short = rng.random() < 0.6
    kind = _SHORT[where.kind] if short else where.kind
    unit = where.unit.replace("apartment", "apt") if short else where.unit
    flat: Groups = ()
    if unit:
        name, which = unit.split()
        flat = ((*show(name), *hide([which])),)
    groups = ((*hide([where.house, *where.street.split()]), *show(kind)), *flat)
    if not where.city:
        return groups
    state = _STATES[where.state] if short else where.state
    return (*groups, (*_town(where.city, state, rng), *hide([where.code])))


def _mixed_address(value: str, rng: random.Random) -> Groups:
    """Numerals in the street, words in the postal code; without one, in the house number."""
    *front, last = _written_address(value, rng)
    *words, code = last
    if _taken_apart(value).city:
        return (*front, (*words, *hide(singly(code.text, "oh"))))
    house, *line = (*front, last)[0]
    return ((*hide(mixed(house.text, rng)), *line), *(*front, last)[1:])


def _spelled_address(value: str, rng: random.Random) -> Groups:
    """The street is said and then spelled: "forty-two Maple Street, that's m a p l e"."""
    first, *rest = _said_address(value, rng, in_pairs)
    street = _taken_apart(value).street.replace(" ", "").lower()
    lead = show(rng.choice(("that's", "spelled", "that's spelled")))
    return (first, (*lead, *hide(_letters(street, rng))), *rest)


_ADDRESS_SAYERS: dict[str, Callable[[str, random.Random], Groups]] = {
    "digit_by_digit": lambda value, rng: _said_address(value, rng, lambda part, rng: singly(part)),
    "pairs": lambda value, rng: _said_address(value, rng, in_pairs),
    "doubles": lambda value, rng: _said_address(value, rng, repeated),
    "oh": lambda value, rng: _said_address(value, rng, lambda part, rng: singly(part, "oh")),
    "hundreds": lambda value, rng: _said_address(value, rng, in_hundreds),
    "homophones": lambda value, rng: _said_address(value, rng, sounding),
    "mixed": _mixed_address,
    "mixed_digits": lambda value, rng: _said_address(value, rng, mixed),
    "spelled": _spelled_address,
    "written": _written_address,
}
ADDRESS_STYLES = tuple(_ADDRESS_SAYERS)
"""Ways to say a postal address."""


def say_address(style: str, value: str, rng: random.Random) -> Groups:
    """An address as `second_values` writes it, said in a style of `ADDRESS_STYLES`."""
    return _ADDRESS_SAYERS[style](value, rng)

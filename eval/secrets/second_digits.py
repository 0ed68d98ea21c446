"""Ways to say a run of digits, in the second generator."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import groupby

from eval.secrets.items import Entity, ItemWord
from eval.secrets.second_words import DIGITS, Group, Groups, hide, number

_SOUNDS_LIKE = {"0": ("oh", "o"), "1": ("won",), "2": ("to", "too"), "4": ("for",), "8": ("ate",)}
_CARD_CUTS = {13: (4, 4, 5), 14: (4, 6, 4), 15: (4, 6, 5), 16: (4, 4, 4, 4), 19: (4, 4, 4, 4, 3)}
_CODE_CUTS = {
    3: ((3,),),
    4: ((4,), (4,), (2, 2)),
    5: ((5,), (2, 3), (3, 2)),
    6: ((3, 3), (3, 3), (2, 2, 2), (6,)),
    7: ((3, 4),),
    8: ((4, 4), (2, 2, 2, 2)),
}


def is_foreign(value: str) -> bool:
    """A phone number with the code of a country other than the US."""
    return value.startswith(("44", "49", "61")) and len(value) > 10


def _phone_cuts(value: str, rng: random.Random) -> tuple[int, ...]:
    if value.startswith("020"):
        return (3, 4, 4)
    if value.startswith("0"):
        return rng.choice(((5, 6), (5, 3, 3)))
    if is_foreign(value):
        return {"442": (2, 2, 4, 4), "447": (2, 4, 3, 3), "614": (2, 3, 3, 3), "493": (2, 2, 4, 4)}[value[:3]]
    country = (1,) if len(value) == 11 else ()
    return (*country, 3, 3, *rng.choice(((4,), (4,), (2, 2))))


def chunks(entity: Entity, value: str, rng: random.Random) -> list[str]:
    """The value cut where people breathe."""
    cuts: tuple[int, ...]
    if entity == "card":
        cuts = _CARD_CUTS[len(value)]
    elif entity in ("ssn", "itin"):
        cuts = (3, 3, 3) if rng.random() < 0.1 else (3, 2, 4)
    elif entity == "routing":
        cuts = rng.choice(((3, 3, 3), (4, 4, 1), (2, 2, 2, 3)))
    elif entity == "phone":
        cuts = _phone_cuts(value, rng)
    elif len(value) in _CODE_CUTS and entity in ("card_code", "pin", "otp"):
        cuts = rng.choice(_CODE_CUTS[len(value)])
    else:
        cuts = (rng.choice((2, 3, 3, 4, 4)),) * len(value)
    return cut(value, cuts)


def cut(value: str, lengths: tuple[int, ...]) -> list[str]:
    """The value in pieces of those lengths; what is left over is the last piece."""
    pieces: list[str] = []
    for length in lengths:
        pieces.append(value[:length])
        value = value[length:]
    return [piece for piece in (*pieces, value) if piece]


def singly(chunk: str, zero: str = "zero") -> list[str]:
    """Digit by digit."""
    return [zero if digit == "0" else DIGITS[int(digit)] for digit in chunk]


def in_pairs(chunk: str, rng: random.Random) -> list[str]:
    """ "forty-one eleven", "four twelve", "oh five", "nineteen hundred"."""
    odd = len(chunk) % 2
    words = singly(chunk[:odd], "oh")
    for at in range(odd, len(chunk), 2):
        pair = chunk[at : at + 2]
        if pair == "00" and at and chunk[at - 1] != "0" and rng.random() < 0.6:
            words.append("hundred")
        elif pair == "00":
            words.extend(rng.choice((("double", "oh"), ("oh", "oh"), ("zero", "zero"))))
        elif pair[0] == "0":
            words.extend(("oh", DIGITS[int(pair[1])]))
        else:
            words.extend(number(int(pair), rng))
    return words


def repeated(chunk: str, rng: random.Random) -> list[str]:
    """ "double four", "triple seven"; longer runs are doubles of doubles."""
    zero = rng.choice(("oh", "zero", "oh"))
    words: list[str] = []
    for digit, run in groupby(chunk):
        left, name = len(list(run)), singly(digit, zero)[0]
        while left > 1:
            size = 3 if left == 3 else 2
            words.extend((("triple" if size == 3 else "double"), name))
            left -= size
        words.extend([name] * left)
    return words


def in_hundreds(chunk: str, rng: random.Random) -> list[str]:
    """ "four hundred twelve", "four thousand two hundred twelve", "twelve hundred"."""
    if len(chunk) > 4:
        return [word for piece in cut(chunk, (3,) * len(chunk)) for word in in_hundreds(piece, rng)]
    if len(chunk) < 3 or chunk[0] == "0":
        return in_pairs(chunk, rng)
    if len(chunk) == 4:
        if chunk.endswith("00") and chunk[1] != "0":
            return [*number(int(chunk[:2]), rng), "hundred"]
        if chunk[1] == "0":
            return in_pairs(chunk, rng)
        return [DIGITS[int(chunk[0])], "thousand", *in_hundreds(chunk[1:], rng)]
    rest = int(chunk[1:])
    linked = ["and"] if rest and rng.random() < 0.25 else []
    return [DIGITS[int(chunk[0])], "hundred", *linked, *(number(rest, rng) if rest else [])]


def mixed(chunk: str, rng: random.Random) -> list[str]:
    """ "4 one 1 1": an engine that cannot make up its mind."""
    return [digit if rng.random() < 0.5 else DIGITS[int(digit)] for digit in chunk]


def sounding(chunk: str, rng: random.Random) -> list[str]:
    """Digits as the words that sound like them: "for", "to", "ate", "won"."""
    return [
        rng.choice(_SOUNDS_LIKE[digit])
        if digit in _SOUNDS_LIKE and rng.random() < 0.6
        else DIGITS[int(digit)]
        for digit in chunk
    ]


def spoken(texts: list[str]) -> Group:
    """Number words; the "and" of "four hundred and twelve" tells nothing."""
    return tuple(ItemWord(text, text != "and") for text in texts)


def _by_chunk(
    say: Callable[[str, random.Random], list[str]],
) -> Callable[[Entity, str, random.Random], Groups]:
    def sayer(entity: Entity, value: str, rng: random.Random) -> Groups:
        dashes = entity in ("ssn", "itin", "phone") and rng.random() < 0.15
        groups = [spoken(say(chunk, rng)) for chunk in chunks(entity, value, rng)]
        return (*((*group, ItemWord("dash")) if dashes else group for group in groups[:-1]), groups[-1])

    return sayer


def _hundreds(entity: Entity, value: str, rng: random.Random) -> Groups:
    threes = cut(value, (3,) * len(value))
    pieces = threes if entity in ("card", "account", "routing") else chunks(entity, value, rng)
    return tuple(spoken(in_hundreds(piece, rng)) for piece in pieces)


def _numerals(entity: Entity, value: str, rng: random.Random) -> Groups:
    pieces = chunks(entity, value, rng)
    if entity == "phone" and len(value) == 10 and rng.random() < 0.4:
        return (hide([f"({value[:3]})"]), hide([f"{value[3:6]}-{value[6:]}"]))
    if rng.random() < 0.35 or entity == "card_code":
        return (hide([value]),)
    return tuple(hide([piece]) for piece in pieces)


def _spaced(entity: Entity, value: str, rng: random.Random) -> Groups:
    return tuple(hide(chunk) for chunk in chunks(entity, value, rng))


def _hyphenated(entity: Entity, value: str, rng: random.Random) -> Groups:
    pieces = chunks(entity, value, rng)
    if len(pieces) == 1 or rng.random() < 0.2:
        return (hide(["-".join(value)]),)
    return (hide(["-".join(pieces)]),)


_SAYERS: dict[str, Callable[[Entity, str, random.Random], Groups]] = {
    "digit_by_digit": _by_chunk(lambda chunk, rng: singly(chunk)),
    "pairs": _by_chunk(in_pairs),
    "doubles": _by_chunk(repeated),
    "oh": _by_chunk(lambda chunk, rng: singly(chunk, "oh")),
    "hundreds": _hundreds,
    "numerals": _numerals,
    "spaced": _spaced,
    "hyphenated": _hyphenated,
    "mixed": _by_chunk(mixed),
    "homophones": _by_chunk(sounding),
}
DIGIT_STYLES = tuple(_SAYERS)
"""Ways to say a value of digits alone."""


def say_digits(style: str, entity: Entity, value: str, rng: random.Random) -> Groups:
    """The value, of digits alone, said in a style of `DIGIT_STYLES`."""
    groups = _SAYERS[style](entity, value, rng)
    if entity != "phone" or not is_foreign(value) or rng.random() < 0.4:
        return groups
    first, *rest = groups
    if first[0].text[0].isdigit() and style in ("numerals", "hyphenated"):
        return ((ItemWord(f"+{first[0].text}", True), *first[1:]), *rest)
    return ((ItemWord("plus"), *first), *rest)

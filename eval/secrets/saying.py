"""Pieces of speech in which every word is known to be a part of a secret or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from eval.secrets.items import ItemWord

Group: TypeAlias = tuple[ItemWord, ...]
"""What is said in one breath: "four one one one"."""

ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = (
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
MISHEARD = {"two": ("to", "too"), "four": ("for",), "eight": ("ate",), "one": ("won",), "zero": ("oh",)}
"""What an engine writes for a digit that sounds the same."""
TIMES = {2: "double", 3: "triple"}


def plain(text: str) -> Group:
    """Words that are no part of the secret."""
    return tuple(ItemWord(word) for word in text.split())


def secret(text: str) -> Group:
    """Words that say a part of the secret."""
    return tuple(ItemWord(word, True) for word in text.split())


def joined(groups: Iterable[Group]) -> Group:
    """One row of words."""
    return tuple(word for group in groups for word in group)


def whole_number(number: int, hyphen: bool = False) -> str:
    """0 to 99 in words."""
    if number < 10:
        return ONES[number]
    if number < 20:
        return TEENS[number - 10]
    tens, ones = TENS[number // 10], number % 10
    return f"{tens}{'-' if hyphen else ' '}{ONES[ones]}" if ones else tens


def ordinal(number: int) -> str:
    """1 to 31 in words: "twenty first"."""
    if number <= 20:
        return ORDINALS[number - 1]
    if number == 30:
        return "thirtieth"
    return f"{TENS[number // 10]} {ORDINALS[number % 10 - 1]}"


def singles(digits: str, oh: bool = False) -> str:
    """Digit by digit: "four one one one"."""
    return " ".join("oh" if oh and digit == "0" else ONES[int(digit)] for digit in digits)


def doubles(digits: str) -> str:
    """Repeated digits said once: "double four", "triple seven"."""
    said: list[str] = []
    at = 0
    while at < len(digits):
        times = len(digits[at:]) - len(digits[at:].lstrip(digits[at]))
        times = min(times, 3)
        said.append(f"{TIMES[times]} {singles(digits[at])}" if times > 1 else singles(digits[at]))
        at += times
    return " ".join(said)


def pairs(digits: str, hyphen: bool = False) -> str:
    """Two digits at a time: "forty one eleven"; "oh five" where a pair begins with a zero."""
    said = []
    if len(digits) % 2:
        said.append(singles(digits[0]))
        digits = digits[1:]
    for pair in (digits[at : at + 2] for at in range(0, len(digits), 2)):
        said.append(f"oh {singles(pair[1])}" if pair[0] == "0" else whole_number(int(pair), hyphen))
    return " ".join(said)


def hundreds(digits: str) -> str:
    """As a quantity: "four hundred eleven", "forty one hundred"; digit by digit where nobody would say so."""
    if digits.startswith("0") or len(digits) not in (3, 4):
        return pairs(digits)
    high, low = int(digits[:-2]), int(digits[-2:])
    if high % 10 == 0 and len(digits) == 4:
        return f"{whole_number(high // 10)} thousand" + (f" {whole_number(low)}" if low else "")
    return f"{whole_number(high)} hundred" + (f" {whole_number(low)}" if low else "")


def misheard(digits: str, pick: Sequence[int]) -> str:
    """Digit by digit, as an engine writes sounds: "to" for two, "for" for four; `pick` chooses a spelling."""
    said = []
    for at, word in enumerate(singles(digits).split()):
        spellings = MISHEARD.get(word, (word,))
        # Every other one: a row of nothing else would be no digits any more to anybody.
        said.append(spellings[pick[at] % len(spellings)] if pick[at] % 2 else word)
    return " ".join(said)


def half_written(digits: str) -> str:
    """Words and digits mixed, as engines write long numbers: "4 one 1 one"."""
    return " ".join(digit if at % 2 == 0 else singles(digit) for at, digit in enumerate(digits))

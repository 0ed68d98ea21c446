"""What a secret is once its words are put together: digits, a date, an e-mail address in written form.

text2num reads no "oh", "double four" or "to" for two and glues some rows, so `numbers` reads the digits here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.text.dates import MONTHS, CalendarDate, find_dates
from models.text.digits import FILLERS, WEAK_HOMOPHONES, look
from models.text.numbers import find_numbers
from models.text.secrets_words import STATES, SUFFIXES, UNITS_OF_HOUSE, is_ordinal
from models.text.tokens import listed, normal

_SOUNDS = (
    dict.fromkeys(listed("for fore fo foe"), "four")
    | dict.fromkeys(listed("to too tu"), "two")
    | dict.fromkeys(listed("won wan wun ones"), "one")
    | dict.fromkeys(listed("ate ait"), "eight")
    | dict.fromkeys(listed("ohh naught nought nil null"), "zero")
    | dict.fromkeys(listed("sex sicks sects"), "six")
    | {"tree": "three", "free": "three", "nein": "nine", "niner": "nine", "fife": "five", "sevin": "seven"}
)
_SIGNS = {"at": "@", "dot": ".", "period": ".", "point": ".", "underscore": "_", "dash": "-", "hyphen": "-"}
_BARE = re.compile(r"[^\w@.+-]")
_CORRECTIONS = re.compile(
    r"\b(?:no sorry|wait no|sorry i mean|i mean|no that's wrong|correction|scratch that|no wait|sorry no"
    r"|actually no|i meant|let me start over)\b"
)
_HIDDEN_FILLERS = FILLERS - frozenset(listed("dash hyphen minus point dot comma space slash"))


def digits_of(texts: Sequence[str]) -> str:
    """The digits that words say, one after another: "double four, oh one to" is "44012"."""
    said = []
    for text in texts:
        seen = look(text)
        if seen.kind in ("filler", "mask", "other", "letter") and not any(c.isdecimal() for c in text):
            continue
        plain = " ".join(_SOUNDS.get(part, part) for part in seen.parts)
        said.append(plain)
    numbers = find_numbers(" ".join(said))
    return "".join(re.sub(r"\D", "", number.value.digits) for number in numbers)


def only_weak(texts: Sequence[str]) -> bool:
    """Whether nothing but "to" and "for" could be a digit."""
    parts = {part for text in texts for part in look(text).parts}
    return bool(parts) and parts <= WEAK_HOMOPHONES


def email_of(texts: Sequence[str]) -> str:
    """The written form of a spoken e-mail address, as far as it can be told: "j.doe@gmail.com"."""
    out = ""
    at = 0
    while at < len(texts):
        parts = (
            [_BARE.sub("", normal(texts[at])).strip(".")] if "@" in texts[at] else list(look(texts[at]).parts)
        )
        if [normal(t) for t in texts[at + 1 : at + 3]] == ["as", "in"]:
            at += 3
        for part in parts:
            if part in _SIGNS or part not in _HIDDEN_FILLERS:
                out += _SIGNS.get(part, part)
        at += 1
    local, mark, domain = out.rpartition("@")
    return f"{local.replace('@', '')}{mark}{domain}" if mark else out


def date_of(texts: Sequence[str]) -> str:
    """Month, day and the last two digits of the year of a spoken or written date, as "MM-DD-YY".

    As much of it as there is: people leave out the century, and a correction may leave more.
    """
    line = " ".join(texts)
    dates = [found for found in find_dates(line) if isinstance(found.value, CalendarDate)]
    for found in dates:
        value = found.value
        if isinstance(value, CalendarDate) and value.month and value.day:
            rest = digits_of((line[: found.start] + line[found.end :]).split())
            year = f"{value.year:04}" if value.year else rest
            return f"{value.month:02}-{value.day:02}-{year[-2:]}"
    numbers = [found.value.digits for found in find_numbers(re.sub(r"[/.-]|slash|dash", " , ", line))]
    digits = "".join(numbers)
    if len(numbers) == 3 and all(number.isdecimal() for number in numbers):
        return f"{int(numbers[0]):02}-{int(numbers[1]):02}-{numbers[2][-2:]}"
    return f"{digits[:2]}-{digits[2:4]}-{digits[-2:]}" if len(digits) in (6, 8) else digits_of(texts)


def place_of(texts: Sequence[str]) -> str:
    """A postal address for comparing: its digits and its names, without words for kinds of streets."""
    names = {
        part
        for text in texts
        for part in look(text).parts
        if look(text).kind in ("other", "homophone") and part not in SUFFIXES | UNITS_OF_HOUSE | STATES
    }
    return " ".join([digits_of(texts), *sorted(names)])


def says_date(texts: Sequence[str]) -> bool:
    """Whether a month or an ordinal number is among the words."""
    looks = [look(text) for text in texts]
    return any(is_ordinal(seen) or not MONTHS.keys().isdisjoint(seen.parts) for seen in looks)


def versions_of(texts: Sequence[str]) -> list[list[str]]:
    """Words in parts, each after the first one in place of what was said before it: "41 no sorry 42"."""
    parts: list[list[str]] = [[]]
    for text in texts:
        parts[-1].append(text)
        if len(parts[-1]) > 1 and corrects(parts[-1][-3:]):
            parts.append([])
    return [part for part in parts if part]


def corrects(texts: Sequence[str]) -> bool:
    """Whether what follows these words takes the place of what was said before: "no sorry"."""
    plain = " ".join(
        part for text in texts for part in normal(text).replace(",", " ").replace(".", " ").split()
    )
    return bool(_CORRECTIONS.search(plain))

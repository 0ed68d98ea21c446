"""What reads as a digit in the words of an engine: numerals, number words, and words that sound like them.

A scanner for secrets, so it errs towards digits: it takes words one by one, however they are glued,
hyphenated or misheard, and leaves the meaning to others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from models.text.numbers import SCALES, TEENS, TENS, UNITS
from models.text.tokens import listed, normal

LookKind = Literal["digit", "one", "homophone", "filler", "letter", "mask", "other"]

_PLURALS = {word + ("es" if word == "six" else "s") for word in UNITS if word != "one"}
_UNITS = (set(UNITS) | _PLURALS | {"niner"}) - {"one"}
_WIDE = set(TENS) | {"hundred"} | set(SCALES)
_DIGIT_WORDS = _UNITS | set(TEENS) | _WIDE
_GLUED = re.compile("(?:" + "|".join(sorted(_DIGIT_WORDS | {"one", "oh"}, key=len, reverse=True)) + "){2,}")

SCALE_WORDS = frozenset({"hundred", *SCALES})
"""Words that say an order of magnitude."""

WEAK_HOMOPHONES = frozenset(listed("for fore to too tu"))
HOMOPHONES = WEAK_HOMOPHONES | frozenset(
    listed(
        "won wan wun ate ait oh o ohh naught nought nil null sex sicks sects tree free nein fife foe"
        " fo sevin double triple treble"
    )
)
"""Words that engines write for a digit; what they mean is seen only from the digits beside them."""

FILLERS = frozenset(
    listed(
        "um uh uhm er erm ah hm hmm mm mhm huh and then next it it's its is that that's this yeah yes"
        " yep yup no nope okay ok alright right sure so well now like just the a an dash hyphen minus"
        " point dot comma space slash sorry wait hold hang on let me see again please thank thanks you"
        " got i actually"
    )
)
"""Words that may stand between the digits of one number without ending it."""

HESITATIONS = frozenset(listed("um uh uhm er erm ah hm hmm mm dash hyphen comma"))
"""Fillers that leave a homophone beside its digits."""

ACKNOWLEDGEMENTS = frozenset(
    listed(
        "okay ok alright right yes yeah yep no nope sorry well sure wait hold thank thanks got that's is it"
    )
)
"""After these, "oh" is what it looks like."""

MASK = re.compile(r"\[[A-Z]+(?:_[0-9]+)?\]")
"""A mask that stands in a text already."""

_PART = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
_LETTER_BY_DIGIT = re.compile(r"(?<=\d)[^\W\d_]|(?<=[^\W\d_])\d")


@dataclass(frozen=True, slots=True)
class Look:
    """How one word looks: `parts` are its words and numerals in normal form.

    Kinds: "digit"; "one", which may be a pronoun; "homophone"; "filler"; "letter", a single one; "mask";
    "other". `code` says that letters and digits are mixed as in an identifier.
    """

    kind: LookKind
    parts: tuple[str, ...]
    code: bool = False


def look(text: str) -> Look:
    """How a word, as an engine wrote it, looks to someone in search of digits."""
    bare = MASK.sub(" ", text)
    folded = normal(unicodedata.normalize("NFKC", bare))
    parts = tuple(part.removesuffix("'s") or part for part in _PART.findall(folded))
    if bare != text and not parts:
        return Look("mask", ())
    if any(part.isdecimal() for part in parts):
        return Look("digit", parts, _is_code(folded, parts))
    kinds = [_part_kind(part) for part in parts]
    for kind in ("other", "letter"):
        if kind in kinds and len(kinds) > 1:
            return Look("other", parts)
    for kind in _BY_WEIGHT:
        if kind in kinds:
            return Look(kind, parts)
    return Look("filler", parts)


_BY_WEIGHT: tuple[LookKind, ...] = ("digit", "one", "homophone", "letter", "other")


def has_number(seen: Look) -> bool:
    """Whether any part of the word is a numeral or a number word, "one" included."""
    return any(part.isdecimal() or _part_kind(part) in ("digit", "one") for part in seen.parts)


def count_digits(looks: Sequence[Look]) -> int:
    """How many digits a row of words stands for: "forty one eleven" 4, "three hundred five" 3.

    Words that only may mean "to" or "for" count when at least two others are digits.
    """
    count, weak, before = 0, 0, ""
    for part in (part for seen in looks for part in seen.parts):
        if part.isdecimal():
            count += len(part)
        elif part in WEAK_HOMOPHONES:
            weak += 1
        else:
            count += _said_digits(part, before)
        if part != "and":
            before = "hundred" if before == "hundred" and part in TENS else part
    return count + weak if count >= 2 else count


def _said_digits(part: str, before: str) -> int:
    """Digits that a word adds after the word before it."""
    tail = part in UNITS or part in TENS or part in TEENS
    if (before == "hundred" and tail) or (before in TENS and part in UNITS):
        return 0
    if part in SCALES:
        return 3
    if part in TENS or part in TEENS or part == "hundred":
        return 2
    if part in HOMOPHONES or part == "one" or part in _UNITS:
        return 1
    return part.count("o") and 2 if _GLUED.fullmatch(part) else 0


def _part_kind(part: str) -> LookKind:
    if part in _DIGIT_WORDS or _GLUED.fullmatch(part):
        return "digit"
    if part in ("one", "ones"):
        return "one"
    if part in HOMOPHONES:
        return "homophone"
    if part in FILLERS:
        return "filler"
    return "letter" if len(part) == 1 else "other"


def _is_code(folded: str, parts: Sequence[str]) -> bool:
    changes = len(_LETTER_BY_DIGIT.findall(_ORDINAL.sub("", folded)))
    digits = sum(len(part) for part in parts if part.isdecimal())
    return changes > 1 or (changes == 1 and digits > 2)

"""What can still be read of a secret in text that an engine misheard, where no word stands for a word.

Three signs, each in the utterances that were spoken while the secret was said:
- a run of `RUN_DIGITS` digits or more, as numerals or words, that stands in the secret in that order;
- `RUN_LETTERS` single letters in a row that stand in it in that order;
- a word that is like a name in it (`ALIKE`), of `NAME_LETTERS` letters or more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from eval.secrets.items import Item
from eval.secrets.scoring import carries_content
from models.text.digits import has_number, look
from models.text.numbers import TEENS, TENS, UNITS

RUN_DIGITS = 2
RUN_LETTERS = 3
NAME_LETTERS = 4
ALIKE = 0.8
"""One letter in five may be another: names are spelled by ear."""

_NOT_NAMES = frozenset({"double", "triple", "hundred", "thousand"})
_MASK = re.compile(r"\[[A-Z]+(?:_[A-Z]+)*_\d+\]")
_COUNT_OF = "digit"
"""What follows "sixteen" in "my sixteen digit card number"."""


@dataclass(frozen=True, slots=True)
class Said:
    """All versions of a secret: its digits and letters in the order in which they were said, its names,
    and how many number words said it."""

    digits: str
    letters: str
    names: frozenset[str]
    numbers: int


def said(item: Item) -> Said:
    """What an item says of its secret."""
    words = [_bare(word.text) for turn in item.turns for word in turn.words if word.secret]
    runs = "|".join(digit_runs([word.text for word in turn.words if word.secret]) for turn in item.turns)
    written = "".join(each for each in item.value if each.isdigit())
    return Said(
        digits=f"{runs}|{written}",
        letters="".join(word for word in words if len(word) == 1 and word.isalpha()),
        names=frozenset(word for word in words if _is_name(word)),
        numbers=sum(has_number(look(word)) for word in words),
    )


def digit_runs(words: Sequence[str]) -> str:
    """Runs of digits in words, apart by "|": "call forty one eleven at 5" gives "4111|5"."""
    runs: list[str] = []
    before = ""
    inside = False
    for word in words:
        parts = [] if _MASK.search(word) else [part for part in look(word).parts if _digits_of(part)]
        if not parts:
            inside, before = inside and _bare(word) in _BETWEEN, ""
            continue
        if not inside:
            runs.append("")
        inside = True
        for part in parts:
            tens = before in TENS and part in UNITS and UNITS[part] > 0
            runs[-1] = runs[-1][: -1 if tens else None] + _digits_of(part)
            before = part
    return "|".join(runs)


def visible_signs(item: Item, texts: Sequence[str]) -> Iterator[str]:
    """What of the secret can be read in these texts: "digits", "letters", "name"."""
    meant = said(item)
    for text in texts:
        words = _without_counts(_MASK.sub(" | ", text).split())
        runs = (run for run in digit_runs(words).split("|") if len(run) >= RUN_DIGITS)
        if any(run[at : at + RUN_DIGITS] in meant.digits for run in runs for at in range(len(run) - 1)):
            yield "digits"
        spelled = re.findall(rf"(?:\b[a-z]\b ?){{{RUN_LETTERS},}}", " ".join(map(_bare, words)))
        for row in (row.replace(" ", "") for row in spelled):
            if any(row[at : at + RUN_LETTERS] in meant.letters for at in range(len(row) - RUN_LETTERS + 1)):
                yield "letters"
        if any(_like(_bare(word), name) for word in words for name in meant.names):
            yield "name"


def count_numbers(texts: Sequence[str]) -> int:
    """Numerals and number words in these texts."""
    return sum(has_number(look(word)) for text in texts for word in _without_counts(text.split()))


def _without_counts(words: Sequence[str]) -> list[str]:
    """Words without the "sixteen" of "sixteen digit card number"."""
    after = [*words[1:], ""]
    return [word for word, then in zip(words, after, strict=True) if not _bare(then).startswith(_COUNT_OF)]


def _is_name(word: str) -> bool:
    return (
        len(word) >= NAME_LETTERS
        and word.isalpha()
        and carries_content(word)
        and word not in _NOT_NAMES
        and not has_number(look(word))
    )


def _like(word: str, name: str) -> bool:
    return len(word) >= NAME_LETTERS and Levenshtein.normalized_similarity(word, name) >= ALIKE


def _digits_of(part: str) -> str:
    """The digits that a word stands for, "" for none."""
    if part.isdecimal():
        return part
    if part in ("oh", "o"):
        return "0"
    for table in (UNITS, TEENS, TENS):
        if part in table:
            return str(table[part])
    return ""


def _bare(word: str) -> str:
    return word.casefold().strip(".,!?;:'\"#")


_BETWEEN = frozenset({"um", "uh", "er", "uhm", "hmm", "and", "dash", "hundred", "double", "triple"})
"""Words that do not end a run."""

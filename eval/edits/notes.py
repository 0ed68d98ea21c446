"""A note's text as sections and sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eval.edits.forms import normal_form
from eval.edits.tables import FIELDS
from models.text.sentences import split_sentences
from models.types import SECTIONS

LONGEST_HEADING = 120
"""Characters of a line past which it is no heading."""

_NOT_LETTERS = re.compile(r"[\W_]+")
_TITLES = "|".join(
    name.replace("_", "[ _-]?").replace("wrap-up", "wrap[ -]?up") for name in (*SECTIONS, *FIELDS)
)
_TITLED = re.compile(rf"\s*({_TITLES})\s*:\s*", re.IGNORECASE)
_BARE = re.compile(r"\s*([^\W\d_][^:.!?\n]{0,60}?)\s*:\s*")
_HASHED = re.compile(r"[^\S\n]*#{1,6}[^\S\n]+([^\n]*?)[^\S\n]*#*[^\S\n]*:?")

_SECTION_OF = {_NOT_LETTERS.sub("", name): name for name in SECTIONS} | {
    _NOT_LETTERS.sub("", name): "disposition" for name in FIELDS
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence or the heading of a section, its text without a list marker; `normal` is its normal form."""

    text: str
    normal: str
    section: str
    is_heading: bool = False


def hashed_headings(text: str) -> str:
    """ "## Heading" as "Heading:"."""
    if "#" not in text:
        return text
    lines = []
    for line in text.split("\n"):
        match = _HASHED.fullmatch(line) if len(line) <= LONGEST_HEADING else None
        lines.append(f"{match[1]}:" if match and match[1] else line)
    return "\n".join(lines)


def section_key(title: str) -> str:
    """The name of a section by its title: "Follow-ups" is "follow_ups"; other titles in small letters."""
    folded = title.casefold()
    known = _SECTION_OF.get(_NOT_LETTERS.sub("", folded))
    return known or _NOT_LETTERS.sub("_", folded).strip("_")


def read_units(text: str) -> list[Unit]:
    """Headings and sentences in order. `text` is in exact form and without markers.

    A heading is one of our titles at the begin of a line ("Reason: ..."), or any "Title:" that has a line to
    itself. What stands before the first is in section "".
    """
    section = ""
    units: list[Unit] = []
    for line in text.split("\n"):
        start = 0
        heading = (_TITLED.match(line) or _BARE.fullmatch(line)) if ":" in line else None
        if heading is not None:
            section = section_key(heading[1])
            units.append(Unit(heading[1], section, section, is_heading=True))
            start = heading.end()
        units.extend(_sentences(line[start:], section))
    return units


def _sentences(line: str, section: str) -> Iterator[Unit]:
    for sentence in split_sentences(line):
        normal = normal_form(sentence.text)
        if normal:
            yield Unit(sentence.text, normal, section)

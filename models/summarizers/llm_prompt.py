"""A request for a note as a language model reads it: numbered lines between marks that nobody can know.

What is said on a call, and what was noted of it before, is data: it stands between two lines with a random
mark, each utterance on a line of its own, without characters that could pass for markup.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.ports import NoteField
from models.summarizers.prompts import Prompt
from models.summarizers.tokens import Disguise
from models.types import ChunkNote, Line, MemberNote, NoteRequest, Statement

MARK_BYTES = 8
LONGEST_LABEL = 24

_MARKUP = str.maketrans({"<": "\u2039", ">": "\u203a", "\u00a0": " "})
_LABEL = re.compile(r"[^\w.-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in words, and what is needed to read its answer.

    `system` is the same for every call. `ids` are those of the lines: number 1 is the first.
    """

    system: str
    user: str
    ids: tuple[str, ...]
    disguise: Disguise

    @property
    def characters(self) -> int:
        """Of both texts."""
        return len(self.system) + len(self.user)


def ask(
    request: NoteRequest, prompt: Prompt, fields: Sequence[NoteField], drafts: Sequence[MemberNote] = ()
) -> Asked:
    """The request in words; with `drafts` that they be merged. `fields` are asked for with a draft alone."""
    disguise = Disguise()
    lines = (*request.cited, *request.lines)
    numbers = {line.id: number for number, line in enumerate(lines, start=1)}
    told = [f"{n} {_label(line)}: {plain(disguise.hide(line.text))}" for n, line in enumerate(lines, start=1)]
    cited = len(request.cited)
    parts = _notes(request.earlier, numbers, disguise)
    if told[:cited]:
        parts += ["Lines that these notes rest on:", *told[:cited], "Lines after them:"]
    parts += told[cited:]
    for number, draft in enumerate(drafts, start=1):
        parts += [f"Draft {number}:", *_statements(draft.statements, numbers, disguise)]
    task = prompt.merge if drafts else prompt.chunk if request.purpose == "chunk" else prompt.draft
    if fields and request.purpose == "draft":
        task = f"{task}\n{prompt.fields}"
    mark = secrets.token_hex(MARK_BYTES)
    user = "\n".join(
        [task, "", f"BEGIN CALL {mark}", *parts, f"END CALL {mark}", "", "Now the note, as JSON."]
    )
    return Asked(prompt.system, user, tuple(line.id for line in lines), disguise)


def plain(text: str) -> str:
    """One line without characters that could pass for markup, and without any that are not seen."""
    return " ".join(_CONTROL.sub(" ", text).translate(_MARKUP).split())


def _label(line: Line) -> str:
    """The role, or where it is not known the speaker's own label, as one word."""
    if line.role != "unknown":
        return line.role
    label = _LABEL.sub("-", line.speaker).strip("-.")[:LONGEST_LABEL]
    # A speaker who is named after a role has not got it.
    return label if label and label.casefold() not in ("agent", "customer") else "speaker"


def _notes(earlier: Iterable[ChunkNote], numbers: Mapping[str, int], disguise: Disguise) -> list[str]:
    parts: list[str] = []
    for note in earlier:
        rows = _statements(note.statements, numbers, disguise)
        # One without statements may be a note for which there was no room.
        parts += [f"Notes of stretch {note.number}:", *rows] if rows else []
    return parts


def _statements(rows: Iterable[Statement], numbers: Mapping[str, int], disguise: Disguise) -> list[str]:
    told: list[str] = []
    for row in rows:
        evidence = [numbers[line] for line in row.evidence if line in numbers]
        told.append(f"- {row.section}: {plain(disguise.hide(row.text))} {evidence}")
    return told

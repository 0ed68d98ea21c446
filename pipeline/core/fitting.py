"""Notes of stretches that are too many for one request, made to fit: of each the statements that weigh most.

So what is read after hang-up does not grow with the call, and a call of any length fits in any window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.types import ChunkNote, Line, Statement

WEIGHT = {"follow_ups": 0, "actions": 1, "outcome": 2, "reason": 3}
"""What a note can least do without comes first; anything else, such as key facts, comes last."""


def fit(notes: Sequence[ChunkNote], lines: Mapping[str, Line], words: int) -> tuple[ChunkNote, ...]:
    """The notes, with as many statements each as fit `words` together with the lines that they rest on.

    All have the same number at most. Where one each is too much, the first note, which says why the call was
    made, and the newest ones keep theirs.
    """
    for most in range(max((len(note.statements) for note in notes), default=0), 0, -1):
        shorter = tuple(ChunkNote(note.number, _heaviest(note.statements, most)) for note in notes)
        if sum(_words(note, lines) for note in shorter) <= words:
            return shorter
    return _some(tuple(ChunkNote(note.number, _heaviest(note.statements, 1)) for note in notes), lines, words)


def _heaviest(statements: Sequence[Statement], most: int) -> tuple[Statement, ...]:
    """In their own order."""
    ranked = sorted(
        range(len(statements)), key=lambda at: (WEIGHT.get(statements[at].section, len(WEIGHT)), at)
    )
    kept = set(ranked[:most])
    return tuple(row for at, row in enumerate(statements) if at in kept)


def _some(notes: Sequence[ChunkNote], lines: Mapping[str, Line], words: int) -> tuple[ChunkNote, ...]:
    """The notes; without statements those between the first and the newest for which there is no room."""
    left = words
    kept: set[int] = set()
    for note in [*notes[:1], *reversed(notes[1:])]:
        left -= _words(note, lines)
        if left < 0:
            break
        kept.add(note.number)
    return tuple(note if note.number in kept else ChunkNote(note.number, ()) for note in notes)


def _words(note: ChunkNote, lines: Mapping[str, Line]) -> int:
    texts = [row.text for row in note.statements]
    cited = {line for row in note.statements for line in row.evidence if line in lines}
    return sum(len(text.split()) for text in [*texts, *(lines[line].text for line in cited)])

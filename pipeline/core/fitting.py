"""Notes of chunks that are too many for one request, made to fit: of each the statements that weigh most.

So what is read after hang-up does not grow with the call, and a call of any length fits in any window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.types import ChunkNote, Line, NoteRequest, Statement

WEIGHT = {"follow_ups": 0, "actions": 1, "outcome": 2, "reason": 3}
"""What a note can least do without comes first; anything else, such as key facts, comes last."""

CHARACTERS_A_WORD = 7
"""More than words have with the space after them; for texts without spaces."""
LINE_WORDS = 3
"""What number and speaker of a line come to, or section and evidence of a statement."""


def size_of(text: str) -> int:
    """How long a line or a statement is in a request, in words."""
    return max(len(text.split()), -(-len(text) // CHARACTERS_A_WORD)) + LINE_WORDS


def words_of(request: NoteRequest) -> int:
    """How long a request is, in words."""
    notes = [row.text for note in request.earlier for row in note.statements]
    return sum(map(size_of, [*notes, *(line.text for line in (*request.cited, *request.lines))]))


def draft_request(
    rest: Sequence[Line], notes: Sequence[ChunkNote], told: Mapping[str, Line], words: int
) -> NoteRequest:
    """The draft's: the notes of chunks in `words` words, the lines that these rest on, and the `rest`.

    `told` are the lines that the notes were made of, by id, in the call's order.
    """
    earlier = fit(notes, told, words)
    there = {line.id for line in rest}
    rests = {line for note in earlier for row in note.statements for line in row.evidence} - there
    return NoteRequest(tuple(rest), "draft", earlier, tuple(told[line] for line in told if line in rests))


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
    return sum(map(size_of, [*texts, *(lines[line].text for line in cited)]))

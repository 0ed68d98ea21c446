"""A transcript that is longer than a summarizer reads, in stretches: each is noted, then the notes.

Every stretch ends where a turn does. Where the notes themselves grow too long, the first of them are noted
again, so that any call fits any window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from models.errors import EngineError
from models.types import ChunkNote, Line, NoteRequest, Summary, Usage

SHARE = 3
"""A stretch has this part of the longest request, and so has what is left to the end of the call."""
CHARACTERS_A_WORD = 7
"""More than words have with the space after them; for texts without spaces."""
LINE_WORDS = 3
"""What number and speaker of a line come to."""

Ask = Callable[[NoteRequest], Summary]


def words_of(request: NoteRequest) -> int:
    """How long a request is, in words."""
    notes = [row.text for note in request.earlier for row in note.statements]
    lines = [line.text for line in (*request.cited, *request.lines)]
    return sum(_words(text) + LINE_WORDS for text in (*notes, *lines))


def note_in_stretches(lines: Sequence[Line], longest: int, ask: Ask) -> Summary:
    """The note of lines of any length by requests of at most `longest` words.

    Raises `EngineError` where that is too few for anything, and what `ask` raises.
    """
    *stretches, rest = split_lines(lines, longest // SHARE)
    known = {line.id: line for line in lines}
    notes: list[ChunkNote] = []
    used = Usage()
    for stretch in stretches:
        found = ask(NoteRequest(stretch, "chunk"))
        used += found.usage
        notes.append(ChunkNote(len(notes) + 1, found.statements))
    while words_of(request := _draft(rest, notes, known)) > longest:
        count = _fitting(notes, known, longest)
        found = ask(_folding(notes[:count], known))
        used += found.usage
        notes[:count] = [ChunkNote(notes[0].number, found.statements)]
    found = ask(request)
    return replace(found, usage=used + found.usage)


def split_lines(lines: Sequence[Line], budget: int) -> list[tuple[Line, ...]]:
    """The lines in stretches of `budget` words at most, cut where a turn ends; a longer line is cut."""
    stretches: list[list[Line]] = [[]]
    count = 0
    for line in (part for whole in lines for part in _parts(whole, budget)):
        size = _words(line.text) + LINE_WORDS
        before = stretches[-1]
        if before and (count + size > budget or (count > budget // 2 and before[-1].speaker != line.speaker)):
            stretches.append([])
            count = 0
        stretches[-1].append(line)
        count += size
    return [tuple(stretch) for stretch in stretches]


def _parts(line: Line, budget: int) -> list[Line]:
    if _words(line.text) + LINE_WORDS <= budget:
        return [line]
    size = max(1, budget - LINE_WORDS)
    parts: list[str] = []
    for word in line.text.split():
        pieces = [
            word[i : i + size * CHARACTERS_A_WORD] for i in range(0, len(word), size * CHARACTERS_A_WORD)
        ]
        for piece in pieces:
            together = f"{parts[-1]} {piece}" if parts else piece
            if parts and _words(together) <= size:
                parts[-1] = together
            else:
                parts.append(piece)
    return [replace(line, text=part) for part in parts]


def _words(text: str) -> int:
    return max(len(text.split()), -(-len(text) // CHARACTERS_A_WORD))


def _draft(rest: tuple[Line, ...], notes: Sequence[ChunkNote], known: dict[str, Line]) -> NoteRequest:
    return NoteRequest(rest, "draft", tuple(notes), _cited(notes, known, rest))


def _folding(notes: Sequence[ChunkNote], known: dict[str, Line]) -> NoteRequest:
    return NoteRequest((), "chunk", tuple(notes), _cited(notes, known, ()))


def _cited(notes: Sequence[ChunkNote], known: dict[str, Line], rest: Sequence[Line]) -> tuple[Line, ...]:
    ids = {line_id for note in notes for row in note.statements for line_id in row.evidence}
    there = {line.id for line in rest}
    return tuple(line for line_id, line in known.items() if line_id in ids and line_id not in there)


def _fitting(notes: Sequence[ChunkNote], known: dict[str, Line], longest: int) -> int:
    """How many of the first notes can be noted again at once: two at least, else nothing gets shorter."""
    fits = [n for n in range(2, len(notes) + 1) if words_of(_folding(notes[:n], known)) <= longest]
    if not fits:
        raise EngineError(f"the summarizer reads {longest} words at once, which is too few for this call")
    return fits[-1]

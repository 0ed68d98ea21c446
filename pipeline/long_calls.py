"""A transcript that is longer than its summarizer reads: noted in chunks as a live call is, then as a whole.

Of the notes of chunks as much is read at the end as fits, so that any call fits any window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from models.types import ChunkNote, Line, NoteRequest, Summary, Usage
from pipeline.core.chunking import WINDOW_PARTS, Chunker, Piece, opens_topic
from pipeline.core.fitting import CHARACTERS_A_WORD, LINE_WORDS, draft_request, size_of, words_of
from pipeline.core.state import NoteSettings

Ask = Callable[[NoteRequest], Summary]


@dataclass(frozen=True, slots=True)
class TimedLine:
    """A line, and where it begins and ends on the clock of its call."""

    line: Line
    start_samples: int
    end_samples: int


def untimed(lines: Sequence[Line]) -> list[TimedLine]:
    """Lines of which the order is known alone: one after the other, without a pause."""
    return [TimedLine(line, number, number + 1) for number, line in enumerate(lines)]


def note_in_chunks(lines: Sequence[TimedLine], longest: int, ask: Ask) -> Summary:
    """The note of lines of any length by requests of at most `longest` words. Raises what `ask` raises."""
    *chunks, rest = chunks_of(lines, max(LINE_WORDS + 1, longest // WINDOW_PARTS))
    notes: list[ChunkNote] = []
    told: dict[str, Line] = {}
    used = Usage()
    for chunk in chunks:
        found = ask(NoteRequest(chunk, "chunk"))
        used += found.usage
        notes.append(ChunkNote(len(notes) + 1, found.statements))
        for line in chunk:
            told.setdefault(line.id, line)
    found = ask(draft_request(rest, notes, told, longest - words_of(NoteRequest(rest))))
    return replace(found, usage=used + found.usage)


def chunks_of(lines: Sequence[TimedLine], words: int) -> list[tuple[Line, ...]]:
    """The lines in chunks of about `words` words, as the core cuts a call; a longer line is cut before."""
    parts = list(_in_parts(lines, words))
    chunker = Chunker(words, NoteSettings().chunk_pause_ms)
    chunker.push(
        Piece(
            start_samples=part.start_samples,
            channel=0,
            end_samples=part.end_samples,
            speaker=part.line.speaker,
            words=size_of(part.line.text),
            opens_topic=opens_topic(part.line.text),
        )
        for part in parts
    )
    last = parts[-1].start_samples if parts else 0
    ends = [chunk.end_samples for chunk in chunker.settle(last + 1)]
    chunks: list[list[Line]] = [[]]
    for part in parts:
        if ends and part.start_samples >= ends[0]:
            ends.pop(0)
            chunks.append([])
        chunks[-1].append(part.line)
    return [tuple(chunk) for chunk in chunks]


def _in_parts(lines: Sequence[TimedLine], words: int) -> Iterator[TimedLine]:
    """The lines, each of `words` words at most; each begins after the one before, whatever its time says."""
    at = -1
    for timed in lines:
        for text in _texts(timed.line.text, words):
            at = max(at + 1, timed.start_samples)
            yield TimedLine(replace(timed.line, text=text), at, max(at, timed.end_samples))


def _texts(text: str, words: int) -> list[str]:
    if size_of(text) <= words:
        return [text]
    size = max(1, words - LINE_WORDS)
    longest = size * CHARACTERS_A_WORD
    texts: list[str] = []
    for word in text.split():
        for piece in (word[at : at + longest] for at in range(0, len(word), longest)):
            together = f"{texts[-1]} {piece}" if texts else piece
            if texts and size_of(together) <= words:
                texts[-1] = together
            else:
                texts.append(piece)
    return texts

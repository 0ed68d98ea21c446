"""Notes of chunks of a call, made while it goes on.

Which chunks are noted, and of what, depends neither on how audio was cut nor on the order of results. So a
chunk's note is asked for once all that was said some seconds later is settled, and comes out when the call
has gone on for as long again: hang-up before that leaves it out, whether it was there or not. On mono calls
who speaks is a guess until hang-up; there a note that was made of a wrong one is made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.types import RATE_HZ, ChunkNote, Line, NoteRequest, Role, Statement, Summary
from pipeline.core.chunking import Chunker, piece_of
from pipeline.core.closing import Parts, count_lines, lines_of_call
from pipeline.core.events import CancelJob, ChunkNoted, Job, Output, Result, SummarizeJob
from pipeline.core.fitting import draft_request
from pipeline.core.grounding import ground
from pipeline.core.note_state import ChunkState, Roles
from pipeline.core.state import SessionState

NOTE_PREFIX = "note-"
"""Begins the id of a job that notes a chunk."""

CHUNK_SHARE = 0.75
"""Of the call's budget, what notes of chunks may take: the rest is for the draft."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is asked for, and by when it is to be there."""

    now_s: float
    due_s: float


class ChunkNotes:
    """The chunks of one call and their notes."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._chunker = self._new_chunker()
        self._pushed = 0
        # Chunks before this one have nothing more to give.
        self._done = 0
        self._rest = state.settings.note.chunk_rest_ms * RATE_HZ // 1000

    @property
    def waiting(self) -> bool:
        """Whether notes were asked for that have not come."""
        return any(chunk.progress == "waiting" for chunk in self._open())

    @property
    def due_s(self) -> float | None:
        """When the next note is given up; None where none is waited for."""
        return min((chunk.due_s for chunk in self._open() if chunk.progress == "waiting"), default=None)

    def go_on(self, settled: int, parts: Parts, at: Moment) -> list[Output]:
        """The call went on, and chunks are noted: no utterance that begins before `settled` is to come."""
        self._cut(settled)
        out: list[Output] = []
        for chunk in self._open():
            if chunk.progress == "unasked" and settled >= chunk.spoken_until + self._rest // 2:
                out += self._ask(chunk, self._lines(chunk, parts), at)
        return out + self._release()

    def end(self) -> list[Output]:
        """Hang-up: chunks that were over just now become part of what the draft reads itself."""
        chunks = self._state.notes.chunks
        left_out = [chunk for chunk in chunks if not self._counts(chunk.spoken_until)]
        self._state.notes.chunks = [chunk for chunk in chunks if self._counts(chunk.spoken_until)]
        return [CancelJob(_job_id(chunk)) for chunk in left_out if chunk.progress == "waiting"]

    def finish(self, parts: Parts, at: Moment) -> list[Output]:
        """All lines of the call are known: ask for what is missing, and again for what they touch."""
        if self._chunker is None:
            return []
        state = self._state
        # What hang-up left out is cut again, and utterances have another order now.
        self._chunker, self._pushed, self._done = self._new_chunker(), 0, 0
        self._cut(self._heard() + 1)
        out: list[Output] = []
        for chunk in state.notes.chunks:
            chunk.first_line = count_lines(state.finals, parts, chunk.start_samples)
            chunk.end_line = count_lines(state.finals, parts, chunk.end_samples)
            out += self._ask_again(chunk, at)
        return out + self._release()

    def take(self, result: Result, parts: Parts, now_s: float) -> list[Output]:
        """What came of a job of `NOTE_PREFIX`. Late ones change nothing."""
        for chunk in self._open():
            if chunk.progress == "waiting" and _job_id(chunk) == result.job_id:
                self._note(chunk, result.value, parts, now_s)
        return self._release()

    def expire(self, now_s: float) -> list[Output]:
        """Time passed: notes past their deadline are lost."""
        waiting = [chunk for chunk in self._open() if chunk.progress == "waiting"]
        return self._give_up([chunk for chunk in waiting if chunk.due_s <= now_s])

    def drop(self) -> list[Output]:
        """Nobody needs notes of chunks any more."""
        return self._give_up([chunk for chunk in self._open() if chunk.progress == "waiting"])

    def settle(self) -> list[Output]:
        """The draft waits no longer: what is not there is lost, what was made of wrong speakers says so."""
        out = self.drop()
        self._done = 0
        changed = self.changed()
        for chunk in self._state.notes.chunks:
            flagged = None if chunk.summary is None else flag_changed(chunk.summary, changed)
            if flagged != chunk.summary:
                chunk.revision += 1
                chunk.summary, chunk.noted = flagged, chunk.revision
        return out + self._release()

    def changed(self) -> frozenset[str]:
        """Lines that notes rest on and that someone else said than was thought when these were written."""
        return frozenset(
            line
            for chunk in self._state.notes.chunks
            for line, *_ in set(chunk.roles) - set(_roles(self._final_lines(chunk)))
        )

    def request(self) -> NoteRequest:
        """The draft's: the notes that there are, the lines that these rest on, and all other lines."""
        noted = [chunk for chunk in self._state.notes.chunks if chunk.summary is not None]
        told = {line.id: line for chunk in noted for line in self._final_lines(chunk)}
        rest = [line for line in self._state.lines if line.id not in told]
        notes = [ChunkNote(chunk.number, _statements(chunk)) for chunk in noted]
        return draft_request(rest, notes, told, self._state.settings.note.earlier_words)

    def resume(self, parts: Parts, at: Moment) -> list[Job]:
        """The jobs that a restored session still waits for.

        While a mono call goes on, who spoke is not known any more: there the note is another one.
        """
        jobs: list[Job] = []
        for chunk in self._state.notes.chunks:
            if chunk.progress != "waiting":
                continue
            guessed = self._mono and not self._state.lines
            lines = self._final_lines(chunk) if self._state.lines else self._lines(chunk, parts)
            if guessed:
                chunk.revision += 1
                chunk.told, chunk.asked_roles = _mark(lines), _roles(lines)
            chunk.asked_s, chunk.due_s = at.now_s, at.due_s
            jobs.append(self._job(chunk, lines, self.left(CHUNK_SHARE) or (None, None)))
        return jobs

    def left(self, share: float) -> tuple[float | None, int | None] | None:
        """Seconds and tokens that are left of this share of the call's budget; None where nothing is."""
        note, notes = self._state.settings.note, self._state.notes
        seconds = None if note.seconds is None else share * note.seconds - notes.used_s
        tokens = None if note.tokens is None else int(share * note.tokens) - notes.used.tokens
        spent = (seconds is not None and seconds <= 0) or (tokens is not None and tokens <= 0)
        return None if spent else (seconds, tokens)

    def _new_chunker(self) -> Chunker | None:
        """Goes on behind the last chunk."""
        note, chunks = self._state.settings.note, self._state.notes.chunks
        if note.chunk_words is None:
            return None
        start, spoken = (chunks[-1].end_samples, chunks[-1].spoken_until) if chunks else (0, 0)
        return Chunker(note.chunk_words, note.chunk_pause_ms, start, spoken)

    def _open(self) -> list[ChunkState]:
        return self._state.notes.chunks[self._done :]

    @property
    def _mono(self) -> bool:
        return self._state.settings.channels == 1

    def _heard(self) -> int:
        return max(channel.heard for channel in self._state.channels)

    def _counts(self, spoken_until: int) -> bool:
        return spoken_until + self._rest <= self._heard()

    def _cut(self, settled: int) -> None:
        state = self._state
        assert self._chunker is not None
        self._chunker.push(piece_of(final, self._mono) for final in state.finals[self._pushed :])
        self._pushed = len(state.finals)
        for found in self._chunker.settle(settled):
            if state.stage == "open" or self._counts(found.spoken_until):
                number = len(state.notes.chunks) + 1
                state.notes.chunks.append(
                    ChunkState(number, found.start_samples, found.end_samples, found.spoken_until)
                )

    def _lines(self, chunk: ChunkState, parts: Parts) -> tuple[Line, ...]:
        """The chunk's lines as far as is known while the call goes on."""
        before = count_lines(self._state.finals, parts, chunk.start_samples)
        return lines_of_call(self._state, parts, chunk.end_samples)[before:]

    def _final_lines(self, chunk: ChunkState) -> tuple[Line, ...]:
        return self._state.lines[chunk.first_line : chunk.end_line]

    def _ask(self, chunk: ChunkState, lines: Sequence[Line], at: Moment) -> list[Output]:
        left = self.left(CHUNK_SHARE)
        if left is None or not lines:
            chunk.progress = "failed" if left else "budget"
            return []
        chunk.progress = "waiting"
        chunk.revision += 1
        chunk.told, chunk.asked_roles = _mark(lines), _roles(lines)
        chunk.asked_s, chunk.due_s = at.now_s, at.due_s
        return [self._job(chunk, lines, left)]

    def _ask_again(self, chunk: ChunkState, at: Moment) -> list[Output]:
        """Ask for a note of lines that it was not made of yet."""
        lines = self._final_lines(chunk)
        if chunk.progress == "unasked":
            return self._ask(chunk, lines, at)
        waits = chunk.progress == "waiting"
        if _mark(lines) == (chunk.told if waits else chunk.noted_told) or not (waits or chunk.noted):
            return []
        cancelled: list[Output] = [CancelJob(_job_id(chunk))] if waits else []
        return cancelled + self._ask(chunk, lines, at)

    def _job(
        self, chunk: ChunkState, lines: Sequence[Line], left: tuple[float | None, int | None]
    ) -> SummarizeJob:
        seconds, tokens = left
        request = NoteRequest(tuple(lines), "chunk")
        return SummarizeJob(_job_id(chunk), request, chunk.due_s, seconds=seconds, tokens=tokens)

    def _note(self, chunk: ChunkState, value: object, parts: Parts, now_s: float) -> None:
        notes = self._state.notes
        notes.used_s += now_s - chunk.asked_s
        chunk.progress = "failed"
        if not isinstance(value, Summary):
            return
        notes.used += value.usage
        if value.code != "ok":
            return
        lines = self._final_lines(chunk) if self._state.lines else self._lines(chunk, parts)
        chunk.progress = "came"
        chunk.summary = ground(value, lines, self._state.settings.note.drop_unsupported)
        chunk.noted, chunk.noted_told = chunk.revision, chunk.told
        cited = {line for row in chunk.summary.statements for line in row.evidence}
        chunk.roles = tuple(row for row in chunk.asked_roles if row[0] in cited)
        chunk.asked_roles = ()

    def _give_up(self, chunks: Sequence[ChunkState]) -> list[Output]:
        for chunk in chunks:
            chunk.progress = "failed"
        cancelled: list[Output] = [CancelJob(_job_id(chunk)) for chunk in chunks]
        return cancelled + self._release()

    def _release(self) -> list[Output]:
        """Notes that are there, up to the first chunk whose note is still to come."""
        out: list[Output] = []
        for chunk in self._open():
            if chunk.progress in ("unasked", "waiting") or not self._counts(chunk.spoken_until):
                break
            self._done += 1
            if chunk.summary is not None and chunk.shown < chunk.noted:
                chunk.shown = chunk.noted
                out.append(_noted(chunk, chunk.summary, self._state.settings.note.versions[0]))
        return out


def flag_changed(summary: Summary, changed: frozenset[str]) -> Summary:
    """The note, with a flag on each statement that rests on one of these lines."""
    return replace(summary, statements=tuple(_flagged(row, changed) for row in summary.statements))


def _flagged(row: Statement, changed: frozenset[str]) -> Statement:
    if changed.isdisjoint(row.evidence) or "role_changed" in row.flags:
        return row
    return replace(row, flags=(*row.flags, "role_changed"))


def _statements(chunk: ChunkState) -> tuple[Statement, ...]:
    return () if chunk.summary is None else chunk.summary.statements


def _noted(chunk: ChunkState, summary: Summary, version: str) -> ChunkNoted:
    return ChunkNoted(
        f"chunk-{chunk.number}-r{chunk.noted}",
        chunk.number,
        chunk.noted,
        chunk.start_samples,
        chunk.end_samples,
        summary,
        version,
    )


def _job_id(chunk: ChunkState) -> str:
    return f"{NOTE_PREFIX}{chunk.number}-r{chunk.revision}"


def _roles(lines: Sequence[Line]) -> Roles:
    following = [*(line.id for line in lines[1:]), ""]
    return tuple((line.id, line.role, after) for line, after in zip(lines, following, strict=False))


def _mark(lines: Sequence[Line]) -> str:
    """Stands for who says what: a speaker's label counts only where no role says more."""
    told = [(line.id, line.role, _label(line.role, line.speaker)) for line in lines]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _label(role: Role, speaker: str) -> str:
    return speaker if role == "unknown" else ""

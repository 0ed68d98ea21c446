"""From hang-up to the note: asks for it, checks what comes back, and closes the call.

The draft is written of notes of chunks that were made while the call went on, and of the lines that none
of them tells of. Where another summarizer than the embedded one was chosen, both are asked: the chosen one's
note is the draft if it is there in time; else the embedded one's is, and the other is offered when it comes.
"""

from __future__ import annotations

from dataclasses import replace

from models.types import NoteRequest, StandIn, Summary
from pipeline.core.chunk_notes import NOTE_PREFIX, ChunkNotes, Moment, flag_changed
from pipeline.core.closing import Parts, code_without_note, language_of
from pipeline.core.events import (
    CallClosed,
    CancelJob,
    DraftReady,
    Failure,
    Job,
    NoteWriter,
    Output,
    Result,
    SummarizeJob,
)
from pipeline.core.grounding import ground
from pipeline.core.note_state import Progress
from pipeline.core.state import SessionState
from pipeline.core.vault import Vault

SUMMARIZE_ID = "summarize"
STAND_IN_ID = "summarize-embedded"

NOTES_SHARE = 0.5
"""Of the time that the chosen summarizer has, how much of it is spent on waiting for notes of chunks."""


def is_note(job_id: str) -> bool:
    """Whether a job's result belongs here."""
    return job_id in (SUMMARIZE_ID, STAND_IN_ID) or job_id.startswith(NOTE_PREFIX)


class Drafting:
    """The notes of one call: those of its chunks, and from `begin` on the draft, until it is closed."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self.chunks = ChunkNotes(state)

    @property
    def dues(self) -> list[float]:
        """When `expire` is to be called."""
        notes = self._state.notes
        # The embedded summarizer's note is no reason to wake up while it is not there.
        late = notes.due_s if notes.stands is not None else None
        return [
            due for due in (self.chunks.due_s, notes.notes_due_s, late, notes.give_up_s) if due is not None
        ]

    def end(self, now_s: float) -> list[Output]:
        """Hang-up."""
        self._state.notes.ended_s = now_s
        return self.chunks.end()

    def begin(self, parts: Parts, at: Moment) -> list[Output]:
        """All lines are known: ask for what the note is to be written of."""
        self._state.stage = "drafting"
        notes, settings = self._state.notes, self._state.settings.note
        notes.notes_due_s = notes.ended_s + NOTES_SHARE * settings.due_s
        notes.give_up_s = at.due_s
        if settings.stands_in:
            notes.due_s = notes.ended_s + settings.due_s
            # Where texts were as late as that, the draft has the time that it has after any call.
            notes.give_up_s = max(notes.ended_s + settings.give_up_s, at.now_s + settings.due_s)
        return self.chunks.finish(parts, at) + self._go_on(at.now_s)

    def take(self, result: Result, parts: Parts, now_s: float) -> list[Output]:
        """What came of a job; anything but a note is a failure. Late ones change nothing."""
        notes = self._state.notes
        if self._state.stage == "closed":
            return []
        if result.job_id.startswith(NOTE_PREFIX):
            out = self.chunks.take(result, parts, now_s)
            return out + self._go_on(now_s)
        value = result.value
        came = isinstance(value, Summary) and value.code != "failed"
        if result.job_id == STAND_IN_ID and notes.embedded == "waiting":
            notes.embedded = "came" if came else "failed"
            notes.stands = value if isinstance(value, Summary) and came else None
        elif result.job_id == SUMMARIZE_ID and notes.chosen == "waiting":
            notes.chosen = "came" if came else _failed(value)
            if isinstance(value, Summary) and came:
                return [*self._show(value), *self._close()]
        else:
            return []
        return self._decide(now_s)

    def expire(self, now_s: float) -> list[Output]:
        """Time passed: what is not there by its deadline is lost."""
        out = self.chunks.expire(now_s) + self._go_on(now_s)
        return out + self._decide(now_s)

    def resume(self, parts: Parts, at: Moment) -> list[Job]:
        """The jobs that a restored session still waits for; its clock is another one."""
        notes, settings = self._state.notes, self._state.settings.note
        jobs = self.chunks.resume(parts, at)
        if self._state.stage != "open":
            notes.ended_s = at.now_s
        if notes.notes_due_s is not None:
            notes.notes_due_s = at.now_s + NOTES_SHARE * settings.due_s
        if notes.due_s is not None:
            notes.due_s = at.now_s + settings.due_s
        if notes.give_up_s is not None:
            notes.give_up_s = at.now_s + settings.give_up_s if settings.stands_in else at.due_s
        notes.asked_s = at.now_s
        request = self.chunks.request()
        if notes.chosen == "waiting":
            jobs.append(self._job(request, "chosen", self.chunks.left(1.0) or (None, None)))
        if notes.embedded == "waiting":
            jobs.append(self._job(request, "embedded", (None, None)))
        return jobs

    def _go_on(self, now_s: float) -> list[Output]:
        """Once notes of chunks are there or late, ask for the drafts.

        The call is closed where there is nothing to note.
        """
        notes = self._state.notes
        if notes.notes_due_s is None or (self.chunks.waiting and now_s < notes.notes_due_s):
            return []
        notes.notes_due_s = None
        out = self.chunks.settle()
        state = self._state
        code = code_without_note(state)
        if code is not None:
            return [*out, *self._show(Summary(code)), self._closed()]
        request = self.chunks.request()
        notes.asked_s = now_s
        left = self.chunks.left(1.0)
        notes.chosen = "budget" if left is None else "waiting"
        if left is not None:
            out.append(self._job(request, "chosen", left))
        if state.settings.note.stands_in:
            notes.embedded = "waiting"
            out.append(self._job(request, "embedded", (None, None)))
        return out + self._decide(now_s)

    def _job(
        self, request: NoteRequest, by: NoteWriter, left: tuple[float | None, int | None]
    ) -> SummarizeJob:
        give_up_s = self._state.notes.give_up_s
        assert give_up_s is not None
        job_id = SUMMARIZE_ID if by == "chosen" else STAND_IN_ID
        return SummarizeJob(job_id, request, give_up_s, by, *left)

    def _decide(self, now_s: float) -> list[Output]:
        """What is to be shown now, by what is there and what is late."""
        notes = self._state.notes
        if notes.give_up_s is None or notes.chosen == "unasked":
            return []
        out: list[Output] = []
        given_up = notes.give_up_s <= now_s
        late = given_up or (notes.due_s is not None and notes.due_s <= now_s)
        if notes.stands is not None and (notes.chosen != "waiting" or late):
            out += self._show(replace(notes.stands, stand_in=self._why()))
            notes.stands = None
        nobody = notes.chosen != "waiting" and notes.embedded != "waiting"
        if not (given_up or nobody):
            return out
        if not notes.drafts:
            out += self._show(Summary("failed"))
        return out + self._close()

    def _why(self) -> StandIn:
        """Why the embedded summarizer's note is shown."""
        reasons: dict[Progress, StandIn] = {"budget": "budget", "failed": "failed"}
        return reasons.get(self._state.notes.chosen, "late")

    def _show(self, summary: Summary) -> list[Output]:
        state = self._state
        state.notes.drafts += 1
        revision = state.notes.drafts
        summary = ground(summary, state.lines, state.settings.note.drop_unsupported)
        summary = flag_changed(summary, self.chunks.changed())
        summary = Vault(state.resolving.vault).restore_note(summary, state.settings.note.restore)
        chosen, embedded = state.settings.note.versions
        version = embedded if summary.stand_in else chosen
        return [DraftReady(f"draft-{revision}", summary, revision, version)]

    def _close(self) -> list[Output]:
        """The last draft is out: what is still under way is not needed."""
        notes = self._state.notes
        out: list[Output] = []
        if notes.chosen == "waiting":
            notes.chosen = "failed"
            out.append(CancelJob(SUMMARIZE_ID))
        if notes.embedded == "waiting":
            notes.embedded = "failed"
            out.append(CancelJob(STAND_IN_ID))
        return [*out, self._closed()]

    def _closed(self) -> CallClosed:
        state = self._state
        state.stage = "closed"
        notes = state.notes
        notes.notes_due_s = notes.due_s = notes.give_up_s = notes.stands = None
        duration = max(channel.heard for channel in state.channels)
        return CallClosed("closed", state.code, duration, language_of(state.finals))


def _failed(value: object) -> Progress:
    """Why a note did not come, by the name of its error."""
    reasons: dict[str, Progress] = {"EngineBudgetError": "budget", "EngineLateError": "late"}
    return reasons.get(value.reason, "failed") if isinstance(value, Failure) else "failed"

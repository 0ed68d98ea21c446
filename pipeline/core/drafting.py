"""From hang-up to the note: asks for it, checks what comes back, and closes the call."""

from __future__ import annotations

from models.types import NoteRequest, Summary, Transcription
from pipeline.core.closing import code_without_note, language_of
from pipeline.core.events import CallClosed, DraftReady, Failure, Job, Output, SummarizeJob
from pipeline.core.grounding import ground
from pipeline.core.state import SessionState
from pipeline.core.vault import Vault

SUMMARIZE_ID = "summarize"


class Drafting:
    """The last part of one call. Once `begin` was called, its jobs' results until the call is closed."""

    def __init__(self, state: SessionState) -> None:
        self._state = state

    def begin(self, due_s: float) -> list[Output]:
        """All lines are known: ask for the note, or close the call where there is nothing to note."""
        state = self._state
        state.stage = "drafting"
        code = code_without_note([channel.transcript for channel in state.channels], state.lines)
        if code is not None:
            return self._close(Summary(code))
        state.summary_due_s = due_s
        return [self._job()]

    def take(self, value: Summary | Transcription | tuple[object, ...] | Failure) -> list[Output]:
        """What came of the job; anything but a note is a failure. Late ones change nothing."""
        if self._state.stage != "drafting":
            return []
        return self._close(value if isinstance(value, Summary) else Summary("failed"))

    def expire(self, now_s: float) -> list[Output]:
        """Time passed: a note that is not there by its deadline is lost."""
        due = self._state.summary_due_s
        return [] if due is None or due > now_s else self._close(Summary("failed"))

    def resume(self, due_s: float) -> list[Job]:
        """The job that a restored session still waits for."""
        if self._state.summary_due_s is None:
            return []
        self._state.summary_due_s = due_s
        return [self._job()]

    def _job(self) -> SummarizeJob:
        state = self._state
        assert state.summary_due_s is not None
        return SummarizeJob(SUMMARIZE_ID, NoteRequest(state.lines), state.summary_due_s)

    def _close(self, summary: Summary) -> list[Output]:
        state = self._state
        state.stage, state.summary_due_s = "closed", None
        duration = max(channel.heard for channel in state.channels)
        note = ground(summary, state.lines, state.settings.note.drop_unsupported)
        note = Vault(state.resolving.vault).restore_note(note, state.settings.note.restore)
        return [
            DraftReady("draft-1", note),
            CallClosed("closed", state.code, duration, language_of(state.finals)),
        ]

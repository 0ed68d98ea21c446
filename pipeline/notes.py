"""The note of a whole transcript: whether there is one, who writes it, who stands in, and whether it is true.

What `wrapup summarize` and `wrapup compare` share. A live call goes the same way in steps
(`pipeline.core.drafting`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from models.errors import EngineBudgetError, EngineError, EngineLateError
from models.ports import NoteLimits, Summarizer, always
from models.text.worth import too_little
from models.types import Line, MemberNote, NoteRequest, StandIn, Statement, Summary
from pipeline.core.grounding import ground
from pipeline.stretches import note_in_stretches, words_of

log = logging.getLogger(__name__)

Restore = Callable[[str], str]


def as_it_is(text: str) -> str:
    """No mask is resolved."""
    return text


@dataclass(frozen=True, slots=True)
class NoteWriting:
    """How notes come about. `stand_in` writes those that `summarizer` did not; None where nobody does.

    `seconds` and `tokens` are for all requests of one call together. `restore` names in clear what may be.
    """

    summarizer: Summarizer
    stand_in: Summarizer | None = None
    seconds: float | None = None
    tokens: int | None = None
    drop_unsupported: bool = False
    restore: Restore = as_it_is


def write_note(lines: Sequence[Line], writing: NoteWriting, go_on: Callable[[], bool] = always) -> Summary:
    """The note of all that was said, checked against it, or the code of a call without.

    A chosen summarizer that fails, is late or takes more than its budget is stood in for; without a stand-in
    its `EngineError` goes on. Raises `DecodingCancelled`.
    """
    code = too_little(lines)
    if code is not None:
        return Summary(code)
    try:
        found = _written(lines, writing, go_on)
    except EngineError as error:
        if writing.stand_in is None:
            raise
        log.warning("the embedded summarizer stands in: %s", error)
        found = writing.stand_in.summarize(NoteRequest(tuple(lines)), NoteLimits(go_on=go_on))
        found = replace(found, stand_in=_reason(error))
    return _restored(_checked(found, lines, writing.drop_unsupported), writing.restore)


def _written(lines: Sequence[Line], writing: NoteWriting, go_on: Callable[[], bool]) -> Summary:
    """The chosen summarizer's note, in as many requests as it takes."""
    due_s = None if writing.seconds is None else time.monotonic() + writing.seconds
    left = writing.tokens

    def ask(request: NoteRequest) -> Summary:
        nonlocal left
        seconds = None if due_s is None else due_s - time.monotonic()
        if seconds is not None and seconds <= 0:
            raise EngineLateError("the requests of this call took longer than they had")
        found = writing.summarizer.summarize(request, NoteLimits(seconds, left, go_on))
        left = None if left is None else max(0, left - found.usage.tokens)
        return found

    longest = writing.summarizer.capabilities.max_words
    request = NoteRequest(tuple(lines))
    if longest is None or words_of(request) <= longest:
        return ask(request)
    return note_in_stretches(lines, longest, ask)


def _reason(error: EngineError) -> StandIn:
    if isinstance(error, EngineLateError):
        return "late"
    return "budget" if isinstance(error, EngineBudgetError) else "failed"


def _checked(summary: Summary, lines: Sequence[Line], drop: bool) -> Summary:
    members = tuple(replace(one, statements=_marked(one, lines)) for one in summary.members)
    return replace(ground(summary, lines, drop), members=members)


def _marked(member: MemberNote, lines: Sequence[Line]) -> tuple[Statement, ...]:
    """What a member wrote, all of it, with what the call says to each statement."""
    found = ground(Summary("ok", member.statements), lines, False)
    return found.statements[: len(member.statements)]


def _restored(summary: Summary, restore: Restore) -> Summary:
    if restore is as_it_is:
        return summary
    statements = tuple(replace(row, text=restore(row.text), claims=()) for row in summary.statements)
    fields = tuple((name, restore(value)) for name, value in summary.fields)
    return replace(summary, statements=statements, fields=fields)

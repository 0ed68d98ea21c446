"""The note of a whole transcript: whether there is one, who writes it, who stands in, and whether it is true.

What `wrapup summarize` and `wrapup compare` share. A live call goes the same way in steps
(`pipeline.core.drafting`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from models.errors import EngineBudgetError, EngineError, EngineLateError
from models.ports import NoteLimits, Summarizer, always
from models.text.worth import too_little
from models.types import Line, MemberNote, NoteRequest, StandIn, Statement, Summary
from pipeline.core.fitting import words_of
from pipeline.core.grounding import ground
from pipeline.core.vault import Vault, VaultState
from pipeline.long_calls import TimedLine, note_in_chunks, untimed

log = logging.getLogger(__name__)

GoOn = Callable[[], bool]


def at_once(_: GoOn) -> None:
    """Nothing to wait for."""


@dataclass(frozen=True, slots=True)
class NoteWriting:
    """How notes come about. `stand_in` writes those that `summarizer` did not; None where nobody does.

    `seconds` and `tokens` are for all requests of one call together. `restore`: kinds of secrets that the
    note names in clear. `pace` waits until the next request may go out, which counts for no seconds.
    """

    summarizer: Summarizer
    stand_in: Summarizer | None = None
    seconds: float | None = None
    tokens: int | None = None
    drop_unsupported: bool = False
    restore: tuple[str, ...] = ()
    pace: Callable[[GoOn], None] = at_once


@dataclass(frozen=True, slots=True)
class Said:
    """All that was said on a call, and what its masks stand for."""

    lines: tuple[TimedLine, ...]
    vault: VaultState = field(default_factory=VaultState)


def said(lines: Sequence[Line]) -> Said:
    """Lines of which nothing else is known."""
    return Said(tuple(untimed(lines)))


def write_note(call: Said, writing: NoteWriting, go_on: GoOn = always) -> Summary:
    """The note of all that was said, checked against it, or the code of a call without.

    A chosen summarizer that fails, is late or takes more than its budget is stood in for; without a stand-in
    its `EngineError` goes on. Raises `DecodingCancelled`.
    """
    lines = tuple(timed.line for timed in call.lines)
    code = too_little(lines)
    if code is not None:
        return Summary(code)
    try:
        found = _written(call, writing, go_on)
    except EngineError as error:
        if writing.stand_in is None:
            raise
        log.warning("the embedded summarizer stands in: %s", error)
        found = writing.stand_in.summarize(NoteRequest(lines), NoteLimits(go_on=go_on))
        found = replace(found, stand_in=_reason(error))
    return Vault(call.vault).restore_note(_checked(found, lines, writing.drop_unsupported), writing.restore)


def _written(call: Said, writing: NoteWriting, go_on: GoOn) -> Summary:
    """The chosen summarizer's note, in as many requests as it takes."""
    left_s, left = writing.seconds, writing.tokens

    def ask(request: NoteRequest) -> Summary:
        nonlocal left_s, left
        if left_s is not None and left_s <= 0:
            raise EngineLateError("the requests of this call took longer than they had")
        writing.pace(go_on)
        began_s = time.monotonic()
        found = writing.summarizer.summarize(request, NoteLimits(left_s, left, go_on))
        left_s = None if left_s is None else left_s - (time.monotonic() - began_s)
        left = None if left is None else max(0, left - found.usage.tokens)
        return found

    longest = writing.summarizer.capabilities.max_words
    request = NoteRequest(tuple(timed.line for timed in call.lines))
    if longest is None or words_of(request) <= longest:
        return ask(request)
    return note_in_chunks(call.lines, longest, ask)


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

"""Notes of chunks while the call goes on: when they are asked for, come out, and are made again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.types import Statement, Summary, Turn, Usage
from pipeline.core.chunk_notes import flag_changed
from pipeline.core.drafting import is_note
from pipeline.core.events import DiarizeJob, Failure, Job, Result, SpanResolved, SummarizeJob
from pipeline.core.session import Session, SessionSettings
from pipeline.core.snapshot import SnapshotError
from tests.pipeline.core import noting
from tests.pipeline.core.driving import Driver, Reply, answer
from tests.pipeline.core.noting import CHUNKED, asked, chunks, drafts, note, noted

# Without masks, which a chunk waits for.
STEREO = replace(noting.STEREO, mask_secrets=False)
MONO = replace(noting.MONO, mask_secrets=False)
LIVE_MONO = replace(noting.LIVE_MONO, mask_secrets=False)

SAID = [0.9] * 60 + [0.0] * 20
QUIET = [0.0] * 80


def texts_first(driven: Driver, now_s: float = 0.0) -> None:
    """Answer all but notes."""
    while rest := [job for job in driven.jobs if not isinstance(job, SummarizeJob)]:
        driven.reply(rest[0], now_s)


def has_changed(row: Statement) -> bool:
    """Whether a statement says that others than was thought spoke."""
    return "role_changed" in row.flags


def in_turn(call: SessionSettings = STEREO, turns: int = 3, now_s: float = 0.0) -> Driver:
    """Agent and customer speak in turn; texts are there, notes are not."""
    driven = Driver(Session(call), noted)
    for turn in range(turns):
        for channel in range(2):
            driven.hear(channel, SAID if turn % 2 == channel else QUIET, now_s)
        texts_first(driven, now_s)
    return driven


def test_a_stretch_is_asked_for_once_some_time_is_settled_behind_it() -> None:
    driven = in_turn()
    first, second = asked(driven)
    assert [job.id for job in (first, second)] == ["note-1-r1", "note-2-r1"]
    assert first.request.purpose == "chunk"
    assert [line.id for line in first.request.lines] == ["u0-0"]
    assert (first.by, first.tokens, first.seconds) == ("chosen", None, None)
    assert first.deadline_s == 60.0


def test_a_stretch_waits_until_its_masks_are_decided() -> None:
    driven = in_turn(noting.STEREO)
    assert asked(driven) == []
    for _ in range(5):
        for channel in range(2):
            driven.hear(channel, QUIET)
    first, *_ = asked(driven)
    assert first.id == "note-1-r1"
    resolved = [event for event in driven.events if isinstance(event, SpanResolved)]
    assert resolved
    assert not any(event.token in line.text for event in resolved for line in first.request.lines)


def test_notes_of_chunks_come_out_in_their_order() -> None:
    driven = in_turn(turns=4)
    first, second, _ = asked(driven)
    driven.reply(second)
    assert chunks(driven) == []
    driven.reply(first)
    assert [(event.id, event.number, event.revision) for event in chunks(driven)] == [
        ("chunk-1-r1", 1, 1),
        ("chunk-2-r1", 2, 1),
    ]
    one, two = chunks(driven)
    assert one.start_samples == 0
    assert one.end_samples == two.start_samples


def test_a_note_comes_out_once_hang_up_can_no_more_leave_it_out() -> None:
    call = replace(STEREO, note=replace(CHUNKED, chunk_rest_ms=6_000))
    driven = in_turn(call)
    (job,) = asked(driven)
    driven.reply(job)
    assert chunks(driven) == []
    for channel in range(2):
        driven.hear(channel, [0.0] * 60)
    assert [event.number for event in chunks(driven)] == [1]


def test_a_stretch_that_ended_just_before_hang_up_is_read_by_the_draft() -> None:
    call = replace(STEREO, note=replace(CHUNKED, chunk_rest_ms=8_000))
    driven = in_turn(call)
    (job,) = asked(driven)
    driven.end()
    assert driven.cancelled == [job.id]
    (draft,) = asked(driven)
    assert draft.request.earlier == ()
    assert [line.id.split("-")[0] for line in draft.request.lines] == ["u0", "u1", "u0"]
    driven.take(driven.session.push(Result(job.id, Summary("ok")), 0.0))
    assert chunks(driven) == []


def test_the_draft_waits_for_notes_that_are_under_way() -> None:
    driven = in_turn()
    driven.end(now_s=50.0)
    first, second = asked(driven)
    driven.reply(first, 51.0)
    assert asked(driven) == [second]
    driven.reply(second, 52.0)
    (draft,) = asked(driven)
    assert [one.number for one in draft.request.earlier] == [1, 2]
    assert [line.id.split("-")[0] for line in draft.request.lines] == ["u0"]
    assert {line.id for line in draft.request.cited} == {
        line for one in draft.request.earlier for row in one.statements for line in row.evidence
    }


def test_the_draft_waits_for_half_of_its_time() -> None:
    driven = in_turn(now_s=40.0)
    driven.end(now_s=50.0)
    first, second = asked(driven)
    driven.reply(first, 51.0)
    assert driven.session.wake_at_s == 55.0
    driven.take(driven.session.advance(55.0))
    assert second.id in driven.cancelled
    (draft,) = asked(driven)
    assert [one.number for one in draft.request.earlier] == [1]
    assert [line.id.split("-")[0] for line in draft.request.lines] == ["u1", "u0"]


@pytest.mark.parametrize("failure", [Failure("shed"), Summary("failed"), Summary("no_conversation")])
def test_lines_whose_note_failed_are_read_by_the_draft(failure: Reply) -> None:
    driven = in_turn()
    driven.answer = lambda job: failure if job.id == "note-1-r1" else noted(job)
    for job in asked(driven):
        driven.reply(job)
    assert [event.number for event in chunks(driven)] == [2]
    driven.end()
    (draft,) = asked(driven)
    assert [one.number for one in draft.request.earlier] == [2]
    assert len(draft.request.lines) == 2


def test_a_note_past_its_deadline_is_lost_while_the_call_goes_on() -> None:
    driven = in_turn(now_s=10.0)
    first, second = asked(driven)
    driven.reply(second, 11.0)
    assert driven.session.wake_at_s == first.deadline_s == 70.0
    driven.take(driven.session.advance(70.0))
    assert driven.cancelled == [first.id]
    assert [event.number for event in chunks(driven)] == [2]


def test_notes_of_chunks_leave_a_part_of_the_budget_to_the_draft() -> None:
    driven = in_turn(replace(STEREO, note=replace(CHUNKED, tokens=440, seconds=20.0)), turns=2)
    (first,) = asked(driven)
    assert (first.tokens, first.seconds) == (330, 15.0)
    driven.answer = lambda job: (
        replace(note(job), usage=Usage(2, 300, 30)) if is_note(job.id) else answer(job)
    )
    driven.reply(first, 4.0)
    for channel in range(2):
        driven.hear(channel, SAID if channel == 0 else QUIET, 5.0)
    texts_first(driven, 5.0)
    assert asked(driven) == []
    driven.end(now_s=6.0)
    (draft,) = asked(driven)
    assert (draft.tokens, draft.seconds) == (110, 16.0)
    assert [one.number for one in draft.request.earlier] == [1]


def test_nothing_is_noted_before_hang_up_unless_it_is_asked_for() -> None:
    driven = in_turn(replace(STEREO, note=replace(CHUNKED, chunk_words=None)))
    assert asked(driven) == []


def on_one_channel(driven: Driver) -> None:
    """Three chunks on a mono call, the last of them still open."""
    for scores in (SAID, SAID, SAID, QUIET):
        driven.hear(0, scores)
        texts_first(driven)


def split_at(samples: int) -> tuple[Turn, ...]:
    """Two speakers, the second from a moment on."""
    return (Turn(0, samples, "S1"), Turn(samples, 10**9, "S2"))


FIRST_SAID = 35_000
"""Samples up to the second utterance."""

AGENT_FIRST = ("agent", "customer")


def told_apart(online: tuple[Turn, ...], whole: tuple[Turn, ...], answered: bool = True) -> Driver:
    """A mono call with these turns while it goes on, and those at its end; two chunks are noted."""

    def reply(job: Job) -> Reply:
        if isinstance(job, DiarizeJob):
            return whole if job.whole else online
        return noted(job) if isinstance(job, SummarizeJob) else answer(job)

    driven = Driver(Session(replace(LIVE_MONO, partial_ms=None, early=False, roles=AGENT_FIRST)), reply)
    on_one_channel(driven)
    for job in asked(driven) if answered else ():
        driven.reply(job)
    return driven


def numbers(driven: Driver) -> list[tuple[int, int]]:
    """Chunk and revision of each note that is out."""
    return [(event.number, event.revision) for event in chunks(driven)]


def test_a_note_made_of_other_speakers_is_made_again_before_the_draft() -> None:
    driven = told_apart(split_at(10**8), split_at(FIRST_SAID))
    assert numbers(driven) == [(1, 1), (2, 1)]
    driven.end()
    texts_first(driven)
    (again,) = asked(driven)
    assert again.id == "note-2-r2"
    assert [line.role for line in again.request.lines] == ["customer"]
    driven.reply(again)
    assert numbers(driven) == [(1, 1), (2, 1), (2, 2)]
    driven.reply_all()
    (draft,) = drafts(driven)
    assert not has_changed(draft.summary.statements[0])


def test_without_time_to_make_it_again_statements_of_other_speakers_are_flagged() -> None:
    driven = told_apart(split_at(10**8), split_at(FIRST_SAID))
    driven.end(now_s=100.0)
    texts_first(driven, 100.0)
    driven.take(driven.session.advance(105.0))
    assert driven.cancelled == ["note-2-r2"]
    assert numbers(driven) == [(1, 1), (2, 1), (2, 3)]
    _, first, second = chunks(driven)
    assert has_changed(second.summary.statements[0])
    assert second.summary.statements[0].text == first.summary.statements[0].text
    (job,) = asked(driven)
    assert [has_changed(one.statements[0]) for one in job.request.earlier] == [False, True]
    changed = job.request.cited[-1].id
    driven.answer = lambda _: Summary(
        "ok", tuple(Statement("reason", "x", (one,)) for one in (changed, "u0-0"))
    )
    driven.reply(job, 106.0)
    (draft,) = drafts(driven)
    assert [has_changed(row) for row in draft.summary.statements] == [True, False]


def test_evidence_that_turns_out_to_be_of_two_speakers_is_flagged() -> None:
    driven = told_apart(split_at(10**8), split_at(45_000))
    driven.end(now_s=100.0)
    texts_first(driven, 100.0)
    driven.take(driven.session.advance(105.0))
    assert [has_changed(event.summary.statements[0]) for event in chunks(driven)] == [False, False, True]


def test_a_note_that_is_under_way_with_other_speakers_is_asked_for_again() -> None:
    driven = told_apart(split_at(10**8), split_at(FIRST_SAID), answered=False)
    driven.end()
    texts_first(driven)
    assert driven.cancelled == ["note-2-r1"]
    assert [job.id for job in asked(driven)] == ["note-1-r1", "note-2-r2"]
    driven.reply_all()
    assert numbers(driven) == [(1, 1), (2, 2)]


def test_a_restored_mono_call_asks_for_another_note() -> None:
    driven = Driver(Session(replace(MONO, roles=AGENT_FIRST)), noted)
    on_one_channel(driven)
    assert [job.id for job in asked(driven)] == ["note-1-r1", "note-2-r1"]
    driven.crash()
    assert [job.id for job in asked(driven)] == ["note-1-r2", "note-2-r2"]
    for job in asked(driven):
        driven.reply(job)
    assert numbers(driven) == [(1, 2), (2, 2)]


def test_a_restored_call_needs_the_notes_that_were_out() -> None:
    driven = in_turn()
    driven.reply(asked(driven)[0])
    data = driven.session.snapshot()
    (noted_event,) = chunks(driven)
    finals = [event for event in driven.events if event is not noted_event]
    with pytest.raises(SnapshotError, match="the note of chunk 1 is not there"):
        Session.restore(data, finals)
    assert Session.restore(data, driven.events).snapshot() == data


def test_a_flag_is_set_once() -> None:
    row = Statement("reason", "x", ("u0-0",))
    once = flag_changed(Summary("ok", (row,)), frozenset({"u0-0"}))
    assert once.statements[0].flags == ("role_changed",)
    assert flag_changed(once, frozenset({"u0-0"})) == once

"""Which note is the draft: the chosen summarizer's, or the embedded one's in its place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.types import Line, Statement, Summary, Usage
from pipeline.core.events import CallClosed, DraftReady, Failure, Job, Result, SummarizeJob, TranscribeJob
from pipeline.core.session import NoteSettings, Session, SessionSettings
from tests.pipeline.core.driving import SPEECH, Driver, Reply, answer
from tests.pipeline.core.noting import asked, drafts

SETTINGS = NoteSettings(stands_in=True, due_s=10.0, give_up_s=60.0)
CALL = SessionSettings(channels=1, roles=("agent",), note=SETTINGS)


def by(job: Job) -> Reply:
    """Notes that name their writer."""
    if not isinstance(job, SummarizeJob):
        return answer(job)
    return Summary("ok", (Statement("reason", job.by, (job.request.lines[0].id,)),))


def hung_up(call: SessionSettings = CALL, now_s: float = 100.0) -> Driver:
    """A call that was hung up at this time; its notes are asked for."""
    driven = Driver(Session(call), by)
    driven.hear(0, SPEECH)
    driven.reply_all()
    driven.end(now_s=now_s)
    return driven


def job_of(driven: Driver, writer: str) -> SummarizeJob:
    return next(job for job in asked(driven) if job.by == writer)


def told(driven: Driver) -> list[tuple[int, str, str | None]]:
    """Each draft's revision, writer, and why it stands in."""
    return [
        (event.revision, event.summary.statements[0].text, event.summary.stand_in) for event in drafts(driven)
    ]


def test_the_chosen_summarizers_note_is_the_draft_when_it_is_in_time() -> None:
    driven = hung_up()
    chosen, embedded = asked(driven)
    assert (chosen.by, embedded.by) == ("chosen", "embedded")
    assert chosen.request == embedded.request
    assert chosen.deadline_s == embedded.deadline_s == 160.0
    driven.reply(embedded, 100.1)
    assert drafts(driven) == []
    driven.reply(chosen, 109.0)
    assert told(driven) == [(1, "chosen", None)]
    assert driven.session.closed
    assert driven.session.wake_at_s is None


def test_a_note_that_nobody_waits_for_is_cancelled() -> None:
    driven = hung_up()
    driven.reply(job_of(driven, "chosen"), 101.0)
    assert driven.cancelled == ["summarize-embedded"]
    before = driven.session.snapshot()
    driven.take(driven.session.push(Result("summarize-embedded", Summary("ok")), 102.0))
    assert driven.session.snapshot() == before
    assert isinstance(driven.events[-1], CallClosed)


@pytest.mark.parametrize(
    ("error", "reason"),
    [("EngineBudgetError", "budget"), ("EngineLateError", "late"), ("EngineError", "failed")],
)
def test_a_note_that_stands_in_says_why_and_has_its_own_version(error: str, reason: str) -> None:
    driven = hung_up(replace(CALL, note=replace(SETTINGS, versions=("chosen-1", "embedded-1"))))
    chosen = job_of(driven, "chosen")
    driven.reply(job_of(driven, "embedded"), 100.1)
    driven.take(driven.session.push(Result(chosen.id, Failure(error)), 101.0))
    assert told(driven) == [(1, "embedded", reason)]
    assert [event.version for event in drafts(driven)] == ["embedded-1"]


def test_the_chosen_summarizers_note_has_its_version() -> None:
    driven = hung_up(replace(CALL, note=replace(SETTINGS, versions=("chosen-1", "embedded-1"))))
    driven.reply(job_of(driven, "chosen"), 101.0)
    assert [event.version for event in drafts(driven)] == ["chosen-1"]


@pytest.mark.parametrize(("least_words", "code"), [(100, "too_short"), (1, "no_conversation")])
def test_nobody_is_asked_for_a_note_of_too_little(least_words: int, code: str) -> None:
    driven = hung_up(replace(CALL, note=replace(SETTINGS, least_words=least_words)))
    assert asked(driven) == []
    assert [event.summary for event in drafts(driven)] == [Summary(code)]
    assert driven.session.closed


def test_a_late_note_is_offered_behind_the_one_that_stood_in() -> None:
    driven = hung_up()
    driven.reply(job_of(driven, "embedded"), 100.1)
    assert driven.session.wake_at_s == 110.0
    driven.take(driven.session.advance(110.0))
    assert told(driven) == [(1, "embedded", "late")]
    assert not driven.session.closed
    driven.reply(job_of(driven, "chosen"), 130.0)
    assert told(driven) == [(1, "embedded", "late"), (2, "chosen", None)]
    assert [event.id for event in drafts(driven)] == ["draft-1", "draft-2"]
    assert isinstance(driven.events[-1], CallClosed)


def test_a_note_that_never_comes_is_given_up() -> None:
    driven = hung_up()
    driven.reply(job_of(driven, "embedded"), 100.1)
    driven.take(driven.session.advance(110.0))
    assert driven.session.wake_at_s == 160.0
    driven.take(driven.session.advance(160.0))
    assert told(driven) == [(1, "embedded", "late")]
    assert driven.cancelled == ["summarize"]
    assert driven.session.closed


def test_nobody_wakes_for_an_embedded_note_that_is_not_there() -> None:
    driven = hung_up()
    assert driven.session.wake_at_s == 160.0
    driven.take(driven.session.advance(111.0))
    assert drafts(driven) == []
    driven.reply(job_of(driven, "embedded"), 112.0)
    assert told(driven) == [(1, "embedded", "late")]


@pytest.mark.parametrize("embedded_first", [True, False])
@pytest.mark.parametrize("failure", [Failure("boom"), Summary("failed")])
def test_the_embedded_note_stands_in_at_once_for_one_that_failed(
    embedded_first: bool, failure: Reply
) -> None:
    driven = hung_up()
    driven.answer = lambda job: by(job) if job == job_of_embedded else failure
    job_of_embedded = job_of(driven, "embedded")
    jobs = asked(driven)
    for job in reversed(jobs) if embedded_first else jobs:
        driven.reply(job, 101.0)
    assert told(driven) == [(1, "embedded", "failed")]
    assert driven.session.closed


def test_a_late_note_that_fails_leaves_the_one_that_stood_in() -> None:
    driven = hung_up()
    driven.reply(job_of(driven, "embedded"), 111.0)
    driven.answer = lambda _: Failure("boom")
    driven.reply(job_of(driven, "chosen"), 112.0)
    assert told(driven) == [(1, "embedded", "late")]
    assert driven.session.closed


def test_without_any_note_the_draft_says_that_it_failed() -> None:
    driven = hung_up()
    driven.answer = lambda _: Failure("boom")
    for job in asked(driven):
        assert drafts(driven) == []
        driven.reply(job, 101.0)
    assert [event.summary for event in drafts(driven)] == [Summary("failed")]
    assert driven.session.closed


def test_two_notes_that_never_come_end_at_the_last_deadline() -> None:
    driven = hung_up()
    driven.take(driven.session.advance(160.0))
    assert [event.summary for event in drafts(driven)] == [Summary("failed")]
    assert driven.cancelled == ["summarize", "summarize-embedded"]


@pytest.mark.parametrize("budget", [{"tokens": 0}, {"seconds": 0.0}])
def test_without_a_budget_the_embedded_note_stands_in(budget: dict[str, int]) -> None:
    driven = hung_up(replace(CALL, note=replace(SETTINGS, **budget)))
    (job,) = asked(driven)
    assert job.by == "embedded"
    driven.reply(job, 100.1)
    assert told(driven) == [(1, "embedded", "budget")]
    assert driven.session.closed


def test_what_is_left_of_the_budget_goes_with_the_job() -> None:
    driven = hung_up(replace(CALL, note=replace(SETTINGS, tokens=900, seconds=30.0)))
    chosen, embedded = asked(driven)
    assert (chosen.tokens, chosen.seconds) == (900, 30.0)
    assert (embedded.tokens, embedded.seconds) == (None, None)


def test_texts_that_came_very_late_leave_the_draft_its_time() -> None:
    driven = Driver(Session(CALL), by)
    driven.hear(0, SPEECH)
    driven.end(now_s=100.0)
    job = driven.jobs[0]
    assert isinstance(job, TranscribeJob)
    driven.reply(job, 170.0)
    assert job_of(driven, "chosen").deadline_s == 180.0
    driven.reply(job_of(driven, "embedded"), 170.1)
    assert told(driven) == [(1, "embedded", "late")]


def test_a_restored_session_waits_for_both_notes_anew() -> None:
    driven = hung_up()
    driven.reply(job_of(driven, "embedded"), 100.1)
    driven.crash()
    (job,) = asked(driven)
    assert (job.by, job.deadline_s) == ("chosen", 60.0)
    assert driven.session.wake_at_s == 10.0
    driven.take(driven.session.advance(10.0))
    driven.crash()
    (job,) = asked(driven)
    driven.reply(job, 1.0)
    assert told(driven) == [(1, "embedded", "late"), (2, "chosen", None)]


def test_nothing_is_asked_for_where_there_is_nothing_to_note() -> None:
    driven = Driver(Session(CALL), by)
    driven.hear(0, [0.0] * 60)
    driven.end()
    assert asked(driven) == []
    assert [event.summary for event in drafts(driven)] == [Summary("no_speech")]


def test_evidence_that_the_call_does_not_have_is_left_out_of_both_drafts() -> None:
    driven = hung_up()
    row = Statement("reason", "invented", ("u9-0",))
    driven.answer = lambda _: Summary("ok", (row,), usage=Usage(1, 2, 3))
    driven.reply(job_of(driven, "embedded"), 111.0)
    driven.reply(job_of(driven, "chosen"), 112.0)
    assert [event.summary.statements[0].evidence for event in drafts(driven)] == [(), ()]
    assert all(isinstance(event, DraftReady) for event in driven.events[-3:-1])


def test_the_lines_of_the_request_are_those_of_the_call() -> None:
    driven = hung_up()
    (line,) = job_of(driven, "chosen").request.lines
    assert line == Line("u0-0", "agent", "S1", line.text)

"""What is late, lost, failed, missing or given twice: the call goes on and closes."""

from __future__ import annotations

from models.types import Summary, Transcription, Turn
from pipeline.core.clock import WINDOW_SAMPLES
from pipeline.core.events import (
    AudioGap,
    CallClosed,
    DraftReady,
    Failure,
    Missing,
    Result,
    SummarizeJob,
    TranscribeJob,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.core.session import DeadlineSettings, SessionSettings
from tests.pipeline.core.driving import SPEECH, answer, driver, finals


def test_a_second_result_of_a_held_utterance_changes_nothing() -> None:
    driven = driver()
    driven.hear(0, SPEECH * 2)
    first, second = driven.jobs
    driven.reply(second)
    driven.take(driven.session.push(Result(second.id, Failure("boom")), 0.0))
    driven.reply(first)
    assert len(finals(driven)) == 2


def test_a_second_result_of_a_job_changes_nothing() -> None:
    driven = driver()
    driven.hear(0, SPEECH)
    job = driven.jobs[0]
    driven.reply(job)
    driven.reply(job)
    assert len(finals(driven)) == 1


def test_a_result_that_never_comes_is_lost_at_its_deadline() -> None:
    driven = driver(SessionSettings(2, ("agent", "customer"), deadline=DeadlineSettings(5.0, 1.0, 0.0)))
    driven.hear(0, SPEECH * 2)
    late, second = driven.jobs
    driven.reply(second)
    driven.end()
    wake_at_s = driven.session.wake_at_s
    assert wake_at_s == late.deadline_s
    assert isinstance(late, TranscribeJob)
    driven.take(driven.session.advance(wake_at_s - 0.001))
    assert driven.events == []
    driven.take(driven.session.advance(wake_at_s))
    lost, kept = driven.events[:2]
    assert lost == UtteranceLost("u0-0", 0, late.start_samples, late.end_samples, "deadline")
    assert isinstance(kept, UtteranceFinal)
    driven.reply(late, wake_at_s + 1)
    driven.reply_all()
    assert driven.session.closed
    assert len(finals(driven)) == 1


def test_a_failed_job_is_lost_and_the_call_goes_on() -> None:
    driven = driver()
    driven.answer = lambda job: Failure("boom") if isinstance(job, TranscribeJob) else answer(job)
    driven.hear(0, SPEECH)
    driven.end()
    driven.reply_all()
    lost, _, draft, closed = driven.events
    assert isinstance(lost, UtteranceLost)
    assert lost.reason == "failed"
    assert isinstance(draft, DraftReady)
    assert draft.summary.code == "no_speech"
    assert isinstance(closed, CallClosed)


def test_deadlines_grow_with_length_and_backlog() -> None:
    driven = driver(SessionSettings(1, deadline=DeadlineSettings(1.0, 1.0, 1.0)))
    driven.hear(0, SPEECH * 2)
    first, second = driven.jobs
    assert first.deadline_s > 1.0
    assert second.deadline_s > first.deadline_s


def test_a_call_in_a_language_the_engine_lacks_gets_a_code() -> None:
    driven = driver()
    driven.answer = lambda job: Transcription((), code="unsupported_language")
    driven.hear(0, SPEECH)
    driven.end()
    driven.reply_all()
    lost, _, draft, _ = driven.events
    assert isinstance(lost, UtteranceLost)
    assert lost.reason == "unsupported_language"
    assert draft == DraftReady("draft-1", Summary("unsupported_language"))


def test_a_failed_summarizer_closes_the_call() -> None:
    driven = driver()
    driven.answer = lambda job: Failure("boom") if isinstance(job, SummarizeJob) else answer(job)
    driven.hear(0, SPEECH)
    driven.end()
    driven.reply_all()
    assert driven.events[-2] == DraftReady("draft-1", Summary("failed"))


def test_a_late_note_closes_the_call_without_it() -> None:
    driven = driver()
    driven.hear(0, SPEECH)
    driven.reply_all()
    driven.end()
    (note,) = driven.jobs
    assert driven.session.wake_at_s == note.deadline_s
    driven.take(driven.session.advance(note.deadline_s))
    assert driven.events[-2] == DraftReady("draft-1", Summary("failed"))
    before = list(driven.events)
    driven.reply(note)
    assert driven.events == before
    assert driven.session.wake_at_s is None


def test_missing_audio_is_an_event_once_nothing_can_come_before_it() -> None:
    driven = driver()
    driven.take(driven.session.push(Missing(1, 100, 900), 0.0))
    assert driven.events == []
    driven.hear(1, [0.0] * 20)
    assert driven.events == [AudioGap("g1-100", 1, 100, 900)]


def test_a_gap_waits_for_the_utterances_before_it() -> None:
    driven = driver()
    driven.hear(0, SPEECH)
    driven.take(driven.session.push(Missing(0, 60 * 512, 80 * 512), 0.0))
    driven.hear(0, [0.0] * 40 + SPEECH)
    assert driven.events == []
    first, second = driven.jobs
    driven.reply(second)
    driven.reply(first)
    kinds = [type(event).__name__ for event in driven.events]
    assert kinds == ["UtteranceFinal", "AudioGap", "UtteranceFinal"]


def test_a_gap_at_the_very_end_is_not_lost() -> None:
    driven = driver()
    driven.hear(0, [0.0] * 10)
    driven.take(driven.session.push(Missing(0, 10 * 512, 12 * 512), 0.0))
    driven.hear(0, [0.0] * 2)
    driven.end()
    assert driven.events[0] == AudioGap("g0-5120", 0, 10 * 512, 12 * 512)
    assert isinstance(driven.events[-1], CallClosed)


def test_a_result_of_another_kind_of_job_changes_nothing() -> None:
    driven = driver()
    driven.hear(0, SPEECH)
    (job,) = driven.jobs
    assert driven.session.push(Result(job.id, (Turn(0, 1, "S1"),)), 0.0) == []
    assert driven.session.push(Result("summarize", Summary("ok")), 0.0) == []
    assert driven.session.push(Result("diarize", ()), 0.0) == []
    assert driven.session.heard(0) == 60 * WINDOW_SAMPLES

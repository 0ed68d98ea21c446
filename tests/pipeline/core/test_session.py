"""The rules of the core: order, lateness, loss, hang-up, roles, notes."""

from __future__ import annotations

import pytest

from models.types import Summary, Transcription, Turn, Word
from pipeline.core.clock import WINDOW_SAMPLES
from pipeline.core.events import (
    AudioGap,
    CallClosed,
    DiarizeJob,
    DraftReady,
    Failure,
    Heard,
    Job,
    Missing,
    Result,
    RolesAssigned,
    SpeakerPart,
    SpeakerRevised,
    SummarizeJob,
    TranscribeJob,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.core.session import DeadlineSettings, Session, SessionEndedError, SessionSettings
from tests.pipeline.core.driving import Driver, Reply, answer

SPEECH = [0.9] * 30 + [0.0] * 30
STEREO = SessionSettings(channels=2, roles=("agent", "customer"))
MONO = SessionSettings(channels=1, diarize=True)


def driver(settings: SessionSettings = STEREO) -> Driver:
    return Driver(Session(settings))


def finals(driven: Driver) -> list[UtteranceFinal]:
    return [event for event in driven.events if isinstance(event, UtteranceFinal)]


def test_a_call_from_start_to_close() -> None:
    driven = driver()
    driven.hear(0, SPEECH)
    driven.hear(1, [0.0] * 60)
    driven.reply_all()
    driven.end()
    driven.reply_all()
    final, roles, draft, closed = driven.events
    assert isinstance(final, UtteranceFinal)
    assert (final.id, final.channel, final.speaker) == ("u0-0", 0, "S1")
    assert roles == RolesAssigned("roles-1", (("S1", "agent"),))
    assert draft == DraftReady("draft-1", Summary("ok"))
    assert closed == CallClosed("closed", "hangup", 60 * WINDOW_SAMPLES, "en")
    assert driven.session.closed


def test_finals_of_a_channel_keep_their_order_when_results_do_not() -> None:
    driven = driver()
    driven.hear(0, SPEECH * 3)
    first, second, third = driven.jobs
    driven.reply(third)
    driven.reply(second)
    assert driven.events == []
    driven.reply(first)
    assert [event.start_samples for event in finals(driven)] == sorted(
        event.start_samples for event in finals(driven)
    )
    assert len(finals(driven)) == 3


def test_one_channel_never_waits_for_the_other() -> None:
    driven = driver()
    driven.hear(0, SPEECH)
    driven.hear(1, SPEECH)
    driven.reply(driven.jobs[1])
    assert [event.channel for event in finals(driven)] == [1]


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


def test_hang_up_flushes_the_word_that_is_being_said() -> None:
    driven = driver()
    driven.hear(1, [0.9] * 12)
    assert driven.jobs == []
    driven.end()
    driven.reply_all()
    assert [(event.channel, event.end_samples) for event in finals(driven)] == [(1, 12 * WINDOW_SAMPLES)]


def test_an_empty_call_gets_a_code_and_no_note() -> None:
    driven = driver()
    driven.hear(0, [0.0] * 50)
    driven.end()
    assert driven.jobs == []
    roles, draft, closed = driven.events
    assert isinstance(roles, RolesAssigned)
    assert draft == DraftReady("draft-1", Summary("no_speech"))
    assert closed == CallClosed("closed", "hangup", 50 * WINDOW_SAMPLES, "und")


def test_clips_without_words_leave_no_utterance() -> None:
    driven = driver()
    driven.answer = lambda job: Transcription((), code="rejected")
    driven.hear(0, SPEECH)
    driven.end()
    driven.reply_all()
    assert finals(driven) == []
    assert driven.session.closed


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


def test_words_stay_inside_their_utterance_whatever_the_engine_says() -> None:
    driven = driver()
    wild = (Word("before", -9_000, 100), Word("back", 50, 20), Word("after", 10**7, 10**8))
    driven.answer = lambda job: Transcription(wild) if isinstance(job, TranscribeJob) else Summary("ok")
    driven.hear(0, [0.0] * 40 + SPEECH)
    driven.reply_all()
    (final,) = finals(driven)
    starts = [word.start_samples for word in final.words]
    assert starts == sorted(starts)
    for word in final.words:
        assert final.start_samples <= word.start_samples <= word.end_samples <= final.end_samples


def test_a_digit_run_leaves_the_core_as_a_token() -> None:
    driven = driver()
    said = ["my", "card", "is", "four", "one", "one", "one", "two", "two", "two", "two"]
    words = tuple(Word(text, i * 1_000, i * 1_000 + 900) for i, text in enumerate(said))
    driven.answer = lambda job: Transcription(words) if isinstance(job, TranscribeJob) else Summary("ok")
    driven.hear(1, SPEECH)
    driven.end()
    (job,) = driven.jobs
    driven.reply(job)
    (final,) = finals(driven)
    assert [word.text for word in final.words] == ["my", "card", "is", "[NUMBER_2]"]
    assert [span.token for span in final.redactions] == ["[NUMBER_2]"]
    (note,) = driven.jobs
    assert isinstance(note, SummarizeJob)
    assert [line.text for line in note.lines] == ["my card is [NUMBER_2]"]


def test_text_for_scoring_keeps_its_digits() -> None:
    driven = driver(SessionSettings(1, mask_secrets=False))
    driven.answer = lambda job: Transcription((Word("4111", 0, 100),))
    driven.hear(0, SPEECH)
    driven.reply(driven.jobs[0])
    assert finals(driven)[0].words[0].text == "4111"


def test_a_mono_call_gets_its_speakers_at_the_end() -> None:
    driven = driver(MONO)
    driven.hear(0, SPEECH * 2)
    driven.end()
    assert isinstance(driven.jobs[-1], DiarizeJob)
    driven.answer = lambda job: (
        (Turn(0, 25_000, "S1"), Turn(25_000, 61_000, "S2")) if isinstance(job, DiarizeJob) else answer(job)
    )
    driven.reply_all()
    revised = [event for event in driven.events if isinstance(event, SpeakerRevised)]
    assert [event.utterance_id for event in revised] == [event.id for event in finals(driven)]
    assert [part.speaker for event in revised for part in event.parts] == ["S1", "S2"]
    (roles,) = (event for event in driven.events if isinstance(event, RolesAssigned))
    assert [speaker for speaker, _ in roles.roles] == ["S1", "S2"]


def test_given_roles_go_by_who_is_heard_first() -> None:
    driven = driver(SessionSettings(1, ("customer", "agent"), diarize=True))
    driven.hear(0, SPEECH * 2)
    driven.end()
    driven.reply_all()
    (roles,) = (event for event in driven.events if isinstance(event, RolesAssigned))
    assert roles.roles[0] == ("S1", "customer")


def test_lost_turns_leave_one_speaker() -> None:
    driven = driver(MONO)
    driven.hear(0, SPEECH)
    driven.end()
    diarize = next(job for job in driven.jobs if isinstance(job, DiarizeJob))
    driven.jobs.remove(diarize)
    driven.reply_all()
    wake_at_s = driven.session.wake_at_s
    assert wake_at_s == diarize.deadline_s
    driven.take(driven.session.advance(wake_at_s))
    driven.reply_all()
    assert driven.session.closed
    assert not [event for event in driven.events if isinstance(event, SpeakerRevised)]
    driven.take(driven.session.push(Result(diarize.id, ()), wake_at_s))
    assert isinstance(driven.events[-1], CallClosed)


def test_a_failed_diarizer_leaves_one_speaker() -> None:
    driven = driver(MONO)
    driven.answer = lambda job: Failure("boom") if isinstance(job, DiarizeJob) else answer(job)
    driven.hear(0, SPEECH)
    driven.end()
    driven.reply_all()
    assert driven.session.closed
    assert {final.speaker for final in finals(driven)} == {"S1"}


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


def test_turns_are_given_only_with_words() -> None:
    for early in (True, False):
        driven = driver(MONO)
        driven.answer = lambda job: Transcription(()) if isinstance(job, TranscribeJob) else answer(job)
        driven.hear(0, SPEECH)
        if early:
            driven.reply_all()
        driven.end()
        driven.reply_all()
        assert [type(event).__name__ for event in driven.events] == [
            "RolesAssigned",
            "DraftReady",
            "CallClosed",
        ]


def test_audio_after_the_end_is_a_fault_of_the_caller() -> None:
    driven = driver()
    driven.end("truncated")
    with pytest.raises(SessionEndedError):
        driven.session.push(Heard(0, 512, (0.0,)), 0.0)
    assert driven.session.end("hangup", 0.0) == []
    closed = driven.events[-1]
    assert isinstance(closed, CallClosed)
    assert closed.code == "truncated"


def test_partials_follow_speech_at_their_cadence_and_hide_digits() -> None:
    driven = driver(SessionSettings(1, partial_ms=320))
    driven.answer = lambda job: Transcription((Word("pay", 0, 900), Word("41", 900, 1_800)))
    driven.hear(0, [0.0] * 2 + [0.9] * 5)
    assert driven.jobs == []
    driven.hear(0, [0.9] * 20)
    (first,) = driven.jobs
    assert isinstance(first, TranscribeJob)
    assert first.kind == "partial"
    driven.hear(0, [0.9] * 5)
    assert driven.jobs == [first]
    driven.reply(first)
    (partial,) = driven.partials
    assert partial.text == "pay [NUMBER]"
    assert driven.events == []


def test_a_partial_of_speech_that_is_over_is_dropped() -> None:
    driven = driver(SessionSettings(1, partial_ms=320))
    driven.hear(0, [0.9] * 20)
    (first,) = driven.jobs
    driven.hear(0, [0.0] * 40)
    driven.reply(first)
    assert driven.partials == []
    driven.take(driven.session.push(Result("p0-0-512", Failure("boom")), 0.0))
    assert driven.partials == []


def test_a_result_of_another_kind_of_job_changes_nothing() -> None:
    driven = driver()
    driven.hear(0, SPEECH)
    (job,) = driven.jobs
    assert driven.session.push(Result(job.id, (Turn(0, 1, "S1"),)), 0.0) == []
    assert driven.session.push(Result("summarize", Summary("ok")), 0.0) == []
    assert driven.session.push(Result("diarize", ()), 0.0) == []
    assert driven.session.heard(0) == 60 * WINDOW_SAMPLES


def test_audio_is_needed_until_its_job_is_done() -> None:
    driven = driver()
    driven.hear(0, [0.0] * 40 + SPEECH + [0.0] * 100)
    (job,) = driven.jobs
    assert isinstance(job, TranscribeJob)
    assert driven.session.needed_from(0) == job.start_samples
    driven.reply(job)
    assert driven.session.needed_from(0) > job.end_samples


def test_an_utterance_of_two_speakers_becomes_two_lines() -> None:
    driven = driver(MONO)
    driven.hear(0, [0.9] * 60 + [0.0] * 40)
    driven.end()
    asked: list[Job] = []

    def split(job: Job) -> Reply:
        asked.append(job)
        return (
            (Turn(0, 15_000, "S2"), Turn(15_000, 60_000, "S1"))
            if isinstance(job, DiarizeJob)
            else answer(job)
        )

    driven.answer = split
    driven.reply_all()
    (revised,) = (event for event in driven.events if isinstance(event, SpeakerRevised))
    assert revised.parts == (SpeakerPart(0, 3, "S2"), SpeakerPart(3, len(finals(driven)[0].words), "S1"))
    note = asked[-1]
    assert isinstance(note, SummarizeJob)
    assert [line.speaker for line in note.lines] == ["S2", "S1"]
    assert note.lines[0].id == finals(driven)[0].id
    assert note.lines[1].id == f"u0-{finals(driven)[0].words[3].start_samples}"

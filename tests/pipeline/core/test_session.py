"""The rules of the core: order, hang-up, words, masks, partials."""

from __future__ import annotations

import pytest

from models.types import Summary, Transcription, Word
from pipeline.core.clock import WINDOW_SAMPLES
from pipeline.core.events import (
    CallClosed,
    DraftReady,
    Failure,
    Heard,
    Result,
    RolesAssigned,
    SummarizeJob,
    TranscribeJob,
    UtteranceFinal,
)
from pipeline.core.session import SessionEndedError, SessionSettings
from tests.pipeline.core.driving import SPEECH, driver, finals


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
    assert [line.text for line in note.request.lines] == ["my card is [CARD_1]"]


def test_text_for_scoring_keeps_its_digits() -> None:
    driven = driver(SessionSettings(1, mask_secrets=False))
    driven.answer = lambda job: Transcription((Word("4111", 0, 100),))
    driven.hear(0, SPEECH)
    driven.reply(driven.jobs[0])
    assert finals(driven)[0].words[0].text == "4111"


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
    driven.answer = lambda job: Transcription((Word("about", 0, 900), Word("41", 900, 1_800)))
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
    assert partial.text == "about [NUMBER]"
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


def test_audio_is_needed_until_its_job_is_done() -> None:
    driven = driver()
    driven.hear(0, [0.0] * 40 + SPEECH + [0.0] * 100)
    (job,) = driven.jobs
    assert isinstance(job, TranscribeJob)
    assert driven.session.needed_from(0) == job.start_samples
    driven.reply(job)
    assert driven.session.needed_from(0) > job.end_samples

"""Early readings: text asked for before the silence was long enough, and for nothing if speech goes on."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.types import Transcription
from pipeline.core.clock import WINDOW_SAMPLES
from pipeline.core.endpointing import Endpointer, EndpointSettings, Span
from pipeline.core.events import Failure, TranscribeJob, UtteranceLost
from pipeline.core.session import SessionSettings
from tests.pipeline.core.driving import Driver, driver, finals, spoken

EARLY = SessionSettings(1, early=True)
SETTINGS = EndpointSettings(hang_ms=320, pad_ms=64, tail_ms=64, max_utterance_ms=3_200, split_search_ms=1_600)
TAIL, QUIET, HANG = 4, 8, 16
"""Windows of the default settings: the silence that an utterance keeps, that makes its end likely, and that
ends it."""


def asked(driven: Driver) -> list[tuple[str, str]]:
    return [(job.kind, job.id) for job in driven.jobs if isinstance(job, TranscribeJob)]


def test_the_text_is_asked_for_once_its_end_is_likely() -> None:
    driven = driver(EARLY)
    driven.hear(0, [0.9] * 30 + [0.0] * (QUIET - 1))
    assert asked(driven) == []
    driven.hear(0, [0.0])
    assert asked(driven) == [("early", f"t0-0-{(30 + TAIL) * WINDOW_SAMPLES}")]
    for _ in range(HANG - QUIET - 1):
        driven.hear(0, [0.0])
    assert len(asked(driven)) == 1


def test_a_text_that_is_there_comes_out_with_the_decision() -> None:
    driven = driver(EARLY)
    driven.hear(0, [0.9] * 30 + [0.0] * QUIET)
    driven.reply(driven.jobs[0])
    assert driven.events == []
    driven.hear(0, [0.0] * (HANG - QUIET))
    assert driven.jobs == []
    (final,) = finals(driven)
    assert final.end_samples == (30 + TAIL) * WINDOW_SAMPLES


def test_a_final_follows_the_early_job_that_is_still_under_way() -> None:
    driven = driver(EARLY)
    driven.hear(0, [0.9] * 30 + [0.0] * QUIET)
    driven.hear(0, [0.0] * (HANG - QUIET))
    early, final = asked(driven)
    assert (early[0], final[0]) == ("early", "final")
    assert early[1] == final[1]
    driven.reply(driven.jobs[0])
    assert len(finals(driven)) == 1
    driven.reply(driven.jobs[0])
    assert len(finals(driven)) == 1


def test_speech_that_goes_on_takes_the_question_back() -> None:
    driven = driver(EARLY)
    driven.hear(0, [0.9] * 30 + [0.0] * QUIET)
    (job,) = driven.jobs
    driven.hear(0, [0.9] * 10)
    assert driven.cancelled == [job.id]
    driven.reply(job)
    assert driven.events == []
    driven.hear(0, [0.0] * HANG)
    driven.reply_all()
    assert [final.end_samples for final in finals(driven)] == [(40 + QUIET + TAIL) * WINDOW_SAMPLES]


def test_a_text_that_came_is_not_taken_back_but_forgotten() -> None:
    driven = driver(EARLY)
    driven.hear(0, [0.9] * 30 + [0.0] * QUIET)
    driven.reply(driven.jobs[0])
    driven.hear(0, [0.9] * 10)
    assert driven.cancelled == []
    driven.hear(0, [0.0] * HANG)
    driven.reply_all()
    assert [final.end_samples for final in finals(driven)] == [(40 + QUIET + TAIL) * WINDOW_SAMPLES]


def test_a_failed_early_reading_is_asked_for_again_by_the_final_alone() -> None:
    driven = driver(EARLY)
    driven.answer = lambda job: Failure("boom")
    driven.hear(0, [0.9] * 30 + [0.0] * QUIET)
    driven.reply(driven.jobs[0])
    driven.hear(0, [0.0])
    assert driven.jobs == []
    driven.hear(0, [0.0] * (HANG - QUIET - 1))
    assert [kind for kind, _ in asked(driven)] == ["final"]
    driven.answer = lambda job: spoken(job) if isinstance(job, TranscribeJob) else Failure("boom")
    driven.reply_all()
    assert len(finals(driven)) == 1


def test_a_failed_final_after_a_failed_early_reading_is_lost() -> None:
    driven = driver(EARLY)
    driven.answer = lambda job: Failure("boom")
    driven.hear(0, [0.9] * 30 + [0.0] * QUIET)
    driven.reply_all()
    driven.hear(0, [0.0] * HANG)
    driven.reply_all()
    assert [type(event) for event in driven.events] == [UtteranceLost]


def test_an_early_text_waits_for_the_utterance_before_it() -> None:
    driven = driver(EARLY)
    driven.hear(0, [0.9] * 30 + [0.0] * QUIET)
    driven.hear(0, [0.0] * (HANG - QUIET))
    _, first = driven.jobs
    driven.hear(0, [0.9] * 30 + [0.0] * QUIET)
    driven.reply(driven.jobs[-1])
    driven.hear(0, [0.0] * (HANG - QUIET))
    assert driven.events == []
    driven.reply(first)
    assert [final.start_samples for final in finals(driven)] == [0, (30 + HANG - 9) * WINDOW_SAMPLES]


def test_hang_up_in_the_silence_takes_the_early_text() -> None:
    driven = driver(EARLY)
    driven.hear(0, [0.9] * 30 + [0.0] * QUIET)
    driven.reply(driven.jobs[0])
    driven.end()
    assert len(finals(driven)) == 1
    assert asked(driven) == []


def test_hang_up_in_a_word_takes_the_question_back() -> None:
    driven = driver(EARLY)
    driven.hear(0, [0.9] * 30 + [0.0] * QUIET)
    driven.hear(0, [0.9] * 2)
    driven.end()
    assert len(driven.cancelled) == 1
    driven.reply_all()
    assert len(finals(driven)) == 1


def test_clips_without_words_leave_nothing() -> None:
    driven = driver(EARLY)
    driven.answer = lambda job: Transcription(())
    driven.hear(0, [0.9] * 30 + [0.0] * QUIET)
    driven.reply_all()
    driven.hear(0, [0.0] * HANG)
    assert (driven.jobs, driven.events) == ([], [])


runs = st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.4, 0.9]), st.integers(1, 40)), max_size=12)


@given(runs)
def test_silence_that_goes_on_turns_what_is_expected_into_the_span(parts: list[tuple[float, int]]) -> None:
    scores = list(itertools.chain.from_iterable([score] * length for score, length in parts))
    endpointer = Endpointer(SETTINGS)
    for score in scores:
        expected = endpointer.expected
        quiet = endpointer.state.heard - endpointer.state.last
        decided = endpointer.push([score])
        if decided and quiet >= 10:
            assert decided == [expected]
        if endpointer.expected is not None:
            assert endpointer.open_from == endpointer.expected.start_samples
    expected = endpointer.expected
    if expected is not None:
        assert endpointer.end(len(scores) * WINDOW_SAMPLES) == [expected]


def test_nothing_is_expected_of_a_click() -> None:
    endpointer = Endpointer(SETTINGS)
    endpointer.push([0.9] * 2 + [0.0] * 9)
    assert endpointer.expected is None
    endpointer.push([0.9] + [0.0] * QUIET)
    assert endpointer.expected == Span(0, 14 * WINDOW_SAMPLES)


@pytest.mark.parametrize(("early_ms", "asked_after"), [(32, 2), (64, 2), (160, 5), (2_000, 10)])
def test_an_end_is_expected_neither_before_the_quiet_that_is_kept_nor_after_the_decision(
    early_ms: int, asked_after: int
) -> None:
    endpointer = Endpointer(replace(SETTINGS, early_ms=early_ms))
    endpointer.push([0.9] * 5)
    found = [(endpointer.push([0.0]), endpointer.expected) for _ in range(10)]
    asked = [at for at, (decided, expected) in enumerate(found, 1) if decided or expected]
    assert asked[0] == asked_after


def test_no_partial_is_asked_for_in_a_pause() -> None:
    driven = driver(replace(EARLY, partial_ms=32))
    driven.hear(0, [0.9] * 30)
    before = len(asked(driven))
    for _ in range(HANG - 1):
        driven.hear(0, [0.0])
    kinds = [kind for kind, _ in asked(driven)[before:]]
    assert kinds == ["partial"] * (TAIL - 1) + ["early"]

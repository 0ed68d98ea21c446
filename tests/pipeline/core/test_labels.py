"""Speakers of a mono call while it goes on."""

from __future__ import annotations

from dataclasses import replace

from models.types import Turn
from pipeline.core.clock import WINDOW_SAMPLES
from pipeline.core.events import DiarizeJob, Failure, SpeakerHeard, SpeakerPart, TranscribeJob
from pipeline.core.session import is_stored
from tests.pipeline.core.driving import LABELLED, MONO, SPEECH, STEREO, Driver, Reply, driver, finals

LENGTH = len(SPEECH) * WINDOW_SAMPLES
"""An utterance and its silence: 1.92 s."""
PAUSE = LENGTH * 3 // 4
"""In the middle of that silence."""


def asked(driven: Driver) -> list[DiarizeJob]:
    return [job for job in driven.jobs if isinstance(job, DiarizeJob)]


def say(driven: Driver, times: int = 1) -> None:
    """An utterance, and its text."""
    for _ in range(times):
        driven.hear(0, SPEECH)
        for job in [job for job in driven.jobs if isinstance(job, TranscribeJob)]:
            driven.reply(job)


def label(driven: Driver, job: DiarizeJob, reply: Reply) -> list[SpeakerHeard]:
    """The labels that an answer brings."""
    before = len(driven.labels)
    driven.answer = lambda _: reply
    driven.reply(job)
    return driven.labels[before:]


def relabelled(driven: Driver) -> Driver:
    """The same, with the usual answers again."""
    return Driver(driven.session, jobs=driven.jobs, events=driven.events, labels=driven.labels)


def test_a_final_is_followed_by_a_question_who_spoke() -> None:
    driven = driver(LABELLED)
    driven.hear(0, SPEECH)
    assert asked(driven) == []
    driven.reply(driven.jobs[0], now_s=5.0)
    (job,) = asked(driven)
    assert job == DiarizeJob(f"d-{LENGTH}", 0, LENGTH, deadline_s=6.0, whole=False)
    assert not is_stored(job.id)


def test_without_a_new_final_or_before_enough_audio_nothing_is_asked() -> None:
    driven = driver(replace(LABELLED, label_ms=3_000))
    say(driven)
    assert asked(driven) == []
    driven.hear(0, [0.0] * 40)
    assert [job.end_samples for job in asked(driven)] == [LENGTH + 40 * WINDOW_SAMPLES]
    driven.hear(0, [0.0] * 200)
    assert len(asked(driven)) == 1
    say(driven)
    assert len(asked(driven)) == 2


def test_only_mono_calls_that_want_it_ask() -> None:
    for settings in (MONO, replace(STEREO, label_ms=1), replace(LABELLED, diarize=False)):
        driven = driver(settings)
        say(driven, 2)
        assert asked(driven) == []


def test_each_final_is_labelled_once_and_again_when_its_parts_change() -> None:
    driven = driver(LABELLED)
    say(driven)
    one = label(driven, asked(driven)[0], (Turn(0, LENGTH, "S1"),))
    words = len(finals(driven)[0].words)
    assert one == [SpeakerHeard(finals(driven)[0].id, (SpeakerPart(0, words, "S1"),))]
    driven = relabelled(driven)
    say(driven)
    two = label(driven, asked(driven)[0], (Turn(0, PAUSE, "S1"), Turn(PAUSE, 2 * LENGTH, "S2")))
    assert [(event.utterance_id, event.parts[0].speaker) for event in two] == [(finals(driven)[1].id, "S2")]
    driven = relabelled(driven)
    say(driven)
    three = label(
        driven, asked(driven)[0], (Turn(0, LENGTH + PAUSE, "S2"), Turn(LENGTH + PAUSE, 3 * LENGTH, "S1"))
    )
    assert [event.utterance_id for event in three] == [finals(driven)[0].id, finals(driven)[2].id]


def test_an_answer_that_is_older_than_what_is_shown_or_without_turns_changes_nothing() -> None:
    driven = driver(LABELLED)
    say(driven, 2)
    old, new = asked(driven)
    assert label(driven, new, (Turn(0, 2 * LENGTH, "S2"),))
    assert label(driven, old, (Turn(0, LENGTH, "S1"),)) == []
    driven = relabelled(driven)
    say(driven)
    assert label(driven, asked(driven)[0], ()) == []


def test_a_failure_is_asked_again_without_another_final() -> None:
    driven = driver(LABELLED)
    say(driven)
    assert label(driven, asked(driven)[0], Failure("no time")) == []
    driven.hear(0, [0.0] * 10)
    assert asked(driven) == []
    driven.hear(0, [0.0] * 40)
    assert len(asked(driven)) == 1


def test_after_hang_up_labels_of_the_call_so_far_are_too_late() -> None:
    driven = driver(LABELLED)
    say(driven)
    (early,) = asked(driven)
    driven.end()
    assert [job.whole for job in asked(driven)] == [False, True]
    assert label(driven, early, (Turn(0, LENGTH, "S2"),)) == []
    driven = relabelled(driven)
    driven.reply_all()
    assert driven.session.closed


def test_results_that_are_facts_are_stored() -> None:
    assert is_stored("diarize")
    assert is_stored("t0-0-100")
    assert not is_stored("p0-0-100")

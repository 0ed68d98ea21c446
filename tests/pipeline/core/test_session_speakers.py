"""Mono calls: who held the floor, which words are whose, and who is agent or customer."""

from __future__ import annotations

from models.types import Transcription, Turn
from pipeline.core.events import (
    CallClosed,
    DiarizeJob,
    Failure,
    Job,
    Result,
    RolesAssigned,
    SpeakerPart,
    SpeakerRevised,
    SummarizeJob,
    TranscribeJob,
)
from pipeline.core.session import SessionSettings
from tests.pipeline.core.driving import MONO, SPEECH, Reply, answer, driver, finals


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
    assert [line.speaker for line in note.request.lines] == ["S2", "S1"]
    assert note.request.lines[0].id == finals(driven)[0].id
    assert note.request.lines[1].id == f"u0-{finals(driven)[0].words[3].start_samples}"

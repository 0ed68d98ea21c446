"""A live mono call says who speaks while it goes on, and nothing of that is kept."""

from __future__ import annotations

import queue

import pytest

from models.fakes import ScriptedSummarizer, ScriptedTranscriber, ScriptedVoice
from models.ports import Diarizer
from models.types import RATE_HZ, Turn
from pipeline.core.events import EphemeralEvent, Event, Result, SpeakerHeard, TurnsFound, UtteranceFinal
from pipeline.core.session import Session, SessionSettings
from pipeline.shell import CallEngines, CallShell, Surroundings
from pipeline.workers import Engines, Workers
from tests.pipeline.engines import BrokenDiarizer, HalvesDiarizer
from tests.pipeline.live_harness import LiveRoom, speech

LABELLED = SessionSettings(channels=1, diarize=True, label_ms=1_000)
BLOCK_SAMPLES = 1_024
WAIT_S = 60.0


def run(diarizer: Diarizer | None, settings: SessionSettings) -> list[Event]:
    """All events of a mono call whose answers are waited for at each block."""
    results: queue.Queue[Result] = queue.Queue()
    events: list[Event] = []
    block = speech(5, channels=1, duration_s=12.0)[0]
    with Workers(Engines(ScriptedTranscriber(), ScriptedSummarizer()), threads=1) as workers:
        engines = CallEngines(ScriptedVoice(), diarizer)
        shell = CallShell(Session(settings), 1, Surroundings(engines, workers, results.put, events.append))
        for start in range(0, len(block), BLOCK_SAMPLES):
            shell.hear(0, block[start : start + BLOCK_SAMPLES])
            while shell.jobs_waiting:
                shell.take(results.get(timeout=WAIT_S))
        shell.end("hangup")
        while not shell.session.closed:
            shell.take(results.get(timeout=WAIT_S))
        shell.close()
    return events


def durable(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event, EphemeralEvent)]


def test_labels_come_during_the_call_and_the_rest_is_the_same_without_them() -> None:
    events = run(HalvesDiarizer(), LABELLED)
    places = [index for index, event in enumerate(events) if isinstance(event, SpeakerHeard)]
    turns = next(index for index, event in enumerate(events) if isinstance(event, TurnsFound))
    assert len(places) > 3
    assert places[-1] < turns
    heard = [events[place] for place in places]
    finals = {event.id: event for event in events if isinstance(event, UtteranceFinal)}
    for event in heard:
        assert isinstance(event, SpeakerHeard)
        assert event.parts[-1].end_word == len(finals[event.utterance_id].words)
    assert durable(events) == run(HalvesDiarizer(), SessionSettings(channels=1, diarize=True))


@pytest.mark.parametrize("diarizer", [None, BrokenDiarizer()])
def test_a_call_without_a_diarizer_that_works_is_never_labelled(diarizer: Diarizer | None) -> None:
    events = run(diarizer, LABELLED)
    assert not [event for event in events if isinstance(event, SpeakerHeard | TurnsFound)]
    assert [event for event in events if isinstance(event, UtteranceFinal)]


def test_who_spoke_so_far_is_given_out_and_never_stored() -> None:
    room = LiveRoom(LABELLED)
    client = room.connect()
    client.play(speech(3, channels=1, duration_s=4.0))
    assert room.recorder.finals
    room.call.take(Result(f"d-{3 * RATE_HZ}", (Turn(0, 3 * RATE_HZ, "S2"),)))
    room.settle()
    (label, *_) = room.recorder.of(SpeakerHeard)
    assert label.parts[0].speaker == "S2"
    client.hang_up()
    assert room.end_code == "hangup"
    assert [one.job_id for one in room.recorder.of(Result) if one.job_id.startswith("d-")] == []
    assert "diarize" in [one.job_id for one in room.recorder.of(Result)]

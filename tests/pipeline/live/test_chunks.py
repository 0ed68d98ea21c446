"""Notes of chunks on live calls: the same as of the recording, also where the server was killed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from pipeline.core.events import ChunkNoted, DurableEvent, Partial, Result
from pipeline.core.session import NoteSettings
from pipeline.live.state import restored
from tests.pipeline.live_harness import LIVE, LiveRoom, as_file, by_channel, speech

NOTE = NoteSettings(chunk_words=12, chunk_pause_ms=300, chunk_rest_ms=2_000)
CALL = replace(LIVE, note=NOTE)
SPOKEN = speech(3, duration_s=30.0)


def sorted_out(events: list[DurableEvent]) -> object:
    """Notes of chunks apart: they come while the call goes on, or after it."""
    rest = [event for event in events if not isinstance(event, ChunkNoted)]
    return by_channel(rest), [event for event in events if isinstance(event, ChunkNoted)]


@pytest.fixture(scope="module")
def recorded() -> object:
    events = as_file(SPOKEN, CALL)
    assert len([event for event in events if isinstance(event, ChunkNoted)]) > 1
    return sorted_out(events)


def test_chunks_are_noted_while_the_call_goes_on(recorded: object) -> None:
    room = LiveRoom(CALL)
    client = room.connect()
    client.play(SPOKEN)
    assert room.recorder.of(ChunkNoted)
    client.hang_up()
    assert room.end_code == "hangup"
    assert sorted_out(room.recorder.events) == recorded


@pytest.mark.parametrize("seed", range(6))
def test_in_any_order_of_work(recorded: object, seed: int) -> None:
    room = LiveRoom(CALL, seed=seed)
    client = room.connect()
    client.play(SPOKEN)
    client.hang_up()
    assert sorted_out(room.recorder.events) == recorded


@pytest.mark.parametrize("seed", range(8))
def test_a_call_whose_server_was_killed_has_the_same_notes(recorded: object, seed: int) -> None:
    first = LiveRoom(CALL, seed=seed)
    client = first.connect(positions=True)
    until = random.Random(seed).randrange(160_000, SPOKEN.shape[1])
    for at in range(0, until, 1_600):
        client.send(SPOKEN[:, at : min(until, at + 1_600)], at, 320, run=False)
        first.work_a_little()
    records = first.recorder.records
    told = [one for one in records if not isinstance(one, Partial | Result | bytes)]
    session, state = restored([one for one in records if isinstance(one, bytes)][-1], told)
    second = LiveRoom(CALL)
    known = {one.job_id: one.value for one in records if isinstance(one, Result)}
    second.begin(session, known, "interrupted", state).resume()
    second.settle()
    client = second.connect(positions=True)
    begin = client.from_samples[0]
    client.send(SPOKEN[:, begin:], begin, 320)
    client.hang_up()
    found: dict[str, DurableEvent] = {}
    for event in [*told, *second.recorder.events]:
        assert found.setdefault(event.id, event) == event
    assert sorted_out(list(found.values())) == recorded

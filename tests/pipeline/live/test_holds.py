"""Hold, pause and resume: the clock goes on, and nothing of it is heard."""

from __future__ import annotations

import numpy as np
import pytest

from models.types import RATE_HZ, Samples
from pipeline.core.events import AudioGap, UtteranceFinal
from pipeline.doors.messages import Chunk
from pipeline.limits import Limits
from tests.pipeline.live_harness import LIVE, LiveRoom, NotingTranscriber, in_order, speech

LEVEL = 0.25
LOUD = 0.9


def tone(duration_s: float, rate_hz: int = RATE_HZ, level: float = LEVEL) -> Samples:
    """The same on both channels, shape (2, n)."""
    count = round(duration_s * rate_hz)
    return np.tile(level * np.sin(np.arange(count) * 0.3).astype(np.float32), (2, 1))


def quiet(duration_s: float, rate_hz: int = RATE_HZ) -> Samples:
    return np.zeros((2, round(duration_s * rate_hz)), np.float32)


def secret(duration_s: float, rate_hz: int = RATE_HZ) -> Samples:
    """What must never be heard: louder than all else."""
    count = round(duration_s * rate_hz)
    return np.random.default_rng(3).uniform(-LOUD, LOUD, (2, count)).astype(np.float32)


def spans(room: LiveRoom, channel: int = 0) -> list[tuple[str, float, float]]:
    """Utterances and gaps of a channel: what, and from when to when, to a tenth of a second."""
    return [
        (
            event.reason if isinstance(event, AudioGap) else "said",
            round(event.start_samples / RATE_HZ, 1),
            round(event.end_samples / RATE_HZ, 1),
        )
        for event in room.recorder.events
        if isinstance(event, UtteranceFinal | AudioGap) and event.channel == channel
    ]


@pytest.mark.parametrize("reason", ["hold", "pause"])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("placed", [True, False])
def test_audio_that_is_sent_meanwhile_is_not_heard(reason: str, rate_hz: int, placed: bool) -> None:
    engine = NotingTranscriber()
    room = LiveRoom(LIVE, transcriber=engine)
    client = room.connect(rate_hz=rate_hz, positions=placed)
    at = 0

    def play(block: Samples) -> None:
        nonlocal at
        client.play(block, at if placed else None)
        at += block.shape[1]

    play(tone(1.0, rate_hz))
    client.say(reason)
    play(secret(3.0, rate_hz))
    client.say("resume")
    play(quiet(0.05, rate_hz))
    play(tone(1.0, rate_hz))
    client.hang_up()
    assert room.end_code == "hangup"
    for channel in range(2):
        assert spans(room, channel) == [("said", 0.0, 1.2), (reason, 1.0, 4.0), ("said", 3.7, 5.0)]
    assert engine.loudest
    assert max(engine.loudest) < LEVEL * 1.2


@pytest.mark.parametrize("reason", ["hold", "pause"])
@pytest.mark.parametrize("placed", [True, False])
def test_without_audio_the_clock_goes_on(reason: str, placed: bool) -> None:
    room = LiveRoom(LIVE)
    client = room.connect(positions=placed)
    client.play(tone(1.0), 0 if placed else None)
    client.say(reason)
    room.pass_s(60.0)
    client.say("resume")
    client.play(tone(1.0), 61 * RATE_HZ if placed else None)
    client.hang_up()
    assert room.end_code == "hangup"
    assert spans(room) == [("said", 0.0, 1.2), (reason, 1.0, 61.0), ("said", 60.7, 62.0)]


def test_a_hold_that_is_longer_than_idle_does_not_end_the_call() -> None:
    room = LiveRoom(LIVE, Limits(idle_s=10.0))
    client = room.connect()
    client.play(tone(0.5))
    client.say("hold")
    room.pass_s(600.0)
    assert not room.call.done.done()
    client.say("resume")
    room.pass_s(9.0)
    assert not room.call.done.done()
    room.pass_s(2.0)
    assert room.end_code == "idle"


def test_a_hold_that_never_ends_ends_the_call_at_its_longest() -> None:
    room = LiveRoom(LIVE, Limits(longest_s=120.0))
    client = room.connect()
    client.play(tone(0.5))
    client.say("hold")
    room.pass_s(119.0)
    assert not room.call.done.done()
    room.pass_s(5.0)
    assert room.end_code == "too_long"
    assert client.hung_up == [(1008, "the call is longer than is allowed")]


def test_hang_up_on_hold() -> None:
    room = LiveRoom(LIVE)
    client = room.connect()
    client.play(tone(1.0))
    client.say("hold")
    client.play(secret(2.0))
    client.hang_up()
    assert room.end_code == "hangup"
    assert spans(room) == [("said", 0.0, 1.2), ("hold", 1.0, 3.0)]


def test_a_hold_in_the_middle_of_a_word_keeps_the_word() -> None:
    room = LiveRoom(LIVE)
    client = room.connect()
    client.play(tone(0.3))
    client.say("hold")
    client.play(secret(2.0))
    assert len(room.recorder.finals) == 2
    client.say("resume")
    client.hang_up()
    assert room.end_code == "hangup"


@pytest.mark.parametrize(("reason", "again"), [("hold", "hold"), ("pause", "pause"), ("pause", "hold")])
def test_a_second_hold_changes_nothing_and_so_does_a_second_resume(reason: str, again: str) -> None:
    room = LiveRoom(LIVE)
    client = room.connect()
    client.say("resume")
    client.play(tone(1.0))
    client.say(reason)
    client.play(secret(1.0))
    client.say(again)
    client.play(secret(1.0))
    client.say("resume")
    client.say("resume")
    client.play(tone(1.0))
    client.hang_up()
    assert room.end_code == "hangup"
    assert spans(room) == [("said", 0.0, 1.2), (reason, 1.0, 3.0), ("said", 2.7, 4.0)]


@pytest.mark.parametrize("first", ["hold", "pause"])
@pytest.mark.parametrize("placed", [True, False])
@pytest.mark.parametrize("resumed", [True, False])
def test_a_pause_begins_whatever_was_before(first: str, placed: bool, resumed: bool) -> None:
    """Also right after a resume of which no audio came yet."""
    engine = NotingTranscriber()
    room = LiveRoom(LIVE, transcriber=engine)
    client = room.connect(positions=placed)

    def play(block: Samples, at_s: float) -> None:
        client.play(block, round(at_s * RATE_HZ) if placed else None)

    play(tone(1.0), 0.0)
    client.say(first)
    play(secret(1.0), 1.0)
    if resumed:
        client.say("resume")
    client.say("pause")
    play(secret(2.0), 2.0)
    client.say("resume")
    play(tone(1.0), 4.0)
    client.hang_up()
    assert room.end_code == "hangup"
    gaps = [(first, 1.0, 2.0), ("pause", 2.0, 4.0)]
    if first == "pause" and not resumed:
        gaps = [("pause", 1.0, 4.0)]
    assert spans(room) == [("said", 0.0, 1.2), *gaps, ("said", 3.7, 5.0)]
    assert max(engine.loudest) < LEVEL * 1.2


def test_a_pause_without_audio_after_a_hold_without_audio() -> None:
    room = LiveRoom(LIVE)
    client = room.connect()
    client.play(tone(1.0))
    client.say("hold")
    room.pass_s(10.0)
    client.say("pause")
    room.pass_s(10.0)
    client.say("resume")
    client.play(tone(1.0))
    client.hang_up()
    assert room.end_code == "hangup"
    assert spans(room)[1:3] == [("hold", 1.0, 11.0), ("pause", 11.0, 21.0)]


def test_a_pause_outlives_the_connection() -> None:
    engine = NotingTranscriber()
    room = LiveRoom(LIVE, transcriber=engine)
    client = room.connect()
    client.play(tone(1.0))
    client.say("pause")
    client.play(secret(1.0))
    client.cut()
    again = room.connect()
    again.play(secret(1.0))
    again.say("resume")
    again.play(tone(1.0))
    again.hang_up()
    assert room.end_code == "hangup"
    assert spans(room) == [("said", 0.0, 1.2), ("pause", 1.0, 3.0), ("said", 2.7, 4.0)]
    assert max(engine.loudest) < LEVEL * 1.2


def test_one_stream_on_hold_leaves_the_other_in_the_call() -> None:
    room = LiveRoom(LIVE)
    agent, customer = room.connect(carries=[0]), room.connect(carries=[1])
    agent.say("hold")
    for _ in range(20):
        customer.send(tone(0.1)[:1])
        agent.send(secret(0.1)[:1])
        room.pass_s(0.1)
    agent.hang_up()
    customer.hang_up()
    assert room.end_code == "hangup"
    assert spans(room, 0) == [("hold", 0.0, 2.0)]
    assert spans(room, 1) == [("said", 0.0, 2.0)]


@pytest.mark.parametrize("placed", [True, False])
def test_a_pause_of_one_stream_is_a_pause_of_the_call(placed: bool) -> None:
    """Until each stream that paused has resumed or hung up."""
    engine = NotingTranscriber()
    room = LiveRoom(LIVE, transcriber=engine)
    agent = room.connect(carries=[0], positions=placed)
    customer = room.connect(carries=[1], positions=placed)
    at = 0

    def talk(block: Samples) -> None:
        nonlocal at
        for begin in range(0, block.shape[1], 1_600):
            for client in (agent, customer):
                if client.stream is not None:
                    client.send(block[:1, begin : begin + 1_600], at if placed else None)
            at += 1_600
            room.pass_s(0.1)

    talk(tone(1.0))
    agent.say("pause")
    talk(secret(1.0))
    customer.say("pause")
    talk(secret(1.0))
    agent.say("resume")
    customer.say("hold")
    talk(secret(1.0))
    customer.say("resume")
    talk(tone(1.0))
    agent.say("pause")
    talk(secret(1.0))
    agent.hang_up()
    talk(tone(1.0))
    customer.hang_up()
    assert room.end_code == "hangup"
    said = [("said", 0.0, 1.2), ("pause", 1.0, 4.0), ("said", 3.7, 5.2), ("pause", 5.0, 6.0)]
    assert spans(room, 0) == said
    assert spans(room, 1) == [*said, ("said", 5.7, 7.0)]
    assert max(engine.loudest) < LEVEL * 1.2


def test_a_hold_goes_on_after_the_pause_of_another_stream() -> None:
    room = LiveRoom(LIVE)
    agent, customer = room.connect(carries=[0]), room.connect(carries=[1])
    agent.say("hold")
    room.pass_s(1.0)
    customer.say("pause")
    room.pass_s(1.0)
    customer.say("resume")
    agent.send(secret(1.0)[:1])
    room.pass_s(1.0)
    customer.send(tone(1.0)[1:])
    customer.hang_up()
    agent.hang_up()
    assert room.end_code == "hangup"
    assert spans(room, 0) == [("hold", 0.0, 1.0), ("pause", 1.0, 2.0), ("hold", 2.0, 3.0)]
    assert spans(room, 1) == [("pause", 0.0, 1.0), ("said", 0.7, 2.0)]


def test_a_stream_that_joins_in_a_pause_is_not_heard() -> None:
    engine = NotingTranscriber()
    room = LiveRoom(LIVE, transcriber=engine)
    agent = room.connect(carries=[0])
    agent.play(tone(1.0)[:1])
    agent.say("pause")
    customer = room.connect(carries=[1])
    customer.play(secret(2.0)[1:])
    agent.say("resume")
    customer.play(tone(1.0)[1:])
    agent.hang_up()
    customer.hang_up()
    assert room.end_code == "hangup"
    assert spans(room, 1) == [("pause", 1.0, 3.0), ("said", 2.7, 4.0)]
    assert max(engine.loudest) < LEVEL * 1.2


def test_what_a_stream_kept_of_a_pause_in_which_it_was_cut_off_is_not_heard() -> None:
    engine = NotingTranscriber()
    room = LiveRoom(LIVE, transcriber=engine)
    agent = room.connect(carries=[0], positions=True)
    customer = room.connect(carries=[1], positions=True)
    customer.send(tone(1.0)[1:], 0)
    customer.cut()
    agent.send(tone(2.0)[:1], 0)
    agent.say("pause")
    agent.send(secret(2.0)[:1], 2 * RATE_HZ)
    agent.say("resume")
    agent.send(tone(1.0)[:1], 4 * RATE_HZ)
    again = room.connect(carries=[1], positions=True)
    kept = np.concatenate([tone(1.0), secret(2.0), tone(1.0)], axis=1)[1:]
    again.send(kept, RATE_HZ)
    agent.hang_up()
    again.hang_up()
    assert room.end_code == "hangup"
    assert spans(room, 1) == [("said", 0.0, 2.1), ("said", 3.7, 5.0)]
    assert max(engine.loudest) < LEVEL * 1.2


def test_a_hole_in_a_hold_is_part_of_the_hold() -> None:
    room = LiveRoom(LIVE)
    client = room.connect(positions=True)
    client.send(tone(1.0), 0)
    client.say("hold")
    client.send(secret(0.5), 3 * RATE_HZ)
    client.say("resume")
    client.send(tone(1.0), 6 * RATE_HZ)
    client.hang_up()
    assert room.end_code == "hangup"
    assert spans(room) == [("said", 0.0, 1.2), ("hold", 1.0, 6.0), ("said", 5.7, 7.0)]


def test_audio_lost_in_a_hold_is_part_of_the_hold() -> None:
    room = LiveRoom(LIVE)
    client = room.connect()
    client.send(tone(1.0))
    client.say("hold")
    assert client.stream is not None
    room.call.lose(client.stream, Chunk((0, 1), secret(1.0)))
    room.settle()
    client.say("resume")
    client.send(tone(1.0))
    client.hang_up()
    assert room.end_code == "hangup"
    assert spans(room) == [("said", 0.0, 1.2), ("hold", 1.0, 2.0), ("said", 1.7, 3.0)]


def test_real_speech_around_holds_keeps_its_order() -> None:
    room = LiveRoom(LIVE)
    client = room.connect()
    block = speech(4, duration_s=12.0)
    for number, at in enumerate(range(0, block.shape[1], RATE_HZ)):
        if number % 4 == 1:
            client.say("hold")
        if number % 4 == 2:
            client.say("resume")
        client.play(block[:, at : at + RATE_HZ])
    client.hang_up()
    assert room.end_code == "hangup"
    in_order(room.recorder.events)
    assert [gap.reason for gap in room.recorder.gaps] == ["hold"] * 6

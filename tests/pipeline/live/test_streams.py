"""Streams join, leave, are cut off and come back; their clocks differ; one call."""

from __future__ import annotations

import numpy as np
import pytest

from models.types import RATE_HZ
from pipeline.core.events import CallClosed, UtteranceFinal
from pipeline.doors.messages import Chunk
from pipeline.limits import Limits
from tests.pipeline.live_harness import LiveRoom, NotingTranscriber, as_file, by_channel, speech

SPOKEN = speech(1)


def closed(room: LiveRoom) -> CallClosed:
    event = room.recorder.events[-1]
    assert isinstance(event, CallClosed)
    return event


def starts(room: LiveRoom, channel: int) -> list[int]:
    return [event.start_samples for event in room.recorder.finals if event.channel == channel]


def test_hang_up_in_the_middle_of_a_word_keeps_the_word() -> None:
    room = LiveRoom()
    client = room.connect()
    client.play(0.4 * np.ones((2, 6_000), np.float32))
    client.hang_up()
    assert room.end_code == "hangup"
    assert [final.end_samples for final in room.recorder.finals] == [6_000, 6_000]
    assert closed(room).duration_samples == 6_000


def test_a_stream_that_is_cut_off_is_waited_for() -> None:
    room = LiveRoom(limits=Limits(resume_s=15.0))
    client = room.connect()
    client.play(SPOKEN[:, : 3 * RATE_HZ])
    client.cut()
    room.pass_s(14.5)
    assert not room.call.done.done()
    room.pass_s(1.0)
    assert room.end_code == "disconnected"
    assert by_channel(room.recorder.events)[0] == by_channel(as_file(SPOKEN[:, : 3 * RATE_HZ]))[0]


def test_a_call_that_nobody_joins_ends() -> None:
    room = LiveRoom(limits=Limits(resume_s=15.0))
    room.pass_s(16.0)
    assert room.end_code == "disconnected"
    assert closed(room).duration_samples == 0


def test_a_client_that_comes_back_goes_on_where_it_stopped() -> None:
    whole = by_channel(as_file(SPOKEN))
    room = LiveRoom()
    client = room.connect()
    client.play(SPOKEN[:, :100_000])
    client.cut()
    room.pass_s(5.0)
    again = room.connect()
    assert again.from_samples == [100_000, 100_000]
    room.pass_s(14.0)
    again.play(SPOKEN[:, 100_000:])
    again.hang_up()
    assert room.end_code == "hangup"
    assert by_channel(room.recorder.events) == whole


def test_a_client_with_positions_may_repeat_what_was_heard() -> None:
    whole = by_channel(as_file(SPOKEN))
    room = LiveRoom()
    client = room.connect(positions=True)
    client.play(SPOKEN[:, :100_000], 0)
    client.cut()
    again = room.connect(positions=True)
    again.play(SPOKEN[:, 60_000:], 60_000)
    again.hang_up()
    assert room.end_code == "hangup"
    assert by_channel(room.recorder.events) == whole


def test_a_client_with_positions_leaves_a_gap_where_it_was_away() -> None:
    room = LiveRoom()
    client = room.connect(positions=True)
    client.play(SPOKEN[:, :100_000], 0)
    client.cut()
    room.pass_s(5.0)
    again = room.connect(positions=True)
    again.play(SPOKEN[:, 180_000:], 180_000)
    again.hang_up()
    assert room.end_code == "hangup"
    holed = SPOKEN.copy()
    holed[:, 100_000:180_000] = 0.0
    expected, found = by_channel(as_file(holed)), by_channel(room.recorder.events)
    for channel in range(2):
        gaps = [event for event in found[channel] if event in room.recorder.gaps]
        assert [(gap.start_samples, gap.end_samples, gap.reason) for gap in gaps] == [
            (100_000, 180_000, "lost")
        ]
        assert [event for event in found[channel] if event not in gaps] == expected[channel]


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 48_000])
def test_places_hold_over_a_cut_at_other_rates(rate_hz: int) -> None:
    """After a cut at any sample, audio goes on at most a sample of the stream away from its place."""
    room = LiveRoom()
    client = room.connect(rate_hz=rate_hz, positions=True)
    cut = rate_hz + 37
    client.send(0.4 * np.ones((2, cut), np.float32), 0)
    client.cut()
    again = room.connect(rate_hz=rate_hz, positions=True)
    assert abs(again.from_samples[0] - cut * RATE_HZ / rate_hz) <= RATE_HZ / rate_hz + 1
    again.send(0.4 * np.ones((2, rate_hz), np.float32), cut)
    again.hang_up()
    assert room.end_code == "hangup"
    assert (
        abs(closed(room).duration_samples - (cut + rate_hz) * RATE_HZ / rate_hz) <= 2 * RATE_HZ / rate_hz + 2
    )
    assert all(gap.end_samples - gap.start_samples <= 2 for gap in room.recorder.gaps)


def test_a_position_far_away_closes_the_stream_and_not_the_call() -> None:
    room = LiveRoom(limits=Limits(hole_s=60.0))
    client = room.connect(positions=True)
    client.send(SPOKEN[:, :16_000], 0)
    client.send(SPOKEN[:, :1_600], 16_000 + 61 * RATE_HZ)
    assert client.hung_up == [(1007, "a position far beyond the audio before it")]
    client.say("hold")
    client.say("resume")
    client.send(SPOKEN[:, :160], 16_000)
    client.cut()
    again = room.connect(positions=True)
    assert again.from_samples == [16_000, 16_000]
    again.hang_up()
    assert room.end_code == "hangup"
    assert closed(room).duration_samples == 16_000


def test_a_position_far_away_on_hold_closes_the_stream_too() -> None:
    room = LiveRoom(limits=Limits(hole_s=60.0))
    client = room.connect(positions=True)
    client.send(SPOKEN[:, :16_000], 0)
    client.say("hold")
    client.send(SPOKEN[:, :1_600], 16_000 + 61 * RATE_HZ)
    assert len(client.hung_up) == 1
    client.say("resume")
    client.hang_up()
    room.pass_s(20.0)
    assert room.end_code == "disconnected"


def test_a_hole_is_a_gap() -> None:
    room = LiveRoom()
    client = room.connect(positions=True)
    client.send(SPOKEN[:, :16_000], 0)
    client.send(SPOKEN[:, 16_000:32_000], 16_000 + 20 * RATE_HZ)
    client.hang_up()
    assert room.end_code == "hangup"
    assert {(gap.start_samples, gap.end_samples) for gap in room.recorder.gaps} == {(16_000, 21 * RATE_HZ)}
    assert closed(room).duration_samples == 22 * RATE_HZ


def test_audio_without_room_is_a_gap() -> None:
    room = LiveRoom()
    client = room.connect()
    client.send(SPOKEN[:, :16_000])
    assert client.stream is not None
    room.call.lose(client.stream, Chunk((0, 1), SPOKEN[:, 16_000:24_000]))
    client.send(SPOKEN[:, 24_000:])
    client.hang_up()
    assert room.end_code == "hangup"
    assert {(gap.start_samples, gap.end_samples, gap.reason) for gap in room.recorder.gaps} == {
        (16_000, 24_000, "lost")
    }


def test_one_silent_leg() -> None:
    room = LiveRoom()
    silent = SPOKEN.copy()
    silent[1] = 0.0
    client = room.connect()
    client.play(silent)
    client.hang_up()
    assert room.end_code == "hangup"
    assert by_channel(room.recorder.events)[0] == by_channel(as_file(SPOKEN))[0]
    assert starts(room, 1) == []


def test_one_leg_that_never_comes() -> None:
    room = LiveRoom()
    client = room.connect(carries=[0])
    client.play(SPOKEN[:1])
    client.hang_up()
    assert room.end_code == "hangup"
    assert by_channel(room.recorder.events)[0] == by_channel(as_file(SPOKEN))[0]


def test_ten_minutes_of_silence_on_both() -> None:
    engine = NotingTranscriber()
    room = LiveRoom(transcriber=engine)
    client = room.connect()
    client.play(SPOKEN[:, : 2 * RATE_HZ])
    read = len(engine.lengths)
    client.play(np.zeros((2, 600 * RATE_HZ), np.float32), chunk_s=1.0)
    assert len(engine.lengths) <= read + 2
    assert not room.call.done.done()
    client.play(SPOKEN[:, : 2 * RATE_HZ])
    client.hang_up()
    assert room.end_code == "hangup"
    assert closed(room).duration_samples == 604 * RATE_HZ
    assert max(starts(room, 0)) >= 601 * RATE_HZ


def test_no_audio_at_all_ends_the_call() -> None:
    room = LiveRoom(limits=Limits(idle_s=30.0))
    client = room.connect()
    client.play(SPOKEN[:, : 2 * RATE_HZ])
    room.pass_s(29.0)
    assert not room.call.done.done()
    room.pass_s(2.0)
    assert room.end_code == "idle"
    assert client.hung_up == [(1008, "no audio came")]


def test_audio_that_was_heard_before_does_not_keep_a_call_open() -> None:
    room = LiveRoom(limits=Limits(idle_s=5.0))
    client = room.connect(positions=True)
    for _ in range(60):
        client.send(SPOKEN[:, :3_200], 0)
        room.pass_s(0.1)
    assert room.end_code == "idle"
    assert closed(room).duration_samples == 3_200


def test_a_call_whose_clock_goes_slow_ends_too() -> None:
    room = LiveRoom(limits=Limits(longest_s=60.0))
    client = room.connect()
    for second in range(59):
        client.send(SPOKEN[:, second * 160 : (second + 1) * 160])
        room.pass_s(1.0)
    assert not room.call.done.done()
    room.pass_s(1.5)
    assert room.end_code == "too_long"
    assert client.hung_up == [(1008, "the call is longer than is allowed")]


def test_a_call_that_is_too_long_is_ended() -> None:
    room = LiveRoom(limits=Limits(longest_s=5.0))
    client = room.connect()
    client.play(SPOKEN)
    assert room.end_code == "too_long"
    assert client.hung_up == [(1008, "the call is longer than is allowed")]
    assert 4.9 * RATE_HZ < closed(room).duration_samples < 5.2 * RATE_HZ
    assert room.recorder.finals


def test_the_second_stream_joins_where_the_first_one_is() -> None:
    room = LiveRoom()
    agent = room.connect(carries=[0])
    agent.play(SPOKEN[:1, :64_000])
    customer = room.connect(carries=[1])
    assert customer.from_samples == [64_000]
    for at in range(64_000, 160_000, 1_600):
        agent.send(SPOKEN[:1, at : at + 1_600])
        customer.send(SPOKEN[1:, at : at + 1_600])
    agent.hang_up()
    customer.hang_up()
    assert room.end_code == "hangup"
    late = SPOKEN[:, :160_000].copy()
    late[1, :64_000] = 0.0
    assert by_channel(room.recorder.events) == by_channel(as_file(late))


def test_the_other_streams_may_hang_up_a_little_later() -> None:
    room = LiveRoom()
    agent, customer = room.connect(carries=[0]), room.connect(carries=[1])
    agent.hang_up()
    room.pass_s(4.0)
    customer.play(SPOKEN[1:, :8_000])
    assert not room.call.done.done()
    customer.hang_up()
    assert room.end_code == "hangup"


def test_a_call_does_not_wait_long_for_a_stream_that_does_not_hang_up() -> None:
    room = LiveRoom()
    agent, customer = room.connect(carries=[0]), room.connect(carries=[1])
    customer.play(SPOKEN[1:, :8_000])
    agent.hang_up()
    for _ in range(60):
        customer.play(SPOKEN[1:, :1_600])
    assert room.end_code == "hangup"


def test_one_stream_that_is_cut_off_leaves_the_other() -> None:
    room = LiveRoom(limits=Limits(resume_s=5.0))
    agent, customer = room.connect(carries=[0]), room.connect(carries=[1])
    agent.cut()
    customer.play(SPOKEN[1:, : 10 * RATE_HZ])
    assert not room.call.done.done()
    again = room.connect(carries=[0])
    assert again.from_samples == [10 * RATE_HZ]
    again.hang_up()
    customer.hang_up()
    assert room.end_code == "hangup"


def test_a_clock_that_drifts_moves_no_place_of_its_own_channel() -> None:
    """A stream's clock is 0.1 % fast: its audio is on the call's clock by its own count."""
    room = LiveRoom()
    agent, customer = room.connect(carries=[0]), room.connect(carries=[1])
    sent = 0
    for second in range(20):
        agent.send(SPOKEN[:1, second * RATE_HZ : (second + 1) * RATE_HZ], size=320)
        until = round((second + 1) * RATE_HZ * 0.999)
        customer.send(SPOKEN[1:, sent:until], size=320)
        sent = until
        room.pass_s(1.0)
    agent.hang_up()
    customer.hang_up()
    assert room.end_code == "hangup"
    found = by_channel(room.recorder.events)
    assert found[0] == by_channel(as_file(SPOKEN))[0]
    assert found[1] == by_channel(as_file(SPOKEN[:, :sent]))[1]
    assert closed(room).duration_samples == 20 * RATE_HZ
    assert not room.recorder.gaps


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({"carries": [0]}, 1013, "channel 0 of the call is carried by another stream"),
        ({"channels": ["customer", "agent"]}, 1008, "the call has the channels agent, customer"),
        ({"channels": ["agent"]}, 1008, "the call has the channels agent, customer"),
    ],
)
def test_streams_that_do_not_belong(fields: dict[str, object], code: int, reason: str) -> None:
    room = LiveRoom()
    first = room.connect(carries=[0])
    second = room.connect(**fields)
    assert second.said == [{"type": "error", "message": reason}]
    assert second.closing is not None
    assert second.closing.code == code
    first.play(SPOKEN[:1, :16_000])
    first.hang_up()
    assert room.end_code == "hangup"


def test_nobody_joins_a_call_that_is_over() -> None:
    room = LiveRoom()
    room.connect().hang_up()
    assert room.end_code == "hangup"
    late = room.connect()
    assert late.said == [{"type": "error", "message": "the call is over"}]


def test_what_comes_after_the_end_changes_nothing() -> None:
    room = LiveRoom(limits=Limits(idle_s=5.0))
    client = room.connect()
    client.play(SPOKEN[:, :16_000])
    room.pass_s(6.0)
    assert room.end_code == "idle"
    before = list(room.recorder.records)
    client.send(SPOKEN[:, :16_000])
    for kind in ("hold", "resume", "update", "end"):
        client.say(kind)
    room.call.end("shutdown")
    room.call.tick()
    room.settle()
    assert room.recorder.records == before


@pytest.mark.parametrize("code", ["shutdown", "failed"])
def test_a_call_can_be_ended_from_outside(code: str) -> None:
    room = LiveRoom()
    client = room.connect()
    client.play(SPOKEN[:, : 3 * RATE_HZ])
    room.call.end("shutdown" if code == "shutdown" else "failed")
    room.settle()
    assert room.end_code == code
    assert [event for event in room.recorder.events if isinstance(event, UtteranceFinal)]

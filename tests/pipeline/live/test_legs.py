"""Who a live call is with: legs, and connections that take over from others."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.events import LegStarted
from pipeline.live.state import MOST_LEGS
from tests.pipeline.live_harness import LiveRoom, as_file, by_channel, speech

SPOKEN = speech(1)


def test_a_transfer_is_a_leg() -> None:
    room = LiveRoom()
    room.call.open_leg("ann", "cards")
    client = room.connect(associate="ann")
    client.play(SPOKEN[:, :32_000])
    client.say("update", associate="bob", queue="loans")
    client.play(SPOKEN[:, 32_000:])
    client.hang_up()
    assert room.end_code == "hangup"
    assert [event for event in room.recorder.events if isinstance(event, LegStarted)] == [
        LegStarted("leg-1", 1, "ann", "cards", 0),
        LegStarted("leg-2", 2, "bob", "loans", 32_000),
    ]
    assert by_channel(room.recorder.events) == by_channel(as_file(SPOKEN))


def test_a_transfer_to_another_stream_is_a_leg_at_its_place() -> None:
    room = LiveRoom()
    room.call.open_leg("ann", "cards")
    ann, customer = room.connect(carries=[0], associate="ann"), room.connect(carries=[1])
    for at in range(0, 64_000, 1_600):
        ann.send(SPOKEN[:1, at : at + 1_600])
        customer.send(SPOKEN[1:, at : at + 1_600])
    ann.hang_up()
    customer.play(SPOKEN[1:, 64_000:112_000])
    bob = room.connect(carries=[0], associate="bob", queue="loans")
    assert bob.from_samples == [112_000]
    for at in range(112_000, 320_000, 1_600):
        bob.send(SPOKEN[:1, at : at + 1_600])
        customer.send(SPOKEN[1:, at : at + 1_600])
        room.pass_s(0.1)
    bob.hang_up()
    customer.hang_up()
    assert room.end_code == "hangup"
    assert [event for event in room.recorder.events if isinstance(event, LegStarted)] == [
        LegStarted("leg-1", 1, "ann", "cards", 0),
        LegStarted("leg-2", 2, "bob", "loans", 112_000),
    ]
    between = SPOKEN.copy()
    between[0, 64_000:112_000] = 0.0
    assert by_channel(room.recorder.events) == by_channel(as_file(between))


def test_an_update_that_changes_nothing_is_no_transfer() -> None:
    room = LiveRoom()
    room.call.open_leg("ann", "cards")
    client = room.connect()
    for names in ({}, {"associate": "ann"}, {"queue": "cards"}, {"associate": "ann", "queue": "cards"}):
        client.say("update", **names)
    client.say("update", queue="loans")
    client.say("update", associate="ann", queue="loans")
    client.hang_up()
    assert room.end_code == "hangup"
    assert [(leg.associate, leg.queue) for leg in room.recorder.of(LegStarted)] == [
        ("ann", "cards"),
        (None, "loans"),
    ]


def test_a_call_has_so_many_legs_and_no_more() -> None:
    room = LiveRoom()
    room.call.open_leg(None, None)
    client = room.connect()
    for number in range(MOST_LEGS + 10):
        client.say("update", associate=f"associate-{number}")
    client.hang_up()
    assert room.end_code == "hangup"
    assert len(room.recorder.of(LegStarted)) == MOST_LEGS == 100


def test_coming_back_is_no_transfer() -> None:
    room = LiveRoom()
    room.call.open_leg("ann", None)
    room.connect(associate="ann").cut()
    room.connect(associate="ann").hang_up()
    assert room.end_code == "hangup"
    assert len(room.recorder.of(LegStarted)) == 1


@pytest.mark.parametrize("positions", [True, False])
def test_a_connection_that_broke_unnoticed_gives_way_to_the_next(positions: bool) -> None:
    room = LiveRoom()
    first = room.connect(positions=positions)
    first.play(SPOKEN[:, :100_000], 0 if positions else None)
    room.pass_s(1.8)
    assert room.connect().closing is not None
    assert first.hung_up == []
    room.pass_s(0.3)
    second = room.connect(positions=positions)
    assert second.from_samples == [100_000, 100_000]
    assert first.hung_up == [(1008, "another connection took over")]
    first.send(0.9 * np.ones((2, 16_000), np.float32), 100_000 if positions else None)
    first.cut()
    second.play(SPOKEN[:, 100_000:], 100_000 if positions else None)
    second.hang_up()
    assert room.end_code == "hangup"
    assert by_channel(room.recorder.events) == by_channel(as_file(SPOKEN))


def test_a_stream_that_would_take_over_from_one_in_use_takes_over_from_none() -> None:
    room = LiveRoom()
    agent, customer = room.connect(carries=[0]), room.connect(carries=[1])
    for at in range(0, 48_000, 1_600):
        customer.send(SPOKEN[1:, at : at + 1_600])
        room.pass_s(0.1)
    refused = room.connect()
    assert refused.said == [
        {"type": "error", "message": "channel 1 of the call is carried by another stream"}
    ]
    assert agent.hung_up == customer.hung_up == []
    taken = room.connect(carries=[0])
    assert taken.stream is not None
    assert agent.hung_up == [(1008, "another connection took over")]
    taken.hang_up()
    customer.hang_up()
    assert room.end_code == "hangup"

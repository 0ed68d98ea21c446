"""What a gateway makes of its clients: places, holds, connections that are lost, and who may take over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.types import Samples
from pipeline.doors.messages import Away, Back, CallInfo, Chunk, Ended, Started
from pipeline.kafka.connection import Connection
from pipeline.kafka.gateway_call import FORGOTTEN_S, GatewayCall
from pipeline.kafka.outbox import Outbox
from pipeline.kafka.records import Begun, CutOff, Heard, Said
from pipeline.kafka.topics import TopicSettings, make_topics
from pipeline.limits import Limits
from pipeline.live.streams import StreamRefused
from pipeline.store.vault import Vault, open_vault
from tests.pipeline.clock import VirtualClock
from tests.services.brokers import Brokers
from tests.services.marks import SERVICES
from tests.services.test_outbox import lying

pytestmark = SERVICES

RATE_HZ = 8_000
INFO = CallInfo("call", ("agent", "customer"))


class Room:
    """A gateway's calls, a clock, and what the clients are told when they have to go."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self.clock = VirtualClock()
        self.connection = connection
        self.vault = vault
        self.outbox = Outbox(connection, vault, clock=self.clock)
        self.told: list[tuple[int, str]] = []

    def call(self, call_id: str, wanted_from: int = 0) -> GatewayCall:
        info = CallInfo(call_id, INFO.roles)
        return GatewayCall(info, self.outbox, Limits(), self.clock, wanted_from)

    def hang_up(self, code: int, reason: str) -> None:
        self.told.append((code, reason))

    def records(self, call_id: str) -> list[object]:
        """All that lies on the topic of a call, once the gateway is gone."""
        self.outbox.__exit__(None, None, None)
        return [one.content for one in lying(self.connection, self.vault, {call_id})[call_id]]


@pytest.fixture
def room(broker: Brokers, tmp_path: Path) -> Iterator[Room]:
    connection = Connection(tuple(broker.bootstrap))
    make_topics(connection, TopicSettings(partitions=3))
    yield Room(connection, open_vault(tmp_path / "key"))


def started(call_id: str, placed: bool = False) -> Started:
    return Started(CallInfo(call_id, INFO.roles), (0, 1), RATE_HZ, placed=placed)


def quiet(seconds: float) -> Samples:
    return np.zeros((2, round(seconds * RATE_HZ)), np.float32)


def test_a_hold_without_audio_takes_the_time_that_it_took(room: Room) -> None:
    call = room.call("held")
    stream, welcome = call.join(started("held"), room.hang_up).result()
    assert welcome.from_samples == (0, 0)
    call.hear(stream, Chunk((0, 1), quiet(1.0)))
    call.away(stream, "hold")
    room.clock.pass_s(7.5)
    call.back(stream)
    call.hear(stream, Chunk((0, 1), quiet(0.5)))
    call.away(stream, "hold")
    room.clock.pass_s(1.0)
    call.hear(stream, Chunk((0, 1), quiet(2.0)))
    call.back(stream)
    call.hear(stream, Chunk((0, 1), quiet(0.1)))
    call.leave(stream, hung_up=True)
    records = room.records("held")
    places = [one.at / RATE_HZ for one in records if isinstance(one, Heard)]
    assert places == pytest.approx([0.0, 0.6, 8.5, 9.0, 9.6, 10.2, 10.8, 11.0])
    words = [one.control for one in records if isinstance(one, Said)]
    assert words == [Away("hold"), Back(), Away("hold"), Back(), Ended()]


def test_a_client_that_comes_back_sends_what_was_not_sent(room: Room) -> None:
    call = room.call("lost", wanted_from=8_000)
    stream, welcome = call.join(started("lost", placed=True), room.hang_up).result()
    assert welcome.from_samples == (8_000, 8_000)
    call.hear(stream, Chunk((0, 1), quiet(2.0), 4_000))
    call.leave(stream, hung_up=False)
    _, welcome = call.join(started("lost", placed=True), room.hang_up).result()
    assert welcome.from_samples == (40_000, 40_000)
    records = room.records("lost")
    assert [type(one) for one in records] == [Begun, *[Heard] * 4, CutOff, Begun]


def test_a_stream_keeps_its_channels_while_it_sends(room: Room) -> None:
    call = room.call("busy")
    first, _ = call.join(started("busy"), room.hang_up).result()
    with pytest.raises(StreamRefused, match="channel 0 of the call is carried by another stream"):
        call.join(started("busy"), room.hang_up).result()
    room.clock.pass_s(3.0)
    call.join(started("busy"), room.hang_up).result()
    assert room.told == [(1008, "another connection took over")]
    call.hear(first, Chunk((0, 1), quiet(1.0)))
    assert [type(one) for one in room.records("busy")] == [Begun, CutOff, Begun]


def test_other_channels_and_places_far_away_are_refused(room: Room) -> None:
    call = room.call("odd")
    with pytest.raises(StreamRefused, match="the call has the channels agent, customer"):
        call.join(Started(CallInfo("odd", ("unknown",)), (0,), RATE_HZ), room.hang_up).result()
    stream, _ = call.join(started("odd", placed=True), room.hang_up).result()
    call.hear(stream, Chunk((0, 1), quiet(0.1), 0))
    call.hear(stream, Chunk((0, 1), quiet(0.1), 2 * 3_600 * RATE_HZ))
    assert room.told == [(1007, "a position far beyond the audio before it")]
    room.outbox.__exit__(None, None, None)


def test_a_call_is_over_when_the_worker_says_so_or_the_gateway_goes(room: Room) -> None:
    idle, going, left = room.call("idle"), room.call("going"), room.call("left")
    for call in (idle, going):
        call.join(started(call.info.call_id), room.hang_up).result()
    idle.closed("idle")
    going.end("shutdown")
    room.clock.pass_s(FORGOTTEN_S + 1)
    left.tick()
    assert [one.done.result() for one in (idle, going, left)] == ["idle", "shutdown", "disconnected"]
    assert room.told == [(1008, "no audio came"), (1012, "the gateway is going down: connect again")]
    with pytest.raises(StreamRefused, match="the call is over"):
        idle.join(started("idle"), room.hang_up).result()
    assert [type(one) for one in room.records("going")] == [Begun, CutOff]

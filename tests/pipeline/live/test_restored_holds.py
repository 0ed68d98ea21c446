"""kill -9 in a pause, or after one: what was said in it is not heard when it is sent again."""

from __future__ import annotations

import numpy as np
import pytest

from models.types import RATE_HZ, Samples
from pipeline.core.snapshot import SnapshotError
from pipeline.live.state import LiveState, restored
from tests.pipeline.live.test_holds import LEVEL, secret, spans, tone
from tests.pipeline.live_harness import LIVE, LiveRoom, NotingTranscriber


def last_snapshot(room: LiveRoom) -> bytes:
    return [one for one in room.recorder.records if isinstance(one, bytes)][-1]


def again(first: LiveRoom) -> tuple[LiveRoom, NotingTranscriber]:
    """The call in a new server."""
    engine = NotingTranscriber()
    room = LiveRoom(LIVE, transcriber=engine)
    room.raised(last_snapshot(first), first.recorder.events)
    return room, engine


def whole(rate_hz: int) -> Samples:
    """A second that is said, one of a pause, and another one."""
    return np.concatenate([tone(1.0, rate_hz), secret(1.0, rate_hz), tone(1.0, rate_hz)], axis=1)


@pytest.mark.parametrize("reason", ["pause", "hold"])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("paused_s", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("in_place", [True, False])
def test_a_server_that_died_in_a_pause(reason: str, rate_hz: int, paused_s: float, in_place: bool) -> None:
    """`in_place`: the client says again that it paused. The word before the pause is heard."""
    audio = whole(rate_hz)
    first = LiveRoom(LIVE)
    client = first.connect(rate_hz=rate_hz, positions=True)
    client.send(audio[:, :rate_hz], 0, 160)
    client.say(reason)
    client.send(audio[:, rate_hz : rate_hz + int(paused_s * rate_hz)], rate_hz, 160)
    room, engine = again(first)
    client = room.connect(rate_hz=rate_hz, positions=True)
    begin = -(-client.from_samples[0] * rate_hz // RATE_HZ)
    client.send(audio[:, begin:rate_hz], begin, 160)
    if in_place:
        client.say(reason)
    begin = max(begin, rate_hz)
    client.send(audio[:, begin : 2 * rate_hz], begin, 160)
    client.say("resume")
    client.send(audio[:, 2 * rate_hz :], 2 * rate_hz, 160)
    client.hang_up()
    assert room.end_code == "hangup"
    for channel in range(2):
        found = [*spans(first, channel), *spans(room, channel)]
        assert found == [("said", 0.0, 1.2), (reason, 1.0, 2.0), ("said", 1.7, 3.0)]
    assert LEVEL * 0.8 < max(engine.loudest) < LEVEL * 1.2


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
def test_a_server_that_died_after_a_pause(rate_hz: int) -> None:
    """The client says nothing of the pause when it sends all again."""
    paused = rate_hz // 5
    audio = np.concatenate([tone(1.0, rate_hz), secret(0.2, rate_hz), tone(2.0, rate_hz)], axis=1)
    first = LiveRoom(LIVE)
    client = first.connect(rate_hz=rate_hz, positions=True)
    client.send(audio[:, :rate_hz], 0, 160)
    client.say("pause")
    client.send(audio[:, rate_hz : rate_hz + paused], rate_hz, 160)
    client.say("resume")
    client.send(audio[:, rate_hz + paused : 2 * rate_hz], rate_hz + paused, 160)
    client.say("update", associate="bob")
    room, engine = again(first)
    client = room.connect(rate_hz=rate_hz, positions=True)
    assert client.from_samples == [0, 0]
    client.send(audio, 0, 160)
    client.hang_up()
    assert room.end_code == "hangup"
    assert spans(room) == [("said", 0.0, 3.2), ("pause", 1.0, 1.2)]
    assert LEVEL * 0.8 < max(engine.loudest) < LEVEL * 1.2


@pytest.mark.parametrize("resumed", [True, False])
def test_a_server_that_died_after_the_resume_and_before_its_audio(resumed: bool) -> None:
    audio = whole(RATE_HZ)
    first = LiveRoom(LIVE)
    client = first.connect(positions=True)
    client.send(audio[:, :RATE_HZ], 0, 160)
    client.say("pause")
    client.send(audio[:, RATE_HZ : RATE_HZ + 3_200], RATE_HZ, 160)
    client.say("resume")
    if resumed:
        client.say("pause")
    room, engine = again(first)
    client = room.connect(positions=True)
    client.send(audio[:, : RATE_HZ + 3_200], 0, 160)
    client.say("resume")
    client.send(audio[:, 2 * RATE_HZ :], 2 * RATE_HZ, 160)
    client.hang_up()
    assert room.end_code == "hangup"
    assert max(engine.loudest) < LEVEL * 1.2
    assert spans(room)[-1] == ("said", 1.7, 3.0)


def test_the_clock_of_a_pause_goes_on_after_a_restart() -> None:
    """Time without a server is no part of it; what its client sends anew is not overtaken."""
    first = LiveRoom(LIVE)
    client = first.connect()
    client.play(tone(1.0))
    client.say("pause")
    client.play(secret(5.0))
    first.call.open_leg("bob", None)
    first.settle()
    room, engine = again(first)
    room.pass_s(10.0)
    client = room.connect()
    room.pass_s(20.0)
    assert not room.call.done.done()
    client.say("resume")
    client.play(tone(1.0))
    client.hang_up()
    assert room.end_code == "hangup"
    assert spans(room)[-2][:2] == ("pause", 1.0)
    assert max(engine.loudest) < LEVEL * 1.2


def test_a_snapshot_that_cannot_be_read() -> None:
    room = LiveRoom(LIVE)
    session = room.call._shell.session
    for data in (b"", b"{}", session.snapshot(), LiveState.new(2).dump(session)[:-2]):
        with pytest.raises(SnapshotError):
            restored(data, [])

"""The same audio as a file and live gives the same durable events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.types import Samples
from pipeline.core.events import LegStarted, UtteranceFinal
from pipeline.core.session import SessionSettings
from pipeline.doors import g711
from pipeline.resample import Resampler
from tests.pipeline.live_harness import LIVE, STEREO, LiveRoom, as_file, by_channel, speech
from tests.pipeline.own_messages import l16

SPOKEN = speech(1)


@pytest.fixture(scope="module")
def recorded() -> dict[int | None, list[object]]:
    found = by_channel(as_file(SPOKEN))
    assert len([event for event in found[0] if isinstance(event, UtteranceFinal)]) > 3
    return dict(found)


@pytest.mark.parametrize(
    "settings", [STEREO, LIVE, replace(LIVE, partial_ms=None), replace(LIVE, early=False)]
)
def test_in_real_time(recorded: dict[int | None, list[object]], settings: SessionSettings) -> None:
    room = LiveRoom(settings)
    client = room.connect()
    client.play(SPOKEN)
    client.hang_up()
    assert room.end_code == "hangup"
    assert by_channel(room.recorder.events) == recorded
    assert bool(room.recorder.partials) == (settings.partial_ms is not None)


@pytest.mark.parametrize("settings", [STEREO, LIVE])
def test_a_file_with_early_readings_and_partials(
    recorded: dict[int | None, list[object]], settings: SessionSettings
) -> None:
    assert by_channel(as_file(SPOKEN, settings, 320)) == recorded


@pytest.mark.parametrize("size", [1_600, 320, 161, 3])
@pytest.mark.parametrize("placed", [True, False])
def test_in_chunks_of_any_size(recorded: dict[int | None, list[object]], size: int, placed: bool) -> None:
    block = SPOKEN if size > 3 else SPOKEN[:, :24_000]
    room = LiveRoom()
    client = room.connect(positions=placed)
    client.send(block, 0 if placed else None, size, run=size > 3)
    client.hang_up()
    expected = recorded if size > 3 else by_channel(as_file(block))
    assert room.end_code == "hangup"
    assert by_channel(room.recorder.events) == expected


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_order_of_work(recorded: dict[int | None, list[object]], seed: int) -> None:
    room = LiveRoom(seed=seed)
    client = room.connect()
    for at in range(0, SPOKEN.shape[1], 1_600):
        client.send(SPOKEN[:, at : at + 1_600], size=320, run=False)
        room.work_a_little()
    client.hang_up()
    assert room.end_code == "hangup"
    assert by_channel(room.recorder.events) == recorded


def test_each_channel_from_a_stream_of_its_own(recorded: dict[int | None, list[object]]) -> None:
    room = LiveRoom()
    clients = [room.connect(carries=[channel]) for channel in range(2)]
    for at in range(0, SPOKEN.shape[1], 1_600):
        for channel, client in enumerate(clients):
            client.send(SPOKEN[channel : channel + 1, at : at + 1_600])
    for client in clients:
        client.hang_up()
    assert room.end_code == "hangup"
    assert by_channel(room.recorder.events) == recorded


def resampled(block: Samples, rate_hz: int) -> Samples:
    channels = []
    for samples in block:
        resampler = Resampler(rate_hz)
        channels.append(np.concatenate([resampler.push(samples), resampler.end()]))
    return np.stack(channels)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 48_000])
@pytest.mark.parametrize("placed", [True, False])
def test_at_any_rate(rate_hz: int, placed: bool) -> None:
    room = LiveRoom()
    client = room.connect(rate_hz=rate_hz, positions=placed)
    client.send(SPOKEN, 0 if placed else None, rate_hz // 50)
    client.hang_up()
    assert room.end_code == "hangup"
    expected = by_channel(as_file(resampled(SPOKEN, rate_hz)))
    assert len(expected[0]) + len(expected[1]) >= 3
    assert by_channel(room.recorder.events) == expected


@pytest.mark.parametrize("encoding", ["mulaw", "alaw", "l16"])
def test_in_any_encoding(encoding: str) -> None:
    if encoding == "l16":
        data = l16(SPOKEN)
        heard = SPOKEN
    else:
        codes = np.random.default_rng(5).integers(0, 256, (2, 8_000 * 5), np.uint8)
        quiet = np.full((2, 16_000), 0xFF if encoding == "mulaw" else 0xD5, np.uint8)
        codes = np.concatenate([codes, quiet, codes], axis=1)
        data = codes.T.tobytes()
        law: g711.Law = "mulaw" if encoding == "mulaw" else "alaw"
        heard = np.stack([g711.decode(channel.tobytes(), law) for channel in codes])
    room = LiveRoom()
    client = room.connect(encoding=encoding)
    for at in range(0, len(data), 641):
        client.receive(data[at : at + 641])
        client.receive(b"")
        room.settle()
    client.hang_up()
    assert room.end_code == "hangup"
    assert by_channel(room.recorder.events) == by_channel(as_file(heard))
    assert room.recorder.finals


def test_repeated_and_overlapping_chunks(recorded: dict[int | None, list[object]]) -> None:
    room = LiveRoom()
    client = room.connect(positions=True)
    for at in range(0, SPOKEN.shape[1], 1_600):
        client.send(SPOKEN[:, at : at + 1_600], at)
        client.send(SPOKEN[:, at : at + 1_600], at)
        client.send(SPOKEN[:, max(0, at - 3_000) : at + 700], max(0, at - 3_000))
    client.hang_up()
    assert room.end_code == "hangup"
    assert by_channel(room.recorder.events) == recorded


def test_a_leg_is_all_that_a_file_does_not_have() -> None:
    room = LiveRoom()
    room.call.open_leg("ann", "cards")
    client = room.connect()
    client.send(SPOKEN)
    client.hang_up()
    assert room.end_code == "hangup"
    assert room.recorder.events[0] == LegStarted("leg-1", 1, "ann", "cards", 0)

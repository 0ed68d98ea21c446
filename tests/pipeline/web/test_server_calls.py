"""Calls through a real server's sockets: refusals, lost connections, joins, controls, what is kept."""

from __future__ import annotations

import asyncio
import json
import struct
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pipeline.client import Sending, Target
from tests.pipeline.live_server import (
    STEREO,
    by_id,
    cut_off,
    hang_up,
    open_stream,
    read_feed,
    refused,
    run,
    served,
    speech,
    two_turns,
)


def types(envelopes: list[dict[str, Any]]) -> list[str]:
    return [envelope["event"]["type"] for envelope in envelopes]


def test_a_call_too_many_gets_503_and_those_in_progress_go_on(tmp_path: Path) -> None:
    async def talk() -> tuple[int, str, str, int]:
        first = await open_stream(address, "first")
        with pytest.raises(InvalidStatus) as caught:
            await open_stream(address, "second")
        again = await connect(f"ws://{address}/v1/calls/first/audio", compression=None)
        await again.send(json.dumps({**STEREO, "carries": [1]}))
        taken, _ = await refused(again)
        async with httpx2.AsyncClient(trust_env=False) as client:
            ready = await client.get(f"http://{address}/readyz")
        await first.send(speech((0.2, 1.0, 0), seconds=2.0).tobytes())
        assert await hang_up(first) == "hangup"
        await Sending(Target(f"ws://{address}"), two_turns("third"), 0).run()
        answer = caught.value.response
        return answer.status_code, answer.headers["Retry-After"], taken, ready.status_code

    with served(tmp_path, live={"max_calls": 1}) as (address, _):
        status, retry, taken, ready = run(talk)
        feed = run(lambda: read_feed(address, "/v1/calls/first/events"))
    assert (status, ready) == (503, 503)
    assert int(retry) >= 1
    assert "carried by another stream" in taken
    assert types(feed).count("utterance_final") == 1


def test_a_client_cut_off_in_mid_word_comes_back_and_loses_nothing(tmp_path: Path) -> None:
    recording = two_turns("cut")
    hello = json.dumps(recording.hello)
    half = 12_800

    async def talk() -> float:
        first = await connect(f"ws://{address}/v1/calls/cut/audio", compression=None)
        await first.send(hello)
        await first.recv()
        await first.send(struct.pack(">Q", 0) + recording.samples[:half].tobytes())
        await cut_off(first)
        while True:
            second = await connect(f"ws://{address}/v1/calls/cut/audio", compression=None)
            await second.send(hello)
            answer = json.loads(await second.recv())
            if answer["type"] == "welcome":
                break
            await second.wait_closed()
        start = round(min(answer["from_s"]) * 16_000)
        await second.send(struct.pack(">Q", start) + recording.samples[start:].tobytes())
        assert await hang_up(second) == "hangup"
        return start / 16_000

    with served(tmp_path) as (address, _):
        from_s = run(talk)
        feed = run(lambda: read_feed(address, "/v1/calls/cut/events"))
        run(lambda: Sending(Target(f"ws://{address}"), two_turns("whole"), 0).run())
        whole = run(lambda: read_feed(address, "/v1/calls/whole/events"))
    assert 0.0 < from_s <= half / 16_000
    assert by_id(feed) == by_id(whole)


def test_a_client_that_never_comes_back_leaves_a_closed_call(tmp_path: Path) -> None:
    async def talk() -> list[dict[str, Any]]:
        socket = await open_stream(address, "gone")
        await socket.send(speech((0.2, 1.5, 0), seconds=1.5).tobytes())
        await cut_off(socket)
        return await read_feed(address, "/v1/calls/gone/events")

    with served(tmp_path, live={"resume_s": 0.3}) as (address, service):
        feed = run(talk)
        left = [call.done.result(10) for call in service.switchboard.calls()]
    assert left in ([], ["disconnected"])
    assert "utterance_final" in types(feed)
    assert feed[-1]["event"]["code"] == "disconnected"


def test_two_streams_are_one_call_and_a_transfer_is_a_new_leg(tmp_path: Path) -> None:
    both = speech((0.2, 1.0, 0), (1.6, 2.4, 1), seconds=3.0)

    async def talk() -> None:
        agent = await open_stream(address, "joined", {**STEREO, "carries": [0], "associate": "a-17"})
        customer = await open_stream(address, "joined", {**STEREO, "carries": [1]})
        await agent.send(both[:, 0].tobytes())
        await customer.send(both[:, 1].tobytes())
        await agent.send(json.dumps({"type": "update", "associate": "a-18", "queue": "loans"}))
        assert await asyncio.gather(hang_up(agent), hang_up(customer)) == ["hangup", "hangup"]

    with served(tmp_path) as (address, service):
        run(talk)
        feed = run(lambda: read_feed(address, "/v1/calls/joined/events"))
        service.journal.backlog()
    finals = [one["event"] for one in feed if one["event"]["type"] == "utterance_final"]
    assert [(final["channel"], final["speaker"]) for final in finals] == [(0, "S1"), (1, "S2")]
    legs = [one["event"] for one in feed if one["event"]["type"] == "leg_started"]
    assert [(leg["number"], leg["associate"], leg["queue"]) for leg in legs] == [
        (1, "a-17", None),
        (2, "a-18", "loans"),
    ]


def test_a_paused_stretch_is_a_gap_and_nothing_of_it_is_read(tmp_path: Path) -> None:
    async def talk() -> None:
        socket = await open_stream(address, "paid")
        await socket.send(speech((0.2, 0.9, 0), seconds=1.6).tobytes())
        await socket.send(json.dumps({"type": "pause"}))
        await socket.send(speech((0.0, 2.0, 1), seconds=2.0).tobytes())
        await socket.send(json.dumps({"type": "dtmf", "digit": "4"}))
        await socket.send(json.dumps({"type": "resume"}))
        await socket.send(speech((0.2, 0.9, 1), seconds=2.0).tobytes())
        assert await hang_up(socket) == "hangup"

    with served(tmp_path) as (address, _):
        run(talk)
        feed = run(lambda: read_feed(address, "/v1/calls/paid/events"))
    gaps = [one["event"] for one in feed if one["event"]["type"] == "audio_gap"]
    assert sorted((gap["channel"], gap["reason"]) for gap in gaps) == [(0, "pause"), (1, "pause")]
    assert all(abs(gap["start_s"] - 1.6) < 0.05 and gap["end_s"] > 3.5 for gap in gaps)
    finals = [one["event"] for one in feed if one["event"]["type"] == "utterance_final"]
    assert [final["channel"] for final in finals] == [0, 1]
    assert finals[1]["start_s"] > 3.4


def test_a_call_that_is_over_is_not_opened_again(tmp_path: Path) -> None:
    async def again() -> tuple[str, int]:
        socket = await connect(f"ws://{address}/v1/calls/once/audio", compression=None)
        await socket.send(json.dumps(STEREO))
        return await refused(socket)

    with served(tmp_path) as (address, _):
        run(lambda: Sending(Target(f"ws://{address}"), two_turns("once"), 0).run())
        answer = run(again)
    assert answer == ("the call is over: a new call needs a new id", 1008)


def test_messages_that_are_too_long_close_the_socket_alone(tmp_path: Path) -> None:
    async def talk() -> int:
        socket = await open_stream(address, "long")
        with pytest.raises(ConnectionClosed) as caught:
            await socket.send(b"\0" * 20_000)
            await asyncio.wait_for(socket.recv(), 10)
        assert caught.value.rcvd is not None
        return caught.value.rcvd.code

    with served(tmp_path, server={"max_message_bytes": 10_000}, live={"resume_s": 0.2}) as (address, _):
        assert run(talk) == 1009
        feed = run(lambda: read_feed(address, "/v1/calls/long/events"))
    assert feed[-1]["event"]["code"] == "disconnected"

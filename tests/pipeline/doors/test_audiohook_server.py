"""AudioHook through a real server, over a real WebSocket, with scripted engines."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from pipeline.doors import g711
from pipeline.doors.audiohook_messages import samples_of
from pipeline.senders.audiohook import AudioHookSender
from pipeline.senders.sender import Spoken
from pipeline.web.keys import KeyRing, add_key, read_keys
from tests.pipeline.doors.audiohook_client import CUSTOMER, ORGANIZATION, SESSION, Client
from tests.pipeline.live_server import hang_up, open_stream, read_feed, run, served, speech

SECRET = b"TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU="


def recording(call_id: str, *bursts: tuple[float, float, int], seconds: float, **other: Any) -> Spoken:
    """Noise of the agent (0) and the customer (1), at 8 kHz."""
    return Spoken(call_id, 8_000, speech(*bursts, seconds=seconds)[::2].astype(np.int16), **other)


async def dial(address: str, sender: AudioHookSender) -> ClientConnection:
    opening = sender.opening(f"ws://{address}", time.time())
    url = f"ws://{address}{opening.path}"
    return await connect(url, additional_headers=dict(opening.headers), compression=None)


async def until(socket: ClientConnection, sender: AudioHookSender, kind: str) -> list[dict[str, Any]]:
    """What the server says up to a message of that type; the client answers."""
    heard: list[dict[str, Any]] = []
    while not heard or heard[-1]["type"] != kind:
        message = await asyncio.wait_for(socket.recv(), 30)
        heard.append(json.loads(message))
        for answer in sender.answer(message):
            await socket.send(answer)
    return heard


async def play(address: str, sender: AudioHookSender, leaked: bytes = b"") -> list[dict[str, Any]]:
    """A whole call; `leaked` is audio that is sent right behind the first `paused`, where none may be."""
    socket = await dial(address, sender)
    for message in sender.hello():
        await socket.send(message)
    heard = await until(socket, sender, "opened")
    for frame in sender.frames():
        for message in frame.messages:
            await socket.send(message)
            if isinstance(message, str) and json.loads(message)["type"] == "paused":
                await socket.send(leaked)
    for message in sender.goodbye():
        await socket.send(message)
    heard += await until(socket, sender, "closed")
    assert sender.over
    assert sender.refused is None
    await socket.close()
    return heard


def finals(heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    entities = [one for message in heard for one in message["parameters"].get("entities", [])]
    return [one["data"] for one in entities if one["data"]["isFinal"]]


def seconds(entity: dict[str, Any], name: str) -> float:
    return samples_of(entity[name], 16_000) / 16_000


@pytest.mark.parametrize("frame_ms", [20, 200])
def test_finals_come_back_and_closed_comes_after_them(tmp_path: Path, frame_ms: int) -> None:
    spoken = recording("a-call", (0.3, 1.2, 0), (2.2, 3.4, 1), (4.2, 5.0, 0), seconds=5.0)
    with served(tmp_path) as (address, _):
        heard = run(lambda: play(address, AudioHookSender(spoken, frame_ms)))
        feed = run(lambda: read_feed(address, "/v1/calls/a-call/events"))
    assert [message["seq"] for message in heard] == list(range(1, len(heard) + 1))
    assert [message["type"] for message in heard if message["type"] != "event"] == [
        "opened",
        "pong",
        "closed",
    ]
    told = sorted(finals(heard), key=lambda one: seconds(one, "offset"))
    # The customer is the first channel on the wire, the agent the second.
    assert [one["channelId"] for one in told] == [1, 0, 1]
    for one, (start_s, end_s) in zip(told, [(0.3, 1.2), (2.2, 3.4), (4.2, 5.0)], strict=True):
        assert abs(seconds(one, "offset") - start_s) < 0.4
        assert abs(seconds(one, "offset") + seconds(one, "duration") - end_s) < 0.4
    stored = {
        (one["event"]["channel"], round(one["event"]["start_s"], 3))
        for one in feed
        if one["event"]["type"] == "utterance_final"
    }
    assert stored == {(one["channelId"], round(seconds(one, "offset"), 3)) for one in told}
    assert feed[-1]["event"]["type"] == "call_closed"
    assert feed[-1]["event"]["code"] == "hangup"


def test_nothing_that_was_said_in_a_pause_is_in_any_event(tmp_path: Path) -> None:
    spoken = recording("paid", (0.3, 1.2, 0), (2.0, 4.0, 1), (5.0, 6.0, 1), seconds=7.0)
    # Two seconds of both channels at full volume, which the client should have kept to itself.
    leaked = b"\x80" * 32_000
    with served(tmp_path) as (address, _):
        sender = AudioHookSender(spoken, pauses=[(1.6, 4.4)])
        heard = run(lambda: play(address, sender, leaked))
        feed = run(lambda: read_feed(address, "/v1/calls/paid/events"))
    told = sorted(finals(heard), key=lambda one: seconds(one, "offset"))
    assert [one["channelId"] for one in told] == [1, 0]
    # The clock counts what came in the pause, though nobody heard it, beside what was thrown away.
    assert abs(seconds(told[1], "offset") - 7.0) < 0.4
    for message in heard:
        for one in message["parameters"].get("entities", []):
            start_s = seconds(one["data"], "offset")
            assert start_s + seconds(one["data"], "duration") <= 1.7 or start_s >= 6.3
    gaps = [one["event"] for one in feed if one["event"]["type"] == "audio_gap"]
    assert {(gap["channel"], gap["reason"]) for gap in gaps} == {(0, "pause"), (1, "pause")}
    assert all(abs(gap["start_s"] - 1.6) < 0.05 and abs(gap["end_s"] - 6.4) < 0.05 for gap in gaps)


def test_what_was_said_before_a_pause_is_final_while_it_lasts(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).uniform(-0.4, 0.4, 32_000).astype(np.float32)

    async def talk() -> list[dict[str, Any]]:
        client, heard = Client(), []
        headers = {"Audiohook-Organization-Id": ORGANIZATION, "Audiohook-Session-Id": SESSION}
        async with connect(f"ws://{address}/v1/audiohook", additional_headers=headers) as socket:
            await socket.send(client.open(media=[CUSTOMER]))
            assert json.loads(await socket.recv())["type"] == "opened"
            await socket.send(g711.encode(noise[:12_000], "mulaw"))
            await socket.send(client.say("paused"))
            heard.append(json.loads(await asyncio.wait_for(socket.recv(), 30)))
            # A client whose clock stood still: nothing was thrown away.
            await socket.send(client.say("resumed", {"start": "PT1.5S", "discarded": "PT0S"}))
            await socket.send(g711.encode(noise[12_000:], "mulaw"))
            await socket.send(client.say("close", {"reason": "end"}))
            while not heard or heard[-1]["type"] != "closed":
                heard.append(json.loads(await asyncio.wait_for(socket.recv(), 30)))
        return heard

    with served(tmp_path, live={"partial_ms": 0}) as (address, _):
        told = finals(run(talk))
    spans = [(seconds(one, "offset"), seconds(one, "duration")) for one in told]
    assert len(spans) == 2
    assert spans[0][0] < 0.1
    assert abs(sum(spans[0]) - 1.5) < 0.1
    assert abs(spans[1][0] - 1.5) < 0.1
    assert abs(sum(spans[1]) - 4.0) < 0.1


def test_a_full_server_says_so_in_the_protocol(tmp_path: Path) -> None:
    async def talk() -> str | None:
        taken = await open_stream(address, "first")
        sender = AudioHookSender(recording("late", seconds=0.1))
        socket = await dial(address, sender)
        await socket.send(sender.hello()[0])
        await until(socket, sender, "closed")
        await socket.close()
        await hang_up(taken)
        return sender.refused

    with served(tmp_path, live={"max_calls": 1}) as (address, _):
        refused = run(talk)
    assert refused is not None
    assert "calls" in refused
    assert "try again in" in refused


def test_a_server_that_ends_a_call_asks_the_client_to_close(tmp_path: Path) -> None:
    async def talk() -> list[dict[str, Any]]:
        sender = AudioHookSender(recording("ended", (0.2, 0.8, 1), seconds=1.5))
        socket = await dial(address, sender)
        await socket.send(sender.hello()[0])
        await until(socket, sender, "opened")
        for frame in sender.frames():
            await socket.send(frame.messages[0])
        await until(socket, sender, "event")
        service.switchboard.end_all("shutdown")
        heard = await until(socket, sender, "closed")
        await socket.close()
        return heard

    with served(tmp_path, live={"partial_ms": 200}) as (address, service):
        heard = run(talk)
    said = [message for message in heard if message["type"] in ("disconnect", "closed")]
    assert [message["type"] for message in said] == ["disconnect", "closed"]
    assert said[0]["parameters"] == {"reason": "error", "info": "the call is over: shutdown"}


def test_a_probe_leaves_no_call(tmp_path: Path) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"

    async def talk() -> list[str]:
        client = Client()
        headers = {"Audiohook-Organization-Id": ORGANIZATION, "Audiohook-Session-Id": SESSION}
        url = f"ws://{address}/v1/audiohook"
        async with connect(url, additional_headers=headers, compression=None) as socket:
            await socket.send(client.open(conversationId=nobody, participant={"id": nobody}))
            answers = [await socket.recv()]
            await socket.send(b"")
            await socket.send(client.say("close", {"reason": "end"}))
            answers.append(await socket.recv())
        return [json.loads(answer)["type"] for answer in answers]

    with served(tmp_path) as (address, service):
        assert run(talk) == ["opened", "closed"]
        assert len(service.switchboard) == 0
    with closing(sqlite3.connect(tmp_path / "calls.db")) as store:
        assert store.execute("SELECT count(*) FROM calls").fetchone() == (0,)


def test_who_has_no_key_or_signs_wrongly_gets_401(tmp_path: Path) -> None:
    key = add_key(tmp_path / "keys.json", "genesys", ("send",), ())
    keys = KeyRing(read_keys(tmp_path / "keys.json"))
    secret_file = tmp_path / "secret"
    secret_file.write_bytes(SECRET + b"\n")

    async def status(**given: Any) -> int:
        try:
            await play(address, AudioHookSender(recording("signed", (0.2, 0.8, 1), seconds=1.0, **given)))
        except InvalidStatus as error:
            return error.response.status_code
        return 101

    with served(tmp_path, keys, doors={"audiohook": {"secret_file": secret_file}}) as (address, _):
        assert run(lambda: status(key=key)) == 401
        assert run(lambda: status(key=key, secret=b"b3RoZXI=")) == 401
        assert run(lambda: status(key="wrapup_other", secret=SECRET)) == 401
        assert run(lambda: status(secret=SECRET)) == 401
        assert run(lambda: status(key=key, secret=SECRET)) == 101

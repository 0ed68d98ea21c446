"""Calls in OpenAI's realtime protocol through a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pipeline.senders.openai import OpenAISender
from pipeline.senders.sender import Opening, Spoken
from pipeline.web.keys import KeyRing, add_key, read_keys
from tests.pipeline.doors.openai_messages import append, commit, hearing
from tests.pipeline.live_server import cut_off, read_feed, run, served, speech

SPOKEN = speech((0.3, 1.2, 0), (2.2, 3.4, 1), seconds=5.0)


def opening(address: str, opening: Opening) -> connect:
    return connect(f"ws://{address}{opening.path}", additional_headers=opening.headers, compression=None)


async def play(address: str, sender: OpenAISender) -> list[dict[str, Any]]:
    """A recording, as fast as it goes; all that the server said."""
    said: list[dict[str, Any]] = []
    async with opening(address, sender.opening(f"ws://{address}", 0.0)) as socket:
        await hear(socket, sender, said, lambda: False)
        for message in sender.hello():
            await socket.send(message)
        await hear(socket, sender, said, lambda: sender.ready)
        for frame in sender.frames():
            for message in frame.messages:
                await socket.send(message)
        for message in sender.goodbye():
            await socket.send(message)
        await hear(socket, sender, said, lambda: sender.over)
    return said


async def hear(
    socket: ClientConnection, sender: OpenAISender, said: list[dict[str, Any]], enough: Callable[[], bool]
) -> None:
    """At least one message, and then until it is enough."""
    while True:
        message = await socket.recv()
        said.append(json.loads(message))
        assert sender.answer(message) == []
        if enough() or len(said) == 1:
            return


async def events_until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or not found[-1]["type"].endswith(kind):
        found.append(json.loads(await socket.recv()))
    return found


def spoken(call_id: str, **more: Any) -> Spoken:
    return Spoken(call_id, 16_000, SPOKEN.astype(np.int16), **more)


def test_a_recording_is_sent_and_its_text_comes_back(tmp_path: Path) -> None:
    with served(tmp_path) as (address, service):
        sender = OpenAISender(spoken("call-1", fields={"associate": "a-17", "queue": "loans"}))
        said = run(lambda: play(address, sender))
        feed = run(lambda: read_feed(address, "/v1/calls/call-1/events"))
        assert service.switchboard.calls() == []
    assert sender.refused is None
    assert [event["type"] for event in said[:2]] == ["session.created", "session.updated"]
    assert [event["event_id"] for event in said] == [f"event_{n}" for n in range(1, len(said) + 1)]
    completed = [event for event in said if event["type"].endswith(".completed")]
    finals = [one["event"] for one in feed if one["event"]["type"] == "utterance_final"]
    assert [event["item_id"] for event in completed] == [f"item_{final['id']}" for final in finals]
    texts = [" ".join(word["text"] for word in final["words"]) for final in finals]
    assert [event["transcript"] for event in completed] == texts
    assert len(texts) == 2
    assert feed[-1]["event"]["code"] == "hangup"
    legs = [one["event"] for one in feed if one["event"]["type"] == "leg_started"]
    assert [(leg["associate"], leg["queue"]) for leg in legs] == [("a-17", "loans")]


def test_a_client_that_commits_gets_its_text_and_may_vanish(tmp_path: Path) -> None:
    async def talk() -> list[dict[str, Any]]:
        socket = await connect(f"ws://{address}/v1/realtime?call_id=c", compression=None)
        await socket.send(hearing(format={"type": "audio/pcm", "rate": 16_000}, turn_detection=None))
        await socket.send(append(SPOKEN[: 2 * 16_000, 0].tobytes()))
        await socket.send(commit())
        found = await events_until(socket, ".completed")
        await cut_off(socket)
        return found

    with served(tmp_path, live={"resume_s": 600.0}) as (address, _):
        said = run(talk)
        feed = run(lambda: read_feed(address, "/v1/calls/c/events"))
    assert said[-1]["item_id"] == "item_c1"
    assert said[-1]["transcript"]
    assert feed[-1]["event"]["code"] == "hangup"


def test_no_call_begins_without_audio(tmp_path: Path) -> None:
    async def talk() -> int:
        async with connect(f"ws://{address}/v1/realtime", compression=None) as socket:
            await socket.send(hearing(turn_detection=None))
            await events_until(socket, "session.updated")
            return len(service.switchboard)

    with served(tmp_path, server={"hello_s": 2.0}) as (address, service):
        assert run(talk) == 0
        assert run(lambda: read_closed(address)) == ("error", 1008)


async def read_closed(address: str) -> tuple[str, int]:
    """How a connection ends on which nothing is said."""
    async with connect(f"ws://{address}/v1/realtime", compression=None) as socket:
        await socket.recv()
        # The server waits for its first audio; the end of that wait is the socket's.
        said = json.loads(await asyncio.wait_for(socket.recv(), 30))
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        return said["type"], socket.close_code or 0


def test_a_full_server_says_so_on_the_open_socket(tmp_path: Path) -> None:
    async def talk() -> tuple[dict[str, Any], int]:
        first = await connect(f"ws://{address}/v1/realtime?call_id=one", compression=None)
        await first.send(append(b"\0\0" * 2_400))
        await first.send(commit())
        await events_until(first, "error")
        second = await connect(f"ws://{address}/v1/realtime?call_id=two", compression=None)
        await second.recv()
        await second.send(append(b"\0\0"))
        error = json.loads(await second.recv())["error"]
        await second.wait_closed()
        await first.close()
        return error, second.close_code or 0

    with served(tmp_path, live={"max_calls": 1}) as (address, _):
        error, code = run(talk)
    assert (error["type"], error["code"], code) == ("server_error", "rate_limit_exceeded", 1013)


def test_a_key_is_asked_for(tmp_path: Path) -> None:
    secret = add_key(tmp_path / "keys.json", "k", ("send",), ())
    keys = KeyRing(read_keys(tmp_path / "keys.json"))

    async def refused(headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        with pytest.raises(InvalidStatus) as caught:
            await connect(f"ws://{address}/v1/realtime", additional_headers=headers, compression=None)
        response = caught.value.response
        return response.status_code, json.loads(response.body or b"{}")["error"]

    async def browser() -> str | None:
        offered: Any = ["realtime", f"openai-insecure-api-key.{secret}"]
        async with connect(f"ws://{address}/v1/realtime", subprotocols=offered, compression=None) as socket:
            await socket.recv()
            return socket.subprotocol

    with served(tmp_path, keys) as (address, _):
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            status, error = run(lambda headers=headers: refused(headers))  # type: ignore[misc]
            assert (status, error["code"]) == (401, "invalid_api_key")
        assert run(browser) == "realtime"
        sender = OpenAISender(spoken("with-key", key=secret))
        assert any(event["type"].endswith(".completed") for event in run(lambda: play(address, sender)))

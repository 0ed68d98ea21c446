"""The server as a process: killed in mid-call and started again, told to stop, kept from strangers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pipeline.client import Recording, Sending, Target, read_recording
from tests.conftest import ROOT
from tests.pipeline.live_server import by_id, cut_off, hang_up, open_stream, read_feed, run

COMMAND = [sys.executable, "-c", "from pipeline.cli import main; main()", "serve", "--asr", "scripted"]


SPOKEN_S = 12


def spoken(call_id: str) -> Recording:
    """The first sentences of a sample call, which voice activity knows for speech."""
    whole = read_recording(ROOT / "sample_calls" / "12-hang-up.flac", call_id, {})
    return Recording(call_id, whole.samples[: SPOKEN_S * whole.rate_hz], whole.hello)


def raw(recording: Recording) -> dict[str, Any]:
    """Its hello for audio without positions."""
    return {**recording.hello, "positions": False}


@contextmanager
def process(folder: Path, *options: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`wrapup serve` on a free port; gives the process and its address."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    server = subprocess.Popen(
        [*COMMAND, "--port", "0", *options],
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if "listens on" in line:
                yield server, line.split("//")[1].split()[0]
                break
        else:
            raise AssertionError("the server ended at once")
    finally:
        server.kill()
        server.wait()
        server.stderr.close()


def events(feed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one["event"] for one in feed]


def test_killed_in_mid_call_and_started_again_nothing_is_lost(tmp_path: Path) -> None:
    recording = spoken("killed")
    half = 8 * recording.rate_hz

    async def first_half() -> list[dict[str, Any]]:
        socket = await connect(f"ws://{address}/v1/calls/killed/audio", compression=None)
        await socket.send(json.dumps(recording.hello))
        await socket.recv()
        await socket.send(struct.pack(">Q", 0) + recording.samples[:half].tobytes())
        seen = []
        async with connect(f"ws://{address}/v1/calls/killed/events", compression=None) as feed:
            while not seen or seen[-1]["event"]["type"] != "utterance_final":
                seen.append(json.loads(await feed.recv()))
        server.send_signal(signal.SIGKILL)
        await socket.wait_closed()
        return seen

    async def second_half() -> None:
        assert await Sending(Target(f"ws://{address}"), recording, 0).run() == "hangup"
        await Sending(
            Target(f"ws://{address}"), Recording("whole", recording.samples, recording.hello), 0
        ).run()

    with process(tmp_path) as (server, address):
        seen = run(first_half)
    with process(tmp_path) as (server, address):
        run(second_half)
        feed = run(lambda: read_feed(address, "/v1/calls/killed/events"))
        whole = run(lambda: read_feed(address, "/v1/calls/whole/events"))
    assert [one for one in seen if one["id"] is not None] == feed[: len([1 for one in seen if one["id"]])]
    assert len({event["id"] for event in events(feed)}) == len(feed)
    assert by_id(feed) == by_id(whole)
    assert events(feed)[-1]["type"] == "call_closed"


def test_killed_in_mid_call_without_its_client_the_call_is_closed_with_its_code(tmp_path: Path) -> None:
    async def begin() -> None:
        recording = spoken("lost")
        socket = await open_stream(address, "lost", raw(recording))
        await socket.send(recording.samples[: 8 * recording.rate_hz].tobytes())
        async with connect(f"ws://{address}/v1/calls/lost/events", compression=None) as feed:
            while json.loads(await feed.recv())["event"]["type"] != "utterance_final":
                pass
        server.send_signal(signal.SIGKILL)
        await socket.wait_closed()

    with process(tmp_path) as (server, address):
        run(begin)
    with process(tmp_path, WRAPUP_LIVE__RESUME_S="0.5") as (server, address):
        feed = run(lambda: read_feed(address, "/v1/calls/lost/events"))
    kinds = [event["type"] for event in events(feed)]
    assert kinds.count("utterance_final") == 1
    assert kinds[-2:] == ["draft_ready", "call_closed"]
    assert events(feed)[-1]["code"] == "interrupted"


def test_told_to_stop_it_lets_calls_end_and_takes_no_more(tmp_path: Path) -> None:
    recording = spoken("last")
    half = 4 * recording.rate_hz

    async def talk() -> int:
        socket = await open_stream(address, "last", raw(recording))
        await socket.send(recording.samples[:half].tobytes())
        server.send_signal(signal.SIGTERM)
        status = 0
        while status != 503:
            try:
                await cut_off(await open_stream(address, f"late-{status}"))
            except InvalidStatus as error:
                status = error.response.status_code
            await asyncio.sleep(0.05)
        await socket.send(recording.samples[half:].tobytes())
        assert await hang_up(socket) == "hangup"
        return status

    with process(tmp_path, WRAPUP_LIVE__RESUME_S="0.2") as (server, address):
        assert run(talk) == 503
        assert server.wait(30) == 0


def test_a_call_that_outlasts_the_drain_is_closed_as_shut_down(tmp_path: Path) -> None:
    async def talk() -> None:
        recording = spoken("long")
        socket = await open_stream(address, "long", raw(recording))
        await socket.send(recording.samples.tobytes())
        await (await socket.ping())
        server.send_signal(signal.SIGTERM)
        await socket.wait_closed()

    with process(tmp_path, WRAPUP_SERVER__DRAIN_S="0") as (server, address):
        run(talk)
        assert server.wait(30) == 0
    with process(tmp_path) as (server, address):
        feed = run(lambda: read_feed(address, "/v1/calls/long/events"))
    assert events(feed)[-1]["code"] == "shutdown"
    assert "draft_ready" in [event["type"] for event in events(feed)]


def test_told_to_stop_it_ends_who_follows_and_exits(tmp_path: Path) -> None:
    async def follow() -> int:
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
            url = f"http://{address}/v1/events"
            async with connect(f"ws://{address}/v1/events", compression=None) as feed:
                async with client.stream("GET", url) as answer:
                    assert answer.status_code == 200
                    server.send_signal(signal.SIGTERM)
                    assert [line async for line in answer.aiter_lines()] == []
                await feed.wait_closed()
                assert feed.close_code is not None
                return feed.close_code

    with process(tmp_path) as (server, address):
        assert run(follow) == 1012
        assert server.wait(30) == 0


def test_a_second_signal_stops_it_at_once(tmp_path: Path) -> None:
    async def talk() -> None:
        socket = await open_stream(address, "held", raw(spoken("held")))
        server.send_signal(signal.SIGTERM)
        async with httpx2.AsyncClient(trust_env=False) as client:
            while (await client.get(f"http://{address}/readyz")).status_code != 503:
                await (await socket.ping())
            async with client.stream("GET", f"http://{address}/v1/events"):
                server.send_signal(signal.SIGTERM)
                await socket.wait_closed()

    with process(tmp_path, WRAPUP_SERVER__DRAIN_S="600") as (server, address):
        run(talk)
        assert server.wait(30) == -signal.SIGTERM
    with process(tmp_path, WRAPUP_LIVE__RESUME_S="0.2") as (server, address):
        feed = run(lambda: read_feed(address, "/v1/calls/held/events"))
    assert events(feed)[-1]["code"] == "interrupted"


def test_without_a_key_nobody_else_is_served(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [*COMMAND, "--host", "0.0.0.0"]
    refused = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "wrapup keys add" in refused.stderr

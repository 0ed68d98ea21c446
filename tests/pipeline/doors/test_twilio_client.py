"""A real server and the packages streamdouble, which plays the vendor, and twilio, which signs as it does."""

from __future__ import annotations

import asyncio
import json
import subprocess
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.pipeline.doors.test_twilio_gate import SHA1, SHA256, TOKEN
from tests.pipeline.doors.test_twilio_sender import of
from tests.pipeline.doors.twilio_messages import STOP, start
from tests.pipeline.live_server import run, served, speech

pytestmark = pytest.mark.clients

PATIENCE_S = 240
OFF_S = 0.041
"""How far a place may be from its timestamp."""

SIGN = """
import json, sys
from twilio.request_validator import RequestValidator
token, algorithm, *addresses = sys.argv[1:]
validator = RequestValidator(token)
print(json.dumps([validator.compute_signature(one, {}, algorithm or None) for one in addresses]))
"""


def recorded(path: Path, samples: np.ndarray) -> Path:
    """A WAV file at 8 kHz of samples at 16 kHz, one channel."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(samples[::2].tobytes())
    return path


@pytest.fixture
def voices(tmp_path: Path) -> tuple[str, ...]:
    """What the caller and the agent say, as options: two seconds in which one speaks, then the other."""
    both = speech((0.2, 0.8, 0), (1.1, 1.7, 1), seconds=2.0)
    caller = recorded(tmp_path / "caller.wav", both[:, 1])
    agent = recorded(tmp_path / "agent.wav", both[:, 0])
    return ("--audio", str(caller), "--agent-audio", str(agent))


async def called(python: Path, address: str, *options: str) -> dict[str, Any]:
    """Place calls with the client; what it says of them."""
    fork = ["--fork", "--track", "both", "--allow-no-audio", "--response-timeout", "1", "--json"]
    command = [str(python.parent / "streamdouble"), "call", f"ws://{address}/v1/twilio", *fork, *options]
    client = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = await client.communicate()
    assert client.returncode == 0, err.decode()
    return dict(json.loads(out)) if out.strip() else {}


async def closed_calls(address: str, count: int) -> dict[str, list[dict[str, Any]]]:
    """Events of each call, once so many are closed."""
    events: dict[str, list[dict[str, Any]]] = {}
    async with connect(f"ws://{address}/v1/events?after=0", compression=None) as socket:
        while sum(len(of(one, "call_closed")) for one in events.values()) < count:
            envelope = json.loads(await socket.recv())
            events.setdefault(envelope["call_id"], []).append(envelope["event"])
    return events


def patiently(body: Callable[[], Awaitable[Any]]) -> Any:
    """Clients play in real time."""

    async def bounded() -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await body()

    return asyncio.run(bounded())


def test_a_fork_of_both_tracks(tmp_path: Path, clients_python: Path, voices: tuple[str, ...]) -> None:
    async def talk() -> tuple[dict[str, Any], dict[str, Any]]:
        parameters = ("--param", "associate=ann", "--param", "queue=cards", "--param", "direction=inbound")
        told = await called(clients_python, address, *voices, *parameters)
        return told, await closed_calls(address, 1)

    with served(tmp_path) as (address, _):
        told, calls = patiently(talk)
    (events,) = calls.values()
    assert (told["violations"], told["closed_early"], told["frames_dropped"]) == ([], False, 0)
    assert sorted(final["channel"] for final in of(events, "utterance_final")) == [0, 1]
    assert of(events, "audio_gap") == []
    assert [(leg["associate"], leg["queue"]) for leg in of(events, "leg_started")] == [("ann", "cards")]
    assert (events[-1]["code"], events[-1]["duration_s"]) == ("hangup", 2.0)


def test_loss_and_jitter(tmp_path: Path, clients_python: Path, voices: tuple[str, ...]) -> None:
    async def talk() -> tuple[dict[str, Any], dict[str, Any]]:
        bad = ("--packet-loss", "0.1", "--jitter", "15", "--latency", "40", "--chaos-seed", "2")
        return await called(clients_python, address, *voices, *bad), await closed_calls(address, 1)

    with served(tmp_path) as (address, _):
        told, calls = patiently(talk)
    (events,) = calls.values()
    gaps = of(events, "audio_gap")
    assert told["frames_dropped"] >= 4
    assert {(gap["channel"], gap["reason"]) for gap in gaps} == {(1, "lost")}
    lost_s = sum(gap["end_s"] - gap["start_s"] for gap in gaps)
    assert abs(lost_s - told["frames_dropped"] * 0.02) <= OFF_S
    assert {final["channel"] for final in of(events, "utterance_final")} == {0, 1}
    assert events[-1]["code"] == "hangup"
    assert abs(events[-1]["duration_s"] - 2.0) <= OFF_S


def test_twenty_calls(tmp_path: Path, clients_python: Path, voices: tuple[str, ...]) -> None:
    """Four clients at once, with five calls each."""

    async def talk() -> dict[str, Any]:
        await asyncio.gather(*(called(clients_python, address, *voices, "-n", "5") for _ in range(4)))
        return await closed_calls(address, 20)

    with served(tmp_path) as (address, service):
        calls = patiently(talk)
        assert len(service.switchboard) == 0
    assert len(calls) == 20
    for events in calls.values():
        assert sorted(final["channel"] for final in of(events, "utterance_final")) == [0, 1]
        assert of(events, "audio_gap") == []
        assert events[-1]["code"] == "hangup"


def signed(python: Path, token: bytes, algorithm: str, *addresses: str) -> list[str]:
    command = [str(python), "-c", SIGN, token.decode(), algorithm, *addresses]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def test_the_signatures_that_the_gate_is_tested_with(clients_python: Path) -> None:
    assert signed(clients_python, TOKEN, "", *SHA1) == list(SHA1.values())
    assert signed(clients_python, TOKEN, "HMAC_SHA256", next(iter(SHA1))) == [SHA256]


def test_a_server_lets_in_who_signs_its_address(tmp_path: Path, clients_python: Path) -> None:
    secret = tmp_path / "token"
    secret.write_bytes(TOKEN)
    newer = {"X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_SHA256"}

    async def opened(signature: str, call_id: str, headers: dict[str, str]) -> int:
        headers = {**headers, "X-Twilio-Signature": signature}
        url = f"ws://{address}/v1/twilio"
        async with connect(url, additional_headers=headers, compression=None) as socket:
            await socket.send(start(callSid=call_id))
            await socket.send(STOP)
            await socket.wait_closed()
            return socket.close_code or 0

    doors = {"twilio": {"secret_file": secret}, "public_url": "wss://calls.example.org"}
    public, web = "wss://calls.example.org/v1/twilio", "https://calls.example.org/v1/twilio"
    with served(tmp_path, doors=doors) as (address, _):
        right, wrong = signed(clients_python, TOKEN, "", public, web)
        (other,) = signed(clients_python, TOKEN, "HMAC_SHA256", public)
        assert run(lambda: opened(right, "CA-1", {})) == 1000
        assert run(lambda: opened(other, "CA-2", newer)) == 1000
        for signature in (wrong, other):
            with pytest.raises(InvalidStatus) as caught:
                run(lambda signature=signature: opened(signature, "CA-3", {}))  # type: ignore[misc]
            assert caught.value.response.status_code == 403

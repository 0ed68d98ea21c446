"""Deepgram's protocol through a real server: its client's side, keys, refusals, silence."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from pipeline.senders.deepgram import DeepgramSender
from pipeline.senders.sender import Spoken
from pipeline.web.keys import KeyRing, add_key, read_keys
from tests.pipeline.doors.deepgram_messages import control, wav_head
from tests.pipeline.live_server import read_feed, run, served, speech

RAW = "/v1/listen?encoding=linear16&sample_rate=16000"


def spoken(call_id: str, rate_hz: int = 16_000, channels: int = 2, **more: Any) -> Spoken:
    """Five seconds in which the agent speaks, then the customer."""
    samples = speech((0.3, 1.2, 0), (2.2, 3.4, channels - 1), seconds=5.0, channels=channels)
    return Spoken(call_id, rate_hz, samples[:: 16_000 // rate_hz], **more)


async def played(address: str, sender: DeepgramSender) -> list[dict[str, Any]]:
    """All that a recording is answered."""
    opening = sender.opening(f"ws://{address}", 0.0)
    url = f"ws://{address}{opening.path}"
    async with connect(url, additional_headers=dict(opening.headers), compression=None) as socket:
        assert sender.ready
        for message in sender.hello():
            await socket.send(message)
        for frame in sender.frames():
            for message in frame.messages:
                await socket.send(message)
        for message in sender.goodbye():
            await socket.send(message)
        answers = []
        async for message in socket:
            assert not sender.over
            assert sender.answer(message) == []
            answers.append(json.loads(message))
    assert sender.over
    assert sender.refused is None
    assert (socket.close_code, socket.close_reason) == (1000, "")
    return answers


async def farewell(socket: ClientConnection) -> tuple[list[dict[str, Any]], int, str]:
    """All that is still said, the close code and the reason."""
    messages = []
    try:
        while True:
            messages.append(json.loads(await socket.recv()))
    except ConnectionClosed:
        pass
    return messages, socket.close_code or 0, socket.close_reason or ""


@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
def test_a_recording_is_a_call(tmp_path: Path, rate_hz: int) -> None:
    fields = {"associate": "ann", "queue": "cards: lost", "language": "en-US"}
    with served(tmp_path, live={"partial_ms": 100}) as (address, _):
        sender = DeepgramSender(spoken("c-1", rate_hz, fields=fields))
        answers = run(lambda: played(address, sender))
        feed = run(lambda: read_feed(address, "/v1/calls/c-1/events"))
    events = [envelope["event"] for envelope in feed]
    told = [one for one in answers if one["type"] == "Results" and one["is_final"]]
    finals = [event for event in events if event["type"] == "utterance_final"]
    assert [one["channel_index"] for one in told] == [[0, 2], [1, 2]]
    assert [one["start"] for one in told] == [event["start_s"] for event in finals]
    assert [one["duration"] for one in told] == pytest.approx(
        [event["end_s"] - event["start_s"] for event in finals]
    )
    texts = [" ".join(word["text"] for word in event["words"]) for event in finals]
    assert [one["channel"]["alternatives"][0]["transcript"] for one in told] == texts
    assert answers[-1]["type"] == "Metadata"
    assert (answers[-1]["duration"], answers[-1]["channels"]) == (5.0, 2)
    (leg,) = [event for event in events if event["type"] == "leg_started"]
    assert (leg["associate"], leg["queue"]) == ("ann", "cards: lost")
    assert events[-1]["code"] == "hangup"


def test_one_channel(tmp_path: Path) -> None:
    with served(tmp_path) as (address, _):
        answers = run(lambda: played(address, DeepgramSender(spoken("c-1", channels=1))))
    finals = [one for one in answers if one["type"] == "Results" and one["is_final"]]
    assert [one["channel_index"] for one in finals] == [[0, 1], [0, 1]]
    assert answers[-1]["channels"] == 1


def test_telephone_audio_is_sent_as_mulaw_and_other_as_it_is() -> None:
    sender = DeepgramSender(spoken("c-1", 8_000))
    assert "encoding=mulaw&sample_rate=8000&channels=2&multichannel=true" in sender.opening("", 0.0).path
    frames = list(sender.frames())
    assert [len(data) for frame in frames for data in frame.messages] == [320] * 250
    assert frames[-1].spoken_s == 5.0
    pcm = DeepgramSender(spoken("c-1"))
    assert "encoding=linear16&sample_rate=16000" in pcm.opening("", 0.0).path
    data = b"".join(bytes(data) for frame in pcm.frames() for data in frame.messages)  # type: ignore[arg-type]
    assert np.array_equal(np.frombuffer(data, "<i2").reshape(-1, 2), spoken("c-1").samples)


def test_a_sender_keeps_why_it_was_refused() -> None:
    sender = DeepgramSender(spoken("c-1", key="secret"))
    assert sender.opening("", 0.0).headers == {"Authorization": "Token secret"}
    sender.answer(json.dumps({"type": "Error", "variant": "POLICY", "description": "the call is over"}))
    assert (sender.refused, sender.over) == ("the call is over", False)


def test_keys_and_queries_are_judged_before_there_is_a_socket(tmp_path: Path) -> None:
    secret = add_key(tmp_path / "keys.json", "stack", ("send",), ())

    async def denied(path: str, **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        with pytest.raises(InvalidStatus) as caught:
            await connect(f"ws://{address}{path}", additional_headers=headers, compression=None)
        answer = caught.value.response
        return answer.status_code, json.loads(answer.body or b""), dict(answer.headers.raw_items())

    async def talk() -> None:
        status, body, headers = await denied(RAW, Authorization="Token wrong")
        assert (status, body["err_code"]) == (401, "INVALID_AUTH")
        assert headers["dg-request-id"] == body["request_id"]
        assert headers["dg-error"] == body["err_msg"]
        status, body, _ = await denied(f"{RAW}&language=es", Authorization=f"Token {secret}")
        assert (status, body["err_code"]) == (400, "INVALID_QUERY_PARAMETER")
        offered = [Subprotocol("token"), Subprotocol(secret)]
        async with connect(f"ws://{address}{RAW}", subprotocols=offered, compression=None) as socket:
            assert socket.subprotocol == "token"
            assert socket.response is not None
            request_id = socket.response.headers["dg-request-id"]
            await socket.send(control("CloseStream"))
            (metadata,), code, _ = await farewell(socket)
            assert (metadata["request_id"], code) == (request_id, 1000)

    with served(tmp_path, KeyRing(read_keys(tmp_path / "keys.json"))) as (address, _):
        run(talk)


def test_a_full_server_says_429(tmp_path: Path) -> None:
    async def talk() -> None:
        async with connect(f"ws://{address}{RAW}", compression=None) as socket:
            await socket.send(control("Finalize"))
            assert json.loads(await socket.recv())["from_finalize"]
            with pytest.raises(InvalidStatus) as caught:
                await connect(f"ws://{address}{RAW}", compression=None)
            assert caught.value.response.status_code == 429
            assert int(caught.value.response.headers["Retry-After"]) >= 1
            await socket.send(b"")
            messages, code, _ = await farewell(socket)
            assert ([one["type"] for one in messages], code) == (["Metadata"], 1000)

    with served(tmp_path, live={"max_calls": 1}) as (address, _):
        run(talk)


def test_finals_are_there_when_the_client_asks(tmp_path: Path) -> None:
    async def talk() -> list[dict[str, Any]]:
        async with connect(f"ws://{address}{RAW}&channels=2&multichannel=true", compression=None) as socket:
            await socket.send(speech((0.2, 1.2, 0), seconds=1.2).tobytes())
            await socket.send(control("Finalize"))
            first = [json.loads(await socket.recv()) for _ in range(2)]
            await socket.send(control("CloseStream"))
            messages, _, _ = await farewell(socket)
            return [*first, *messages]

    with served(tmp_path) as (address, _):
        final, empty, metadata = run(talk)
    assert (final["channel_index"], final["from_finalize"]) == ([0, 2], True)
    assert final["channel"]["alternatives"][0]["transcript"]
    assert (empty["channel_index"], empty["from_finalize"]) == ([1, 2], True)
    assert not empty["channel"]["alternatives"][0]["transcript"]
    assert metadata["type"] == "Metadata"


def test_a_client_that_keeps_itself_alive_may_take_its_time_with_the_wav_head(tmp_path: Path) -> None:
    async def talk() -> None:
        async with connect(f"ws://{address}/v1/listen", compression=None) as socket:
            for _ in range(5):
                await socket.send(control("KeepAlive"))
                await asyncio.sleep(0.2)
            await socket.send(wav_head() + bytes(320))
            await socket.send(control("CloseStream"))
            messages, code, _ = await farewell(socket)
            assert ([one["type"] for one in messages], code) == (["Metadata"], 1000)

    with served(tmp_path, server={"hello_s": 0.4}, live={"idle_s": 5.0}) as (address, _):
        run(talk)


def test_finals_that_wait_for_their_speakers_come_before_the_end(tmp_path: Path) -> None:
    async def talk() -> list[dict[str, Any]]:
        query = f"{RAW}&diarize=true&interim_results=true&utterance_end_ms=1000"
        async with connect(f"ws://{address}{query}", compression=None) as socket:
            samples = speech((0.3, 1.2, 0), (2.2, 3.4, 0), seconds=5.0, channels=1)
            await socket.send(samples.tobytes())
            await socket.send(control("CloseStream"))
            return (await farewell(socket))[0]

    with served(tmp_path) as (address, _):
        messages = run(talk)
    told = [one for one in messages if one.get("is_final", True)]
    assert [one["type"] for one in told] == ["Results", "Results", "UtteranceEnd", "Metadata"]
    words = [word for one in told[:2] for word in one["channel"]["alternatives"][0]["words"]]
    assert {type(word["speaker"]) for word in words} == {int}


@pytest.mark.parametrize("last", [None, control("KeepAlive"), b"\0\0"])
def test_a_client_that_falls_silent_is_closed(tmp_path: Path, last: str | bytes | None) -> None:
    async def talk() -> None:
        async with connect(f"ws://{address}{RAW}", compression=None) as socket:
            if last is not None:
                await socket.send(last)
            (error,), code, reason = await farewell(socket)
            assert (error["variant"], code, reason[:8]) == ("NET-0001", 1011, "NET-0001")

    with served(tmp_path, server={"hello_s": 0.4}, live={"idle_s": 0.4}) as (address, _):
        run(talk)

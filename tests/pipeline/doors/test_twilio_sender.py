"""The client's side of Twilio Media Streams, and calls of it through a real server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from pipeline.doors import g711
from pipeline.doors.messages import Chunk, Ended, Presented, Started, Upgrade, Welcome
from pipeline.doors.metadata import DoorSettings
from pipeline.doors.twilio import TwilioDoor, TwilioGate
from pipeline.senders.sender import Message, Spoken
from pipeline.senders.twilio import TwilioSender
from pipeline.service import Service
from pipeline.web.keys import KeyRing, add_key, read_keys
from tests.pipeline.doors.twilio_messages import STOP, media, start
from tests.pipeline.live_server import read_feed, run, served, speech

RATE_HZ = 8_000


def spoken(call_id: str = "CA1", **fields: Any) -> Spoken:
    """A call of five seconds in which the agent speaks, then the customer."""
    samples = speech((0.3, 1.2, 0), (2.2, 3.4, 1), seconds=5.0)[::2]
    return Spoken(call_id, RATE_HZ, np.ascontiguousarray(samples), **fields)


def everything(sender: TwilioSender) -> list[Message]:
    messages = sender.hello()
    for frame in sender.frames():
        messages += frame.messages
    return messages + sender.goodbye()


def test_the_door_hears_what_was_said() -> None:
    one = spoken(fields={"associate": "ann"})
    sender, door = TwilioSender(one), TwilioDoor()
    assert (sender.ready, sender.over, sender.refused) == (True, False, None)
    first, *rest = sender.hello()
    assert door.receive(first) == []
    (started,) = door.receive(rest[0])
    assert isinstance(started, Started)
    assert (started.info.call_id, started.info.associate, started.carries) == ("CA1", "ann", (0, 1))
    door.welcome(Welcome("CA1", (0, 0)))
    heard = np.zeros((2, len(one.samples)), np.float32)
    for frame in sender.frames():
        for message in frame.messages:
            (chunk,) = door.receive(message)
            assert isinstance(chunk, Chunk)
            assert chunk.at is not None
            until = chunk.at + chunk.samples.shape[1]
            assert abs(until / RATE_HZ - frame.spoken_s) < 1e-9
            heard[chunk.channels[0], chunk.at : until] = chunk.samples[0]
    assert not sender.over
    assert door.receive(sender.goodbye()[0]) == [Ended()]
    assert sender.over
    sent = one.samples.T / np.float32(32_768)
    assert np.array_equal(heard, g711.decode(g711.encode(sent, "mulaw"), "mulaw").reshape(2, -1))


def test_one_channel_is_the_callers_track() -> None:
    one = Spoken("CA1", RATE_HZ, np.full((250, 1), 8_000, np.int16))
    messages = [json.loads(message) for message in everything(TwilioSender(one))]
    assert messages[1]["start"]["tracks"] == ["inbound"]
    audio = [message["media"] for message in messages if message["event"] == "media"]
    assert [(one["track"], one["chunk"], one["timestamp"]) for one in audio] == [
        ("inbound", "1", "0"),
        ("inbound", "2", "20"),
    ]
    assert len({len(one["payload"]) for one in audio}) == 1
    assert [message["sequenceNumber"] for message in messages[1:]] == ["1", "2", "3", "4"]


def test_other_rates_are_brought_to_the_wires() -> None:
    tone = np.sin(np.arange(48_000) * 2 * np.pi * 440 / 48_000) * 20_000
    sender, door = TwilioSender(Spoken("CA1", 48_000, tone.astype(np.int16)[:, None])), TwilioDoor()
    outputs = [output for message in everything(sender) for output in door.receive(message)]
    heard = np.concatenate([one.samples[0] for one in outputs if isinstance(one, Chunk)])
    expected = np.sin(np.arange(8_000) * 2 * np.pi * 440 / 8_000) * 20_000 / 32_768
    assert heard.shape == expected.shape
    assert np.abs(heard - expected)[200:-200].max() < 0.03


def test_the_gate_knows_the_senders_signature() -> None:
    opening = TwilioSender(spoken(secret=b"token")).opening("wss://calls.example.org:8443", 0.0)
    headers = {name.lower(): value for name, value in opening.headers.items()}
    upgrade = Upgrade("wss://calls.example.org:8443" + opening.path, headers, 0.0)
    assert TwilioGate(DoorSettings(secret=b"token")).present(upgrade) == Presented(signed=True)
    assert TwilioSender(spoken()).opening("ws://h", 0.0).path == "/v1/twilio"
    assert TwilioSender(spoken(key="a/b")).opening("ws://h", 0.0).path == "/v1/twilio/a%2Fb"


async def played(origin: str, one: Spoken) -> None:
    """Send a call, faster than it was spoken, and leave as the vendor does."""
    sender = TwilioSender(one)
    opening = sender.opening(origin, 0.0)
    headers = dict(opening.headers)
    async with connect(origin + opening.path, additional_headers=headers, compression=None) as socket:
        for message in everything(sender):
            await socket.send(message)
            assert sender.answer(message) == []


async def feed_of(address: str, call_id: str, key: str | None = None) -> list[dict[str, Any]]:
    headers = None if key is None else {"Authorization": f"Bearer {key}"}
    return [one["event"] for one in await read_feed(address, f"/v1/calls/{call_id}/events", headers)]


def of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]


async def _until_begun(service: Service, call_id: str, streams: int) -> None:
    while True:
        calls = [call for call in service.switchboard.calls() if call.info.call_id == call_id]
        if calls and len(calls[0]._streams) == streams:
            return
        await asyncio.sleep(0.01)


def test_a_signed_call_through_a_real_server(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("auth-token\n")
    doors = {"twilio": {"secret_file": secret}}
    with served(tmp_path, doors=doors) as (address, _):
        one = spoken("CA-signed", secret=b"auth-token", fields={"associate": "ann", "queue": "cards"})
        run(lambda: played(f"ws://{address}", one))
        events = run(lambda: feed_of(address, "CA-signed"))
        with pytest.raises(InvalidStatus) as caught:
            run(lambda: played(f"ws://{address}", spoken("CA-forged", secret=b"another")))
    finals = of(events, "utterance_final")
    assert [(final["channel"], round(final["start_s"])) for final in finals] == [(0, 0), (1, 2)]
    assert of(events, "audio_gap") == []
    (leg,) = of(events, "leg_started")
    assert (leg["associate"], leg["queue"]) == ("ann", "cards")
    assert (events[-1]["type"], events[-1]["code"]) == ("call_closed", "hangup")
    assert abs(events[-1]["duration_s"] - 5.0) < 0.01
    assert caught.value.response.status_code == 403


def test_keys_in_the_address_and_full_servers(tmp_path: Path) -> None:
    key = add_key(tmp_path / "keys.json", "sender", ("send", "read"), ())
    keys = KeyRing(read_keys(tmp_path / "keys.json"))
    statuses = []

    async def refused(one: Spoken) -> None:
        with pytest.raises(InvalidStatus) as caught:
            await played(f"ws://{address}", one)
        statuses.append(caught.value.response.status_code)

    async def talk() -> list[dict[str, Any]]:
        await refused(spoken("CA-no-key"))
        await refused(spoken("CA-wrong-key", key="guessed"))
        async with connect(f"ws://{address}/v1/twilio/{key}", compression=None) as first:
            await first.send(start(callSid="CA-first"))
            await _until_begun(service, "CA-first", 1)
            async with connect(f"ws://{address}/v1/twilio/{key}", compression=None) as second:
                await second.send(start(callSid="CA-second"))
                await second.wait_closed()
                assert second.close_code == 1013
            await first.send(STOP)
            await first.wait_closed()
        await played(f"ws://{address}", spoken("CA-third", key=key))
        return await feed_of(address, "CA-third", key)

    with served(tmp_path, keys, live={"max_calls": 1}) as (address, service):
        events = run(talk)
    assert statuses == [401, 401]
    assert len(of(events, "utterance_final")) == 2


def test_two_streams_of_one_track_each_are_one_call(tmp_path: Path) -> None:
    """The second begins two seconds later, and counts from its own start."""
    mu = g711.encode(spoken().samples.T.reshape(-1) / np.float32(32_768), "mulaw")
    tracks = {"outbound": mu[: len(mu) // 2], "inbound": mu[len(mu) // 2 :]}

    async def said(socket: ClientConnection, track: str, frames: range) -> None:
        for number in frames:
            data = tracks[track][number * 160 : (number + 1) * 160]
            await socket.send(
                media(number - frames.start, data, track, timestamp=(number - frames.start) * 20)
            )

    async def talk() -> list[dict[str, Any]]:
        url = f"ws://{address}/v1/twilio"
        async with connect(url, compression=None) as agent, connect(url, compression=None) as customer:
            await agent.send(start(callSid="CA-two", tracks=["outbound"]))
            await said(agent, "outbound", range(100))
            await _until_begun(service, "CA-two", 1)
            call = service.switchboard.calls()[0]
            while call._shell.heard() < 31_000:  # noqa: ASYNC110 - the state is another thread's
                await asyncio.sleep(0.01)
            await customer.send(start(callSid="CA-two", tracks=["inbound"]))
            await said(customer, "inbound", range(100, 250))
            agent_rest = [
                media(number, tracks["outbound"][number * 160 : (number + 1) * 160], "outbound")
                for number in range(100, 250)
            ]
            for message in agent_rest:
                await agent.send(message)
            await _until_begun(service, "CA-two", 2)
            await agent.send(STOP)
            await customer.send(STOP)
            await agent.wait_closed()
            await customer.wait_closed()
            assert (agent.close_code, agent.close_reason) == (1000, "hangup")
        return await feed_of(address, "CA-two")

    with served(tmp_path) as (address, service):
        events = run(talk)
        run(lambda: played(f"ws://{address}", spoken("CA-whole")))
        whole = run(lambda: feed_of(address, "CA-whole"))
    finals, expected = of(events, "utterance_final"), of(whole, "utterance_final")
    assert [final["channel"] for final in finals] == [0, 1]
    for final, other in zip(finals, expected, strict=True):
        assert abs(final["start_s"] - other["start_s"]) < 0.06
        assert abs(final["end_s"] - other["end_s"]) < 0.06
    assert events[-1]["code"] == "hangup"
    assert abs(events[-1]["duration_s"] - 5.0) < 0.01


def test_a_stream_that_breaks_off_leaves_a_closed_call(tmp_path: Path) -> None:
    async def talk() -> list[dict[str, Any]]:
        async with connect(f"ws://{address}/v1/twilio", compression=None) as socket:
            for message in everything(TwilioSender(spoken("CA-lost")))[:-1]:
                await socket.send(message)
            await (await socket.ping())
            socket.transport.abort()
        return await feed_of(address, "CA-lost")

    with served(tmp_path, live={"resume_s": 0.3}) as (address, _):
        events = run(talk)
    assert len(of(events, "utterance_final")) == 2
    assert events[-1]["code"] == "disconnected"


def test_a_message_that_cannot_be_read_closes_its_socket_alone(tmp_path: Path) -> None:
    async def talk() -> tuple[int | None, str | None]:
        async with connect(f"ws://{address}/v1/twilio", compression=None) as socket:
            await socket.send(start(callSid="CA-garbled"))
            await socket.send(media(0, payload="?"))
            await socket.wait_closed()
            return socket.close_code, socket.close_reason

    with served(tmp_path, live={"resume_s": 0.1}) as (address, _):
        assert run(talk) == (1007, "media.payload: expected base64")
        run(lambda: played(f"ws://{address}", spoken("CA-after")))
        assert len(of(run(lambda: feed_of(address, "CA-after")), "utterance_final")) == 2

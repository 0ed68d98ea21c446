"""AudioHook's client: what it says, when, and what it makes of the answers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from pipeline.doors.audiohook import AudioHookDoor, AudioHookGate
from pipeline.doors.messages import (
    Away,
    Back,
    Chunk,
    Ended,
    Flush,
    Opened,
    Presented,
    Reply,
    Upgrade,
    Welcome,
)
from pipeline.doors.metadata import DoorSettings
from pipeline.senders.audiohook import AudioHookSender
from pipeline.senders.sender import Message, Opening, Spoken
from tests.pipeline.doors.audiohook_client import CONVERSATION, ORGANIZATION, SESSION

IDS = (ORGANIZATION, SESSION)
SECRET = b"TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU="


def spoken(seconds: float = 1.0, channels: int = 2, **other: Any) -> Spoken:
    samples = np.zeros((round(seconds * 8_000), channels), np.int16)
    samples[:, 0] = 8_031
    return Spoken(CONVERSATION, 8_000, samples, **other)


def upgrade_of(opening: Opening, at_s: float = 1_000.5) -> Upgrade:
    headers = {name.lower(): value for name, value in opening.headers.items()} | {"host": "h:8080"}
    return Upgrade(f"ws://h:8080{opening.path}", headers, at_s)


def told(kind: str, seq: int, parameters: Any = None, **other: Any) -> str:
    message = {"version": "2", "id": SESSION, "type": kind, "seq": seq, "clientseq": 1}
    return json.dumps({**message, "parameters": parameters or {}, **other})


def types(messages: list[Message]) -> list[str]:
    return [json.loads(message)["type"] for message in messages if isinstance(message, str)]


def test_the_gate_lets_its_signature_in_once() -> None:
    sender = AudioHookSender(spoken(key="k-1", secret=SECRET))
    opening = sender.opening("ws://h:8080", at_s=1_000.5)
    gate = AudioHookGate(DoorSettings(secret=SECRET))
    assert gate.present(upgrade_of(opening)) == Presented(key="k-1")
    assert not isinstance(gate.present(upgrade_of(opening)), Presented)
    again = sender.opening("ws://h:8080", at_s=1_000.5)
    assert gate.present(upgrade_of(again)) == Presented(key="k-1")
    assert isinstance(gate.open(upgrade_of(opening)), Opened)


def test_without_a_secret_nothing_is_signed() -> None:
    opening = AudioHookSender(spoken(key="k-1")).opening("ws://h:8080", 0)
    assert "Signature" not in opening.headers
    assert AudioHookGate(DoorSettings()).present(upgrade_of(opening)) == Presented(key="k-1")


def test_a_session_with_the_door() -> None:
    sender = AudioHookSender(spoken(fields={"language": "en-US", "associate": "ann"}), ids=IDS)
    door = AudioHookDoor(*IDS, DoorSettings(fields={"associate": "customConfig.associate"}))
    (hello,) = sender.hello()
    (started, _) = door.receive(hello)
    assert (started.info.associate, started.info.language) == ("ann", "en-US")  # type: ignore[union-attr]
    assert not sender.ready
    (opened,) = door.welcome(Welcome(CONVERSATION, (0, 0)))
    (ping,) = sender.answer(opened.message)  # type: ignore[union-attr]
    assert sender.ready
    (pong,) = door.receive(ping)
    assert isinstance(pong, Reply)
    assert sender.answer(pong.message) == []
    frames = list(sender.frames())
    assert [frame.spoken_s for frame in frames] == [(at + 1) / 50 for at in range(50)]
    heard = [one for frame in frames for message in frame.messages for one in door.receive(message)]
    assert [one.at for one in heard if isinstance(one, Chunk)] == [160 * at for at in range(50)]
    (customer, agent) = np.concatenate([one.samples for one in heard if isinstance(one, Chunk)], axis=1)
    assert np.array_equal(customer, np.zeros(8_000))
    assert np.allclose(agent * 32_768, 8_031, atol=256)
    (close,) = sender.goodbye()
    assert json.loads(close)["position"] == "PT1.0S"
    assert door.receive(close) == [Ended(flush=True, within_s=8.0)]
    (closed,) = door.closed("hangup")
    assert sender.answer(closed.message) == []  # type: ignore[union-attr]
    assert sender.over
    assert sender.refused is None


@pytest.mark.parametrize(("frame_ms", "size"), [(20, 320), (200, 3_200)])
def test_frames_have_the_length_that_was_asked_for(frame_ms: int, size: int) -> None:
    sender = AudioHookSender(spoken(0.5), frame_ms)
    sizes = [len(message) for frame in sender.frames() for message in frame.messages]
    assert sizes[0] == size
    assert sum(sizes) == 8_000


def test_one_channel_is_the_customers() -> None:
    sender = AudioHookSender(spoken(0.02, channels=1))
    (hello,) = sender.hello()
    (offer,) = json.loads(hello)["parameters"]["media"]
    assert offer == {"type": "audio", "format": "PCMU", "channels": ["external"], "rate": 8_000}
    assert [len(message) for frame in sender.frames() for message in frame.messages] == [160]


def test_a_server_may_take_one_channel_of_two() -> None:
    sender = AudioHookSender(spoken(0.02), ids=IDS)
    sender.hello()
    chosen = {"type": "audio", "format": "PCMU", "channels": ["internal"], "rate": 8_000}
    sender.answer(told("opened", 1, {"media": [chosen]}))
    (frame,) = sender.frames()
    (message,) = frame.messages
    assert len(message) == 160
    assert message[0] != 0xFF


def test_a_pause_is_said_and_nothing_of_it_is_sent() -> None:
    sender = AudioHookSender(spoken(1.0), pauses=[(0.4, 0.6)], ids=IDS)
    door = AudioHookDoor(*IDS, DoorSettings())
    door.receive(sender.hello()[0])
    door.welcome(Welcome(CONVERSATION, (0, 0)))
    heard = [one for frame in sender.frames() for message in frame.messages for one in door.receive(message)]
    kinds = [type(one) for one in heard]
    assert kinds == [Chunk] * 20 + [Flush, Away, Back] + [Chunk] * 20
    places = [one.at for one in heard if isinstance(one, Chunk)]
    assert places[:20] == [160 * at for at in range(20)]
    assert places[20:] == [160 * at for at in range(30, 50)]


@pytest.mark.parametrize(
    "message",
    [
        told("opened", 2),
        told("opened", 1, id=ORGANIZATION),
        told("opened", 1, clientseq=2),
        told("opened", 1, clientseq=None),
        told("opened", 1, {"media": []}),
        told("opened", 1, {"media": [{"type": "audio"}]}),
        told("opened", 1, parameters=7),
        "?",
        "[]",
        b"\xff",
    ],
)
def test_a_server_that_is_wrong_is_left(message: Message) -> None:
    sender = AudioHookSender(spoken(), ids=IDS)
    sender.hello()
    assert types(sender.answer(message)) == ["close"]
    assert sender.refused
    assert not sender.ready
    assert sender.goodbye() == []


def test_a_server_that_does_not_go_on_is_left_in_its_words() -> None:
    sender = AudioHookSender(spoken(), ids=IDS)
    sender.hello()
    message = told("disconnect", 1, {"reason": "error", "info": "full; try again in 20 s"})
    assert types(sender.answer(message)) == ["close"]
    assert sender.refused == "full; try again in 20 s"
    assert sender.answer(told("closed", 2)) == []
    assert sender.over


def test_a_call_that_the_server_completed_was_not_refused() -> None:
    sender = AudioHookSender(spoken(), ids=IDS)
    sender.hello()
    assert types(sender.answer(told("disconnect", 1, {"reason": "completed"}))) == ["close"]
    assert sender.refused is None


def test_events_are_taken_and_left() -> None:
    sender = AudioHookSender(spoken(), ids=IDS)
    sender.hello()
    assert sender.answer(told("event", 1, {"entities": []})) == []
    assert sender.answer(told("updated", 2)) == []

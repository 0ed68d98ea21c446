"""Wrapup's own door: the hello, audio in each encoding, positions, controls, and what it says of errors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from models.types import RATE_HZ
from pipeline.doors import g711
from pipeline.doors.messages import (
    Answer,
    Away,
    Back,
    CallInfo,
    Chunk,
    Closing,
    DoorOutput,
    Ended,
    Reply,
    Started,
    Updated,
    Welcome,
)
from pipeline.doors.own import BAD_DATA, BYTES_A_SAMPLE, LATEST_POSITION, POLICY, Encoding, OwnDoor
from tests.pipeline.own_messages import HELLO, control, greeted, hello, l16, position


def said(outputs: list[DoorOutput] | list[Answer]) -> tuple[str, int]:
    """The line of an error, and the close code after it."""
    reply, closing = outputs
    assert isinstance(reply, Reply)
    assert isinstance(closing, Closing)
    message = json.loads(reply.message)
    assert message == {"type": "error", "message": closing.reason}
    assert "\n" not in closing.reason
    return closing.reason, closing.code


def chunk(outputs: list[DoorOutput]) -> Chunk:
    (one,) = outputs
    assert isinstance(one, Chunk)
    assert one.samples.dtype == np.float32
    return one


def test_a_hello_begins_a_stream_of_the_call_in_the_address() -> None:
    outputs = OwnDoor("call-1").receive(hello())
    assert outputs == [Started(CallInfo("call-1", ("agent", "customer")), (0, 1), 8_000)]


def test_a_hello_says_who_is_on_the_call() -> None:
    said_of_it = {
        "associate": "ann",
        "queue": "cards",
        "direction": "inbound",
        "language": "en-US",
        "site": "north",
    }
    (started,) = OwnDoor("call-1").receive(hello(carries=[1], rate_hz=48_000, **said_of_it))
    assert started == Started(CallInfo("call-1", ("agent", "customer"), **said_of_it), (1,), 48_000)


def test_a_hello_says_whether_audio_is_placed() -> None:
    (started,) = OwnDoor("call-1").receive(hello(positions=True))
    assert started == Started(CallInfo("call-1", ("agent", "customer")), (0, 1), 8_000, placed=True)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"type": "helo"}, "hello: type: Input should be 'hello'"),
        ({"rate_hz": 7_999}, "hello: rate_hz: Input should be greater than or equal to 8000"),
        ({"rate_hz": "8000"}, "hello: rate_hz: Input should be a valid integer"),
        ({"encoding": "opus"}, "hello: encoding: Input should be 'mulaw', 'alaw' or 'l16'"),
        ({"channels": []}, "hello: channels: Tuple should have at least 1 item"),
        ({"channels": ["agent"] * 5}, "hello: channels: Tuple should have at most 4 items"),
        (
            {"channels": ["agent", "boss"]},
            "hello: channels.1: Input should be 'agent', 'customer' or 'unknown'",
        ),
        ({"carries": [2]}, "hello: expected different numbers from 0 to 1 in 'carries'"),
        ({"carries": [-1]}, "hello: expected different numbers from 0 to 1 in 'carries'"),
        ({"carries": [0, 0]}, "hello: expected different numbers from 0 to 1 in 'carries'"),
        ({"carries": [True]}, "hello: carries.0: Input should be a valid integer"),
        ({"positions": "yes"}, "hello: positions: Input should be a valid boolean"),
        ({"direction": "sideways"}, "hello: direction: Input should be 'inbound' or 'outbound'"),
        ({"site": ""}, "hello: site: String should have at least 1 character"),
        ({"rate": 8_000}, "hello: rate: no such field"),
        ({"4111 1111 1111 1111": 1}, "hello: a field: no such field"),
    ],
)
def test_a_hello_that_cannot_be_read_names_its_field(fields: dict[str, Any], line: str) -> None:
    reason, code = said(OwnDoor("call-1").receive(hello(**fields)))
    assert reason.startswith(line)
    assert code == POLICY


@pytest.mark.parametrize("field", ["associate", "queue", "site", "language"])
@pytest.mark.parametrize("character", ["\0", "\n", "\x1b", "\x7f", "\x9b"])
def test_a_name_with_a_control_character_is_refused(field: str, character: str) -> None:
    reason, code = said(OwnDoor("call-1").receive(hello(**{field: f"north{character}2"})))
    assert reason == f"hello: {field}: expected a name without control characters"
    assert code == POLICY


@pytest.mark.parametrize("field", ["associate", "queue"])
def test_a_transfer_to_a_name_with_a_control_character_is_refused(field: str) -> None:
    reason, code = said(greeted().receive(control("update", **{field: "a\0b"})))
    assert reason == f"control: update.{field}: expected a name without control characters"
    assert code == POLICY


@pytest.mark.parametrize("name", ["Zoë O'Neill", "北支店", "می‌خواهم", "cards & loans"])
def test_names_of_all_scripts_are_taken(name: str) -> None:
    (started,) = OwnDoor("call-1").receive(hello(site=name))
    assert isinstance(started, Started)
    assert started.info.site == name


@pytest.mark.parametrize("field", ["type", "rate_hz", "encoding", "channels"])
def test_a_hello_without_a_field_names_it(field: str) -> None:
    short = {name: value for name, value in HELLO.items() if name != field}
    reason, _ = said(OwnDoor("call-1").receive(json.dumps(short)))
    assert reason == f"hello: {field}: Field required"


@pytest.mark.parametrize(
    "field", ["type", "encoding", "associate", "direction", "rate_hz", "site", "channels"]
)
def test_an_error_never_says_what_was_sent(field: str) -> None:
    secret = "4111-1111-1111-1111" * 20
    reason, _ = said(OwnDoor("call-1").receive(hello(**{field: secret})))
    assert "4111" not in reason
    assert field in reason


@pytest.mark.parametrize("message", ["", "hello", "[]", '"hello"', "null", "9" * 5_000, "[" * 100_000, "{"])
def test_what_is_no_json_object_is_no_message(message: str) -> None:
    assert said(OwnDoor("call-1").receive(message)) == ("hello: expected a JSON object", POLICY)
    assert said(greeted().receive(message)) == ("control: expected a JSON object", POLICY)


def test_audio_before_the_hello_is_refused() -> None:
    reason, code = said(OwnDoor("call-1").receive(b"\0\0"))
    assert (reason, code) == ("audio before the hello: send the JSON hello first", POLICY)


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_g711_channels_take_turns_byte_by_byte(encoding: g711.Law) -> None:
    data = bytes(range(256))
    heard = chunk(greeted(encoding=encoding).receive(data))
    assert heard.channels == (0, 1)
    assert heard.at is None
    assert np.array_equal(heard.samples[0], g711.decode(data[::2], encoding))
    assert np.array_equal(heard.samples[1], g711.decode(data[1::2], encoding))


def test_l16_is_little_endian_over_its_whole_range() -> None:
    block = np.array([[-1.0, 0.0, 0.5], [32_767 / 32_768, -0.25, 1 / 32_768]], np.float32)
    heard = chunk(greeted(encoding="l16").receive(l16(block)))
    assert np.array_equal(heard.samples, block)
    assert heard.samples.flags.c_contiguous


def test_a_stream_carries_the_channels_that_it_names() -> None:
    heard = chunk(greeted(carries=[1]).receive(b"\xff\x7f\x00"))
    assert heard.channels == (1,)
    assert heard.samples.shape == (1, 3)


@pytest.mark.parametrize("encoding", ["mulaw", "alaw", "l16"])
@pytest.mark.parametrize("size", [1, 3, 7, 160, 321])
def test_frames_of_any_size_are_the_same_audio(encoding: Encoding, size: int) -> None:
    data = np.random.default_rng(1).bytes(BYTES_A_SAMPLE[encoding] * 2 * 600)
    whole = chunk(greeted(encoding=encoding).receive(data)).samples
    door = greeted(encoding=encoding)
    parts = [door.receive(data[at : at + size]) for at in range(0, len(data), size)]
    heard = [chunk(outputs).samples for outputs in parts if outputs]
    assert np.array_equal(np.concatenate(heard, axis=1), whole)


def test_an_empty_frame_is_nothing() -> None:
    assert greeted().receive(b"") == []
    assert greeted(positions=True).receive(position(5)) == []


def test_a_position_is_the_place_of_the_first_sample() -> None:
    heard = chunk(greeted(positions=True).receive(position(123_456_789_012) + b"\xff" * 4))
    assert heard.at == 123_456_789_012
    assert heard.samples.shape == (2, 2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 7,
        position(0) + b"\xff",
        position(0) + b"\xff" * 5,
        position(LATEST_POSITION + 1) + b"\xff" * 4,
    ],
)
def test_placed_audio_comes_in_whole_frames(data: bytes) -> None:
    reason, code = said(greeted(positions=True).receive(data))
    assert reason == "binary message: expected 8 bytes of position and whole frames of 2 bytes"
    assert code == BAD_DATA


def test_controls() -> None:
    door = greeted()
    assert door.receive(control("hold")) == [Away("hold")]
    assert door.receive(control("resume")) == [Back()]
    assert door.receive(control("pause")) == [Away("pause")]
    assert door.receive(control("update", associate="bob")) == [Updated("bob", None)]
    assert door.receive(control("update", queue="loans", associate=None)) == [Updated(None, "loans")]
    assert door.receive(control("end")) == [Ended()]


@pytest.mark.parametrize("digit", list("0123456789ABCD*#"))
def test_keys_are_taken_and_kept_nowhere(digit: str) -> None:
    assert greeted().receive(control("dtmf", digit=digit)) == []


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ({"type": "dtmf"}, "control: dtmf.digit: Field required"),
        ({"type": "dtmf", "digit": "4111"}, "control: dtmf.digit: String should match pattern"),
        ({"type": "hold", "why": "x"}, "control: why: no such field"),
        ({"type": "update", "associate": ""}, "control: update.associate: String should have at least 1"),
        ({"type": "4111"}, "control: type: expected one of hold, pause, resume, dtmf, update, end"),
        ({"type": ["end"]}, "control: type: expected one of hold, pause, resume, dtmf, update, end"),
        ({}, "control: type: expected one of hold, pause, resume, dtmf, update, end"),
        (HELLO, "control: type: expected one of hold, pause, resume, dtmf, update, end"),
    ],
)
def test_a_control_that_cannot_be_read(message: dict[str, Any], line: str) -> None:
    reason, code = said(greeted().receive(json.dumps(message)))
    assert reason.startswith(line)
    assert "4111" not in reason
    assert code == POLICY


def test_nothing_is_read_after_the_end_or_an_error() -> None:
    ended, wrong, refused, closed = greeted(), greeted(), greeted(), greeted()
    ended.receive(control("end"))
    wrong.receive("?")
    refused.refuse(1013, "busy")
    closed.closed("hangup")
    for door in (ended, wrong, refused, closed):
        assert door.receive(b"\xff" * 4) == []
        assert door.receive(control("hold")) == []


def test_what_the_shell_tells_the_client() -> None:
    door = greeted()
    (welcome,) = door.welcome(Welcome("call-1", (0, RATE_HZ * 3 // 2)))
    assert isinstance(welcome, Reply)
    assert json.loads(welcome.message) == {"type": "welcome", "call_id": "call-1", "from_s": [0.0, 1.5]}
    assert said(door.refuse(1013, "busy")) == ("busy", 1013)
    reply, closing = greeted().closed("hangup")
    assert isinstance(reply, Reply)
    assert json.loads(reply.message) == {"type": "closed", "code": "hangup"}
    assert closing == Closing(1000, "hangup")

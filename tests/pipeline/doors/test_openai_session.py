"""Sessions of /v1/realtime: updates in both forms, audio, errors; what is told of a call is elsewhere."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.events import Event
from pipeline.doors import g711, openai, openai_session
from pipeline.doors.messages import Alive, Chunk, Closing, DoorOutput, Flush, Reply, Started, Welcome
from pipeline.doors.openai import OpenAIDoor
from tests.pipeline.doors.openai_messages import (
    SESSION_SEGMENTS,
    append,
    client,
    commit,
    door,
    hearing,
    opened,
    said,
    types,
)
from tests.pipeline.event_strategies import events

PCMU = {"type": "audio/pcmu"}


def only(outputs: list[DoorOutput]) -> dict[str, Any]:
    """The one event that was answered."""
    found = said(outputs)
    assert len(found) == 1
    assert all(isinstance(one, Reply | Alive) for one in outputs)
    return found[0]


def error_of(outputs: list[DoorOutput]) -> dict[str, Any]:
    event = only(outputs)
    assert event["type"] == "error"
    assert set(event["error"]) == {"type", "code", "message", "param", "event_id"}
    return dict(event["error"])


def input_of(outputs: list[DoorOutput]) -> dict[str, Any]:
    event = only(outputs)
    assert event["type"] == "session.updated"
    return dict(event["session"]["audio"]["input"])


def samples_of(outputs: list[DoorOutput]) -> np.ndarray:
    chunks = [output.samples[0] for output in outputs if isinstance(output, Chunk)]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)


@pytest.mark.parametrize(
    ("asked", "format_", "rate_hz"),
    [
        ({"type": "audio/pcm", "rate": 24_000}, {"type": "audio/pcm", "rate": 24_000}, 24_000),
        ({"type": "audio/pcm"}, {"type": "audio/pcm", "rate": 24_000}, 24_000),
        ({"type": "audio/pcm", "rate": 16_000}, {"type": "audio/pcm", "rate": 16_000}, 16_000),
        ({"type": "audio/pcm", "rate": 8_000}, {"type": "audio/pcm", "rate": 8_000}, 8_000),
        ({"type": "audio/pcmu"}, {"type": "audio/pcmu"}, 8_000),
        ({"type": "audio/pcma", "rate": 8_000}, {"type": "audio/pcma"}, 8_000),
    ],
)
def test_formats(asked: dict[str, Any], format_: dict[str, Any], rate_hz: int) -> None:
    one = door()
    assert input_of(one.receive(hearing(format=asked)))["format"] == format_
    started = one.receive(append(b"\1\2"))[0]
    assert isinstance(started, Started)
    assert (started.rate_hz, started.carries, started.ends_with_socket) == (rate_hz, (0,), True)


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "audio/opus"},
        {"type": "audio/pcm", "rate": 44_100},
        {"type": "audio/pcmu", "rate": 16_000},
        7,
    ],
)
def test_formats_that_are_none(asked: Any) -> None:
    one = door()
    error = error_of(one.receive(hearing(format=asked)))
    assert error["param"].startswith("session.audio.input.format")
    assert "44100" not in error["message"]
    assert "opus" not in error["message"]
    started = one.receive(append(b"\0\0"))[0]
    assert isinstance(started, Started)
    assert started.rate_hz == 24_000


@pytest.mark.parametrize(("name", "rate_hz"), [("pcm16", 24_000), ("g711_ulaw", 8_000), ("g711_alaw", 8_000)])
def test_the_beta_form(name: str, rate_hz: int) -> None:
    one = door(openai_beta="realtime=v1")
    session = {
        "input_audio_format": name,
        "input_audio_transcription": {"model": "whisper-1", "language": "en"},
        "turn_detection": {"type": "server_vad", "silence_duration_ms": 400},
        "input_audio_noise_reduction": {"type": "near_field"},
    }
    event = only(one.receive(client("transcription_session.update", session=session)))
    assert event["type"] == "transcription_session.updated"
    assert event["session"]["input_audio_format"] == name
    assert event["session"]["input_audio_transcription"] == {"model": "whisper-1", "language": "en"}
    assert event["session"]["turn_detection"] == {"type": "server_vad", "silence_duration_ms": 400}
    assert event["session"]["input_audio_noise_reduction"] is None
    started = one.receive(append(b"\0\0"))[0]
    assert isinstance(started, Started)
    assert (started.rate_hz, started.hang_ms) == (rate_hz, 400)


@pytest.mark.parametrize(
    ("turns", "hang_ms", "shown"),
    [
        ({"type": "server_vad"}, None, {"type": "server_vad"}),
        (
            {"type": "server_vad", "silence_duration_ms": 256},
            256,
            {"type": "server_vad", "silence_duration_ms": 256},
        ),
        (
            {"type": "server_vad", "silence_duration_ms": 5_000},
            5_000,
            {"type": "server_vad", "silence_duration_ms": 5_000},
        ),
        ({"type": "server_vad", "silence_duration_ms": 255}, None, {"type": "server_vad"}),
        ({"type": "server_vad", "silence_duration_ms": 5_001}, None, {"type": "server_vad"}),
        ({"type": "semantic_vad", "eagerness": "low"}, None, {"type": "server_vad"}),
        (None, None, None),
    ],
)
def test_turn_detection(turns: Any, hang_ms: int | None, shown: Any) -> None:
    one = door()
    assert input_of(one.receive(hearing(turn_detection=turns)))["turn_detection"] == shown
    started = one.receive(append(b"\0\0"))[0]
    assert isinstance(started, Started)
    assert started.hang_ms == hang_ms


def test_an_update_changes_what_it_speaks_of() -> None:
    one = door()
    one.receive(hearing(format=PCMU, turn_detection=None, transcription={"model": "m-1"}))
    now = input_of(one.receive(hearing(transcription={"language": "en-US"})))
    assert (now["format"], now["turn_detection"]) == (PCMU, None)
    assert now["transcription"] == {"model": "m-1", "language": "en"}
    included = client("session.update", session={"include": [SESSION_SEGMENTS, "item.other.logprobs"]})
    assert only(one.receive(included))["session"]["include"] == [SESSION_SEGMENTS]


@pytest.mark.parametrize("language", ["en", "EN", "en-US", "en_GB", "english"])
def test_english(language: str) -> None:
    assert input_of(
        door().receive(hearing(transcription={"language": language, "languages": ["de", language]}))
    )


@pytest.mark.parametrize(
    "asked", [{"language": "de"}, {"language": ""}, {"language": "enochian"}, {"languages": ["de"]}]
)
def test_other_languages(asked: dict[str, Any]) -> None:
    error = error_of(door().receive(hearing(transcription=asked)))
    assert error["code"] == "unsupported_language"
    assert "English" in error["message"]


def test_no_other_kind_of_session() -> None:
    error = error_of(door().receive(client("session.update", session={"type": "realtime"})))
    assert (error["param"], error["type"]) == ("session.type", "invalid_request_error")


def test_once_there_is_audio_its_format_stays() -> None:
    one = door()
    one.receive(hearing(format=PCMU))
    one.receive(append(b"\0"))
    for changed in ({"format": {"type": "audio/pcma"}}, {"turn_detection": None}):
        assert error_of(one.receive(hearing(**changed)))["code"] == "session_locked"
    assert input_of(one.receive(hearing(format=PCMU, transcription={"model": "m-2"})))["format"] == PCMU


def test_a_call_begins_with_its_first_audio_and_once() -> None:
    one = door()
    assert types(one.receive(hearing(format=PCMU))) == ["session.updated"]
    assert one.receive(append(b"")) == []
    first = one.receive(append(b"\0\1"))
    assert [type(output) for output in first] == [Started, Chunk]
    assert [type(output) for output in one.receive(append(b"\0"))] == [Chunk]
    assert one.welcome(Welcome("made", (0,))) == []


def test_pcm_is_little_endian_and_half_a_sample_is_kept() -> None:
    one = door()
    assert one.receive(append(b"\0")) == []
    outputs = one.receive(append(b"\x40\0\xc0\7"))
    assert isinstance(outputs[0], Started)
    assert samples_of(outputs).tolist() == [0.5, -0.5]


@pytest.mark.parametrize(("type_", "law"), [("audio/pcmu", "mulaw"), ("audio/pcma", "alaw")])
def test_telephone_audio(type_: str, law: g711.Law) -> None:
    one = door()
    one.receive(hearing(format={"type": type_}))
    codes = bytes(range(256))
    assert np.array_equal(samples_of(one.receive(append(codes))), g711.decode(codes, law))


@given(st.binary(max_size=300), st.lists(st.integers(0, 40), max_size=12))
def test_audio_is_the_same_however_it_was_cut(data: bytes, sizes: list[int]) -> None:
    whole, cut = door(), door()
    expected = samples_of(whole.receive(append(data)))
    heard = []
    for size in [*sizes, len(data)]:
        heard.append(samples_of(cut.receive(append(data[:size]))))
        data = data[size:]
    assert np.array_equal(np.concatenate(heard), expected)


def test_a_clear_is_answered_and_drops_half_a_sample() -> None:
    one = door()
    one.receive(append(b"\0\0\7"))
    assert types(one.receive(client("input_audio_buffer.clear"))) == ["input_audio_buffer.cleared"]
    assert samples_of(one.receive(append(b"\0\x40"))).tolist() == [0.5]


def test_a_commit_flushes_and_one_without_audio_is_an_error() -> None:
    one = door()
    assert error_of(one.receive(commit("e-1")))["code"] == "input_audio_buffer_commit_empty"
    one.receive(append(b"\0\0"))
    assert one.receive(commit()) == [Flush()]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "invalid_json"),
        ("[1]", "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        (b'{"type": "session.update"}', "invalid_event"),
        ("{}", "unknown_event"),
        (client("response.create"), "unknown_event"),
        (json.dumps({"type": 7}), "unknown_event"),
        (client("session.update"), "invalid_value"),
        (client("input_audio_buffer.append"), "invalid_value"),
        (client("input_audio_buffer.append", audio="@@@"), "invalid_base64"),
        (client("input_audio_buffer.append", audio="AAA"), "invalid_base64"),
        (client("input_audio_buffer.append", audio="\u00e9"), "invalid_base64"),
    ],
)
def test_faults_are_told_and_the_session_goes_on(message: str | bytes, code: str) -> None:
    one = door()
    error = error_of(one.receive(message))
    assert (error["code"], error["type"]) == (code, "invalid_request_error")
    assert "response.create" not in error["message"]
    assert types(one.receive(hearing(format=PCMU))) == ["session.updated"]


def test_what_is_too_big(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "LONGEST_AUDIO", 10)
    monkeypatch.setattr(openai_session, "LONGEST_MESSAGE", 100)
    one = door()
    assert error_of(one.receive(append(b"\0" * 12)))["code"] == "event_too_large"
    assert error_of(one.receive(" " * 101))["code"] == "event_too_large"
    assert samples_of(one.receive(append(b"\0" * 10))).size == 5


def test_an_error_names_the_clients_event() -> None:
    one = door()
    assert error_of(one.receive(client("nothing", event_id="e-7")))["event_id"] == "e-7"
    assert error_of(one.receive(client("nothing", event_id=7)))["event_id"] is None
    assert error_of(one.receive(client("nothing", event_id="x" * 600)))["event_id"] is None


def test_each_event_of_the_server_has_a_number() -> None:
    found = opened()
    one = found.door
    ids = [event["event_id"] for event in said(found.greeting)]
    for message in (hearing(format=PCMU), "?", append(b"\0"), client("input_audio_buffer.clear")):
        ids += [event["event_id"] for event in said(one.receive(message))]
    assert ids == [f"event_{number}" for number in range(1, len(ids) + 1)]
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("code", "type_", "name"),
    [
        (1013, "server_error", "rate_limit_exceeded"),
        (1011, "server_error", "server_error"),
        (1008, "invalid_request_error", "session_refused"),
    ],
)
def test_a_refusal_is_an_error_then_the_end(code: int, type_: str, name: str) -> None:
    one = door()
    answers = one.refuse(code, "why")
    error = said(answers)[0]["error"]
    assert (error["type"], error["code"], error["message"]) == (type_, name, "why")
    assert answers[1:] == [Closing(code, "why")]
    assert one.receive(append(b"\0\0")) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    [
        "type",
        "audio",
        "input",
        "format",
        "rate",
        "session",
        "transcription",
        "language",
        "languages",
        "model",
        "turn_detection",
        "silence_duration_ms",
        "include",
        "input_audio_format",
        "input_audio_transcription",
    ]
)
near = st.recursive(
    json_values
    | st.sampled_from(["transcription", "audio/pcm", "audio/pcmu", "server_vad", "pcm16", "en", 8_000]),
    lambda inner: st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
updates = st.builds(
    lambda kind, session: client(kind, session=session),
    st.sampled_from(["session.update", "transcription_session.update"]),
    near,
)
others = st.builds(
    lambda kind, members: json.dumps({**members, "type": kind}),
    st.sampled_from([*openai.TYPES, "else"]),
    st.dictionaries(names, json_values, max_size=3),
)
audio = st.binary(max_size=20).map(append)
messages = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=40),
    json_values.map(json.dumps),
    updates,
    others,
    audio,
    st.just(commit()),
    st.just(client("input_audio_buffer.clear")),
)


@given(st.lists(st.one_of(messages, events), max_size=20))
def test_any_messages_and_events_in_any_order(items: list[str | bytes | Event]) -> None:
    one = door()
    started = False
    ids = ["event_1"]
    for item in items:
        outputs: list[Any] = one.receive(item) if isinstance(item, str | bytes) else one.event(item)
        for output in outputs:
            assert isinstance(output, Started | Chunk | Flush | Alive | Reply)
            assert not (started and isinstance(output, Started))
            started = started or isinstance(output, Started)
            assert started or isinstance(output, Alive | Reply)
        ids += [event["event_id"] for event in said(outputs)]
    ids += [event["event_id"] for event in said(one.closed("hangup"))]
    assert len(ids) == len(set(ids))
    assert isinstance(one, OpenAIDoor)


def test_base64_is_what_the_sender_means() -> None:
    assert json.loads(append(b"\0\1"))["audio"] == base64.b64encode(b"\0\1").decode()

"""The client's side of /v1/realtime: what is sent, and when nothing more comes."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from pipeline.doors import g711
from pipeline.senders.openai import LAST_COMMIT, OpenAISender
from pipeline.senders.sender import Spoken


def sender(rate_hz: int = 8_000, channels: int = 2, seconds: float = 0.05, **more: Any) -> OpenAISender:
    rows = np.arange(round(rate_hz * seconds), dtype=np.int16)
    return OpenAISender(Spoken("c-1", rate_hz, np.stack([rows] * channels, axis=1), **more))


def audio(one: OpenAISender) -> bytes:
    events = [json.loads(message) for frame in one.frames() for message in frame.messages]
    assert {event["type"] for event in events} == {"input_audio_buffer.append"}
    return b"".join(base64.b64decode(event["audio"]) for event in events)


def error(code: str, event_id: str | None, message: str = "why") -> str:
    return json.dumps({"type": "error", "error": {"code": code, "event_id": event_id, "message": message}})


def test_the_opening_names_call_key_and_fields() -> None:
    opening = sender(key="k", fields={"associate": "a 17"}).opening("ws://h:1", 0.0)
    parts = urlsplit(opening.path)
    assert parts.path == "/v1/realtime"
    assert parse_qs(parts.query) == {"intent": ["transcription"], "call_id": ["c-1"], "associate": ["a 17"]}
    assert opening.headers == {"Authorization": "Bearer k"}
    assert sender().opening("ws://h:1", 0.0).headers == {}


@pytest.mark.parametrize(
    ("rate_hz", "format_"),
    [
        (8_000, {"type": "audio/pcmu"}),
        (16_000, {"type": "audio/pcm", "rate": 16_000}),
        (24_000, {"type": "audio/pcm", "rate": 24_000}),
        (44_100, {"type": "audio/pcm", "rate": 16_000}),
    ],
)
def test_formats(rate_hz: int, format_: dict[str, Any]) -> None:
    (hello,) = sender(rate_hz).hello()
    assert json.loads(hello)["session"]["audio"]["input"]["format"] == format_


def test_channels_are_mixed_down() -> None:
    samples = np.array([[1_000, 3_000], [-8, 0]], np.int16)
    assert audio(OpenAISender(Spoken("c", 16_000, samples))) == np.array([2_000, -4], "<i2").tobytes()


def test_telephone_audio_is_mu_law() -> None:
    samples = np.array([[32_767], [-32_768], [0], [8_031]], np.int16)
    sent = audio(OpenAISender(Spoken("c", 8_000, samples)))
    assert sent == g711.encode((samples[:, 0] / 32_768.0).astype(np.float32), "mulaw")


def test_other_rates_are_resampled() -> None:
    assert len(audio(sender(44_100, seconds=0.1))) == 2 * 1_600


def test_frames_are_20_ms_each() -> None:
    frames = list(sender(8_000, seconds=0.05).frames())
    assert [frame.spoken_s for frame in frames] == pytest.approx([0.02, 0.04, 0.05])


def test_it_is_ready_once_the_session_is_its_own() -> None:
    one = sender()
    one.answer(json.dumps({"type": "session.created"}))
    assert not one.ready
    one.answer(json.dumps({"type": "session.updated"}))
    assert one.ready


def test_it_is_over_with_the_answer_to_the_commit_of_nothing() -> None:
    one = sender()
    first, second = (json.loads(message) for message in one.goodbye())
    assert (first["type"], second["type"]) == ("input_audio_buffer.commit",) * 2
    assert (first.get("event_id"), second["event_id"]) == (None, LAST_COMMIT)
    for said in ({"type": "input_audio_buffer.committed"}, {"type": "x.completed", "transcript": "t"}):
        one.answer(json.dumps(said))
    one.answer(error("input_audio_buffer_commit_empty", None))
    assert not one.over
    one.answer(error("input_audio_buffer_commit_empty", LAST_COMMIT))
    assert one.over
    assert one.refused is None


def test_any_other_error_is_a_refusal() -> None:
    one = sender()
    one.answer(error("rate_limit_exceeded", None, "no room"))
    assert (one.over, one.refused) == (True, "no room")

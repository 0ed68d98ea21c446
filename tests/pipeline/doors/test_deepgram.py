"""Deepgram's door: audio however it is cut, controls, ends and errors."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from pipeline.core.events import Flushed, UtteranceLost
from pipeline.doors import g711
from pipeline.doors.messages import (
    NO_AUDIO,
    NO_HELLO,
    Alive,
    Chunk,
    Closing,
    DoorOutput,
    Ended,
    Flush,
    Started,
    Welcome,
)
from tests.pipeline.doors.deepgram_messages import (
    RAW,
    REQUEST,
    SHA256_OF_NOTHING,
    STEREO,
    Pairs,
    begun,
    closing,
    control,
    final,
    l16,
    opened,
    partial,
    said,
    samples,
    wav_head,
    word,
)

BLOCK = np.array([[-1.0, 0.0, 0.5], [32_767 / 32_768, -0.25, 1 / 32_768]], np.float32)
NOISE = np.random.default_rng(3).bytes(2_400)
SIZES = [1, 7, 160, 320, 512, len(NOISE)]


def heard(outputs: list[DoorOutput]) -> np.ndarray:
    """The audio among these, shape (channels, n)."""
    chunks = [output for output in outputs if isinstance(output, Chunk)]
    assert all(chunk.at is None and chunk.samples.dtype == np.float32 for chunk in chunks)
    assert all(chunk.channels == tuple(range(len(chunk.samples))) for chunk in chunks)
    return np.concatenate([chunk.samples for chunk in chunks], axis=1)


def fed(query: Pairs, data: bytes, size: int) -> list[DoorOutput]:
    """All that comes of bytes in messages of one size."""
    door = opened(query)
    return [output for at in range(0, len(data), size) for output in door.receive(data[at : at + size])]


def test_the_first_message_begins_the_stream() -> None:
    for message in (b"\0", b"\0\0", control("KeepAlive"), control("Finalize")):
        door = opened()
        assert isinstance(door.receive(message)[0], Started)
        assert not any(isinstance(output, Started) for output in door.receive(b"\0\0"))


@pytest.mark.parametrize("size", SIZES)
def test_raw_audio_of_any_size_is_the_same(size: int) -> None:
    for query in (RAW, STEREO, [*RAW, ("channels", "2")]):
        whole = heard(opened(query).receive(NOISE))
        assert np.array_equal(heard(fed(query, NOISE, size)), whole)


def test_channels_take_turns_or_are_mixed_as_deepgram_does() -> None:
    data = l16(BLOCK)
    assert np.array_equal(heard(opened(STEREO).receive(data)), BLOCK)
    mixed = heard(opened([*RAW, ("channels", "2")]).receive(data))
    assert np.allclose(mixed, BLOCK.mean(axis=0, keepdims=True), atol=1e-7)
    assert mixed.shape == (1, 3)


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_g711(law: g711.Law) -> None:
    data = bytes(range(256))
    query = [("encoding", law), ("sample_rate", "8000"), ("channels", "2"), ("multichannel", "true")]
    audio = heard(opened(query).receive(data))
    assert np.array_equal(audio[0], g711.decode(data[::2], law))
    assert np.array_equal(audio[1], g711.decode(data[1::2], law))


@pytest.mark.parametrize("size", [1, 7, 45, 10_000])
def test_audio_without_an_encoding_is_a_wav_stream(size: int) -> None:
    data = wav_head(channels=2, rate_hz=44_100) + l16(BLOCK)
    outputs = fed([("multichannel", "true")], data, size)
    assert isinstance(outputs[0], Started)
    assert (outputs[0].rate_hz, outputs[0].carries, outputs[0].info.roles) == (
        44_100,
        (0, 1),
        ("agent", "customer"),
    )
    assert np.array_equal(heard(outputs), BLOCK)
    assert heard(fed([], data, size)).shape == (1, 3)


def test_a_wav_stream_says_how_many_channels_it_has() -> None:
    door = opened([("multichannel", "true"), ("channels", "2")])
    (started,) = door.receive(wav_head(tag=7, bits=8, rate_hz=8_000))
    assert isinstance(started, Started)
    assert (started.carries, started.info.roles) == ((0,), ("unknown",))
    (results,) = said(door.event(final(word("Hi.", 1.0, 1.2))))
    assert results["channel_index"] == [0, 1]


def test_what_is_no_wav_stream_is_closed_in_deepgrams_words() -> None:
    door = opened([])
    outputs = door.receive(b"OggS")
    text = "expected a WAV stream of 16-bit PCM, mu-law or A-law"
    error = {"type": "Error", "variant": "DATA-0000", "description": text, "message": text}
    assert said(outputs) == [error]
    assert closing(outputs) == Closing(1008, f"DATA-0000 {text}")
    assert door.receive(b"more") == []
    assert door.refuse(1008, NO_HELLO) == []
    assert door.closed("hangup") == []


def test_keep_alive_and_finalize() -> None:
    door = begun()
    assert door.receive(control("KeepAlive")) == [Alive()]
    assert door.receive(control("Finalize")) == [Flush()]
    assert door.receive(control("Finalize", extra=1)) == [Flush()]


def test_before_a_wav_streams_head_there_is_nothing_to_finalize() -> None:
    door = opened([])
    assert door.receive(control("KeepAlive")) == [Alive()]
    (results,) = said(door.receive(control("Finalize")))
    assert (results["is_final"], results["speech_final"], results["from_finalize"]) == (True, True, True)
    assert results["channel"]["alternatives"][0]["transcript"] == ""
    door.receive(wav_head())
    assert said(door.event(Flushed(0))) == []


@pytest.mark.parametrize("message", [control("CloseStream"), b""])
def test_a_client_that_is_done_hears_its_last_texts_and_the_metadata(message: str | bytes) -> None:
    door = opened(STEREO)
    door.receive(NOISE)
    assert door.receive(message) == [Ended(flush=True)]
    assert door.receive(b"\0\0") == []
    assert len(said(door.event(final(word("Bye.", 1.0, 1.2))))) == 1
    outputs = door.event(Flushed(600))
    assert said(outputs) == [
        {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": REQUEST,
            "sha256": hashlib.sha256(NOISE).hexdigest(),
            "created": "2026-03-02T09:32:01.250Z",
            "duration": 600 / 16_000,
            "channels": 2,
        }
    ]
    assert closing(outputs) == Closing(1000, "")
    assert door.event(final(word("Late.", 1.0, 1.2))) == []
    assert door.closed("hangup") == []


def test_what_was_to_be_final_before_the_end_is_said_first() -> None:
    door = begun()
    door.receive(control("Finalize"))
    door.receive(control("CloseStream"))
    (results,) = said(door.event(Flushed(0)))
    assert results["from_finalize"]
    assert said(door.event(Flushed(0)))[0]["type"] == "Metadata"


def test_a_call_that_is_closed_at_once_has_its_metadata_too() -> None:
    door = begun()
    door.receive(control("CloseStream"))
    outputs = door.closed("hangup")
    assert said(outputs)[0]["type"] == "Metadata"
    assert closing(outputs) == Closing(1000, "")


def test_a_client_that_goes_at_once_was_no_call() -> None:
    for query in (RAW, []):
        door = opened(query)
        outputs = door.receive(control("CloseStream"))
        (metadata,) = said(outputs)
        assert (metadata["sha256"], metadata["duration"], metadata["channels"]) == (SHA256_OF_NOTHING, 0.0, 1)
        assert closing(outputs) == Closing(1000, "")


@pytest.mark.parametrize(
    "message",
    ["", "hello", "[]", "null", '"KeepAlive"', "[" * 100_000, "{}", '{"type": 7}', control("keepalive")],
)
def test_what_is_no_control_is_an_error_that_closes_nothing(message: str) -> None:
    door = begun()
    outputs = door.receive(message)
    text = "expected a JSON object with the type KeepAlive, Finalize or CloseStream"
    error = {"type": "Error", "variant": "SchemaError", "description": text, "message": text}
    assert said(outputs) == [error]
    assert len(outputs) == 1
    assert door.receive(control("KeepAlive")) == [Alive()]


def test_words_cannot_be_set_in_mid_call() -> None:
    (failure,) = said(begun().receive(control("Configure", keyterms=["4111"])))
    assert failure["type"] == "ConfigureFailure"
    assert failure["request_id"] == REQUEST
    assert failure["code"] == "CONFIGURE_KEYTERMS_NOT_SUPPORTED"
    assert "4111" not in json.dumps(failure)


@pytest.mark.parametrize(
    ("code", "reason", "variant", "closed"),
    [
        (1008, NO_HELLO, "NET-0001", 1011),
        (1008, NO_AUDIO, "NET-0001", 1011),
        (1013, "full", "NET-0000", 1011),
        (1011, "the call failed", "NET-0000", 1011),
        (1007, "a position far beyond", "DATA-0000", 1008),
        (1008, "the call is over", "POLICY", 1008),
    ],
)
def test_refusals_are_in_deepgrams_words(code: int, reason: str, variant: str, closed: int) -> None:
    door = begun()
    outputs = door.refuse(code, reason)
    (error,) = said(outputs)
    text = "no audio and no KeepAlive came in time" if variant == "NET-0001" else reason
    assert error == {"type": "Error", "variant": variant, "description": text, "message": text}
    assert closing(outputs) == Closing(closed, f"{variant} {text}")
    assert door.receive(b"\0\0") == []
    assert door.refuse(code, reason) == []


@pytest.mark.parametrize("code", ["failed", "shutdown", "interrupted"])
def test_trouble_of_the_servers_own_is_said_after_the_metadata(code: str) -> None:
    outputs = begun().closed(code)
    assert [message["type"] for message in said(outputs)] == ["Metadata", "Error"]
    assert closing(outputs) == Closing(1011, f"NET-0000 the call ended: {code}")


def test_a_call_that_ended_for_silence() -> None:
    assert closing(begun().closed("idle")).reason.startswith("NET-0001")


def test_a_stream_that_goes_on_with_a_call_has_a_clock_of_its_own() -> None:
    door = begun()
    assert door.welcome(Welcome(REQUEST, (16_000,))) == []
    (results,) = said(door.event(final(word("Hi.", 1.5, 1.75), start_s=1.25)))
    assert (results["start"], results["duration"]) == (0.25, 2.0)
    assert results["channel"]["alternatives"][0]["words"][0]["start"] == 0.5


def test_what_was_said_before_the_connection_is_not_told() -> None:
    door = begun([*RAW, ("interim_results", "true"), ("vad_events", "true")])
    door.welcome(Welcome(REQUEST, (samples(3.0),)))
    before = samples(3.0) - 1
    for event in (
        final(word("Hi.", 2.5, 2.75), start_s=2.5),
        partial("hi", start_s=2.5, end_s=4.0),
        UtteranceLost("u", 0, before, samples(4.0), "failed"),
    ):
        assert door.event(event) == []
    first = said(door.event(final(word("Yes.", 3.0, 3.5), start_s=3.0)))
    assert [(one["type"], one.get("start")) for one in first] == [("SpeechStarted", None), ("Results", 0.0)]


def test_what_was_said_before_the_connection_is_no_answer_to_a_wish_for_finals() -> None:
    door = begun()
    door.welcome(Welcome(REQUEST, (samples(3.0),)))
    door.receive(control("Finalize"))
    assert door.event(final(word("Hi.", 2.5, 2.75), start_s=2.5)) == []
    (empty,) = said(door.event(Flushed(samples(5.0))))
    assert (empty["start"], empty["from_finalize"]) == (2.0, True)


def test_it_listens() -> None:
    assert opened().listens

"""Twilio's door: the start of each vendor, codecs, tracks, roles, the names of a call, what it refuses."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from pipeline.doors import g711
from pipeline.doors.media_streams import BAD_DATA, MAX_TEXT, POLICY, UNSUPPORTED
from pipeline.doors.messages import CallInfo, Chunk, Closing, Ended, Started
from pipeline.doors.metadata import DoorSettings
from pipeline.doors.own import NOT_AN_ID
from pipeline.doors.twilio import TwilioDoor
from tests.pipeline.doors.twilio_messages import (
    CALL_IDS,
    STARTS,
    STOP,
    chunks,
    l16,
    media,
    refused,
    start,
    streaming,
)

ROLES = ("agent", "customer")
CONNECTED = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})


def begun(message: str, settings: DoorSettings | None = None, site: str | None = None) -> Started:
    (started,) = TwilioDoor(settings or DoorSettings(), site).receive(message)
    assert isinstance(started, Started)
    return started


@pytest.mark.parametrize(
    ("vendor", "carries"), [("twilio", (0, 1)), ("telnyx", (0, 1)), ("plivo", (0, 1)), ("exotel", (1,))]
)
def test_the_start_of_each_vendor(vendor: str, carries: tuple[int, ...]) -> None:
    door = TwilioDoor()
    assert door.receive(CONNECTED) == []
    # No vendor sends audio again: the stream is not one that a restored call could ask for what it missed.
    expected = Started(
        CallInfo(CALL_IDS[vendor], ROLES), carries, 8_000, may_return=True, ends_with_socket=vendor == "plivo"
    )
    assert door.receive(start(vendor)) == [expected]
    assert not door.listens


@pytest.mark.parametrize("vendor", sorted(STARTS))
def test_the_audio_and_the_stop_of_each_vendor(vendor: str) -> None:
    door = streaming(vendor)
    data = bytes(range(160)) * (2 if vendor in ("plivo", "exotel") else 1)
    if vendor in ("plivo", "exotel"):
        expected = np.frombuffer(data, "<i2").astype(np.float32) / 32_768.0
    else:
        expected = g711.decode(data, "mulaw")
    (first,) = chunks(door.receive(media(0, data, vendor=vendor)))
    (second,) = chunks(door.receive(media(1, data, vendor=vendor)))
    assert (first.channels, first.at, second.at) == ((1,), 0, 160)
    assert first.samples.dtype == np.float32
    assert np.array_equal(first.samples, expected[None, :])
    assert door.receive(STOP) == [Ended()]
    assert door.receive(media(2, vendor=vendor)) == []


@pytest.mark.parametrize(
    ("declared", "carries"),
    [
        (["inbound", "outbound"], (0, 1)),
        (["outbound_track", "inbound_track"], (0, 1)),
        (["inbound"], (1,)),
        (["outbound"], (0,)),
        ("both_tracks", (0, 1)),
        ("both", (0, 1)),
        ("inbound_track", (1,)),
        ([], (0, 1)),
        (None, (0, 1)),
    ],
)
def test_a_stream_carries_the_tracks_that_it_declares(declared: Any, carries: tuple[int, ...]) -> None:
    for vendor in ("twilio", "telnyx", "plivo"):
        started = begun(start(vendor, tracks=declared))
        assert (started.carries, started.info.roles) == (carries, ROLES)


@pytest.mark.parametrize("track", ["inbound", "inbound_track"])
def test_the_associate_is_on_the_track_that_the_site_says(track: str) -> None:
    settings = DoorSettings(sites={"north": DoorSettings(agent=track)})
    message = start(customParameters={"site": "north"}, tracks=["inbound"])
    assert begun(message, settings).carries == (0,)
    assert begun(start(tracks=["inbound"]), settings).carries == (1,)
    assert begun(start(tracks=["inbound"]), settings, site="north").carries == (0,)
    door = streaming(settings=DoorSettings(agent=track))
    assert chunks(door.receive(media(0, track="inbound")))[0].channels == (0,)
    assert chunks(door.receive(media(0, track="outbound_track")))[0].channels == (1,)


SAID = {
    "associate": "ann",
    "queue": "cards",
    "site": "north",
    "language": "en-US",
    "direction": "outbound",
}


@pytest.mark.parametrize(
    ("vendor", "place"),
    [("twilio", "customParameters"), ("telnyx", "custom_parameters"), ("exotel", "custom_parameters")],
)
def test_what_is_known_of_the_call_is_in_its_parameters(vendor: str, place: str) -> None:
    assert begun(start(vendor, **{place: SAID})).info == CallInfo(CALL_IDS[vendor], ROLES, **SAID)


@pytest.mark.parametrize(
    "headers",
    [json.dumps(SAID), ",".join(f"{k}={v}" for k, v in SAID.items()), SAID],
    ids=["json", "pairs", "object"],
)
def test_plivos_parameters_are_its_extra_headers(headers: Any) -> None:
    message = json.dumps({**STARTS["plivo"], "extra_headers": headers})
    assert begun(message).info == CallInfo(CALL_IDS["plivo"], ROLES, **SAID)


@pytest.mark.parametrize("headers", [None, 5, "{", "[1]", "=,;", "x" * 3_000])
def test_extra_headers_that_cannot_be_read_say_nothing(headers: Any) -> None:
    message = json.dumps({**STARTS["plivo"], "extra_headers": headers})
    assert begun(message).info == CallInfo(CALL_IDS["plivo"], ROLES)


def test_a_site_says_where_its_names_are() -> None:
    settings = DoorSettings(fields={"queue": "start.from", "associate": "start.customParameters.agent_id"})
    message = start(customParameters={"agent_id": "a-17", "queue": "x", "site": "north"}, **{"from": "+44"})
    info = begun(message, settings).info
    assert (info.associate, info.queue, info.site) == ("a-17", "+44", "north")


def test_a_name_that_no_store_can_hold_is_none() -> None:
    info = begun(start(customParameters={"associate": "\ud800", "queue": "a\u0000b"})).info
    assert (info.associate, info.queue) == (None, None)


@pytest.mark.parametrize("rate_hz", [8_000, "16000", 24_000])
def test_l16_is_little_endian_at_the_declared_rate(rate_hz: int | str) -> None:
    declared = {**l16("audio/x-l16;rate=9"), "sampleRate": rate_hz}
    door = streaming(mediaFormat=declared)
    block = np.array([[-1.0, 0.0, 0.5, 32_767 / 32_768]], np.float32)
    (heard,) = chunks(door.receive(media(0, (block * 32_768).astype("<i2").tobytes())))
    assert np.array_equal(heard.samples, block)
    assert begun(start(mediaFormat=declared)).rate_hz == int(rate_hz)


@pytest.mark.parametrize("encoding", ["PCMA", "audio/x-alaw", "audio/PCMA"])
def test_a_law(encoding: str) -> None:
    door = streaming("telnyx", media_format={"encoding": encoding, "sample_rate": 8000})
    (heard,) = chunks(door.receive(media(0, bytes(range(256)), vendor="telnyx")))
    assert np.array_equal(heard.samples[0], g711.decode(bytes(range(256)), "alaw"))


@pytest.mark.parametrize(
    ("vendor", "fields", "code", "line"),
    [
        ("telnyx", {"media_format": {"encoding": "G722", "sample_rate": 8000}}, UNSUPPORTED, "PCMU"),
        ("telnyx", {"media_format": {"encoding": "L16", "sample_rate": 16000}}, UNSUPPORTED, "byte order"),
        ("twilio", {"mediaFormat": {**l16(), "channels": 2}}, UNSUPPORTED, "one channel"),
        ("twilio", {"mediaFormat": l16("raw/slin")}, UNSUPPORTED, "PCMU"),
        ("twilio", {"mediaFormat": None}, BAD_DATA, "start.mediaFormat: Field required"),
        ("twilio", {"mediaFormat": {"encoding": "PCMU"}}, BAD_DATA, "start.mediaFormat.sampleRate: Field"),
        ("twilio", {"mediaFormat": l16(rate_hz=4_000)}, BAD_DATA, "start.mediaFormat.sampleRate: Input"),
        ("exotel", {"media_format": {"encoding": "raw", "sample_rate": "fast"}}, BAD_DATA, "sample_rate"),
        ("twilio", {"callSid": "4111 1111"}, POLICY, f"start.callSid: {NOT_AN_ID}"),
        ("twilio", {"callSid": 7}, POLICY, "start.callSid"),
        ("twilio", {"callSid": None}, POLICY, "start: expected one of streamSid and callSid, stream_id"),
        ("twilio", {"tracks": ["inbound", "4111"]}, BAD_DATA, "start.tracks: expected inbound"),
        ("twilio", {"tracks": ["inbound", "inbound_track"]}, BAD_DATA, "start.tracks: expected inbound"),
        ("twilio", {"tracks": {"inbound": 1}}, BAD_DATA, "start.tracks: expected inbound"),
        ("twilio", {"tracks": [["inbound"]]}, BAD_DATA, "start.tracks: expected inbound"),
    ],
)
def test_a_start_that_is_refused(vendor: str, fields: dict[str, Any], code: int, line: str) -> None:
    found, reason = refused(TwilioDoor().receive(start(vendor, **fields)))
    assert (found, line in reason) == (code, True), reason
    assert "4111" not in reason


@pytest.mark.parametrize(
    "text", ["", "hello", "[]", "null", "[" * 100_000, "9" * 5_000, '{"event": 1}', "{}"]
)
def test_what_is_no_message(text: str) -> None:
    for door in (TwilioDoor(), streaming()):
        code, reason = refused(door.receive(text))
        assert code == BAD_DATA
        assert reason in ("expected a JSON object", "event: expected a text")
        assert door.receive(start()) == []


def test_binary_messages_and_long_ones() -> None:
    assert refused(TwilioDoor().receive(b"\xff"))[0] == UNSUPPORTED
    assert TwilioDoor().receive(b"") == []
    assert refused(streaming().receive(media(0, b"\xff" * MAX_TEXT)))[0] == POLICY


@pytest.mark.parametrize(
    ("fields", "code", "line"),
    [
        ({"payload": None}, BAD_DATA, "media.payload: Field required"),
        ({"payload": "411"}, BAD_DATA, "media.payload: expected base64"),
        ({"payload": "é111"}, BAD_DATA, "media.payload: expected base64"),
        ({"payload": "41 11"}, BAD_DATA, "media.payload: expected base64"),
        ({"timestamp": "4111x"}, BAD_DATA, "media.timestamp: Input should be a valid integer"),
        ({"timestamp": -4111}, BAD_DATA, "media.timestamp: Input should be greater"),
        ({"timestamp": True}, BAD_DATA, "media.timestamp: Input should be a valid integer"),
        ({"timestamp": "9" * 40}, BAD_DATA, "media.timestamp: Input should be a valid integer"),
        ({"chunk": 1.5}, BAD_DATA, "media.chunk: Input should be a valid integer"),
        ({"track": "4111"}, BAD_DATA, "media.track: expected inbound or outbound"),
        ({"track": None}, POLICY, "media.track: expected inbound or outbound"),
    ],
)
def test_media_that_cannot_be_read(fields: dict[str, Any], code: int, line: str) -> None:
    found, reason = refused(streaming().receive(media(0, **fields)))
    assert found == code
    assert reason.startswith(line)
    assert "4111" not in reason


def test_messages_out_of_turn() -> None:
    assert refused(TwilioDoor().receive(media(0))) == (POLICY, "media before the start")
    assert refused(TwilioDoor().receive(STOP)) == (POLICY, "stop before the start")
    assert refused(streaming().receive(start())) == (POLICY, "start: the stream has begun already")
    assert refused(TwilioDoor().receive('{"event": "start"}')) == (BAD_DATA, "start: expected an object")
    one = streaming(tracks=["inbound"])
    assert refused(one.receive(media(0, track="outbound")))[0] == POLICY
    assert refused(streaming(mediaFormat=l16()).receive(media(0, b"abc"))) == (
        BAD_DATA,
        "media.payload: expected whole samples of 16 bits",
    )


def test_the_only_track_needs_no_name() -> None:
    (heard,) = chunks(streaming("exotel").receive(media(0, vendor="exotel", track=None)))
    assert heard.channels == (1,)


@pytest.mark.parametrize(
    "message",
    [
        {"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": "4"}},
        {"event": "mark", "mark": {"name": "4111"}},
        {"event": "connected", "version": "1.0.0"},
        {"event": "error", "payload": {"code": 100_002, "title": "x", "detail": "y"}},
        {"event": "media", "media": {"track": "inbound", "payload": ""}},
    ],
)
def test_what_says_nothing_of_the_audio_is_taken_and_kept_nowhere(message: dict[str, Any]) -> None:
    door = streaming()
    before = {name: value for name, value in vars(door).items() if name != "_clocks"}
    assert door.receive(json.dumps(message)) == []
    assert {name: value for name, value in vars(door).items() if name != "_clocks"} == before
    assert isinstance(door.receive(media(0))[0], Chunk)


def test_how_a_connection_ends() -> None:
    refusing, closed = streaming(), streaming()
    assert refusing.refuse(1013, "busy") == [Closing(1013, "busy")]
    assert closed.closed("hangup") == [Closing(1000, "hangup")]
    for door in (refusing, closed):
        assert door.receive(media(0)) == []
        assert door.receive(STOP) == []


def test_payloads_of_any_length_are_the_same_audio() -> None:
    data = bytes(np.random.default_rng(1).integers(0, 256, 1_600, np.uint8))
    whole = chunks(streaming().receive(media(0, data)))[0].samples
    for size in (1, 7, 160, 799):
        door = streaming()
        heard = []
        for at in range(0, len(data), size):
            message = media(at, data[at : at + size], timestamp=at // 8)
            heard += chunks(door.receive(message))
        assert np.array_equal(np.concatenate([one.samples for one in heard], axis=1), whole)
        assert [one.at for one in heard] == list(range(0, len(data), size))

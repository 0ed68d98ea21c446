"""Whatever comes to Twilio's door, it answers or closes, and never raises."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.doors.messages import Chunk, Closing, DoorOutput, Ended, Started, Welcome
from pipeline.doors.metadata import DoorSettings
from pipeline.doors.twilio import TwilioDoor
from tests.pipeline.doors.twilio_messages import STARTS, STOP, media, start

any_text = st.text(st.characters())
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)
vendors = st.sampled_from(sorted(STARTS))
fields = st.dictionaries(
    st.sampled_from(["associate", "queue", "site", "direction"]), any_text | any_json, max_size=3
)
names = st.sampled_from(
    [
        "callSid",
        "streamSid",
        "tracks",
        "mediaFormat",
        "media_format",
        "call_control_id",
        "call_sid",
        "callId",
        "customParameters",
        "custom_parameters",
    ]
)
formats = st.fixed_dictionaries(
    {
        "encoding": st.sampled_from(["audio/x-mulaw", "PCMA", "audio/x-l16", "base64", "opus"]) | any_json,
        "sampleRate": st.sampled_from([8_000, "16000", 7]) | any_json,
    },
    optional={"channels": any_json},
)
starts = st.builds(
    lambda vendor, fields: start(vendor, **fields),
    vendors,
    st.dictionaries(names, any_json | formats | fields),
)
good_starts = st.builds(start, vendors)
tracks = st.sampled_from(["inbound", "outbound", "inbound_track", None]) | any_text
numbers = st.integers(0, 30)
good_media = st.builds(
    media,
    numbers,
    st.binary(max_size=40).map(lambda data: data * 2),
    st.sampled_from(["inbound", "outbound"]),
    vendors,
)
bad_media = st.builds(
    lambda number, track, fields: media(number, track=track, **fields),
    numbers,
    tracks,
    st.dictionaries(st.sampled_from(["chunk", "timestamp", "payload"]), any_json, max_size=2),
)
others = st.builds(
    lambda event, body: json.dumps({"event": event, "start": body, "media": body}),
    st.sampled_from(["connected", "start", "media", "stop", "dtmf", "mark"]) | any_json,
    any_json,
)
messages = (
    st.binary(max_size=64)
    | any_text
    | any_json.map(json.dumps)
    | starts
    | good_media
    | bad_media
    | others
    | st.just(STOP)
)


def check(outputs: list[DoorOutput]) -> bool:
    """Whether the connection goes on; all that is said can be sent and kept."""
    for output in outputs:
        assert isinstance(output, Started | Chunk | Ended | Closing)
        if isinstance(output, Chunk):
            assert output.samples.ndim == 2
            assert output.samples.shape[0] == len(output.channels) == 1
            assert output.samples.shape[1] > 0
            assert output.samples.dtype == np.float32
            assert np.abs(output.samples).max() <= 1.0
            assert output.at is not None
            assert output.at >= 0
        elif isinstance(output, Started):
            assert 8_000 <= output.rate_hz <= 48_000
            assert output.carries in ((0,), (1,), (0, 1))
            info = output.info
            for name in (info.call_id, info.associate, info.queue, info.site, info.language):
                (name or "").encode()
        elif isinstance(output, Closing):
            assert output.code in (1003, 1007, 1008)
            assert len(output.reason.encode()) <= 123
            assert output is outputs[-1]
    return not any(isinstance(output, Closing | Ended) for output in outputs)


def played(door: TwilioDoor, sent: list[Any]) -> None:
    open_ = True
    for message in sent:
        outputs = door.receive(message)
        assert open_ or outputs == []
        open_ = check(outputs) and open_
        for output in outputs:
            if isinstance(output, Started):
                door.welcome(Welcome(output.info.call_id, (7,) * len(output.carries)))


@given(messages)
def test_any_first_message(message: str | bytes) -> None:
    check(TwilioDoor().receive(message))


@given(good_starts | starts, st.lists(messages, max_size=12))
def test_any_messages_after_a_start(first: str, rest: list[str | bytes]) -> None:
    played(TwilioDoor(DoorSettings(agent="inbound_track")), [first, *rest])


@given(good_starts, st.lists(good_media, max_size=40))
def test_audio_in_any_order(first: str, rest: list[str]) -> None:
    played(TwilioDoor(), [first, *rest, STOP])

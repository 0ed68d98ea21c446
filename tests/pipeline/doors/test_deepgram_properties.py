"""Whatever comes to Deepgram's door, it answers or closes, and never raises."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.events import Event
from pipeline.doors.deepgram import DeepgramDoor
from pipeline.doors.messages import (
    Alive,
    Answer,
    Chunk,
    Closing,
    Denial,
    DoorOutput,
    Ended,
    Flush,
    Opened,
    Reply,
    Started,
    Welcome,
)
from tests.pipeline.doors.deepgram_messages import RAW, STEREO, control, gate, opened, upgrade, wav_head
from tests.pipeline.event_strategies import events

any_text = st.text(st.characters())
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)
controls = st.sampled_from([control(kind) for kind in ("KeepAlive", "Finalize", "CloseStream", "Configure")])
heads = st.builds(
    wav_head, st.sampled_from([1, 6, 7]), st.integers(0, 3), st.integers(0, 99_000), st.sampled_from([8, 16])
)
messages = st.binary(max_size=64) | any_text | any_json.map(json.dumps) | controls | heads
names = st.sampled_from(
    [
        "encoding",
        "sample_rate",
        "channels",
        "multichannel",
        "interim_results",
        "endpointing",
        "utterance_end_ms",
        "vad_events",
        "diarize",
        "language",
        "extra",
        "tag",
    ]
)
sendable = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = sendable | st.sampled_from(
    ["true", "false", "linear16", "mulaw", "16000", "2", "1000", "en", "call_id:c"]
)
queries = st.lists(st.tuples(names | sendable, values), max_size=12)
sockets = st.sampled_from(
    [
        [],
        RAW,
        STEREO,
        [("encoding", "alaw"), ("sample_rate", "8000"), ("channels", "2")],
        [*STEREO, ("interim_results", "true"), ("vad_events", "true"), ("diarize", "true")],
        [*RAW, ("interim_results", "true"), ("utterance_end_ms", "1000"), ("diarize", "true")],
        [*STEREO, ("interim_results", "true"), ("utterance_end_ms", "1000")],
    ]
)
welcomes = st.builds(Welcome, st.just("c"), st.lists(st.integers(0, 10**12), max_size=2).map(tuple))
refusals = st.tuples(st.integers(1_000, 4_999), sendable)
ends = st.sampled_from(["hangup", "idle", "failed", "shutdown", "too_long"])
steps = st.one_of(
    messages,
    events,
    welcomes,
    refusals,
    ends.map(lambda code: {"closed": code}),
    st.just(control("Finalize")),
)


def check(outputs: Sequence[DoorOutput] | Sequence[Answer]) -> bool:
    """Whether the connection goes on; all that is said can be sent."""
    for output in outputs:
        assert isinstance(output, Started | Chunk | Flush | Alive | Ended | Reply | Closing)
        if isinstance(output, Chunk):
            assert output.samples.ndim == 2
            assert output.samples.shape[0] == len(output.channels)
            assert output.samples.shape[1] > 0
            assert np.abs(output.samples).max() <= 1.0
            assert output.samples.flags.c_contiguous
        elif isinstance(output, Reply):
            assert "type" in json.loads(output.message)
        elif isinstance(output, Closing):
            output.reason.encode()
            assert output is outputs[-1]
    return not any(isinstance(output, Closing) for output in outputs)


def take(door: DeepgramDoor, step: object) -> Sequence[DoorOutput] | Sequence[Answer]:
    """One thing that happens to a door."""
    if isinstance(step, str | bytes):
        return door.receive(step)
    if isinstance(step, Welcome):
        return door.welcome(step)
    if isinstance(step, tuple):
        return door.refuse(*step)
    if isinstance(step, dict):
        return door.closed(step["closed"])
    assert isinstance(step, Event)
    return door.event(step)


@given(sockets, st.lists(steps, max_size=16))
def test_any_order_of_anything(query: list[tuple[str, str]], all_steps: list[object]) -> None:
    door = opened(query)
    open_, begun, ended = True, 0, False
    for step in all_steps:
        outputs = take(door, step)
        assert open_ or list(outputs) == []
        open_ = check(outputs) and open_
        begun += sum(isinstance(output, Started) for output in outputs)
        assert not (
            ended and any(isinstance(one, Chunk | Flush | Alive | Ended | Started) for one in outputs)
        )
        ended = ended or any(isinstance(output, Ended) for output in outputs)
        if any(isinstance(output, Chunk | Ended) for output in outputs):
            assert begun == 1
    assert begun <= 1


@given(queries, st.dictionaries(st.sampled_from(["authorization", "sec-websocket-protocol"]), sendable))
def test_any_opening_request(query: list[tuple[str, str]], headers: dict[str, str]) -> None:
    request = upgrade(query, **headers)
    gate().present(request)
    found = gate().open(request)
    if isinstance(found, Denial):
        assert found.status == 400
        found.headers["dg-error"].encode("ascii")
        return
    assert isinstance(found, Opened)
    check(found.door.receive(control("KeepAlive")))


@given(st.integers(100, 599), sendable)
def test_any_denial(status: int, reason: str) -> None:
    denial = gate().deny(status, reason)
    json.dumps(dict(denial.body))
    assert all(" " <= letter <= "~" for letter in denial.headers["dg-error"])

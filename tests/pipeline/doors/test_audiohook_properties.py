"""Whatever comes to AudioHook's door, and in whatever order, it gives values of the contract."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.doors.audiohook import AudioHookDoor
from pipeline.doors.audiohook_messages import LONGEST_TEXT
from pipeline.doors.messages import (
    Answer,
    Away,
    Back,
    Chunk,
    DoorOutput,
    Ended,
    Flush,
    Reply,
    Started,
    Welcome,
)
from tests.pipeline.doors.audiohook_client import (
    AGENT,
    BOTH,
    CONVERSATION,
    CUSTOMER,
    NOBODY,
    OPEN,
    SESSION,
    Client,
    new_door,
    opened,
)
from tests.pipeline.event_strategies import events

any_text = st.text(st.characters())
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)
media = st.lists(st.sampled_from([BOTH, CUSTOMER, AGENT, {**BOTH, "format": "L16"}]) | any_json, max_size=3)
openings = st.builds(
    lambda offers, extra: {**OPEN, "media": offers, **extra},
    media,
    st.dictionaries(st.sampled_from([*OPEN, "customConfig", "language"]), any_json, max_size=1)
    | st.just({"conversationId": NOBODY}),
)
skips = st.builds(
    lambda start, discarded: {"start": start, "discarded": discarded},
    any_json,
    st.sampled_from(["PT0S", "PT1.5S", "PT0.000125S"]) | any_json,
)
kinds = st.sampled_from(
    ["ping", "update", "paused", "resumed", "discarded", "close", "error", "dtmf", "open"]
)
steps = (
    st.tuples(kinds, st.just({}) | skips | any_json)
    | st.tuples(st.just("open"), openings)
    | st.binary(max_size=64)
    | any_text
    | any_json.map(json.dumps)
    | st.builds(
        lambda extra: json.dumps({"version": "2", "id": SESSION, "type": "ping", "seq": 2, **extra}),
        st.dictionaries(
            st.sampled_from(["version", "id", "type", "seq", "parameters"]), any_json, max_size=2
        ),
    )
    | st.sampled_from(["welcome", "refuse", "closed"]).map(lambda name: (name,))
    | events.map(lambda event: (event,))
)


def do(door: AudioHookDoor, client: Client, step: Any) -> list[DoorOutput] | list[Answer]:
    """A message of the client, or something that the shell tells."""
    if isinstance(step, str | bytes):
        return door.receive(step)
    if len(step) == 2:
        return door.receive(client.say(*step))
    match step[0]:
        case "welcome":
            return door.welcome(Welcome(CONVERSATION, (16_000, 16_000)))
        case "refuse":
            return door.refuse(1008, "no")
        case "closed":
            return door.closed("hangup")
    return door.event(step[0])


def check(outputs: list[DoorOutput] | list[Answer], door: AudioHookDoor) -> None:
    for output in outputs:
        assert isinstance(output, Started | Chunk | Away | Back | Ended | Flush | Reply)
        if isinstance(output, Chunk):
            assert output.samples.shape[0] == len(output.channels)
            assert output.samples.shape[1] > 0
            assert np.abs(output.samples).max() <= 1.0
            assert output.at is not None
        elif isinstance(output, Reply):
            assert isinstance(output.message, str)
            assert len(output.message) <= LONGEST_TEXT
            json.loads(output.message, parse_constant=_fail)
            output.message.encode()


def _fail(_: str) -> None:
    raise AssertionError("not JSON")


@given(st.lists(steps, max_size=12), st.booleans())
def test_any_steps_at_any_stage(taken: list[Any], after_open: bool) -> None:
    door, client = opened() if after_open else (new_door(), Client())
    numbers = [] if not after_open else [1]
    ends = starts = 0
    position = -1
    for step in taken:
        outputs = do(door, client, step)
        check(outputs, door)
        for output in outputs:
            ends += isinstance(output, Ended)
            starts += isinstance(output, Started)
            if isinstance(output, Reply):
                numbers.append(json.loads(output.message)["seq"])
            if isinstance(output, Chunk):
                assert output.at is not None
                assert output.at > position
                position = output.at
    assert numbers == list(range(1, len(numbers) + 1))
    assert ends <= 1
    assert starts <= 1


@given(st.binary(max_size=400), st.lists(st.integers(0, 50), max_size=20), st.sampled_from(["PCMU", "L16"]))
def test_audio_is_the_same_however_it_was_cut(data: bytes, sizes: list[int], format_: str) -> None:
    offers = [{**BOTH, "format": format_}]
    whole, cut = opened(media=offers)[0], opened(media=offers)[0]
    expected = [output for output in whole.receive(data) if isinstance(output, Chunk)]
    heard: list[Chunk] = []
    for size in [*sizes, len(data)]:
        heard += [output for output in cut.receive(data[:size]) if isinstance(output, Chunk)]
        data = data[size:]
    assert bool(expected) == bool(heard)
    if expected:
        joined = np.concatenate([one.samples for one in heard], axis=1)
        assert np.array_equal(joined, expected[0].samples)
        lengths = [one.samples.shape[1] for one in heard]
        assert [one.at for one in heard] == [sum(lengths[:at]) for at in range(len(heard))]

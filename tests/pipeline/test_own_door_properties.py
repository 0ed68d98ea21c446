"""Whatever comes to the own door, it answers or closes, and never raises."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.doors.messages import Away, Back, Chunk, Closing, DoorOutput, Ended, Reply, Started, Updated
from pipeline.doors.own import OwnDoor
from tests.pipeline.own_messages import HELLO, control, hello, position

any_text = st.text(st.characters())
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(
    [*HELLO, "carries", "positions", "associate", "queue", "direction", "language", "site", "digit"]
)
hellos = st.builds(
    lambda extra: json.dumps({**HELLO, **extra}), st.dictionaries(fields, any_json, max_size=3)
)
good_hellos = st.builds(
    hello,
    rate_hz=st.integers(8_000, 96_000),
    encoding=st.sampled_from(["mulaw", "alaw", "l16"]),
    positions=st.booleans(),
    carries=st.sampled_from([None, [0], [1], [1, 0]]),
)
controls = st.builds(
    lambda kind, extra: json.dumps({**extra, "type": kind}),
    st.sampled_from(["hold", "pause", "resume", "dtmf", "update", "end"]) | any_json,
    st.dictionaries(fields, any_json, max_size=2),
)
good_controls = st.sampled_from([control(kind) for kind in ("hold", "pause", "resume", "update")])
placed = st.builds(lambda at, data: position(at) + data, st.integers(0, 2**64 - 1), st.binary(max_size=40))
messages = (
    st.binary(max_size=64) | placed | any_text | any_json.map(json.dumps) | hellos | controls | good_controls
)


def check(outputs: list[DoorOutput]) -> bool:
    """Whether the connection goes on; all that is said can be sent."""
    for output in outputs:
        assert isinstance(output, Started | Chunk | Away | Back | Updated | Ended | Reply | Closing)
        if isinstance(output, Chunk):
            assert output.samples.ndim == 2
            assert output.samples.shape[0] == len(output.channels)
            assert output.samples.shape[1] > 0
            assert np.abs(output.samples).max() <= 1.0
        elif isinstance(output, Reply):
            assert isinstance(output.message, str)
            assert len(output.message.encode()) < 1_000
        elif isinstance(output, Closing):
            output.reason.encode()
            assert output is outputs[-1]
    return not any(isinstance(output, Closing | Ended) for output in outputs)


@given(messages)
def test_any_first_message(message: str | bytes) -> None:
    outputs = OwnDoor("c").receive(message)
    assert len(outputs) == (1 if isinstance(outputs[0], Started) else 2)
    check(outputs)


@given(good_hellos, st.lists(messages, max_size=12))
def test_any_messages_after_a_hello(first: str, rest: list[str | bytes]) -> None:
    door = OwnDoor("c")
    assert isinstance(door.receive(first)[0], Started)
    open_ = True
    for message in rest:
        outputs = door.receive(message)
        assert open_ or outputs == []
        open_ = check(outputs) and open_


@given(good_hellos, st.binary(max_size=400), st.lists(st.integers(0, 50), max_size=20))
def test_unplaced_audio_is_the_same_however_it_was_cut(first: str, data: bytes, sizes: list[int]) -> None:
    unplaced = json.dumps({**json.loads(first), "positions": False})
    whole, cut = OwnDoor("c"), OwnDoor("c")
    whole.receive(unplaced)
    cut.receive(unplaced)
    expected = [output.samples for output in whole.receive(data) if isinstance(output, Chunk)]
    heard = []
    for size in [*sizes, len(data)]:
        outputs = cut.receive(data[:size])
        data = data[size:]
        heard += [output.samples for output in outputs if isinstance(output, Chunk)]
    assert bool(expected) == bool(heard)
    if expected:
        assert np.array_equal(np.concatenate(heard, axis=1), expected[0])

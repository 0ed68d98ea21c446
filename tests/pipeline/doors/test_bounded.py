"""What a door remembers of a connection does not grow with the call."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from models.types import Word
from pipeline.config import load_config
from pipeline.core.events import Partial, UtteranceFinal
from pipeline.doors.messages import Denial, Door, Started, Upgrade, Welcome
from pipeline.senders.sender import Frame, Sender, Spoken
from pipeline.senders.table import SENDERS
from pipeline.web.gates import gates

ORIGIN = "ws://calls.example.org"
CALL_ID = "5f3d0a52-7f0e-4a0e-9d5b-0a2f6f6d1c11"
RATE_HZ = 8_000
SHORT_S, LONG_S = 60, 360
UTTERANCE_S = 3
GROWTH_BYTES = 20_000
"""What counters and a list within its bound may add."""


def opened(sender: Sender) -> Door:
    """A door whose call has begun."""
    at_s = time.time()
    opening = sender.opening(ORIGIN, at_s)
    headers = {"host": "calls.example.org"} | {name.lower(): text for name, text in opening.headers.items()}
    path = opening.path.partition("?")[0]
    (gate,) = (gate for gate in gates(load_config()) if gate.path == path)
    result = gate.open(Upgrade(ORIGIN + opening.path, headers, at_s))
    assert not isinstance(result, Denial)
    for message in sender.hello():
        if any(isinstance(output, Started) for output in result.door.receive(message)):
            result.door.welcome(Welcome(CALL_ID, (0, 0)))
    return result.door


def say(door: Door, number: int) -> None:
    """An utterance: two partials and its final."""
    start = number * UTTERANCE_S * 16_000
    for end in (8_000, 16_000):
        door.event(Partial(0, start, start + end, "good", "morning"))
    words = (Word("good", start, start + 8_000, 0.9), Word("morning", start + 8_000, start + 16_000, 0.9))
    door.event(UtteranceFinal(f"u0-{start}", 0, "S1", start, start + 20_000, words, "en", ()))


def play(door: Door, frames: Iterator[Frame], until_s: float, said: int) -> int:
    """Audio, and what is heard in it, up to a second; how many utterances that are."""
    for frame in frames:
        for message in frame.messages:
            if any(isinstance(output, Started) for output in door.receive(message)):
                door.welcome(Welcome(CALL_ID, (0, 0)))
        while frame.spoken_s >= (said + 1) * UTTERANCE_S:
            say(door, said)
            said += 1
        if frame.spoken_s >= until_s:
            break
    return said


@pytest.mark.parametrize("protocol", sorted(SENDERS))
def test_a_door_remembers_no_more_of_a_long_call(protocol: str) -> None:
    samples = np.zeros((LONG_S * RATE_HZ, 1 if protocol == "openai" else 2), np.int16)
    sender = SENDERS[protocol](Spoken(CALL_ID, RATE_HZ, samples))
    frames, door = sender.frames(), opened(sender)
    tracemalloc.start()
    try:
        said = play(door, frames, SHORT_S, 0)
        gc.collect()
        short = tracemalloc.get_traced_memory()[0]
        said = play(door, frames, LONG_S, said)
        gc.collect()
        long = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert said == LONG_S // UTTERANCE_S
    assert long - short < GROWTH_BYTES

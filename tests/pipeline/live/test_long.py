"""A call of three hours: nothing grows but its text, and the third hour costs what the first one did."""

from __future__ import annotations

import gc
import sys
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from models.fakes import ScriptedVoice
from models.types import RATE_HZ
from pipeline.core.events import CallClosed, Event, Partial, Result, UtteranceFinal
from pipeline.doors.messages import CallInfo, Chunk, Started
from pipeline.limits import Limits
from tests.pipeline.live_harness import STEREO, LiveRoom, NotingTranscriber, Recorder, speech

HOUR_S = 3_600
TEXT_BYTES = 6_000
"""What a session may keep of each utterance: its words, for the note."""


class CountingRecorder(Recorder):
    """Keeps counts and sizes alone."""

    def __init__(self) -> None:
        super().__init__()
        self.finals_seen = 0
        self.partials_seen = 0
        self.snapshot_bytes: list[int] = []
        self.closed: CallClosed | None = None

    def event(self, _: str, event: Event) -> None:
        self.finals_seen += isinstance(event, UtteranceFinal)
        self.partials_seen += isinstance(event, Partial)
        self.closed = event if isinstance(event, CallClosed) else self.closed

    def result(self, _: str, result: Result) -> None:
        pass

    def snapshot(self, _: str, data: bytes) -> None:
        self.snapshot_bytes.append(len(data))


def weight(root: Any) -> int:
    """Bytes of all that can be reached from an object."""
    seen: set[int] = set()
    found = 0
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type | ModuleType | FunctionType):
            continue
        seen.add(id(one))
        found += sys.getsizeof(one)
        waiting += gc.get_referents(one)
    return found


def test_three_hours() -> None:
    spoken = np.concatenate([speech(1, duration_s=25.0), np.zeros((2, 35 * RATE_HZ), np.float32)], axis=1)
    room = LiveRoom(limits=Limits(longest_s=4 * HOUR_S))
    recorder = CountingRecorder()
    room.recorder = recorder
    call = room.begin()
    joined = call.join(
        Started(CallInfo("call-1", call.info.roles), (0, 1), RATE_HZ), lambda code, reason: None
    )
    room.settle()
    stream, _ = joined.result(timeout=0)

    def hour() -> None:
        for second in range(HOUR_S):
            at = second % 60 * RATE_HZ
            call.hear(stream, Chunk((0, 1), spoken[:, at : at + RATE_HZ]))
            room.pass_s(1.0)
            assert call.waiting_s == 0.0

    hour()
    first, snapshots = recorder.finals_seen, len(recorder.snapshot_bytes)
    before = weight(room)
    hour()
    hour()
    assert first > 500
    assert recorder.partials_seen > 500
    assert (weight(room) - before) / (recorder.finals_seen - first) < TEXT_BYTES
    buffered = sum(len(buffer) for buffer in call._shell._buffers)
    assert buffered < 2 * 30 * RATE_HZ
    assert call._shell.jobs_waiting <= 2
    assert max(recorder.snapshot_bytes[snapshots:]) < 2 * max(recorder.snapshot_bytes[:snapshots])
    call.leave(stream, hung_up=True)
    room.settle()
    assert call.done.result(timeout=0) == "hangup"
    assert recorder.closed is not None
    assert recorder.closed.duration_samples == 3 * HOUR_S * RATE_HZ


def test_clips_without_words_leave_nothing_behind() -> None:
    """Speech that gives no text gives no event; what was measured of it is forgotten too."""
    room = LiveRoom(STEREO, voice=ScriptedVoice(level=0.005))
    client = room.connect()
    breath = np.zeros((2, 2 * RATE_HZ), np.float32)
    breath[:, :RATE_HZ] = 0.009
    for _ in range(10):
        client.send(breath, size=1_600)
    assert isinstance(room.transcriber, NotingTranscriber)
    assert len(room.transcriber.lengths) >= 20
    assert room.call._shell._decided_s == {}
    client.hang_up()
    assert room.end_code == "hangup"
    assert room.recorder.finals == []

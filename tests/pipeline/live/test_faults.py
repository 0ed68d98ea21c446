"""A fault in one call ends that call, and nothing is left of any."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.fakes import ScriptedSummarizer, ScriptedVoice
from models.types import RATE_HZ, Samples
from pipeline.core.events import CallClosed, Event, LegStarted, Result, UtteranceFinal
from pipeline.core.session import Session
from pipeline.doors.messages import CallInfo, Chunk, Started
from pipeline.limits import Limits
from pipeline.live.call import Ground, LiveCall
from pipeline.live.streams import StreamRefused
from pipeline.shell import CallEngines
from pipeline.workers import Engines, Workers
from tests.pipeline.engines import HalvesDiarizer
from tests.pipeline.live_harness import (
    LIVE,
    LiveRoom,
    NotingTranscriber,
    Recorder,
    as_file,
    by_channel,
    in_order,
    speech,
)

SPOKEN = speech(1)
PATIENCE_S = 60.0


class FaultyRecorder(Recorder):
    """Raises while `faulty` says so of what it is to keep."""

    def __init__(self, faulty: Callable[[Any], bool]) -> None:
        super().__init__()
        self.faulty = faulty

    def _check(self, record: Event | Result | bytes) -> None:
        if self.faulty(record):
            raise ZeroDivisionError("4111")

    def event(self, call_id: str, event: Event) -> None:
        self._check(event)
        super().event(call_id, event)

    def result(self, call_id: str, result: Result) -> None:
        self._check(result)
        super().result(call_id, result)

    def snapshot(self, call_id: str, data: bytes) -> None:
        self._check(data)
        super().snapshot(call_id, data)


def faulty_room(faulty: Callable[[Any], bool]) -> LiveRoom:
    room = LiveRoom(limits=Limits(resume_s=5.0))
    room.recorder = FaultyRecorder(faulty)
    room.begin()
    return room


def once(kind: type[Any]) -> Callable[[Any], bool]:
    raised: list[Any] = []

    def faulty(record: Any) -> bool:
        if isinstance(record, kind) and not raised:
            raised.append(record)
            return True
        return False

    return faulty


@pytest.mark.parametrize("kind", [UtteranceFinal, Result, bytes])
def test_one_fault_closes_the_call_with_what_was_heard(
    kind: type[Any], caplog: pytest.LogCaptureFixture
) -> None:
    room = faulty_room(once(kind))
    client = room.connect()
    client.play(SPOKEN[:, : 8 * RATE_HZ])
    room.pass_s(120.0)
    assert room.end_code == "failed"
    assert room.recorder.finals
    assert "call call-1 failed: ZeroDivisionError" in caplog.text
    assert "4111" not in caplog.text


@pytest.mark.parametrize("kind", [UtteranceFinal, Result, bytes])
def test_a_fault_that_stays_closes_the_call_at_once(kind: type[Any]) -> None:
    room = faulty_room(lambda record: isinstance(record, kind))
    client = room.connect()
    client.play(SPOKEN[:, : 8 * RATE_HZ])
    room.pass_s(120.0)
    assert room.end_code == "failed"
    in_order(room.recorder.events)


def test_a_recorder_that_takes_nothing_leaves_no_call_open() -> None:
    room = faulty_room(lambda _: True)
    client = room.connect()
    client.play(SPOKEN[:, : 8 * RATE_HZ])
    room.pass_s(10.0)
    assert room.call.done.result(timeout=0) == "failed"
    assert room.call.due_s == float("inf")
    assert room.recorder.records == []


def test_what_comes_with_a_fault_is_still_done() -> None:
    """A result, a stream that joins and one that leaves come in the same round as the fault."""
    room = faulty_room(once(UtteranceFinal))
    client = room.connect(carries=[0])
    client.send(SPOKEN[:1, : 8 * RATE_HZ], run=False)
    hello = CallInfo("call-1", room.call.info.roles)
    joined = room.call.join(Started(hello, (1,), RATE_HZ), lambda code, reason: None)
    client.hang_up()
    assert isinstance(joined.exception(timeout=0), StreamRefused) or joined.result(timeout=0)
    room.pass_s(120.0)
    assert room.call.done.done()


class FaultyVoice(ScriptedVoice):
    """Breaks when it hears something loud."""

    def open(self) -> FaultyVoice:
        return self

    def score(self, windows: Samples) -> NDArray[np.float32]:
        if np.abs(windows).max(initial=0.0) > 0.9:
            raise ZeroDivisionError
        return super().score(windows)


def test_voice_activity_that_breaks_ends_its_call_alone() -> None:
    broken, whole = LiveRoom(voice=FaultyVoice()), LiveRoom(voice=FaultyVoice())
    for room in (broken, whole):
        client = room.connect()
        client.play(SPOKEN[:, : 8 * RATE_HZ])
        if room is broken:
            client.play(np.full((2, 1_600), 0.99, np.float32))
        else:
            client.hang_up()
        room.pass_s(1.0)
    assert broken.end_code == "failed"
    assert broken.recorder.finals
    assert whole.end_code == "hangup"


def test_a_fault_while_a_stream_joins_refuses_the_stream() -> None:
    room = faulty_room(lambda record: isinstance(record, LegStarted) and record.number == 2)
    room.call.open_leg("ann", None)
    first = room.connect(carries=[0], associate="ann")
    first.play(SPOKEN[:1, :RATE_HZ])
    second = room.connect(carries=[1], associate="bob")
    assert second.said == [{"type": "error", "message": "the call failed"}]
    assert second.closing is not None
    assert second.closing.code == 1011
    room.pass_s(1.0)
    assert room.end_code == "failed"


def test_a_client_that_gave_up_waiting_is_not_let_in() -> None:
    room = LiveRoom()
    info = CallInfo("call-1", room.call.info.roles)
    joined = room.call.join(Started(info, (0, 1), RATE_HZ), lambda code, reason: None)
    assert joined.cancel()
    room.settle()
    client = room.connect()
    assert client.stream is not None
    client.hang_up()
    assert room.end_code == "hangup"


def test_a_client_that_gave_up_waiting_for_room_changes_nothing() -> None:
    room = LiveRoom()
    client = room.connect()
    client.send(SPOKEN[:, :16_000], run=False)
    assert room.call.waiting_s == 1.0
    gone, waiting = room.call.room(), room.call.room()
    assert gone.cancel()
    room.settle()
    assert waiting.done()
    assert room.call.waiting_s == 0.0
    client.send(SPOKEN[:, 16_000:])
    client.hang_up()
    assert room.end_code == "hangup"
    assert by_channel(room.recorder.events) == by_channel(as_file(SPOKEN))


def threads_of_ours() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("wrapup")]


def test_many_calls_on_real_threads(caplog: pytest.LogCaptureFixture) -> None:
    """Two calls of three end as their files do, the third has a fault; no thread is left but the pool's."""
    expected = by_channel(as_file(SPOKEN))
    before = threads_of_ours()
    engines = Engines(NotingTranscriber(), ScriptedSummarizer())
    recorders: list[Recorder] = []
    calls: list[LiveCall] = []
    with ThreadPoolExecutor(2) as pool, Workers(engines, 2) as workers:
        for number in range(9):
            faulty = number % 3 == 2
            recorder = FaultyRecorder(once(UtteranceFinal)) if faulty else Recorder()
            ground = Ground(workers, pool, recorder, Limits(), lambda: 0.0, lambda _: None)
            info = CallInfo(f"call-{number}", ("agent", "customer"))
            diarizer = HalvesDiarizer() if number == 0 else None
            voice = CallEngines(ScriptedVoice(), diarizer)
            calls.append(LiveCall(info, Session(LIVE), voice, ground))
            recorders.append(recorder)

        def feed(call: LiveCall) -> None:
            started = Started(call.info, (0, 1), RATE_HZ)
            stream, _ = call.join(started, lambda code, reason: None).result(PATIENCE_S)
            for at in range(0, SPOKEN.shape[1], 3_200):
                call.hear(stream, Chunk((0, 1), SPOKEN[:, at : at + 3_200]))
                if call.waiting_s > 2.0:
                    call.room().result(PATIENCE_S)
            call.leave(stream, hung_up=True)

        feeders = [threading.Thread(target=feed, args=(call,)) for call in calls]
        for feeder in feeders:
            feeder.start()
        codes = [call.done.result(PATIENCE_S) for call in calls]
        for feeder in feeders:
            feeder.join(PATIENCE_S)
    assert codes == ["hangup", "hangup", "failed"] * 3
    for number, recorder in enumerate(recorders):
        in_order(recorder.events)
        if number % 3 != 2:
            assert by_channel(recorder.events) == expected
    assert threads_of_ours() == before


def test_calls_that_are_left_when_the_pool_closes_do_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    """Results that come after the pool was shut down find nobody, and no thread dies of it."""
    caplog.set_level(logging.ERROR)
    recorder = Recorder()
    engines = Engines(NotingTranscriber(), ScriptedSummarizer())
    with Workers(engines, 1) as workers:
        pool = ThreadPoolExecutor(1)
        ground = Ground(workers, pool, recorder, Limits(), lambda: 0.0, lambda _: None)
        call = LiveCall(CallInfo("c", ("agent",)), Session(LIVE), CallEngines(ScriptedVoice(), None), ground)
        pool.shutdown()
        call.take(Result("t0-0-1", ()))
        call.end("shutdown")
        call.tick()
    assert recorder.records == []
    assert not call.done.done()


def test_a_closed_call_is_told_once() -> None:
    room = LiveRoom()
    heard: Future[str] = Future()
    room.call.done.add_done_callback(lambda done: heard.set_result(done.result()))
    assert not room.call.done.cancel()
    room.connect().hang_up()
    room.call.end("shutdown")
    room.settle()
    assert heard.result(timeout=0) == "hangup"
    assert isinstance(room.recorder.events[-1], CallClosed)

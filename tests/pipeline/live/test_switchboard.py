"""The switchboard: one call an id, new ones judged, every one ended."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from pipeline.core.events import LegStarted
from pipeline.doors.messages import CallInfo, Started
from pipeline.limits import Limits
from pipeline.live.admission import Admission, AdmissionSettings, Refusal
from pipeline.live.call import LiveCall
from pipeline.live.metrics import Metrics
from pipeline.live.streams import StreamRefused
from pipeline.live.switchboard import DRAINING, Switchboard
from pipeline.load import LatencyWindow
from tests.pipeline.live_harness import LiveRoom

PATIENCE_S = 30.0


class Desk:
    """A switchboard whose calls all stand in one stepped room."""

    def __init__(self, admission: AdmissionSettings | None = None) -> None:
        self.room = LiveRoom(limits=Limits(resume_s=10.0))
        self.begun: list[str] = []
        self.over: set[str] = set()
        self.metrics = Metrics()
        clock = self.room.clock
        judge = Admission(admission or AdmissionSettings(), LatencyWindow(clock), lambda: 0.0, clock)
        self.board = Switchboard(self, judge, self.metrics)
        self.hung_up: list[tuple[int, str]] = []

    def begin(self, started: Started) -> LiveCall:
        info = started.info
        self.begun.append(info.call_id)
        call = self.room.begin()
        call.info = info
        return call

    def is_over(self, call_id: str) -> bool:
        return call_id in self.over

    def join(self, call_id: str, carries: tuple[int, ...] = (0, 1), **info: Any) -> LiveCall:
        started = Started(CallInfo(call_id, ("agent", "customer"), **info), carries, 16_000)
        call, joined = self.board.join(started, lambda code, reason: self.hung_up.append((code, reason)))
        self.room.settle()
        joined.result(timeout=0)
        return call

    def figure(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


def test_streams_with_one_id_are_one_call() -> None:
    desk = Desk()
    one = desk.join("a", (0,))
    assert desk.join("a", (1,)) is one
    assert desk.join("b") is not one
    assert desk.begun == ["a", "b"]
    assert len(desk.board) == 2
    assert desk.figure("wrapup_calls") == 2


def test_a_new_call_begins_with_its_first_leg() -> None:
    desk = Desk()
    desk.join("a", (0,), associate="ann", queue="cards")
    desk.join("a", (1,))
    assert desk.room.recorder.events == [LegStarted("leg-1", 1, "ann", "cards", 0)]


def test_a_call_that_ended_is_taken_off_and_not_taken_again() -> None:
    desk = Desk()
    call = desk.join("a")
    call.end("hangup")
    desk.room.settle()
    assert len(desk.board) == 0
    assert desk.figure("wrapup_calls") == 0
    assert desk.figure("wrapup_calls_ended_total", code="hangup") == 1
    desk.over.add("a")
    with pytest.raises(StreamRefused, match="the call is over: a new call needs a new id") as refused:
        desk.join("a")
    assert refused.value.code == 1008
    assert desk.begun == ["a"]


def test_a_call_too_many_is_refused_and_one_in_progress_is_not() -> None:
    desk = Desk(AdmissionSettings(calls=1))
    assert desk.board.refusal("a") is None
    desk.join("a", (0,))
    refusal = desk.board.refusal("b")
    assert isinstance(refusal, Refusal)
    with pytest.raises(StreamRefused, match=r"1 calls are in progress.*; try again in 5 s") as refused:
        desk.join("b")
    assert refused.value.code == 1013
    assert desk.board.refusal("a") is None
    desk.join("a", (1,))
    desk.board.count_refusal("load")
    assert desk.figure("wrapup_refusals_total", why="load") == 1


def test_a_drain_lets_calls_end_and_takes_no_new_one() -> None:
    desk = Desk()
    call = desk.join("a", (0,))
    desk.board.drain()
    assert desk.board.refusal() == DRAINING
    with pytest.raises(StreamRefused, match="the server is going down"):
        desk.join("b")
    desk.join("a", (1,))
    desk.board.end_all("shutdown")
    desk.room.settle()
    assert call.done.result(timeout=0) == "shutdown"
    assert len(desk.board) == 0


def test_calls_are_woken_when_they_are_due() -> None:
    desk = Desk()
    call = desk.room.begin()
    desk.board.adopt(call)
    desk.room.settle()
    desk.board.tick(call.due_s - 0.001)
    assert not desk.room.pool.step()
    desk.room.clock.now_s = call.due_s
    desk.board.tick(call.due_s)
    desk.room.settle()
    assert call.done.result(timeout=0) == "disconnected"
    assert desk.board.calls() == []


def test_a_call_that_is_over_before_it_is_put_is_taken_off_at_once() -> None:
    desk = Desk()
    call = desk.room.begin()
    call.end("shutdown")
    desk.room.settle()
    desk.board.adopt(call)
    assert len(desk.board) == 0


def test_many_streams_of_one_call_at_once_begin_it_once() -> None:
    desk = Desk(AdmissionSettings(calls=3))
    ready = threading.Barrier(12)

    def join(number: int) -> str:
        started = Started(CallInfo(f"call-{number % 6}", ("agent", "customer")), (number // 6,), 16_000)
        ready.wait(PATIENCE_S)
        try:
            desk.board.join(started, lambda code, reason: None)
        except StreamRefused:
            return "refused"
        return started.info.call_id

    with ThreadPoolExecutor(12) as pool:
        answers: list[Future[str]] = [pool.submit(join, number) for number in range(12)]
        found = [answer.result(PATIENCE_S) for answer in answers]
    assert len(desk.begun) == 3
    assert sorted(found) == sorted([*desk.begun, *desk.begun, *["refused"] * 6])


def test_places_are_counted_before_calls_have_begun() -> None:
    desk = Desk(AdmissionSettings(calls=1))
    asked, answer = threading.Event(), threading.Event()

    def slow(call_id: str) -> bool:
        asked.set()
        assert answer.wait(PATIENCE_S)
        return False

    desk.is_over = slow  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(desk.board.join, started("a"), lambda code, reason: None)
        assert asked.wait(PATIENCE_S)
        # Neither these nor the event loop wait for what the first call waits for.
        for call_id in ("b", "c"):
            with pytest.raises(StreamRefused, match="1 calls are in progress") as refused:
                desk.board.join(started(call_id), lambda code, reason: None)
            assert refused.value.code == 1013
        assert desk.board.refusal() is not None
        second = pool.submit(desk.board.join, started("a", 1), lambda code, reason: None)
        answer.set()
        assert first.result(PATIENCE_S)[0] is second.result(PATIENCE_S)[0]
    assert desk.begun == ["a"]


def test_a_slow_beginning_holds_up_no_other() -> None:
    desk = Desk()
    answers = {"a": threading.Event(), "b": threading.Event()}
    desk.is_over = lambda call_id: not answers[call_id].wait(PATIENCE_S)  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(desk.board.join, started("a"), lambda code, reason: None)
        answers["b"].set()
        assert pool.submit(desk.board.join, started("b"), lambda code, reason: None).result(PATIENCE_S)
        assert not slow.done()
        answers["a"].set()
        slow.result(PATIENCE_S)
    assert desk.begun == ["b", "a"]


def test_a_call_that_begins_while_all_are_ended_is_counted_and_ended_too() -> None:
    desk = Desk()
    asked, answer = threading.Event(), threading.Event()

    def slow(_: str) -> bool:
        asked.set()
        return not answer.wait(PATIENCE_S)

    desk.is_over = slow  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as pool:
        beginning = pool.submit(desk.board.join, started("a"), lambda code, reason: None)
        assert asked.wait(PATIENCE_S)
        assert len(desk.board) == 1
        desk.board.end_all("shutdown")
        answer.set()
        call, _ = beginning.result(PATIENCE_S)
    desk.room.settle()
    assert call.done.result(timeout=0) == "shutdown"
    assert len(desk.board) == 0


def test_a_beginning_that_fails_gives_its_place_back() -> None:
    desk = Desk(AdmissionSettings(calls=1))
    desk.over.add("a")
    for _ in range(2):
        with pytest.raises(StreamRefused, match="the call is over"):
            desk.join("a")
    desk.join("b")
    assert desk.begun == ["b"]


def test_a_call_that_is_adopted_while_the_store_is_asked_is_not_begun_again() -> None:
    desk = Desk()
    adopted = desk.room.begin()
    adopted.info = CallInfo("a", ("agent", "customer"))

    def adopt(_: str) -> bool:
        desk.board.adopt(adopted)
        return False

    desk.is_over = adopt  # type: ignore[method-assign]
    assert desk.join("a") is adopted
    assert (desk.begun, len(desk.board)) == ([], 1)
    desk.is_over = desk.over.__contains__  # type: ignore[method-assign]
    desk.join("b")
    assert desk.begun == ["b"]


def started(call_id: str, channel: int = 0) -> Started:
    return Started(CallInfo(call_id, ("agent", "customer")), (channel,), 16_000)

"""Items of a call: in order, round by round, small chunks as one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np

from models.types import RATE_HZ
from pipeline.doors.messages import Chunk
from pipeline.live.mailbox import HEAR_EVERY_S, Audio, Mailbox

FRAME = RATE_HZ // 50


class Later(Executor):
    """A pool whose only thread comes when a test says so."""

    def __init__(self) -> None:
        self.asked: list[Callable[[], Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.asked.append(fn)
        return Future()

    def come(self) -> None:
        asked, self.asked = self.asked, []
        for work in asked:
            work()


class Hearing:
    """A mailbox, what was heard of it, and where each round ended."""

    def __init__(self) -> None:
        self.pool = Later()
        self.heard: list[Any] = []
        self.faults: list[Exception] = []
        self.mailbox = Mailbox(self.pool, lambda: self.heard.append("settled"), self.faults.append)

    def hear(self, stream: str, chunk: Chunk) -> None:
        self.heard.append((stream, chunk.channels, chunk.at, chunk.samples[0].tolist()))

    def audio(self, stream: str, at: int | None, *values: float, channels: tuple[int, ...] = (0,)) -> None:
        chunk = Chunk(channels, np.array([values] * len(channels), np.float32), at)
        self.mailbox.post(Audio(self.hear, stream, [chunk]), len(values) * HEAR_EVERY_S)


def test_audio_waits_for_enough_of_it() -> None:
    hearing = Hearing()
    frame = Chunk((0,), np.zeros((1, FRAME), np.float32))
    for _ in range(3):
        hearing.mailbox.post(Audio(hearing.hear, "a", [frame]), FRAME / RATE_HZ)
    assert not hearing.pool.asked
    hearing.mailbox.post(Audio(hearing.hear, "a", [frame]), FRAME / RATE_HZ)
    assert len(hearing.pool.asked) == 1
    hearing.pool.come()
    assert [len(one[3]) for one in hearing.heard[:-1]] == [4 * FRAME]


def test_chunks_that_follow_each_other_are_heard_as_one() -> None:
    hearing = Hearing()
    hearing.audio("a", 10, 0.1, 0.2)
    hearing.audio("a", 12, 0.3)
    hearing.audio("a", 14, 0.4)
    hearing.pool.come()
    texts = [(one[2], np.round(one[3], 1).tolist()) for one in hearing.heard[:-1]]
    assert texts == [(10, [0.1, 0.2, 0.3]), (14, [0.4])]


def test_what_comes_twice_is_not_joined() -> None:
    hearing = Hearing()
    hearing.audio("a", 10, 0.1, 0.2)
    hearing.audio("a", 10, 0.1, 0.2)
    hearing.pool.come()
    assert [one[2] for one in hearing.heard[:-1]] == [10, 10]


def test_other_streams_channels_and_controls_stand_between() -> None:
    hearing = Hearing()
    hearing.audio("a", None, 0.0)
    hearing.audio("b", None, 0.0)
    hearing.audio("b", None, 0.0, channels=(0, 1))
    hearing.mailbox.post(lambda: hearing.heard.append("hold"))
    hearing.audio("b", None, 0.0, channels=(0, 1))
    hearing.audio("b", None, 0.0, channels=(0, 1))
    hearing.pool.come()
    shown = [one if isinstance(one, str) else (one[0], len(one[1]), len(one[3])) for one in hearing.heard]
    assert shown == [("a", 1, 1), ("b", 1, 1), ("b", 2, 1), "hold", ("b", 2, 2), "settled"]


def test_channels_that_come_in_turn_are_heard_as_one_each() -> None:
    hearing = Hearing()
    for at in range(3):
        hearing.audio("a", at, 0.25, channels=(0,))
        hearing.audio("a", at, 0.5, channels=(1,))
    hearing.audio("a", 7, 0.75, channels=(0,))
    hearing.audio("a", 3, 1.0, channels=(0,))
    hearing.pool.come()
    assert [(one[1], one[2], one[3]) for one in hearing.heard[:-1]] == [
        ((0,), 0, [0.25] * 3),
        ((1,), 0, [0.5] * 3),
        ((0,), 7, [0.75]),
        ((0,), 3, [1.0]),
    ]


def test_a_fault_leaves_the_items_after_it() -> None:
    hearing = Hearing()
    hearing.mailbox.post(lambda: hearing.heard.append(1 / 0))
    hearing.mailbox.post(lambda: hearing.heard.append("next"))
    hearing.pool.come()
    assert hearing.heard == ["next", "settled"]
    assert [type(fault) for fault in hearing.faults] == [ZeroDivisionError]


def test_room_is_told_once_what_waits_is_taken() -> None:
    hearing = Hearing()
    hearing.audio("a", None, 0.0, 0.0)
    room = hearing.mailbox.room()
    assert hearing.mailbox.waiting_s == 2 * HEAR_EVERY_S
    assert not room.done()
    hearing.pool.come()
    assert room.done()
    assert hearing.mailbox.waiting_s == 0

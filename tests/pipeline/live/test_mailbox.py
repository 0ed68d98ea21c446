"""Items of a call: in order, one thread at a time, taking turns with other calls."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from pipeline.live.mailbox import HEAR_EVERY_S, Mailbox
from tests.pipeline.live_harness import SteppedPool

PATIENCE_S = 30.0


def broken() -> None:
    raise IndexError


class Diary:
    """A mailbox on a stepped pool, and what happened."""

    def __init__(self, pool: SteppedPool | None = None) -> None:
        self.pool = pool or SteppedPool()
        self.lines: list[str] = []
        self.mailbox = Mailbox(self.pool, lambda: self.lines.append("settle"), self._fault)

    def _fault(self, error: Exception) -> None:
        self.lines.append(type(error).__name__)

    def post(self, text: str, audio_s: float = 0.0) -> None:
        self.mailbox.post(lambda: self.lines.append(text), audio_s)


def test_items_are_run_in_order_and_settled_once_a_round() -> None:
    diary = Diary()
    diary.post("a")
    diary.post("b")
    assert diary.pool.step()
    assert diary.lines == ["a", "b", "settle"]
    assert not diary.pool.step()


def test_a_little_audio_waits_for_more() -> None:
    diary = Diary()
    diary.post("20 ms", 0.02)
    diary.post("40 ms", 0.02)
    assert not diary.pool.step()
    assert diary.mailbox.waiting_s == pytest.approx(0.04)
    diary.post("70 ms", 0.03)
    assert diary.pool.step()
    assert diary.lines == ["20 ms", "40 ms", "70 ms", "settle"]
    assert diary.mailbox.waiting_s == 0.0


def test_anything_else_takes_a_little_audio_along() -> None:
    diary = Diary()
    diary.post("audio", HEAR_EVERY_S / 2)
    diary.post("hold")
    assert diary.pool.step()
    assert diary.lines == ["audio", "hold", "settle"]


def test_a_fault_leaves_the_other_items() -> None:
    diary = Diary()
    diary.post("a")
    diary.mailbox.post(broken)
    diary.post("b")
    diary.pool.step()
    assert diary.lines == ["a", "IndexError", "b", "settle"]


def test_a_fault_in_settling_leaves_the_mailbox_working() -> None:
    lines: list[str] = []
    pool = SteppedPool()
    mailbox = Mailbox(pool, broken, lambda error: lines.append(type(error).__name__))
    for text in ("a", "b"):
        mailbox.post(partial(lines.append, text))
        assert pool.step()
    assert lines == ["a", "IndexError", "b", "IndexError"]


def test_a_call_that_is_always_busy_takes_turns() -> None:
    pool = SteppedPool()
    busy, other = Diary(pool), Diary(pool)

    def again() -> None:
        busy.lines.append("again")
        busy.mailbox.post(again)

    busy.mailbox.post(again)
    other.post("my turn")
    pool.step()
    pool.step()
    assert other.lines == ["my turn", "settle"]
    pool.step()
    assert busy.lines == ["again", "settle", "again", "settle"]


def test_what_comes_while_items_run_is_the_next_round() -> None:
    diary = Diary()
    diary.mailbox.post(lambda: diary.post("second"))
    diary.pool.step()
    assert diary.lines == ["settle"]
    diary.pool.step()
    assert diary.lines == ["settle", "second", "settle"]


def test_a_little_audio_that_comes_while_items_run_waits_too() -> None:
    diary = Diary()
    diary.mailbox.post(lambda: diary.post("audio", 0.02))
    diary.pool.step()
    assert not diary.pool.step()


def test_room_is_there_once_what_waits_is_taken_up() -> None:
    diary = Diary()
    room = diary.mailbox.room()
    assert not room.done()
    diary.pool.step()
    assert room.done()


def test_room_that_nobody_waits_for_any_more() -> None:
    diary = Diary()
    room = diary.mailbox.room()
    room.cancel()
    diary.post("a")
    diary.pool.step()
    assert diary.lines == ["a", "settle"]


def test_a_pool_that_is_gone_takes_nothing() -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    mailbox = Mailbox(pool, lambda: None, lambda error: None)
    mailbox.post(lambda: None)
    assert not mailbox.room().done()


def test_many_threads_post_to_one_mailbox() -> None:
    """Every item is run once, each thread's in order, never two at a time, and each room comes."""
    seen: list[tuple[int, int]] = []
    inside = threading.Semaphore(1)
    done = threading.Event()
    each, posters = 500, 6

    def item(poster: int, number: int) -> None:
        assert inside.acquire(blocking=False)
        seen.append((poster, number))
        inside.release()
        if len(seen) == each * posters:
            done.set()

    faults: list[Exception] = []
    with ThreadPoolExecutor(4) as pool:
        mailbox = Mailbox(pool, lambda: None, faults.append)

        def post(poster: int) -> None:
            for number in range(each):
                mailbox.post(partial(item, poster, number), 0.01 if number % 3 else 0.0)
                if number % 50 == 0:
                    mailbox.room().result(PATIENCE_S)

        threads = [threading.Thread(target=post, args=(poster,)) for poster in range(posters)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
        mailbox.room().result(PATIENCE_S)
        assert done.wait(PATIENCE_S)
    assert faults == []
    for poster in range(posters):
        assert [number for one, number in seen if one == poster] == list(range(each))

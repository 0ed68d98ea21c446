"""Following events: no hole, no repeat, whatever happens while history is read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.core.events import AudioGap, CallClosed, Event, Partial
from pipeline.live.feed import (
    PAGE,
    WAITING,
    Envelope,
    FollowerTooSlow,
    History,
    HistoryTooSlow,
    Hub,
    HubClosed,
)

PATIENCE_S = 30.0
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Ledger:
    """A history that numbers events and publishes them in that order, from any thread."""

    def __init__(self) -> None:
        self.events: list[Envelope] = []
        self.hub: Hub | None = None
        self._reads = 0
        self._was_read = threading.Condition()
        self.before_read: Callable[[], None] = lambda: None
        self.after_read: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def read(self, call_id: str | None, after: int, limit: int) -> Sequence[Envelope]:
        self.before_read()
        with self._lock:
            found = [
                one
                for one in self.events
                if one.id is not None and one.id > after and call_id in (None, one.call_id)
            ][:limit]
        self.after_read()
        with self._was_read:
            self._reads += 1
            self._was_read.notify_all()
        return found

    async def until_read(self, times: int) -> None:
        """Wait until followers have read history so often and wait for more."""
        await asyncio.to_thread(self._wait_for_reads, times)
        await at_the_queue()

    def _wait_for_reads(self, times: int) -> None:
        with self._was_read:
            assert self._was_read.wait_for(lambda: self._reads >= times, PATIENCE_S)

    def write(self, call_id: str, event: Event) -> Envelope:
        with self._lock:
            durable = not isinstance(event, Partial)
            envelope = Envelope(len(self.events) + 1 if durable else None, call_id, AT, event)
            if durable:
                self.events.append(envelope)
            if self.hub is not None:
                self.hub.publish(envelope)
            return envelope


def gap(number: int = 0) -> AudioGap:
    return AudioGap(f"g0-{number}", 0, number, number + 1)


def partial(text: str) -> Partial:
    return Partial(0, 0, 100, "", text)


CLOSED = CallClosed("closed", "hangup", 0, "en")


async def at_the_queue() -> None:
    """Let tasks that wait for nothing but the loop come as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


def anyone(_: Envelope) -> bool:
    return True


def run(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, PATIENCE_S))


async def collected(following: AsyncIterator[Envelope]) -> list[Envelope]:
    return [envelope async for envelope in following]


async def first(following: AsyncIterator[Envelope], count: int) -> list[Envelope]:
    found: list[Envelope] = []
    async with aclosing(following) as open_following:  # type: ignore[type-var]
        async for envelope in open_following:
            found.append(envelope)
            if len(found) == count:
                break
    return found


def ids(envelopes: Sequence[Envelope]) -> list[int | None]:
    return [envelope.id for envelope in envelopes]


@pytest.fixture(autouse=True)
def _readers_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The threads of a hub that a test opened end with the test."""
    opened: list[Hub] = []
    make = Hub.__init__

    def remembered(self: Hub, history: History) -> None:
        make(self, history)
        opened.append(self)

    monkeypatch.setattr(Hub, "__init__", remembered)
    yield
    for hub in opened:
        hub._readers.shutdown(wait=False)


def test_what_was_then_what_comes_then_the_end() -> None:
    async def body() -> None:
        ledger = Ledger()
        ledger.write("a", gap(1))
        ledger.write("b", gap(2))
        ledger.hub = Hub(ledger)
        following = ledger.hub.follow("a", 0, anyone)
        assert (await anext(following)).id == 1
        waiting = asyncio.ensure_future(collected(following))
        await at_the_queue()
        ledger.write("b", CLOSED)
        ledger.write("a", gap(3))
        ledger.write("a", partial("so far"))
        ledger.write("a", CLOSED)
        ledger.write("a", gap(9))
        assert [(one.id, type(one.event)) for one in await waiting] == [
            (4, AudioGap),
            (None, Partial),
            (5, CallClosed),
        ]
        assert not ledger.hub._followers

    run(body())


@pytest.mark.parametrize("after", range(8))
def test_a_call_that_is_over_can_be_read_from_any_id(after: int) -> None:
    async def body() -> None:
        ledger = Ledger()
        for number in range(6):
            ledger.write("a" if number % 2 else "b", gap(number))
        ledger.write("a", CLOSED)
        ledger.hub = Hub(ledger)
        if after > 7:
            return
        found = await collected(ledger.hub.follow("a", after, anyone))
        assert ids(found) == [number for number in (2, 4, 6, 7) if number > after]

    run(body())


def test_many_pages_of_history() -> None:
    async def body() -> None:
        ledger = Ledger()
        for number in range(2 * PAGE):
            ledger.write("a", gap(number))
        ledger.write("a", CLOSED)
        ledger.hub = Hub(ledger)
        found = await collected(ledger.hub.follow("a", 3, anyone))
        assert ids(found) == list(range(4, 2 * PAGE + 2))

    run(body())


def test_events_that_come_while_history_is_read_come_once() -> None:
    async def body() -> None:
        ledger = Ledger()
        ledger.write("a", gap())
        ledger.hub = Hub(ledger)
        ledger.before_read = lambda: ledger.write("a", gap(1)) and None
        ledger.after_read = lambda: ledger.write("a", gap(2)) and None
        found = await first(ledger.hub.follow("a", 0, anyone), 3)
        assert ids(found) == [1, 2, 3]

    run(body())


def test_a_text_that_was_read_before_its_publication_is_not_repeated() -> None:
    async def body() -> None:
        ledger = Ledger()
        early = ledger.write("a", gap(1))
        ledger.hub = Hub(ledger)
        following = ledger.hub.follow("a", 0, anyone)
        assert await anext(following) == early
        coming = asyncio.ensure_future(anext(following))
        await at_the_queue()
        ledger.hub.publish(early)
        second = ledger.write("a", gap(2))
        assert await coming == second
        await following.aclose()

    run(body())


def test_partials_older_than_what_was_read_are_left_out() -> None:
    async def body() -> None:
        ledger = Ledger()
        ledger.hub = Hub(ledger)

        def speak() -> None:
            ledger.write("a", partial("my ca"))
            ledger.write("a", gap(1))

        ledger.before_read = speak
        following = ledger.hub.follow("a", 0, anyone)
        assert (await anext(following)).id == 1
        coming = asyncio.ensure_future(anext(following))
        await at_the_queue()
        ledger.write("a", partial("the next"))
        envelope = await coming
        assert isinstance(envelope.event, Partial)
        assert envelope.event.text == "the next"
        await following.aclose()

    run(body())


def test_all_calls_that_are_wanted() -> None:
    async def body() -> None:
        ledger = Ledger()
        ledger.write("north-1", gap())
        ledger.write("south-1", gap())
        ledger.hub = Hub(ledger)
        following = ledger.hub.follow(None, 0, lambda one: one.call_id.startswith("north"))
        assert (await anext(following)).call_id == "north-1"
        rest = asyncio.ensure_future(first(following, 2))
        await at_the_queue()
        for call_id in ("south-1", "north-1", "north-2"):
            ledger.write(call_id, CLOSED)
        assert [one.call_id for one in await rest] == ["north-1", "north-2"]

    run(body())


@pytest.mark.parametrize("calls", [1, 4])
def test_no_hole_and_no_repeat_while_threads_publish(calls: int) -> None:
    """Each call's events from a thread of its own; followers come while they do, and come again midway."""
    each = 400

    async def follow(hub: Hub, call_id: str | None, leave_after: int) -> list[Envelope]:
        """Leave once, and whenever the hub lets go, and come back with the last id."""
        found = await first(hub.follow(call_id, 0, anyone), leave_after)
        while True:
            last = max(envelope.id or 0 for envelope in found)
            with contextlib.suppress(FollowerTooSlow):
                async with aclosing(hub.follow(call_id, last, anyone)) as following:
                    async for envelope in following:
                        found.append(envelope)
                        if over(found) == (calls if call_id is None else 1):
                            return found

    def over(found: list[Envelope]) -> int:
        return sum(isinstance(envelope.event, CallClosed) for envelope in found)

    async def body() -> None:
        ledger = Ledger()
        ledger.hub = Hub(ledger)

        def talk(call_id: str) -> None:
            for number in range(each):
                ledger.write(call_id, gap(number))
                if number % 10 == 0:
                    ledger.write(call_id, partial("hm"))
            ledger.write(call_id, CLOSED)

        names = [f"call-{number}" for number in range(calls)]
        threads = [threading.Thread(target=talk, args=(name,)) for name in names]
        followers = [
            asyncio.ensure_future(follow(ledger.hub, name, 50 + 7 * i)) for i, name in enumerate(names)
        ]
        followers.append(asyncio.ensure_future(follow(ledger.hub, None, 11)))
        for thread in threads:
            thread.start()
        found = await asyncio.gather(*followers)
        for thread in threads:
            thread.join()
        for name, envelopes in zip([*names, None], found, strict=True):
            expected = [one.id for one in ledger.events if name in (None, one.call_id)]
            assert [one.id for one in envelopes if one.id is not None] == expected
        assert not ledger.hub._followers

    run(body())


def test_a_slow_follower_is_let_go_and_misses_nothing_when_it_comes_back() -> None:
    async def body() -> None:
        ledger = Ledger()
        ledger.hub = Hub(ledger)
        following = ledger.hub.follow("a", 0, anyone)
        coming = asyncio.ensure_future(anext(following))
        await ledger.until_read(1)
        total = WAITING + 50
        for number in range(total):
            ledger.write("a", gap(number))
        found = [await coming]
        with pytest.raises(FollowerTooSlow):
            while True:
                found.append(await anext(following))
        assert ids(found) == list(range(1, len(found) + 1))
        assert WAITING <= len(found) < total
        assert not ledger.hub._followers
        ledger.write("a", CLOSED)
        again = await collected(ledger.hub.follow("a", len(found), anyone))
        assert ids(again) == list(range(len(found) + 1, total + 2))

    run(body())


def test_a_slow_follower_does_not_hold_up_another() -> None:
    async def body() -> None:
        ledger = Ledger()
        ledger.hub = Hub(ledger)
        ledger.write("a", gap())
        slow = ledger.hub.follow("a", 0, anyone)
        quick = ledger.hub.follow("a", 0, anyone)
        assert (await anext(slow)).id == (await anext(quick)).id == 1
        rest = asyncio.ensure_future(collected(quick))
        await at_the_queue()
        for number in range(3 * WAITING):
            ledger.write("a", gap(number))
            if number % 100 == 0:
                await asyncio.sleep(0)
        ledger.write("a", CLOSED)
        assert len(await rest) == 3 * WAITING + 1
        await slow.aclose()

    run(body())


def test_what_goes_wrong_with_one_follower_is_not_anothers_loss() -> None:
    def broken(_: Envelope) -> bool:
        raise ValueError("broken")

    async def body() -> None:
        told: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(str(what["exception"])))
        ledger = Ledger()
        ledger.hub = Hub(ledger)
        whole = [collected(ledger.hub.follow("a", 0, wanted)) for wanted in (anyone, broken, anyone)]
        first, other, last = (asyncio.ensure_future(one) for one in whole)
        await ledger.until_read(3)
        ledger.write("a", CLOSED)
        assert ids(await first) == ids(await last) == [1]
        assert told == ["broken"]
        other.cancel()

    run(body())


def test_a_follower_that_leaves_is_forgotten() -> None:
    async def body() -> None:
        ledger = Ledger()
        ledger.hub = Hub(ledger)
        waiting = asyncio.ensure_future(collected(ledger.hub.follow(None, 0, anyone)))
        await ledger.until_read(1)
        assert len(ledger.hub._followers) == 1
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not ledger.hub._followers

    run(body())


def test_when_the_hub_closes_followers_hear_what_was_published_and_end() -> None:
    async def body() -> None:
        ledger = Ledger()
        ledger.hub = Hub(ledger)
        ledger.write("a", gap(1))
        first, second = (ledger.hub.follow(call_id, 0, anyone) for call_id in ("a", None))
        assert (await anext(first)).id == (await anext(second)).id == 1
        waits = asyncio.ensure_future(anext(second))
        await at_the_queue()
        ledger.write("a", gap(2))
        await at_the_queue()
        ledger.hub.close()
        assert (await waits).id == (await anext(first)).id == 2
        for following in (first, second, ledger.hub.follow("a", 0, anyone)):
            with pytest.raises(HubClosed):
                await anext(following)
        assert not ledger.hub._followers

    run(body())


def test_a_follower_in_the_middle_of_history_ends_with_the_hub() -> None:
    async def body() -> None:
        ledger = Ledger()
        for number in range(2 * PAGE):
            ledger.write("a", gap(number))
        ledger.hub = Hub(ledger)
        following = ledger.hub.follow("a", 0, anyone)
        assert (await anext(following)).id == 1
        ledger.hub.close()
        found = []
        with pytest.raises(HubClosed):
            while True:
                found.append(await anext(following))
        assert ids(found) == list(range(2, PAGE + 1))

    run(body())


def test_a_history_that_hangs_lets_the_follower_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.live.feed.READ_S", 0.01)
    answers = threading.Event()

    async def body() -> None:
        ledger = Ledger()
        ledger.hub = Hub(ledger)
        ledger.before_read = lambda: answers.wait(PATIENCE_S) and None
        with pytest.raises(HistoryTooSlow, match="did not answer"):
            await anext(ledger.hub.follow("a", 0, anyone))
        assert not ledger.hub._followers
        answers.set()

    run(body())


def test_followers_of_a_history_that_hangs_hold_up_nobody_elses_threads() -> None:
    answers = threading.Event()

    async def body() -> None:
        ledger = Ledger()
        ledger.write("a", CLOSED)
        ledger.hub = Hub(ledger)
        ledger.before_read = lambda: answers.wait(PATIENCE_S) and None
        many = [asyncio.ensure_future(collected(ledger.hub.follow("a", 0, anyone))) for _ in range(100)]
        await at_the_queue()
        await asyncio.to_thread(answers.set)
        assert [ids(found) for found in await asyncio.gather(*many)] == [[1]] * 100

    run(body())


def test_what_is_published_after_the_loop_is_gone_is_dropped() -> None:
    ledger = Ledger()

    async def body() -> None:
        ledger.hub = Hub(ledger)

    run(body())
    ledger.write("a", gap())


def test_what_a_follower_is_sent() -> None:
    assert json.loads(Envelope(7, "a", AT, AudioGap("g0-5", 0, 16_000, 40_000)).as_json()) == {
        "id": 7,
        "call_id": "a",
        "at": "2026-01-02T03:04:05+00:00",
        "event": {
            "type": "audio_gap",
            "id": "g0-5",
            "channel": 0,
            "start_s": 1.0,
            "end_s": 2.5,
            "reason": "lost",
        },
    }

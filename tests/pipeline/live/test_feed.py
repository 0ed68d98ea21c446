"""Following events: no hole, no repeat, whatever happens while history is read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from contextlib import aclosing

import pytest

from pipeline.core.events import AudioGap, CallClosed, Partial
from pipeline.live.feed import (
    PAGE,
    Envelope,
    FollowerTooSlow,
    Hub,
)
from tests.pipeline.live.ledger import (
    AT,
    CLOSED,
    Ledger,
    anyone,
    at_the_queue,
    collected,
    first,
    gap,
    ids,
    partial,
    run,
)

pytestmark = pytest.mark.usefixtures("readers_end")


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

"""Followers that are slow, that leave, and that outlive what they follow."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pipeline.live.feed import (
    PAGE,
    WAITING,
    Envelope,
    FollowerTooSlow,
    HistoryTooSlow,
    Hub,
    HubClosed,
)
from tests.pipeline.live.ledger import (
    CLOSED,
    PATIENCE_S,
    Ledger,
    anyone,
    at_the_queue,
    collected,
    gap,
    ids,
    run,
)

pytestmark = pytest.mark.usefixtures("readers_end")


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

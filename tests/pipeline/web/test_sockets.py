"""Sockets of live calls, with real clients on the loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from models.types import RATE_HZ
from pipeline.core.events import LegStarted, UtteranceFinal
from pipeline.limits import Limits, SocketLimits
from pipeline.live.admission import AdmissionSettings
from tests.pipeline.clock import VirtualClock
from tests.pipeline.live_harness import as_file, by_channel, speech
from tests.pipeline.own_messages import control, hello, l16
from tests.pipeline.socket_server import PATIENCE_S, farewell, said, serving, until

SPOKEN = speech(1)
HELLO = hello(rate_hz=RATE_HZ, encoding="l16")


def run(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 2 * PATIENCE_S))


def frames(seconds: float = 20.0, size: int = 1_600) -> list[bytes]:
    block = SPOKEN[:, : int(seconds * RATE_HZ)]
    return [l16(block[:, at : at + size]) for at in range(0, block.shape[1], size)]


def test_a_call_from_hello_to_closed() -> None:
    async def body() -> None:
        async with serving() as site:
            async with site.connect("call-1") as socket:
                await socket.send(HELLO)
                assert await said(socket) == {"type": "welcome", "call_id": "call-1", "from_s": [0.0, 0.0]}
                await socket.send(b"")
                for frame in frames():
                    await socket.send(frame)
                await socket.send(control("end"))
                assert await farewell(socket) == ([{"type": "closed", "code": "hangup"}], 1000, "hangup")
            await site.closed()
            events = site.office.recorders["call-1"].events
            assert isinstance(events[0], LegStarted)
            assert by_channel(events) == by_channel(as_file(SPOKEN))
            assert site.metric("wrapup_audio_seconds_total") == pytest.approx(40.0)
            assert site.metric("wrapup_calls_ended_total", "hangup") == 1
            assert site.metric("wrapup_calls") == 0

    run(body())


@pytest.mark.parametrize(
    ("first", "code", "reason"),
    [
        (b"\0\0", 1008, "audio before the hello: send the JSON hello first"),
        (b"", 1008, "audio before the hello: send the JSON hello first"),
        ("", 1008, "hello: expected a JSON object"),
        (hello(rate_hz=1), 1008, "hello: rate_hz: Input should be greater than or equal to 8000"),
    ],
)
def test_a_first_message_that_is_no_hello(first: str | bytes, code: int, reason: str) -> None:
    async def body() -> None:
        async with serving() as site, site.connect() as socket:
            await socket.send(first)
            assert await farewell(socket) == ([{"type": "error", "message": reason}], code, reason)

    run(body())


def test_a_client_that_says_nothing_is_closed() -> None:
    async def body() -> None:
        async with serving(sockets=SocketLimits(hello_s=0.05)) as site, site.connect() as socket:
            messages, code, reason = await farewell(socket)
            assert messages == [{"type": "error", "message": "no hello came"}]
            assert (code, reason) == (1008, "no hello came")

    run(body())


def test_300_clients_that_say_nothing() -> None:
    async def body() -> None:
        async with serving(sockets=SocketLimits(hello_s=0.5)) as site:

            async def silent(number: int) -> int:
                async with site.connect(f"call-{number}") as socket:
                    return (await farewell(socket))[1]

            codes = await asyncio.gather(*(silent(number) for number in range(300)))
            assert codes == [1008] * 300
            await site.emptied()
            assert len(site.office.switchboard) == 0
            assert site.office.recorders == {}

    run(body())


def test_clients_that_say_hello_and_nothing_more() -> None:
    async def body() -> None:
        async with serving(Limits(idle_s=0.3)) as site:

            async def silent(number: int) -> tuple[list[dict[str, Any]], int, str]:
                async with site.connect(f"call-{number}") as socket:
                    await socket.send(HELLO)
                    await said(socket)
                    return await farewell(socket)

            for answer in await asyncio.gather(*(silent(number) for number in range(50))):
                assert answer == ([{"type": "error", "message": "no audio came"}], 1008, "no audio came")
            await site.closed()
            assert site.metric("wrapup_calls_ended_total", "idle") == 50

    run(body())


def test_a_call_that_is_too_long_closes_its_socket() -> None:
    async def body() -> None:
        async with serving(Limits(longest_s=2.0)) as site, site.connect() as socket:
            await socket.send(HELLO)
            await said(socket)
            for frame in frames(3.0):
                await socket.send(frame)
            messages, code, reason = await farewell(socket)
            assert messages == [{"type": "error", "message": "the call is longer than is allowed"}]
            assert (code, reason) == (1008, "the call is longer than is allowed")
            await site.closed()

    run(body())


def test_too_many_messages_are_a_flood() -> None:
    async def body() -> None:
        limits = SocketLimits(messages_per_s=20.0)
        clock = VirtualClock()
        async with serving(Limits(idle_s=1e6), limits, clock=clock) as site:
            async with site.connect() as socket:
                await socket.send(HELLO)
                await said(socket)
                clock.pass_s(3_600.0)
                for _ in range(40):
                    await socket.send(control("dtmf", digit="1"))
                await (await socket.ping())
                await socket.send(control("dtmf", digit="1"))
                messages, code, reason = await farewell(socket)
                assert messages == [{"type": "error", "message": "more than 20 messages a second"}]
                assert (code, reason) == (1008, "more than 20 messages a second")
            site.office.switchboard.end_all("shutdown")
            await site.closed()

    run(body())


def test_audio_in_small_frames_is_no_flood_of_messages() -> None:
    async def body() -> None:
        limits = SocketLimits(messages_per_s=20.0)
        async with serving(sockets=limits, clock=VirtualClock()) as site, site.connect() as socket:
            await socket.send(HELLO)
            await said(socket)
            for frame in frames(5.0, size=160):
                await socket.send(frame)
            await socket.send(control("end"))
            assert (await farewell(socket))[1] == 1000

    run(body())


def test_audio_that_comes_far_too_fast_is_a_flood() -> None:
    async def body() -> None:
        clock = VirtualClock()
        limits = SocketLimits(factor=2.0, ahead_s=5.0)
        async with serving(Limits(idle_s=1e6), limits, clock=clock) as site:
            async with site.connect() as socket:
                await socket.send(HELLO)
                await said(socket)
                clock.pass_s(3_600.0)
                for frame in frames(6.0):
                    await socket.send(frame)
                messages, code, reason = await farewell(socket)
                assert messages == [{"type": "error", "message": reason}]
                assert (code, reason) == (1008, "audio came more than 2 times as fast as it plays")
            (call,) = site.office.switchboard.calls()
            await until(lambda: call._alone_since_s is not None)
            clock.pass_s(20.0)
            await site.closed()
            assert site.metric("wrapup_calls_ended_total", "disconnected") == 1
            assert site.metric("wrapup_audio_seconds_total") == pytest.approx(10.0, abs=0.3)

    run(body())


def test_a_client_within_the_factor_is_no_flood() -> None:
    async def body() -> None:
        limits = SocketLimits(factor=2.0, ahead_s=5.0)
        async with serving(sockets=limits, clock=VirtualClock()) as site, site.connect() as socket:
            await socket.send(HELLO)
            await said(socket)
            for frame in frames(5.0):
                await socket.send(frame)
            await socket.send(control("end"))
            assert (await farewell(socket))[1] == 1000

    run(body())


def test_a_socket_that_is_cut_leaves_its_call_to_come_back_to() -> None:
    async def body() -> None:
        async with serving() as site:
            async with site.connect() as socket:
                await socket.send(HELLO)
                await said(socket)
                for frame in frames(5.0):
                    await socket.send(frame)
                await socket.send(control("hold"))
                await socket.send(control("resume"))
                call = site.office.switchboard.calls()[0]
                await until(lambda: call._shell.heard() >= 5 * RATE_HZ)
                socket.transport.abort()
            await site.emptied()
            assert len(site.office.switchboard) == 1
            async with site.connect() as socket:
                await socket.send(HELLO)
                # A hold lasts as long as it took, which on a busy machine is some milliseconds.
                first, second = (await said(socket))["from_s"]
                assert first == second >= 5.0
                for frame in frames()[50:]:
                    await socket.send(frame)
                await socket.send(control("end"))
                assert (await farewell(socket))[1] == 1000
            await site.closed()
            finals = {event.id for event in site.office.recorders["c"].finals}
            whole = {event.id for event in as_file(SPOKEN) if isinstance(event, UtteranceFinal)}
            assert finals == whole

    run(body())


def test_a_socket_that_is_cut_for_good() -> None:
    async def body() -> None:
        async with serving(Limits(resume_s=0.2)) as site:
            async with site.connect() as socket:
                await socket.send(HELLO)
                await said(socket)
                await socket.send(frames(1.0)[0])
                socket.transport.abort()
            await site.closed()
            assert site.metric("wrapup_calls_ended_total", "disconnected") == 1

    run(body())


def test_a_client_that_leaves_after_its_end_is_not_missed() -> None:
    async def body() -> None:
        async with serving() as site:
            async with site.connect() as socket:
                await socket.send(HELLO)
                await said(socket)
                await socket.send(control("end"))
                socket.transport.abort()
            await site.closed()
            assert site.metric("wrapup_calls_ended_total", "hangup") == 1

    run(body())


def test_what_a_client_says_after_its_end_is_not_heard() -> None:
    async def body() -> None:
        async with serving() as site, site.connect("a") as agent, site.connect("a") as customer:
            for channel, socket in enumerate((agent, customer)):
                await socket.send(hello(rate_hz=RATE_HZ, encoding="l16", carries=[channel]))
                await said(socket)
            await agent.send(control("end"))
            await agent.send(b"\0" * 3_200)
            await agent.send("what?")
            await customer.send(control("end"))
            for socket in (agent, customer):
                assert await farewell(socket) == ([{"type": "closed", "code": "hangup"}], 1000, "hangup")

    run(body())


@pytest.mark.parametrize("code", ["shutdown", "failed", "hangup"])
def test_a_client_is_told_when_others_close_its_call(code: Any) -> None:
    async def body() -> None:
        async with serving() as site, site.connect() as socket:
            await socket.send(HELLO)
            await said(socket)
            site.office.switchboard.end_all(code)
            assert await farewell(socket) == ([{"type": "closed", "code": code}], 1000, code)

    run(body())


def test_a_call_too_many_is_told_to_try_again() -> None:
    async def body() -> None:
        async with serving(admission=AdmissionSettings(calls=1)) as site, site.connect("first") as first:
            await first.send(hello(rate_hz=RATE_HZ, encoding="l16", carries=[0]))
            await said(first)
            async with site.connect("second") as second:
                await second.send(HELLO)
                reason = "1 calls are in progress, which is all that is configured; try again in 5 s"
                assert await farewell(second) == ([{"type": "error", "message": reason}], 1013, reason)
            async with site.connect("first") as other:
                await other.send(hello(rate_hz=RATE_HZ, encoding="l16", carries=[1]))
                assert (await said(other))["type"] == "welcome"
            assert site.metric("wrapup_refusals_total", "load") == 1
            site.office.switchboard.end_all("shutdown")
            assert (await farewell(first))[1] == 1000

    run(body())


def test_a_server_that_goes_down_takes_no_call() -> None:
    async def body() -> None:
        async with serving() as site, site.connect() as socket:
            site.office.switchboard.drain()
            await socket.send(HELLO)
            messages, code, reason = await farewell(socket)
            assert code == 1013
            assert reason == "the server is going down; another one takes the call; try again in 1 s"
            assert messages == [{"type": "error", "message": reason}]

    run(body())


def test_streams_that_do_not_belong_are_refused() -> None:
    async def body() -> None:
        async with serving() as site:
            async with site.connect() as first, site.connect() as second:
                await first.send(HELLO)
                assert (await said(first))["type"] == "welcome"
                await second.send(HELLO)
                messages, code, reason = await farewell(second)
                assert (code, reason) == (1013, "channel 0 of the call is carried by another stream")
                assert messages == [{"type": "error", "message": reason}]
                await first.send(control("end"))
                await farewell(first)
            async with site.connect() as late:
                await late.send(HELLO)
                assert (await farewell(late))[2] == "the call is over: a new call needs a new id"
            assert site.metric("wrapup_refusals_total", "policy") == 2

    run(body())


def test_a_message_that_cannot_be_read_ends_the_stream_and_not_the_call() -> None:
    async def body() -> None:
        async with serving() as site:
            async with site.connect() as socket:
                await socket.send(HELLO)
                await said(socket)
                await socket.send("4111 1111 1111 1111")
                messages, code, reason = await farewell(socket)
                assert (code, reason) == (1008, "control: expected a JSON object")
                assert messages == [{"type": "error", "message": reason}]
            await site.emptied()
            assert len(site.office.switchboard) == 1
            site.office.switchboard.end_all("shutdown")
            await site.closed()

    run(body())


def test_a_store_that_is_slow_holds_up_nobody_else() -> None:
    async def body() -> None:
        async with serving() as site, site.connect("known") as known, site.connect("new") as new:
            await known.send(HELLO)
            await said(known)
            site.office.may_begin.clear()
            await new.send(HELLO)
            await until(lambda: bool(site.office.switchboard._beginning))
            assert site.office.switchboard.refusal("another") is None
            await known.send(control("end"))
            assert (await farewell(known))[1] == 1000
            site.office.may_begin.set()
            assert (await said(new))["type"] == "welcome"
            await new.send(control("end"))
            assert (await farewell(new))[1] == 1000

    run(body())

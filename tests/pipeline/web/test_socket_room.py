"""What there is no room for: clients that wait, and clients that lose."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from models.types import RATE_HZ
from pipeline.core.events import AudioGap
from pipeline.limits import Limits
from tests.pipeline.clock import VirtualClock
from tests.pipeline.live_harness import as_file, by_channel
from tests.pipeline.own_messages import control, hello, l16
from tests.pipeline.socket_server import PATIENCE_S, farewell, said, serving, until
from tests.pipeline.web.test_sockets import HELLO, SPOKEN, frames, run

ROOM = Limits(waiting_s=2.0, burst_s=1.0)


class Gate(ThreadPoolExecutor):
    """A pool whose one thread waits until it is opened."""

    def __init__(self) -> None:
        super().__init__(1, thread_name_prefix="gated")
        self.gate = threading.Event()

    def close(self) -> None:
        """From now on work waits."""
        self.gate.clear()
        self.submit(self.gate.wait, PATIENCE_S)


def test_a_client_ahead_of_time_is_not_read_while_its_audio_waits() -> None:
    async def body() -> None:
        pool = Gate()
        clock = VirtualClock()
        async with (
            serving(ROOM, clock=clock, pool=pool) as site,
            site.connect() as socket,
        ):
            await socket.send(HELLO)
            await said(socket)
            pool.close()
            for frame in frames():
                await socket.send(frame)
            await socket.send(control("end"))
            call = site.office.switchboard.calls()[0]
            await until(lambda: call.waiting_s > 2.0)
            await until(lambda: bool(call._mailbox._rooms))
            assert call.waiting_s == pytest.approx(2.0, abs=0.11)
            pool.gate.set()
            assert (await farewell(socket))[1] == 1000
            recorder = site.office.recorders["c"]
            assert by_channel(recorder.events) == by_channel(as_file(SPOKEN))
        pool.shutdown()

    run(body())


def test_a_client_that_was_ahead_waits_for_a_slow_server_too() -> None:
    async def body() -> None:
        pool, later = Gate(), threading.Event()
        clock = VirtualClock()
        async with (
            serving(ROOM, clock=clock, pool=pool) as site,
            site.connect() as socket,
        ):
            await socket.send(HELLO)
            await said(socket)
            pool.close()
            for frame in frames():
                await socket.send(frame)
            await socket.send(control("end"))
            call = site.office.switchboard.calls()[0]
            await until(lambda: bool(call._mailbox._rooms))
            clock.pass_s(3_600.0)
            pool.submit(later.wait, PATIENCE_S)
            pool.gate.set()
            await until(lambda: call._shell.heard() >= 2 * RATE_HZ)
            await until(lambda: bool(call._mailbox._rooms))
            later.set()
            assert (await farewell(socket))[1] == 1000
            assert site.metric("wrapup_audio_dropped_seconds_total") == 0
            assert by_channel(site.office.recorders["c"].events) == by_channel(as_file(SPOKEN))
        pool.shutdown()

    run(body())


@pytest.mark.parametrize("late_s", [0.0, 60.0], ids=["at once", "after a silence"])
def test_each_of_several_fast_streams_waits(late_s: float) -> None:
    """Together they have too much waiting before one of them alone does."""

    async def body() -> None:
        pool = Gate()
        clock = VirtualClock()
        limits = Limits(waiting_s=6.0, burst_s=3.0, idle_s=1e6)
        async with (
            serving(limits, clock=clock, pool=pool) as site,
            site.connect() as agent,
            site.connect() as customer,
        ):
            sockets = (agent, customer)
            for channel, socket in enumerate(sockets):
                await socket.send(hello(rate_hz=RATE_HZ, encoding="l16", carries=[channel]))
                await said(socket)
            clock.pass_s(late_s)
            pool.close()
            for at in range(0, SPOKEN.shape[1], 1_600):
                for channel, socket in enumerate(sockets):
                    await socket.send(l16(SPOKEN[channel : channel + 1, at : at + 1_600]))
            for socket in sockets:
                await socket.send(control("end"))
            call = site.office.switchboard.calls()[0]
            await until(lambda: len(call._mailbox._rooms) == len(sockets))
            pool.gate.set()
            for socket in sockets:
                assert (await farewell(socket))[1] == 1000
            assert site.metric("wrapup_audio_dropped_seconds_total") == 0
            assert by_channel(site.office.recorders["c"].events) == by_channel(as_file(SPOKEN))
        pool.shutdown()

    run(body())


def test_a_client_in_real_time_loses_what_there_is_no_room_for() -> None:
    async def body() -> None:
        pool = Gate()
        clock = VirtualClock()
        async with (
            serving(ROOM, clock=clock, pool=pool) as site,
            site.connect() as socket,
        ):
            await socket.send(HELLO)
            await said(socket)
            pool.close()
            call = site.office.switchboard.calls()[0]
            dropped = "wrapup_audio_dropped_seconds_total"
            for number, frame in enumerate(frames(5.0)):
                clock.pass_s(0.1)
                await socket.send(frame)
                taken_s = 0.1 * number + 0.05
                await until(lambda taken_s=taken_s: site.metric(dropped) + call.waiting_s > taken_s)  # type: ignore[misc]
            await socket.send(control("end"))
            heard_s = call.waiting_s
            assert heard_s == pytest.approx(2.0, abs=0.11)
            pool.gate.set()
            assert (await farewell(socket))[1] == 1000
            gaps = [event for event in site.office.recorders["c"].events if isinstance(event, AudioGap)]
            lost = sum(gap.end_samples - gap.start_samples for gap in gaps if gap.channel == 0)
            assert lost == pytest.approx((5.0 - heard_s) * RATE_HZ)
            assert gaps[0].start_samples == round(heard_s * RATE_HZ)
        pool.shutdown()

    run(body())


def test_a_client_is_told_even_while_it_waits_for_room() -> None:
    async def body() -> None:
        pool = Gate()
        clock = VirtualClock()
        limits = Limits(waiting_s=1.0, burst_s=0.5, longest_s=0.5)
        async with serving(limits, clock=clock, pool=pool) as site, site.connect() as socket:
            await socket.send(HELLO)
            await said(socket)
            pool.close()
            for frame in frames(4.0):
                await socket.send(frame)
            call = site.office.switchboard.calls()[0]
            await until(lambda: bool(call._mailbox._rooms))
            pool.gate.set()
            messages, code, reason = await farewell(socket)
            assert messages == [{"type": "error", "message": reason}]
            assert (code, reason) == (1008, "the call is longer than is allowed")
            await site.closed()
        pool.shutdown()

    run(body())

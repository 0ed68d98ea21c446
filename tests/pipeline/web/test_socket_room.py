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
from tests.pipeline.own_messages import control
from tests.pipeline.socket_server import PATIENCE_S, farewell, said, serving, until
from tests.pipeline.web.test_sockets import HELLO, SPOKEN, frames, run


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
        async with serving(Limits(waiting_s=2.0), clock=clock, pool=pool) as site, site.connect() as socket:
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
        async with serving(Limits(waiting_s=2.0), clock=clock, pool=pool) as site, site.connect() as socket:
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


def test_a_client_in_real_time_loses_what_there_is_no_room_for() -> None:
    async def body() -> None:
        pool = Gate()
        clock = VirtualClock()
        async with serving(Limits(waiting_s=2.0), clock=clock, pool=pool) as site, site.connect() as socket:
            await socket.send(HELLO)
            await said(socket)
            pool.close()
            clock.pass_s(5.0)
            for frame in frames(5.0):
                await socket.send(frame)
            await socket.send(control("end"))
            call = site.office.switchboard.calls()[0]
            dropped = "wrapup_audio_dropped_seconds_total"
            await until(lambda: site.metric(dropped) + call.waiting_s > 4.95)
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
        limits = Limits(waiting_s=1.0, longest_s=0.5)
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

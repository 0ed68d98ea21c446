"""Tracks that come in turn are no more time than channels that come together."""

from __future__ import annotations

import numpy as np
import pytest

from models.types import RATE_HZ
from pipeline.doors.twilio import TwilioDoor
from pipeline.limits import Limits
from tests.pipeline.clock import VirtualClock
from tests.pipeline.doors.twilio_messages import STOP, l16, media, start
from tests.pipeline.socket_server import serving, until
from tests.pipeline.web.test_socket_room import Gate, run

FRAME = RATE_HZ // 50
SPOKEN = np.random.default_rng(1).integers(-9_000, 9_000, 5 * RATE_HZ).astype("<i2")


def test_two_tracks_in_real_time_are_not_ahead_of_it() -> None:
    """A vendor cannot wait: what there is no room for is lost, and it is still read."""

    async def body() -> None:
        pool, clock = Gate(), VirtualClock()
        limits = Limits(waiting_s=4.0)
        async with (
            serving(limits, clock=clock, pool=pool, door=lambda _: TwilioDoor()) as site,
            site.connect() as socket,
        ):
            await socket.send(start(mediaFormat=l16()))
            await until(lambda: bool(site.office.switchboard.calls()))
            call = site.office.switchboard.calls()[0]
            await until(lambda: bool(call._streams))
            pool.close()
            clock.pass_s(5.0)
            for number in range(len(SPOKEN) // FRAME):
                data = SPOKEN[number * FRAME : (number + 1) * FRAME].tobytes()
                await socket.send(media(number, data, "inbound"))
                await socket.send(media(number, data, "outbound"))
            await socket.send(STOP)
            dropped = "wrapup_audio_dropped_seconds_total"
            await until(lambda: site.metric(dropped) + call.waiting_s > 4.95)
            assert call.waiting_s == pytest.approx(4.0, abs=0.11)
            assert site.metric(dropped) == pytest.approx(1.0, abs=0.11)
            pool.gate.set()
            await socket.wait_closed()
            assert socket.close_code == 1000
            gaps = site.office.recorders[call.info.call_id].gaps
            lost = [
                sum(gap.end_samples - gap.start_samples for gap in gaps if gap.channel == n) for n in (0, 1)
            ]
            assert lost == pytest.approx([RATE_HZ, RATE_HZ], abs=0.15 * RATE_HZ)
        pool.shutdown()

    run(body())

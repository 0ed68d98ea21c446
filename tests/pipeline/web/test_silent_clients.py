"""Hundreds of calls that begin and say nothing: none stays, and no memory is kept for them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import tracemalloc
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from pipeline.service import Service
from tests.pipeline.live_server import open_stream, run, served

CALLS = 300
BYTES_A_CALL = 3_000
"""What may be remembered of a call that is over: its id, its site, that it is over."""


async def come_and_say_nothing(address: str, service: Service, first: int) -> None:
    """So many calls, each with a hello and no more, until the server has let all of them go."""
    sockets = await asyncio.gather(*(open_stream(address, f"silent-{first + n}") for n in range(CALLS)))
    for socket in sockets:
        with contextlib.suppress(ConnectionClosed):
            await socket.recv()
        await socket.wait_closed()
        assert socket.close_code == 1008
    async with asyncio.timeout(120):
        while len(service.switchboard):  # noqa: ASYNC110 - calls are closed by other threads
            await asyncio.sleep(0.01)
    await asyncio.to_thread(service._writer.flush, 120.0)


def test_silent_calls_leave_nothing_behind(tmp_path: Path) -> None:
    held: list[int] = []
    with served(tmp_path, live={"idle_s": 3.0}) as (address, service):

        async def rounds() -> None:
            for number in range(3):
                await come_and_say_nothing(address, service, number * CALLS)
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])

        tracemalloc.start()
        # What is logged is kept by who runs the tests.
        logging.disable()
        try:
            run(rounds)
        finally:
            logging.disable(logging.NOTSET)
            tracemalloc.stop()
    # The first round fills what is kept for all calls: pools, prepared statements.
    assert held[2] - held[1] < CALLS * BYTES_A_CALL, held

"""The example client: what it does when its connection breaks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from models.errors import EngineBusyError, InputError
from pipeline import client
from pipeline.client import Sending, Target
from tests.pipeline.live_server import by_id, read_feed, run, served, two_turns

CUT_AFTER_BYTES = 60_000


@asynccontextmanager
async def cutting(address: str) -> AsyncIterator[str]:
    """An address before a server. It cuts its first client off after some of the audio, and keeps the
    server's side open, which notices nothing."""
    host, port = address.split(":")
    kept: list[asyncio.StreamWriter] = []
    tasks: list[asyncio.Task[None]] = []

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter, most: float) -> None:
        carried = 0
        with contextlib.suppress(ConnectionError):
            while carried < most and (data := await source.read(4_096)):
                carried += len(data)
                sink.write(data)
                await sink.drain()
            if carried < most:
                sink.close()

    async def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = not kept
        inside, outside = await asyncio.open_connection(host, int(port))
        kept.append(outside)
        tasks.append(asyncio.create_task(carry(inside, writer, float("inf"))))
        await carry(reader, outside, CUT_AFTER_BYTES if first else float("inf"))
        if first:
            writer.transport.abort()

    server = await asyncio.start_server(come, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        for writer in kept:
            writer.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.close()


def test_a_connection_that_only_the_client_lost_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "RETRY_S", 0.3)

    async def send() -> None:
        async with cutting(address) as origin:
            assert await Sending(Target(origin), two_turns("cut"), 0).run() == "hangup"
        await Sending(Target(f"ws://{address}"), two_turns("whole"), 0).run()

    with served(tmp_path) as (address, _):
        run(send)
        cut = run(lambda: read_feed(address, "/v1/calls/cut/events"))
        whole = run(lambda: read_feed(address, "/v1/calls/whole/events"))
    assert by_id(cut) == by_id(whole)


def test_a_call_that_was_never_taken_is_not_tried_again(tmp_path: Path) -> None:
    async def send() -> None:
        target = Target(f"ws://{address}")
        sending = asyncio.create_task(Sending(target, two_turns("first"), 1).run())
        while not len(service.switchboard):  # noqa: ASYNC110 - another thread takes the call
            await asyncio.sleep(0.01)
        with pytest.raises(EngineBusyError, match="1 calls are in progress"):
            await Sending(target, two_turns("second"), 0).run()
        with pytest.raises(InputError, match="first: the call has the channels agent, customer"):
            await Sending(target, two_turns("first", channels=["customer", "agent"]), 0).run()
        assert await sending == "hangup"

    with served(tmp_path, live={"max_calls": 1}) as (address, service):
        run(send)

"""Sockets of live calls behind a real server on the loopback, in the loop of the test."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from models.fakes import ScriptedSummarizer, ScriptedVoice
from pipeline.core.events import CallClosed, Event
from pipeline.core.session import Session
from pipeline.doors.messages import Door, Started
from pipeline.doors.own import OwnDoor
from pipeline.limits import Limits, SocketLimits
from pipeline.live.admission import Admission, AdmissionSettings
from pipeline.live.call import Ground, LiveCall
from pipeline.live.feed import Envelope
from pipeline.live.metrics import Metrics
from pipeline.live.switchboard import Switchboard
from pipeline.load import LatencyWindow
from pipeline.shell import CallEngines
from pipeline.web.keys import ANYBODY, ApiKey
from pipeline.web.sockets import Connection, SocketShell
from pipeline.workers import Engines, Workers
from tests.pipeline.live_harness import LIVE, NotingTranscriber, Recorder

PATIENCE_S = 60.0
OPENED = datetime(2026, 3, 2, tzinfo=UTC)


class Office:
    """Calls by id, their recorders, and the switchboard; a `Beginnings`."""

    def __init__(
        self,
        limits: Limits,
        admission: AdmissionSettings,
        pool: Executor,
        workers: Workers,
        clock: Callable[[], float],
    ) -> None:
        self.metrics = Metrics()
        self.recorders: dict[str, Recorder] = {}
        self.may_begin = threading.Event()
        self.may_begin.set()
        self._ground = (workers, pool, limits, clock)
        judge = Admission(admission, LatencyWindow(clock), lambda: 0.0, clock)
        self.switchboard = Switchboard(self, judge, self.metrics)

    def begin(self, started: Started) -> LiveCall:
        info = started.info
        assert self.may_begin.wait(PATIENCE_S)
        workers, pool, limits, clock = self._ground
        recorder = self.recorders[info.call_id] = Recorder()
        ground = Ground(workers, pool, recorder, limits, clock, lambda _: None)
        return LiveCall(info, Session(LIVE), CallEngines(ScriptedVoice(), None), ground)

    def is_over(self, call_id: str) -> bool:
        return call_id in self.recorders

    async def listen(self, call_id: str) -> AsyncIterator[Envelope]:
        """What is recorded of a call, as it comes."""
        await until(lambda: call_id in self.recorders)
        records, told = self.recorders[call_id].records, 0
        while True:
            await until(partial(_has_more, records, told))
            event, told = records[told], told + 1
            if isinstance(event, Event):
                yield Envelope(None, call_id, OPENED, event)
            if isinstance(event, CallClosed):
                return


def _has_more(records: list[Any], than: int) -> bool:
    return len(records) > than


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.up.set()


@dataclass
class Site:
    """A running server."""

    office: Office
    port: int
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def connect(self, call_id: str = "c") -> connect:
        return connect(f"ws://127.0.0.1:{self.port}/{call_id}", compression=None, open_timeout=PATIENCE_S)

    async def emptied(self) -> None:
        """Wait until no task of a connection is left."""
        left = asyncio.all_tasks() - self.tasks - {asyncio.current_task()}
        if left:
            _, pending = await asyncio.wait(left, timeout=PATIENCE_S)
            assert not pending

    async def closed(self) -> None:
        """Wait until all calls are closed."""
        async with asyncio.timeout(PATIENCE_S):
            for call in self.office.switchboard.calls():
                await asyncio.wrap_future(call.done)
            await self.emptied()
        assert len(self.office.switchboard) == 0

    def metric(self, name: str, *labels: str) -> float:
        names = ("why",) if name == "wrapup_refusals_total" else ("code",)
        value = self.office.metrics.registry.get_sample_value(name, dict(zip(names, labels, strict=False)))
        return value or 0.0


@contextlib.asynccontextmanager
async def serving(
    limits: Limits | None = None,
    sockets: SocketLimits | None = None,
    admission: AdmissionSettings | None = None,
    clock: Callable[[], float] = time.monotonic,
    pool: Executor | None = None,
    key: ApiKey = ANYBODY,
    door: Callable[[str], Door] = OwnDoor,
) -> AsyncIterator[Site]:
    """A server whose calls are woken every 20 ms; on leaving no task and no thread of it is left."""
    before = asyncio.all_tasks()
    threads = ThreadPoolExecutor(2, thread_name_prefix="wrapup-test")
    limits = limits or Limits()
    engines = Engines(NotingTranscriber(), ScriptedSummarizer())
    with Workers(engines, 2) as workers:
        office = Office(limits, admission or AdmissionSettings(), pool or threads, workers, clock)
        shell = SocketShell(
            office.switchboard, office.metrics, limits, sockets or SocketLimits(), clock, office.listen
        )
        app = FastAPI()

        async def audio(socket: WebSocket, call_id: str) -> None:
            await socket.accept()
            await Connection(socket, door(call_id), shell, key).serve()

        app.add_api_websocket_route("/{call_id}", audio)
        config = uvicorn.Config(app, port=0, ws="websockets-sansio", log_config=None, lifespan="off")
        server = _Server(config)
        running = asyncio.create_task(server.serve())

        async def ticking() -> None:
            while True:
                office.switchboard.tick(clock())
                await asyncio.sleep(0.02)

        ticker = asyncio.create_task(ticking())
        async with asyncio.timeout(PATIENCE_S):
            await server.up.wait()
        site = Site(office, server.servers[0].sockets[0].getsockname()[1])
        await asyncio.sleep(0)
        site.tasks = asyncio.all_tasks()
        try:
            yield site
            await site.emptied()
        finally:
            server.should_exit = True
            ticker.cancel()
            await asyncio.wait({running, ticker})
            threads.shutdown()
    assert not [one for one in asyncio.all_tasks() - before if not one.done()]
    assert not [one for one in threading.enumerate() if one.name.startswith("wrapup")]


async def said(socket: ClientConnection) -> dict[str, Any]:
    """The next message."""
    return dict(json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S)))


async def farewell(socket: ClientConnection) -> tuple[list[dict[str, Any]], int, str]:
    """All that is still said, the close code and the reason."""
    messages = []
    try:
        while True:
            messages.append(await said(socket))
    except ConnectionClosed:
        pass
    return messages, socket.close_code or 0, socket.close_reason or ""


async def until(true: Callable[[], bool]) -> None:
    """Wait for a state that nobody announces."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - the state is another thread's
            await asyncio.sleep(0.001)

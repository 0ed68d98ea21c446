"""A socket that is read in gulps: when reading stops, and when it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from pipeline.web.gulps import PACE_S, GulpingSocket

HANDSHAKE = (
    b"GET /audio HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Wire(asyncio.Transport):
    """A transport that notes whether it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Task:
    """Stands for the application."""

    def add_done_callback(self, _: object) -> None:
        pass


class Timers:
    """What is asked of a loop: no application runs on it, and time passes when a test says so."""

    def __init__(self) -> None:
        self.due: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        self.due.append((delay_s, callback))

    def create_task(self, application: Coroutine[Any, Any, None]) -> Task:
        application.close()
        return Task()

    def pass_by(self) -> None:
        due, self.due = self.due, []
        for _, callback in due:
            callback()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def timers() -> Timers:
    return Timers()


@pytest.fixture
def socket(wire: Wire, timers: Timers) -> Any:
    """A socket after its handshake."""
    config = uvicorn.Config("pipeline.web.server:Server", ws=GulpingSocket)
    config.load()
    socket: Any = GulpingSocket(config, ServerState(), {}, _loop=timers)  # type: ignore[arg-type]
    socket.connection_made(wire)
    socket.data_received(HANDSHAKE)
    socket.conn.send_response(socket.response)
    assert asyncio.run(socket.receive())["type"] == "websocket.connect"
    return socket


def frames(*texts: bytes) -> bytes:
    return b"".join(Frame(Opcode.BINARY, text).serialize(mask=True) for text in texts)


def taken(socket: Any) -> bytes:
    found: bytes = asyncio.run(socket.receive())["bytes"]
    return found


def test_reading_stops_while_messages_wait(socket: Any, wire: Wire) -> None:
    socket.data_received(frames(b"one", b"two", b"three"))
    assert not wire.reading
    assert [taken(socket) for _ in range(3)] == [b"one", b"two", b"three"]


def test_reading_goes_on_a_while_after_the_last_was_taken(socket: Any, wire: Wire, timers: Timers) -> None:
    socket.data_received(frames(b"one", b"two"))
    taken(socket)
    assert timers.due == []
    taken(socket)
    assert [delay_s for delay_s, _ in timers.due] == [PACE_S]
    assert not wire.reading
    timers.pass_by()
    assert wire.reading


def test_gulp_follows_gulp(socket: Any, wire: Wire, timers: Timers) -> None:
    for _ in range(3):
        socket.data_received(frames(b"one", b"two"))
        taken(socket)
        taken(socket)
        assert len(timers.due) == 1
        timers.pass_by()
        assert wire.reading

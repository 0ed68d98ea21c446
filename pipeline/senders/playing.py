"""Moves the bytes of a sender: opens the socket, keeps the recording's time, hears the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from models.errors import EngineBusyError, InputError
from pipeline.senders.sender import Opening, Sender

BUSY = frozenset({429, 503})
"""HTTP answers of a server that has no room."""

NORMAL = 1000
TRY_AGAIN = 1013
"""The close code of a server that has no room (IANA's registry)."""

PATIENCE_S = 60.0
"""How long a server may take for its welcome, and for its last words."""


async def play(sender: Sender, origin: str, factor: float) -> None:
    """Send a recording to `origin` ("ws://host:port") at `factor` times real time; 0 for no waiting.

    Raises `EngineBusyError` where the server takes no more calls, `InputError` where it refuses this one,
    breaks off, or does not answer, OSError where it cannot be reached.
    """
    try:
        async with _connect(origin, sender.opening(origin, time.time())) as socket:
            await _Playing(sender, socket).run(factor)
            code = socket.close_code
    except InvalidStatus as error:
        raise _denied(error.response.status_code) from error
    except TimeoutError as error:
        raise InputError(f"{origin}: the server did not answer within {PATIENCE_S:.0f} s") from error
    if code == TRY_AGAIN:
        raise EngineBusyError(f"the server takes no more calls now ({code})")
    if sender.until_closed and code not in (None, NORMAL):
        raise InputError(f"the server refuses the call ({code})")
    if sender.refused is not None:
        raise InputError(f"the server refuses the call: {sender.refused}")
    if not sender.over:
        raise InputError(f"{origin}: the server broke off")


def _connect(origin: str, opening: Opening) -> connect:
    return connect(
        origin + opening.path,
        additional_headers=dict(opening.headers),
        subprotocols=[Subprotocol(name) for name in opening.subprotocols] or None,
        compression=None,
    )


class _Playing:
    def __init__(self, sender: Sender, socket: ClientConnection) -> None:
        self._sender = sender
        self._socket = socket
        self._closed = False
        self._changed = asyncio.Event()

    async def run(self, factor: float) -> None:
        """From the hello to the server's last word. Raises TimeoutError."""
        hearing = asyncio.create_task(self._hear())
        try:
            await self._say(*self._sender.hello())
            await self._until(lambda: self._sender.ready)
            await self._speak(factor)
            await self._until(self._done)
        except ConnectionClosed:
            # What the server said before it closed is still to be heard.
            await hearing
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    async def _hear(self) -> None:
        """What the server says, until it has closed the socket."""
        try:
            async for message in self._socket:
                for answer in self._sender.answer(message):
                    await self._socket.send(answer)
                self._changed.set()
        except ConnectionClosed:
            pass
        self._closed = True
        self._changed.set()

    async def _speak(self, factor: float) -> None:
        began_s = time.monotonic()
        for frame in self._sender.frames():
            if factor:
                await asyncio.sleep(began_s + frame.spoken_s / factor - time.monotonic())
            if self._done():
                return
            await self._say(*frame.messages)
        await self._say(*self._sender.goodbye())

    async def _say(self, *messages: str | bytes) -> None:
        for message in messages:
            await self._socket.send(message)

    def _done(self) -> bool:
        over = self._sender.over and not self._sender.until_closed
        return self._closed or over or self._sender.refused is not None

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not (true() or self._done()):
                await self._changed.wait()
                self._changed.clear()


def _denied(status: int) -> InputError | EngineBusyError:
    if status in BUSY:
        return EngineBusyError(f"the server takes no more calls now ({status})")
    return InputError(f"the server refuses the call ({status})")

"""uvicorn's WebSocket, which reads what a client sends in gulps instead of message by message."""

from __future__ import annotations

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

PACE_S = 0.07
"""Telephone audio comes in messages of 20 ms, and waking up for one costs more than reading it: four of them
wait in the system's buffer for each other, and are what a call takes up at a time."""


class GulpingSocket(WebSocketsSansIOProtocol):
    """uvicorn stops reading a socket once it has messages for the application, and goes on when the
    application took the last of them; this one goes on a little later. All that came by then is read at once,
    up to 256 KB, so that no client that sends fast is held up by it."""

    async def receive(self) -> ASGIReceiveEvent:
        """The next message, as ASGI has it."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.loop.call_later(PACE_S, self._go_on)
        return message

    def _go_on(self) -> None:
        self.read_paused = False
        self.transport.resume_reading()

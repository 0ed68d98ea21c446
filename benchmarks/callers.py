"""Many calls played in real time to one server, from one event loop: as little work a message as can be.

Stereo, mu-law, 8 kHz, 20 ms a message, with positions. Each call begins at another place of its recording,
and at another moment within the 20 ms, so that neither the speakers nor the messages of calls keep step.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from models.errors import EngineBusyError
from pipeline.doors import g711
from pipeline.doors.files import blocks, probe

RATE_HZ = 8_000
FRAME_SAMPLES = RATE_HZ // 50
STEP_S = 37.3
"""How far apart in their recordings calls begin."""

HELLO = {"type": "hello", "rate_hz": RATE_HZ, "encoding": "mulaw", "channels": ["agent", "customer"]}


def stereo(folder: Path) -> list[Path]:
    """The stereo recordings of a folder."""
    return [file for file in sorted(folder.glob("*.flac")) if probe(file).channels == 2]


def mulaw_of(path: Path) -> NDArray[np.uint8]:
    """A stereo recording of 8 kHz as mu-law, shape (n, 2).

    The door for files brings it to 16 kHz with a filter that leaves the recording's own samples at the even
    places.
    """
    info = probe(path)
    audio = np.concatenate(list(blocks(info)), axis=1)[:, ::2].T
    table = g711.decode(bytes(range(256)), "mulaw")
    order = np.argsort(table, kind="stable")
    middles = (table[order][1:] + table[order][:-1]) / 2
    return order[np.searchsorted(middles, audio)].astype(np.uint8)


@dataclass(slots=True)
class Caller:
    """One call on its way. `began_s` is when its first sample was spoken, on the monotonic clock.

    `audio` is repeated until the call ends; `finals` are the events and when they came.
    """

    call_id: str
    audio: NDArray[np.uint8]
    socket: ClientConnection
    began_s: float = 0.0
    sent: int = 0
    ends_at: int | None = None
    finals: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    @property
    def due_s(self) -> float:
        """When the next message has been spoken to its end."""
        return self.began_s + (self.sent + FRAME_SAMPLES) / RATE_HZ

    @property
    def over(self) -> bool:
        """All of it was sent."""
        return self.ends_at is not None and self.sent >= self.ends_at

    def send(self) -> None:
        """The next message: a frame of the protocol, written past the library's own bookkeeping of sends."""
        at = self.sent % len(self.audio)
        data = self.sent.to_bytes(8, "big") + self.audio[at : at + FRAME_SAMPLES].tobytes()
        self.socket.transport.write(Frame(Opcode.BINARY, data).serialize(mask=True))
        self.sent += FRAME_SAMPLES


class Callers:
    """All calls to one server. Use as an asynchronous context manager; `begin` adds calls."""

    def __init__(self, address: str, recordings: Sequence[NDArray[np.uint8]]) -> None:
        """`recordings` as `mulaw_of` gives them."""
        self.calls: list[Caller] = []
        self.partials = 0
        self.closed: dict[str, str] = {}
        self._address = address
        self._recordings = recordings
        self._ids = itertools.count()
        self._by_id: dict[str, Caller] = {}
        self._due: list[tuple[float, int, Caller]] = []
        self._changed = asyncio.Event()
        self._ended = asyncio.Condition()
        self._sockets: list[ClientConnection] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Callers:
        feed = await connect(f"ws://{self._address}/v1/events", compression=None)
        self._sockets.append(feed)
        self._tasks = [asyncio.create_task(self._follow(feed)), asyncio.create_task(self._play())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(socket.close() for socket in self._sockets))

    async def begin(self, once: bool = False) -> Caller:
        """One more call, which ends with its recording for `once`. Raises `EngineBusyError`."""
        number = next(self._ids)
        recording = self._recordings[number % len(self._recordings)]
        shift = 0 if once else int(number * STEP_S * RATE_HZ) % len(recording)
        audio = np.roll(recording, -(shift // FRAME_SAMPLES * FRAME_SAMPLES), axis=0)
        audio = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES]
        call_id = f"call-{number}"
        try:
            url = f"ws://{self._address}/v1/calls/{call_id}/audio"
            socket = await connect(url, compression=None)
            self._sockets.append(socket)
            await socket.send(json.dumps({**HELLO, "positions": True}))
            answer = json.loads(await socket.recv())
        except InvalidStatus as error:
            raise EngineBusyError(json.loads(error.response.body or b"{}")["detail"]) from error
        if answer["type"] != "welcome":
            raise EngineBusyError(answer["message"])
        call = Caller(call_id, audio, socket, time.monotonic(), ends_at=len(audio) if once else None)
        self.calls.append(call)
        self._by_id[call_id] = call
        heapq.heappush(self._due, (call.due_s, number, call))
        self._changed.set()
        return call

    async def all_closed(self) -> None:
        """Wait for the last event of each call."""
        async with self._ended:
            await self._ended.wait_for(lambda: len(self.closed) == len(self.calls))

    async def _play(self) -> None:
        while True:
            if not self._due:
                self._changed.clear()
                await self._changed.wait()
            wait_s = self._due[0][0] - time.monotonic()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
                continue
            _, number, call = heapq.heappop(self._due)
            if call.socket.transport.is_closing():
                continue
            call.send()
            if call.over:
                with contextlib.suppress(ConnectionClosed):
                    await call.socket.send('{"type": "end"}')
                continue
            heapq.heappush(self._due, (call.due_s, number, call))
            # Whoever is late sends message after message here, and the feed must be read all the same.
            if self._due[0][0] < time.monotonic():
                await asyncio.sleep(0)

    async def _follow(self, feed: ClientConnection) -> None:
        async for message in feed:
            at_s = time.monotonic()
            envelope = json.loads(message)
            event = envelope["event"]
            if event["type"] == "partial":
                self.partials += 1
            elif event["type"] == "utterance_final":
                self._by_id[envelope["call_id"]].finals.append((at_s, event))
            elif event["type"] == "call_closed":
                async with self._ended:
                    self.closed[envelope["call_id"]] = event["code"]
                    self._ended.notify_all()

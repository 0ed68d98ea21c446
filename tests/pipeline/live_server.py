"""A real server with scripted engines, and plain clients of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from models.fakes import ScriptedTranscriber, ScriptedVoice
from models.types import RATE_HZ
from pipeline.app import OpenEngines
from pipeline.client import Recording
from pipeline.config import Config, load_config
from pipeline.service import Service
from pipeline.web.background import running
from pipeline.web.keys import KeyRing
from tests.pipeline.engines import LineSummarizer

T = TypeVar("T")

PATIENCE_MS = 600_000
STEREO = {"type": "hello", "rate_hz": 16_000, "encoding": "l16", "channels": ["agent", "customer"]}


def engines() -> OpenEngines:
    """Engines that count, and hear what is loud."""
    return OpenEngines(ScriptedTranscriber(max_batch=1), LineSummarizer(), ScriptedVoice())


def configured(folder: Path, **sections: Any) -> Config:
    """A configuration that keeps everything in a folder, and refuses no call where the machine is busy."""
    live = {"promise_ms": PATIENCE_MS, **sections.pop("live", {})}
    store = {"url": f"sqlite:///{folder}/calls.db", "key_file": folder / "key", "spool": folder / "spool"}
    return load_config(store=store, live=live, **sections)


@contextmanager
def served(folder: Path, keys: KeyRing | None = None, **sections: Any) -> Iterator[tuple[str, Service]]:
    """A running server: its address `127.0.0.1:PORT`, and the service behind it."""
    with Service(configured(folder, **sections), engines()) as service, running(service, keys) as address:
        yield address, service


def speech(*bursts: tuple[float, float, int], seconds: float, channels: int = 2) -> np.ndarray:
    """Noise from start to end, in seconds, on a channel; else silence. Shape (n, channels), 16 bits."""
    out = np.zeros((round(seconds * RATE_HZ), channels), "<i2")
    rng = np.random.default_rng(7)
    for start_s, end_s, channel in bursts:
        first, last = round(start_s * RATE_HZ), round(end_s * RATE_HZ)
        out[first:last, channel] = rng.integers(-12_000, 12_000, last - first)
    return out


def two_turns(call_id: str, **hello: Any) -> Recording:
    """A call of five seconds in which the agent speaks, then the customer."""
    samples = speech((0.3, 1.2, 0), (2.2, 3.4, 1), seconds=5.0)
    return Recording(call_id, samples, {**STEREO, "positions": True, **hello})


def run(awaitable: Callable[[], Awaitable[T]]) -> T:
    """An asynchronous test, with a bound on its time."""

    async def bounded() -> T:
        async with asyncio.timeout(240):
            return await awaitable()

    return asyncio.run(bounded())


async def open_stream(address: str, call_id: str, hello: dict[str, Any] | None = None) -> ClientConnection:
    """A socket whose hello was taken."""
    socket = await connect(f"ws://{address}/v1/calls/{call_id}/audio", compression=None)
    await socket.send(json.dumps(hello or STEREO))
    assert json.loads(await socket.recv())["type"] == "welcome"
    return socket


async def hang_up(socket: ClientConnection) -> str:
    """End a stream; the call's end code."""
    await socket.send(json.dumps({"type": "end"}))
    answer = json.loads(await socket.recv())
    assert answer["type"] == "closed"
    await socket.wait_closed()
    return str(answer["code"])


async def cut_off(socket: ClientConnection) -> None:
    """Lose the connection without a word, once all that was sent has arrived."""
    await (await socket.ping())
    socket.transport.abort()
    await socket.wait_closed()


async def refused(socket: ClientConnection) -> tuple[str, int]:
    """The error that a stream gets, and the close code."""
    answer = json.loads(await socket.recv())
    await socket.wait_closed()
    assert socket.close_code is not None
    return str(answer["message"]), socket.close_code


def by_id(feed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events of a feed without their numbers, in an order that does not tell which channel was first."""
    return sorted((envelope["event"] for envelope in feed), key=lambda event: str(event["id"]))


async def read_feed(address: str, path: str, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """All of a feed that ends."""
    async with connect(f"ws://{address}{path}", additional_headers=headers, compression=None) as socket:
        return [json.loads(message) async for message in socket]

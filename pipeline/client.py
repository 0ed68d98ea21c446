"""A client of Wrapup's own door: sends a recording as a live call, and follows its events.

It is also the example of how to send: hello, positions, what to do after a lost connection, and the end.
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from models.errors import EngineBusyError, InputError
from pipeline.doors.files import Truncated, native, probe

FRAME_MS = 20
RETRY_S = 1.0
PATIENCE_S = 30.0
"""How long a lost server is looked for."""
PONG_S = 120.0

LOST = (None, 1006, 1012)
TRY_AGAIN = 1013
"""Close codes after which a call goes on over another connection (IANA's registry)."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server: `ws://host:port`, and the key where it wants one."""

    url: str
    key: str | None = None

    def headers(self) -> dict[str, str]:
        """What each connection carries."""
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}


@dataclass(frozen=True, slots=True)
class Recording:
    """A call to send: interleaved samples of 16 bits, shape (n, channels), and the hello."""

    call_id: str
    samples: NDArray[np.int16]
    hello: dict[str, Any]

    @property
    def rate_hz(self) -> int:
        """Samples of a channel in a second."""
        return int(self.hello["rate_hz"])

    @property
    def frame(self) -> int:
        """Samples of a channel in one message."""
        return self.rate_hz * FRAME_MS // 1000


Told = Callable[[dict[str, Any]], None]
"""Hears of each event, in the server's envelope."""


def read_recording(path: Path, call_id: str, hello: dict[str, Any]) -> Recording:
    """A file as a call at its own rate. Raises `InputError`."""
    info = probe(path)
    try:
        audio = np.concatenate(list(native(info)), axis=1)
    except Truncated as error:
        raise InputError(f"{path}: {error}") from error
    samples = np.clip(np.rint(audio.T * 32_768.0), -32_768, 32_767).astype("<i2")
    roles = ["agent", "customer"] if info.channels == 2 else ["unknown"]
    started = {
        "type": "hello",
        "rate_hz": info.rate_hz,
        "encoding": "l16",
        "channels": roles,
        "positions": True,
    }
    return Recording(call_id, samples, {**started, **hello})


class Sending:
    """One call on its way, at `factor` times real time, or as fast as it goes for 0.

    `began_s` is when its first sample was spoken, on the monotonic clock; None before.
    """

    def __init__(self, target: Target, recording: Recording, factor: float) -> None:
        self.began_s: float | None = None
        self._target = target
        self._recording = recording
        self._factor = factor
        self._lost_s: float | None = None
        self._refusal: str | None = None

    async def run(self) -> str:
        """Send it all; gives the end code.

        After a lost connection it connects again, also where the server says to try again, and goes on from
        where the server wants it. Raises `EngineBusyError` where the server takes no more calls, `InputError`
        where it refuses this one.
        """
        while self._lost_s is None or time.monotonic() < self._lost_s + PATIENCE_S:
            try:
                return await self._connect()
            except InvalidStatus as error:
                fault = _refused(error)
                if self.began_s is None or not isinstance(fault, EngineBusyError):
                    raise fault from error
            except ConnectionClosed as error:
                if not self._may_come_back(error):
                    raise self._fault(error) from error
            except OSError:
                pass
            self._lost_s = self._lost_s or time.monotonic()
            await asyncio.sleep(RETRY_S)
        raise InputError(f"{self._target.url}: cannot be reached")

    async def _connect(self) -> str:
        url = f"{self._target.url}/v1/calls/{self._recording.call_id}/audio"
        headers = self._target.headers()
        # A server that has no room for more answers pings when it has read what came before them.
        async with connect(url, additional_headers=headers, compression=None, ping_timeout=PONG_S) as socket:
            return await self._send(socket)

    def _may_come_back(self, error: ConnectionClosed) -> bool:
        code = None if error.rcvd is None else error.rcvd.code
        return code in LOST or (code == TRY_AGAIN and self.began_s is not None)

    def _fault(self, error: ConnectionClosed) -> InputError | EngineBusyError:
        assert error.rcvd is not None
        reason = self._refusal or error.rcvd.reason or str(error.rcvd.code)
        kind = EngineBusyError if error.rcvd.code == TRY_AGAIN else InputError
        return kind(f"{self._recording.call_id}: {reason}")

    async def _send(self, socket: ClientConnection) -> str:
        recording = self._recording
        await socket.send(json.dumps(recording.hello))
        welcome = json.loads(await socket.recv())
        if welcome["type"] != "welcome":
            # Why it is refused is in the code with which the server closes now.
            self._refusal = str(welcome["message"])
            await socket.recv()
        self._lost_s = self._refusal = None
        self.began_s = self.began_s or time.monotonic()
        for at, data in _frames(recording, round(min(welcome["from_s"]) * recording.rate_hz)):
            if self._factor:
                spoken_s = (at + recording.frame) / recording.rate_hz / self._factor
                await asyncio.sleep(self.began_s + spoken_s - time.monotonic())
            await socket.send(struct.pack(">Q", at) + data)
        await socket.send(json.dumps({"type": "end"}))
        while (answer := json.loads(await socket.recv()))["type"] != "closed":
            pass
        return str(answer["code"])


async def follow_call(target: Target, call_id: str, told: Told) -> None:
    """Events of a call until it is closed; after a lost connection from the last one on."""
    last = 0
    while True:
        url = f"{target.url}/v1/calls/{call_id}/events?after={last}"
        try:
            async with connect(url, additional_headers=target.headers(), compression=None) as socket:
                async for message in socket:
                    envelope = json.loads(message)
                    last = envelope["id"] or last
                    told(envelope)
                    if envelope["event"]["type"] == "call_closed":
                        return
        except InvalidStatus as error:
            raise _refused(error) from error
        except (WebSocketException, OSError):
            await asyncio.sleep(RETRY_S)


def _frames(recording: Recording, start: int) -> Iterator[tuple[int, bytes]]:
    for at in range(start, len(recording.samples), recording.frame):
        yield at, recording.samples[at : at + recording.frame].tobytes()


def _refused(error: InvalidStatus) -> InputError | EngineBusyError:
    status = error.response.status_code
    body = error.response.body or b"{}"
    try:
        detail = str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"the server answers {status}"
    return EngineBusyError(detail) if status == 503 else InputError(detail)

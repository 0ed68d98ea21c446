"""Payment data: what is said in a pause is nowhere: a scan of store, spool, logs and feed."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from websockets.asyncio.client import connect

from models.fakes import ScriptedTranscriber, ScriptedVoice
from models.types import RATE_HZ, Samples
from pipeline.app import OpenEngines
from pipeline.senders.audiohook import AudioHookSender
from pipeline.senders.sender import Spoken
from pipeline.service import Service
from pipeline.web.background import running
from tests.pipeline.engines import LineSummarizer
from tests.pipeline.live_server import configured, run
from tests.pipeline.own_messages import control, hello, l16, position

CANARY = "kingfisher"
LOUD, SOFT = 0.9, 0.2


def script(clip: Samples) -> str:
    """The secret is loud, all else is not."""
    loud = float(np.abs(clip).max(initial=0.0)) > LOUD / 2
    told = f"there was a {CANARY} by the water and four seven one one zero eight one five"
    return told if loud else "good morning"


def sound(level: float, seconds: float, rate_hz: int = RATE_HZ) -> Samples:
    """Noise, the same on both channels, shape (2, n)."""
    count = round(seconds * rate_hz)
    noise = np.random.default_rng(5).uniform(-level, level, count).astype(np.float32)
    return np.stack([noise, noise])


def quiet(seconds: float, rate_hz: int = RATE_HZ) -> Samples:
    return np.zeros((2, round(seconds * rate_hz)), np.float32)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Service]]:
    """A server whose store has everything in clear."""
    config = configured(folder)
    config = config.model_copy(update={"store": config.store.model_copy(update={"encrypt": False})})
    engines = OpenEngines(ScriptedTranscriber(script, max_batch=1), LineSummarizer(), ScriptedVoice())
    with Service(config, engines) as service, running(service) as address:
        yield address, service


Play = Callable[[str, bool], Awaitable[None]]
"""A call to an address, in which the secret is said in a pause, or not in one."""


async def own(address: str, paused: bool) -> None:
    """Over Wrapup's own door; the client goes on sending in the pause."""
    at = 0
    async with connect(f"ws://{address}/v1/calls/c/audio", compression=None) as socket:

        async def play(block: Samples) -> None:
            nonlocal at
            for start in range(0, block.shape[1], 1_600):
                await socket.send(position(at) + l16(block[:, start : start + 1_600]))
                at += 1_600

        await socket.send(hello(rate_hz=RATE_HZ, encoding="l16", positions=True))
        await socket.recv()
        await play(sound(SOFT, 1.0))
        if paused:
            await socket.send(control("pause"))
        await play(quiet(0.8))
        await play(sound(LOUD, 2.0))
        await play(quiet(0.8))
        if paused:
            await socket.send(control("resume"))
        await play(sound(SOFT, 1.0))
        await socket.send(control("end"))
        while json.loads(await socket.recv())["type"] != "closed":
            pass


async def audiohook(address: str, paused: bool) -> None:
    """Over AudioHook; the client goes on sending in the pause, which it may not."""
    rate_hz = 8_000
    parts = [sound(SOFT, 1.0, rate_hz), quiet(0.8, rate_hz), sound(LOUD, 2.0, rate_hz)]
    whole = np.concatenate([*parts, quiet(0.8, rate_hz), parts[0]], axis=1)
    samples = np.round(whole.T * 32_767).astype(np.int16)
    sender = AudioHookSender(
        Spoken(str(uuid.uuid4()), rate_hz, samples), pauses=[(1.0, 4.6)] if paused else []
    )
    plain = AudioHookSender(Spoken(str(uuid.uuid4()), rate_hz, samples))
    opening = sender.opening(f"ws://{address}", time.time())
    headers = dict(opening.headers)
    async with connect(f"ws://{address}{opening.path}", additional_headers=headers) as socket:

        async def answer() -> None:
            for message in sender.answer(await socket.recv()):
                await socket.send(message)

        for message in sender.hello():
            await socket.send(message)
        while not sender.ready:
            await answer()
        for frame, leaked in zip(sender.frames(), plain.frames(), strict=True):
            audio = [message for message in frame.messages if isinstance(message, bytes)]
            for message in [*frame.messages, *([] if audio else leaked.messages)]:
                await socket.send(message)
        for message in sender.goodbye():
            await socket.send(message)
        while not sender.over:
            await answer()


PLAYS: dict[str, Play] = {"own": own, "audiohook": audiohook}


@pytest.mark.parametrize("protocol", sorted(PLAYS))
@pytest.mark.parametrize("paused", [True, False])
def test_what_is_said_in_a_pause_is_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, protocol: str, paused: bool
) -> None:
    caplog.set_level(logging.INFO)
    with serving(tmp_path) as (address, service):

        async def followed() -> str:
            async with connect(f"ws://{address}/v1/events", compression=None) as feed:
                await PLAYS[protocol](address, paused)
                told = []
                async with asyncio.timeout(20):
                    while not told or '"call_closed"' not in told[-1]:
                        told.append(str(await feed.recv()))
            return "".join(told)

        told = run(followed)
        assert service._writer.flush(20.0)
        kept = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())
    assert "good" in told
    assert b"good" in kept
    if paused:
        assert CANARY not in told + caplog.text
        assert CANARY.encode() not in kept
        assert '"pause"' in told
    else:
        # The scan finds what is there.
        assert CANARY in told
        assert CANARY.encode() in kept
        assert CANARY not in caplog.text

"""What holds for every door, tried with the client's side of its protocol on a real server."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from models.errors import EngineBusyError, InputError
from models.types import Role
from pipeline.client import Recording, Sending, Target
from pipeline.config import load_config
from pipeline.core.events import CallClosed, UtteranceFinal
from pipeline.doors import g711
from pipeline.doors.files import native, probe
from pipeline.senders.playing import play
from pipeline.senders.sender import Message, Sender, Spoken
from pipeline.senders.table import SENDERS
from pipeline.service import Service
from pipeline.web.background import running, temporary_service
from pipeline.web.keys import KeyRing, add_key, read_keys
from tests.pipeline.live_server import run, served, speech

RATE_HZ = 8_000
SPOKEN_S = 20
ALL = sorted(SENDERS)
MIXED = frozenset({"openai"})
"""Protocols of one channel."""

GARBAGE: tuple[Message, ...] = (
    "",
    "nonsense",
    "{}",
    "[]",
    "null",
    '{"type": 5, "event": [], "version": {}}',
    '{"type": "open", "event": "start"}',
    "[" * 10_000,
    "x" * 100_000,
    b"",
    b"\xff",
    b"\x00" * 7,
    b"RIFF" + b"\xff" * 40,
)
"""What no protocol expects; some of it is a beginning of what one does."""


@pytest.fixture
def recording(sample_calls: Path) -> NDArray[np.int16]:
    """The first seconds of a sample call as telephones carry it, shape (n, 2)."""
    audio = np.concatenate(list(native(probe(sample_calls / "01-overdraft-refund.flac"))), axis=1)
    part = audio[:, : SPOKEN_S * RATE_HZ]
    heard = np.stack([g711.decode(g711.encode(channel, "mulaw"), "mulaw") for channel in part])
    return np.rint(heard.T * 32_768.0).astype(np.int16)


def spoken(samples: NDArray[np.int16], key: str | None = None) -> Spoken:
    """A call of its own."""
    return Spoken(str(uuid.uuid4()), RATE_HZ, samples, key)


def short(protocol: str) -> NDArray[np.int16]:
    """Two turns, at 8 kHz."""
    channels = 1 if protocol in MIXED else 2
    return speech((0.3, 1.2, 0), (2.2, 3.4, channels - 1), seconds=5.0, channels=channels)[::2].copy()


Said = set[tuple[Role, int, int, str]]


def said(service: Service, call_id: str) -> Said:
    """Finals of a call: role, start, end, text."""
    stored = service._store.call(call_id)
    assert stored is not None
    events = [one.event for one in service.journal.read(call_id, 0, 10_000)]
    assert isinstance(events[-1], CallClosed)
    return {
        (
            stored.record.roles[event.channel],
            event.start_samples,
            event.end_samples,
            " ".join(word.text for word in event.words),
        )
        for event in events
        if isinstance(event, UtteranceFinal)
    }


def test_every_door_gives_the_same_finals(recording: NDArray[np.int16]) -> None:
    mixed = recording[:, :1]
    with temporary_service(load_config(live={"promise_ms": 600_000})) as service, running(service) as address:
        origin = f"ws://{address}"

        async def own(samples: NDArray[np.int16], roles: list[str]) -> Said:
            hello = {"type": "hello", "rate_hz": RATE_HZ, "encoding": "l16", "channels": roles}
            one = Recording(str(uuid.uuid4()), samples, {**hello, "positions": True})
            await _taken(lambda: Sending(Target(origin), one, 0).run())
            await _closed(service, one.call_id)
            return said(service, one.call_id)

        async def other(protocol: str) -> Said:
            one = spoken(mixed if protocol in MIXED else recording)
            await _taken(lambda: play(SENDERS[protocol](one), origin, 0))
            await _closed(service, one.call_id)
            return said(service, one.call_id)

        stereo = run(lambda: own(recording, ["agent", "customer"]))
        mono = run(lambda: own(mixed, ["unknown"]))
        assert len(stereo) > 3
        assert len(mono) > 1
        for protocol in ALL:
            found = run(lambda protocol=protocol: other(protocol))  # type: ignore[misc]
            assert found == (mono if protocol in MIXED else stereo), protocol


@pytest.mark.parametrize("protocol", ALL)
@pytest.mark.parametrize("stage", ["at once", "after the hello", "among the audio", "after the goodbye"])
def test_garbage_at_each_stage_leaves_nothing_behind(tmp_path: Path, protocol: str, stage: str) -> None:
    limits = {"resume_s": 0.1, "idle_s": 5.0}
    with served(tmp_path, live=limits) as (address, service):

        async def one(garbage: Message) -> None:
            sender = SENDERS[protocol](spoken(short(protocol)))
            async with _opened(sender, f"ws://{address}") as socket:
                with contextlib.suppress(ConnectionClosed, TimeoutError):
                    await _until_stage(sender, socket, stage)
                    await socket.send(garbage)
                    async with asyncio.timeout(0.2):
                        while True:
                            await socket.recv()
                socket.transport.abort()

        async def all_of_it() -> None:
            await asyncio.gather(*map(one, GARBAGE))
            await _closed(service)

        run(all_of_it)
        assert service.journal.backlog().reachable
        # The server goes on: a whole call goes through.
        after = spoken(short(protocol))
        run(lambda: play(SENDERS[protocol](after), f"ws://{address}", 0))
        run(lambda: _closed(service, after.call_id))
        assert len(said(service, after.call_id)) == 2


@pytest.mark.parametrize("protocol", ALL)
def test_a_client_without_a_goodbye_leaves_no_open_call(tmp_path: Path, protocol: str) -> None:
    with served(tmp_path, live={"resume_s": 0.1}) as (address, service):

        async def vanish() -> str:
            sender = SENDERS[protocol](one)
            async with _opened(sender, f"ws://{address}") as socket:
                await _until_stage(sender, socket, "after the audio")
                await (await socket.ping())
                socket.transport.abort()
            await _closed(service, one.call_id)
            return one.call_id

        one = spoken(short(protocol))
        run(vanish)
        last = service.journal.read(one.call_id, 0, 1_000)[-1].event
        assert isinstance(last, CallClosed)
        assert last.code in ("disconnected", "hangup")
        assert len(said(service, one.call_id)) == 2


@pytest.mark.parametrize("protocol", ALL)
def test_a_client_that_sends_no_audio_is_let_go(tmp_path: Path, protocol: str) -> None:
    limits = {"idle_s": 0.3, "resume_s": 0.1}
    with served(tmp_path, live=limits, server={"hello_s": 0.3}) as (address, service):

        async def wait() -> int | None:
            sender = SENDERS[protocol](spoken(short(protocol)))
            async with _opened(sender, f"ws://{address}") as socket:
                await _until_stage(sender, socket, "after the hello")
                with contextlib.suppress(ConnectionClosed):
                    while True:
                        await socket.recv()
                await _closed(service)
                return socket.close_code

        assert run(wait) in (1000, 1008, 1011)


@pytest.mark.parametrize("protocol", ALL)
def test_keys_are_asked_for(tmp_path: Path, protocol: str) -> None:
    file = tmp_path / "keys.json"
    key = add_key(file, "sender", ("send",), ("leeds",))
    other = add_key(file, "reader", ("read",), ())
    with served(tmp_path, KeyRing(read_keys(file))) as (address, service):

        def send(one: Spoken) -> None:
            run(lambda: play(SENDERS[protocol](one), f"ws://{address}", 0))

        for wrong in (None, "wrapup_guessed", other):
            with pytest.raises(InputError, match=r"refuses the call \(40[13]\)"):
                send(spoken(short(protocol), wrong))
        one = spoken(short(protocol), key)
        send(one)
        run(lambda: _closed(service, one.call_id))
        assert service.journal.site_of(one.call_id) == "leeds"
        assert len(said(service, one.call_id)) == 2


@pytest.mark.parametrize("protocol", ALL)
def test_a_call_too_many_is_refused_in_the_words_of_the_protocol(tmp_path: Path, protocol: str) -> None:
    with served(tmp_path, live={"max_calls": 1, "resume_s": 0.1}) as (address, service):

        async def both() -> None:
            first, second = (SENDERS[protocol](spoken(short(protocol))) for _ in range(2))
            async with _opened(first, f"ws://{address}") as socket:
                await _until_stage(first, socket, "after the audio")
                while not len(service.switchboard):  # noqa: ASYNC110 - another thread takes it
                    await asyncio.sleep(0.01)
                with pytest.raises((EngineBusyError, InputError), match="call"):
                    await play(second, f"ws://{address}", 0)
                assert len(service.switchboard) == 1
            await _closed(service)

        run(both)


@pytest.mark.parametrize("protocol", ALL)
def test_very_many_small_messages_are_borne_or_refused(tmp_path: Path, protocol: str) -> None:
    with served(tmp_path, live={"resume_s": 0.1}) as (address, service):

        async def flood() -> None:
            sender = SENDERS[protocol](spoken(short(protocol)))
            async with _opened(sender, f"ws://{address}") as socket:
                with contextlib.suppress(ConnectionClosed):
                    await _until_stage(sender, socket, "among the audio")
                    for _ in range(10_000):
                        await socket.send('{"type": "ping", "event": "mark"}')
                socket.transport.abort()
            await _closed(service)

        run(flood)


@contextlib.asynccontextmanager
async def _opened(sender: Sender, origin: str) -> AsyncIterator[ClientConnection]:
    opening = sender.opening(origin, time.time())
    offered = [Subprotocol(name) for name in opening.subprotocols] or None
    headers = dict(opening.headers)
    async with connect(origin + opening.path, additional_headers=headers, subprotocols=offered) as socket:
        yield socket


async def _until_stage(sender: Sender, socket: ClientConnection, stage: str) -> None:
    """Everything up to a stage, said as the protocol wants it."""
    if stage == "at once":
        return
    for message in sender.hello():
        await socket.send(message)
    async with asyncio.timeout(10):
        while not sender.ready:
            for answer in sender.answer(await socket.recv()):
                await socket.send(answer)
    if stage == "after the hello":
        return
    for frame in sender.frames():
        if stage == "among the audio" and frame.spoken_s > 1.5:
            return
        for message in frame.messages:
            await socket.send(message)
    if stage == "after the goodbye":
        for message in sender.goodbye():
            await socket.send(message)


async def _closed(service: Service, call_id: str | None = None) -> None:
    """Wait until no call is in progress, that one has ended, and all is in the store."""
    async with asyncio.timeout(60):
        while len(service.switchboard) or not (  # noqa: ASYNC110 - calls are closed by other threads
            call_id is None or _has_ended(service, call_id)
        ):
            await asyncio.sleep(0.02)
    assert await asyncio.to_thread(service._writer.flush, 30.0)


def _has_ended(service: Service, call_id: str) -> bool:
    events = service.journal.read(call_id, 0, 10_000)
    return bool(events) and isinstance(events[-1].event, CallClosed)


async def _taken(send: Callable[[], Awaitable[object]]) -> None:
    """Send a call once the machine has room for it."""
    while True:
        try:
            await send()
            return
        except EngineBusyError:
            await asyncio.sleep(1.0)

"""Doors that are told the events of their call, and clients that close their sockets themselves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import numpy as np
import pytest

from models.types import RATE_HZ
from pipeline.core.events import Event, Flushed
from pipeline.doors.messages import Alive, Answer, Closing, DoorOutput, Ended, Flush, Reply
from pipeline.doors.own import OwnDoor
from pipeline.formats.event_json import type_name
from pipeline.limits import Limits, SocketLimits
from pipeline.live.admission import AdmissionSettings
from pipeline.web import sockets
from tests.pipeline.clock import VirtualClock
from tests.pipeline.live_harness import speech
from tests.pipeline.own_messages import control, hello, l16
from tests.pipeline.socket_server import PATIENCE_S, farewell, said, serving, until

SPOKEN = speech(1)
HELLO = hello(rate_hz=RATE_HZ, encoding="l16")
HALF_SAID = int(np.flatnonzero(np.abs(SPOKEN).max(axis=0) > 0.1)[0]) + RATE_HZ
"""A second after the first sound, in the middle of what is said there."""


class TellingDoor(OwnDoor):
    """Numbers what it says, tells events, and leaves it to the client to close."""

    def __init__(self, call_id: str) -> None:
        super().__init__(call_id)
        self._number = 0

    @property
    def listens(self) -> bool:
        return True

    def receive(self, message: str | bytes) -> list[DoorOutput]:
        match message:
            case "ping":
                return [self._say("pong")]
            case "flush":
                return [Flush()]
            case "end, and flush":
                return [Ended(flush=True)]
            case "alive":
                return [Alive()]
            case "bye":
                return [Closing(1000, "bye")]
        return super().receive(message)

    def event(self, event: Event) -> list[Answer]:
        return [self._say(type_name(type(event)))]

    def refuse(self, code: int, reason: str) -> list[Answer]:
        return [self._say(f"refused: {code}")]

    def closed(self, end_code: str) -> list[Answer]:
        return [self._say(f"closed: {end_code}")]

    def _say(self, what: str) -> Reply:
        self._number += 1
        return Reply(json.dumps({"number": self._number, "type": what}))


def run(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 2 * PATIENCE_S))


def test_events_and_answers_are_numbered_in_the_order_they_come() -> None:
    async def body() -> None:
        async with serving(door=TellingDoor) as site, site.connect() as socket:
            await socket.send(HELLO)
            assert (await said(socket))["type"] == "welcome"
            for at in range(0, SPOKEN.shape[1], 1_600):
                await socket.send(l16(SPOKEN[:, at : at + 1_600]))
                await socket.send("ping")
            await socket.send(control("end"))
            heard = []
            while not heard or not heard[-1]["type"].startswith("closed"):
                heard.append(await said(socket))
            await socket.send("bye")
            assert (await farewell(socket)) == ([], 1000, "bye")
            assert [one["number"] for one in heard] == list(range(1, len(heard) + 1))
            told = [one["type"] for one in heard if one["type"] not in ("pong", "partial")]
            recorded = [type_name(type(event)) for event in site.office.recorders["c"].events]
            assert told == [*recorded[:-1], "closed: hangup"]
            assert recorded[-1] == "call_closed"

    run(body())


def test_what_was_said_is_final_at_once_where_the_client_asks() -> None:
    async def body() -> None:
        async with serving(door=TellingDoor, clock=VirtualClock()) as site, site.connect() as socket:
            await socket.send(HELLO)
            await said(socket)
            await socket.send("flush")
            while (await said(socket))["type"] != "flushed":
                pass
            await socket.send(l16(SPOKEN[:, :HALF_SAID]))
            await until(lambda: site.office.switchboard.calls()[0]._shell.heard() == HALF_SAID)
            assert site.office.recorders["c"].finals == []
            await socket.send("flush")
            while (await said(socket))["type"] != "flushed":
                pass
            recorder = site.office.recorders["c"]
            assert len(recorder.finals) >= 1
            assert [one.until_samples for one in recorder.of(Flushed)] == [0, HALF_SAID]
            site.office.switchboard.end_all("shutdown")
            while not (await said(socket))["type"].startswith("closed"):
                pass
            await socket.send("bye")
            await farewell(socket)

    run(body())


def test_a_client_that_hangs_up_is_told_when_its_last_text_is_out() -> None:
    async def body() -> None:
        async with serving(door=TellingDoor) as site, site.connect() as socket:
            await socket.send(HELLO)
            await said(socket)
            await socket.send(l16(SPOKEN[:, :HALF_SAID]))
            await socket.send("end, and flush")
            heard = []
            while not heard or not heard[-1].startswith("closed"):
                heard.append((await said(socket))["type"])
            await socket.send("bye")
            await farewell(socket)
            recorder = site.office.recorders["c"]
            assert [one.until_samples for one in recorder.of(Flushed)] == [HALF_SAID]
            assert heard[-1] == "closed: hangup"
            flushed, finals = (
                heard.index("flushed"),
                [at for at, one in enumerate(heard) if one == "utterance_final"],
            )
            assert finals
            assert max(finals) < flushed < heard.index("draft_ready")
            assert type_name(type(recorder.events[-1])) == "call_closed"

    run(body())


def test_a_stream_that_leaves_a_call_that_goes_on_is_told_too() -> None:
    async def body() -> None:
        async with (
            serving(door=TellingDoor, clock=VirtualClock()) as site,
            site.connect() as leaving,
            site.connect() as staying,
        ):
            await leaving.send(hello(rate_hz=RATE_HZ, encoding="l16", carries=[0]))
            await said(leaving)
            await staying.send(hello(rate_hz=RATE_HZ, encoding="l16", carries=[1]))
            while (await said(staying))["type"] != "welcome":
                pass
            await leaving.send(l16(SPOKEN[:1, :HALF_SAID]))
            await leaving.send("end, and flush")
            while (await said(leaving))["type"] != "flushed":
                pass
            assert [one.channel for one in site.office.recorders["c"].finals] == [0]
            assert len(site.office.switchboard) == 1
            await staying.send(control("end"))
            for socket in (leaving, staying):
                while not (await said(socket))["type"].startswith("closed"):
                    pass
                await socket.send("bye")
                await farewell(socket)

    run(body())


def test_a_client_that_is_there_is_not_idle() -> None:
    async def body() -> None:
        clock = VirtualClock()
        async with serving(Limits(idle_s=30.0), door=TellingDoor, clock=clock) as site:
            async with site.connect() as socket:
                await socket.send(HELLO)
                await said(socket)
                for _ in range(4):
                    clock.pass_s(20.0)
                    await socket.send("alive")
                    await (await socket.ping())
                    call = site.office.switchboard.calls()[0]
                    await until(lambda call=call: call._last_audio_s == clock())  # type: ignore[misc]
                clock.pass_s(31.0)
                while not (await said(socket))["type"].startswith("refused"):
                    pass
                await socket.send("bye")
                await farewell(socket)
            await site.closed()
            assert site.metric("wrapup_calls_ended_total", "idle") == 1

    run(body())


def test_a_client_that_is_there_may_take_its_time_with_the_hello() -> None:
    async def body() -> None:
        limits, patience = Limits(idle_s=PATIENCE_S), SocketLimits(hello_s=0.2)
        async with serving(limits, patience, door=TellingDoor) as site, site.connect() as socket:
            await socket.send("alive")
            await asyncio.sleep(0.5)
            await socket.send(HELLO)
            assert (await said(socket))["type"] == "welcome"
            site.office.switchboard.end_all("shutdown")
            while not (await said(socket))["type"].startswith("closed"):
                pass
            await socket.send("bye")
            await farewell(socket)

    run(body())


def test_a_client_that_is_refused_may_still_say_goodbye() -> None:
    async def body() -> None:
        settings = AdmissionSettings(calls=0)
        async with serving(door=TellingDoor, admission=settings) as site, site.connect() as socket:
            await socket.send(HELLO)
            assert (await said(socket))["type"] == "refused: 1013"
            await socket.send(l16(SPOKEN[:, :1_600]))
            await socket.send("ping")
            assert (await said(socket))["type"] == "pong"
            await socket.send("bye")
            assert await farewell(socket) == ([], 1000, "bye")
            assert len(site.office.switchboard) == 0

    run(body())


def test_a_client_that_does_not_close_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "FAREWELL_S", 0.1)

    async def body() -> None:
        settings = AdmissionSettings(calls=0)
        async with serving(door=TellingDoor, admission=settings) as site, site.connect() as socket:
            await socket.send(HELLO)
            assert (await said(socket))["type"] == "refused: 1013"
            assert await farewell(socket) == ([], 1000, "")

    run(body())

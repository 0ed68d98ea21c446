"""What a key with sites may send and join, with real clients on the loopback."""

from __future__ import annotations

import asyncio

import pytest

from models.types import RATE_HZ
from pipeline.core.events import LegStarted
from pipeline.doors.messages import CallInfo, Started
from pipeline.web.keys import ANYBODY
from tests.pipeline.own_messages import control, hello
from tests.pipeline.socket_server import farewell, said, serving, until
from tests.pipeline.web.test_sockets import HELLO, run


def test_a_key_sends_for_its_sites_alone() -> None:
    both = ANYBODY.model_copy(update={"sites": ("leeds", "hull")})

    async def body() -> None:
        async with serving(key=both) as site:
            for number, named in enumerate(({"site": "york"}, {})):
                async with site.connect(f"call-{number}") as socket:
                    await socket.send(hello(rate_hz=RATE_HZ, encoding="l16", **named))
                    reason = "this key may not send for that site"
                    assert await farewell(socket) == ([{"type": "error", "message": reason}], 1008, reason)
            assert site.metric("wrapup_refusals_total", "policy") == 2
            assert len(site.office.switchboard) == 0
            async with site.connect("own") as socket:
                await socket.send(hello(rate_hz=RATE_HZ, encoding="l16", site="hull"))
                assert (await said(socket))["type"] == "welcome"
                await socket.send(control("end"))
                assert (await farewell(socket))[1] == 1000
            await site.closed()

    run(body())


def test_a_key_joins_calls_of_its_sites_alone() -> None:
    leeds = ANYBODY.model_copy(update={"sites": ("leeds",)})

    async def body() -> None:
        async with serving(key=leeds) as site:
            board = site.office.switchboard
            york = Started(CallInfo("york-1", ("agent", "customer"), site="york"), (0,), RATE_HZ)
            await asyncio.to_thread(board.join, york, lambda *_: None)
            async with site.connect("york-1") as socket:
                await socket.send(hello(rate_hz=RATE_HZ, encoding="l16", carries=[1], associate="eve"))
                assert (await farewell(socket))[1:] == (1008, "this key may not send for that site")
            async with site.connect("unnamed") as socket:
                await socket.send(HELLO)
                assert (await said(socket))["type"] == "welcome"
                assert {one.info.site for one in board.calls()} == {"york", "leeds"}
                board.end_all("shutdown")
                assert (await farewell(socket))[1] == 1000
            await site.closed()
            legs = [
                event for event in site.office.recorders["york-1"].events if isinstance(event, LegStarted)
            ]
            assert [leg.associate for leg in legs] == [None]

    run(body())


def test_a_call_that_another_client_begins_meanwhile_is_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    leeds = ANYBODY.model_copy(update={"sites": ("leeds",)})

    async def body() -> None:
        async with serving(key=leeds) as site:
            board = site.office.switchboard
            york = Started(CallInfo("c", ("agent", "customer"), site="york"), (0,), RATE_HZ)
            await asyncio.to_thread(board.join, york, lambda *_: None)
            calls = board.calls
            monkeypatch.setattr(board, "calls", list)
            async with site.connect("c") as socket:
                await socket.send(hello(rate_hz=RATE_HZ, encoding="l16", carries=[1]))
                assert (await farewell(socket))[1:] == (1008, "this key may not send for that site")
            monkeypatch.undo()
            (call,) = calls()
            await until(lambda: [stream.carries for stream in call._streams] == [(0,)])
            board.end_all("shutdown")
            await site.closed()

    run(body())

"""Which requests a server takes for its own: Host, Origin, key."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx2
import pytest
from fastapi import HTTPException
from starlette.requests import HTTPConnection
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pipeline.web.callers import key_of
from pipeline.web.keys import ANYBODY, KeyRing
from tests.pipeline.live_server import STEREO, run, served

EVIL = "evil.example"


def status(headers: dict[str, str], keys: KeyRing | None = None) -> int:
    """200, or what the request is refused with."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    try:
        key_of(HTTPConnection({"type": "http", "headers": raw}), keys or KeyRing([]), "read")
    except HTTPException as error:
        return error.status_code
    return 200


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost:8080", "127.0.0.1:8080", "127.9.9.9", "[::1]", "[::1]:8080"]
)
def test_without_keys_this_machine_is_served(host: str) -> None:
    assert status({"host": host}) == 200
    assert status({"host": host, "origin": f"http://{host}"}) == 200
    assert status({"host": host, "origin": "http://evil.example"}) == 403


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example@localhost",
        "localhost\n",
        "10.0.0.1",
        "0.0.0.0",
        "[::2]",
        "::1",
        "[::1",
    ],
)
def test_without_keys_no_other_name_is_served(host: str) -> None:
    assert status({"host": host}) == 403
    assert status({"host": host, "origin": f"http://{host}"}) == 403


def test_with_keys_the_key_decides() -> None:
    keys = KeyRing([ANYBODY])
    assert status({"host": "wrapup.bank.example"}, keys) == 401
    assert status({"host": "wrapup.bank.example", "origin": "http://evil.example"}, keys) == 403


def test_a_page_that_a_name_was_made_to_point_here_for_gets_nothing(tmp_path: Path) -> None:
    async def get(headers: dict[str, str], path: str) -> int:
        async with httpx2.AsyncClient(trust_env=False) as client:
            return (await client.get(f"http://{address}{path}", headers=headers)).status_code

    async def shake(name: str, path: str) -> int:
        url, origin = f"ws://{name}:{port}{path}", {"Origin": f"http://{EVIL}:{port}"}
        with pytest.raises(InvalidStatus) as caught:
            await connect(url, host="127.0.0.1", port=int(port), additional_headers=origin)
        return caught.value.response.status_code

    async def own_page() -> str:
        origin = {"Origin": f"http://{address}"}
        async with connect(f"ws://{address}/v1/calls/c/audio", additional_headers=origin) as socket:
            await socket.send(json.dumps(STEREO))
            return str(json.loads(await socket.recv())["type"])

    async def statuses() -> list[int]:
        rebound = {"Host": f"{EVIL}:{port}", "Origin": f"http://{EVIL}:{port}"}
        foreign = {"Origin": f"http://{EVIL}"}
        return await asyncio.gather(
            get(rebound, "/v1/events"),
            get(rebound, "/metrics"),
            get(foreign, "/v1/calls/c/events"),
            shake(EVIL, "/v1/events"),
            shake(EVIL, "/v1/calls/c/audio"),
            shake("localhost", "/v1/calls/c/events"),
            shake("localhost", "/v1/calls/c/audio"),
        )

    with served(tmp_path) as (address, _):
        port = address.partition(":")[2]
        assert run(statuses) == [403] * 7
        assert run(own_page) == "welcome"

"""What a server gives out: events over WebSockets and Server-Sent Events, whole and from any id on."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pipeline.client import Sending, Target, follow_call
from pipeline.web.keys import KeyRing, add_key, read_keys
from tests.pipeline.live_server import read_feed, run, served, two_turns


async def send(address: str, call_id: str, key: str | None = None, **hello: Any) -> str:
    return await Sending(Target(f"ws://{address}", key), two_turns(call_id, **hello), 0).run()


def durable(envelopes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [envelope for envelope in envelopes if envelope["id"] is not None]


def test_a_call_is_followed_from_its_start_to_its_close(tmp_path: Path) -> None:
    async def talk() -> tuple[str, list[dict[str, Any]]]:
        seen: list[dict[str, Any]] = []
        following = asyncio.create_task(follow_call(Target(f"ws://{address}"), "one", seen.append))
        code = await send(address, "one")
        await following
        return code, seen

    with served(tmp_path) as (address, _):
        code, seen = run(talk)
        again = run(lambda: read_feed(address, "/v1/calls/one/events"))
    assert code == "hangup"
    types = [envelope["event"]["type"] for envelope in durable(seen)]
    assert types.count("utterance_final") == 2
    assert types[0] == "leg_started"
    assert types[-2:] == ["draft_ready", "call_closed"]
    assert [envelope["id"] for envelope in durable(seen)] == sorted({e["id"] for e in durable(seen)})
    assert again == durable(seen)


def test_a_feed_goes_on_after_any_id(tmp_path: Path) -> None:
    with served(tmp_path) as (address, _):
        run(lambda: send(address, "one"))
        whole = run(lambda: read_feed(address, "/v1/calls/one/events"))
        for position, envelope in enumerate(whole[:-1]):
            path = f"/v1/calls/one/events?after={envelope['id']}"
            rest = run(lambda path=path: read_feed(address, path))
            assert rest == whole[position + 1 :]


def test_server_sent_events_are_the_same_and_resume_by_their_header(tmp_path: Path) -> None:
    async def sse(headers: dict[str, str]) -> list[tuple[str, str]]:
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://{address}/v1/calls/one/events", headers=headers)
        assert answer.headers["content-type"].startswith("text/event-stream")
        blocks = [block.split("\n") for block in answer.text.split("\n\n") if block.startswith("id: ")]
        return [(number.removeprefix("id: "), data.removeprefix("data: ")) for number, data in blocks]

    with served(tmp_path) as (address, _):
        run(lambda: send(address, "one"))
        whole = run(lambda: read_feed(address, "/v1/calls/one/events"))
        events = run(lambda: sse({}))
        rest = run(lambda: sse({"Last-Event-ID": events[1][0]}))
    assert [json.loads(data) for _, data in events] == whole
    assert rest == events[2:]


def test_the_feed_of_all_calls_has_each_event_once(tmp_path: Path) -> None:
    async def listen() -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        async with connect(f"ws://{address}/v1/events", compression=None) as socket:
            sending = asyncio.gather(*(send(address, f"call-{number}") for number in range(4)))
            closed = 0
            while closed < 4:
                seen.append(json.loads(await socket.recv()))
                closed += seen[-1]["event"]["type"] == "call_closed"
            await sending
        return seen

    with served(tmp_path) as (address, _):
        seen = durable(run(listen))
        each = [run(lambda n=n: read_feed(address, f"/v1/calls/call-{n}/events")) for n in range(4)]
    assert [envelope["id"] for envelope in seen] == sorted({envelope["id"] for envelope in seen})
    for number in range(4):
        assert [one for one in seen if one["call_id"] == f"call-{number}"] == each[number]


def test_an_id_that_is_none_is_refused_and_never_a_fault(tmp_path: Path) -> None:
    async def statuses(path: str, **headers: str) -> int:
        async with httpx2.AsyncClient(trust_env=False) as client:
            return (await client.get(f"http://{address}{path}", headers=headers)).status_code

    async def shake(path: str) -> int:
        with pytest.raises(InvalidStatus) as caught:
            await read_feed(address, path)
        return caught.value.response.status_code

    async def resumed(last: bytes) -> int:
        async with httpx2.AsyncClient(trust_env=False) as client:
            url, headers = f"http://{address}/v1/calls/one/events", [(b"last-event-id", last)]
            answer = await client.get(url, headers=headers)
        return answer.text.count("\nid: ") + answer.text.startswith("id: ")

    feed = "/v1/calls/one/events"
    with served(tmp_path) as (address, _):
        run(lambda: send(address, "one"))
        count = len(run(lambda: read_feed(address, feed)))
        for after in ("-1", "9223372036854775808", "1" * 5_000, "\u00b2", "x"):
            assert run(lambda after=after: statuses(f"{feed}?after={after}")) == 422
            assert run(lambda after=after: shake(f"{feed}?after={after}")) == 403
        for call_id in ("one%0A", "%0Aone", "-one", "o" * 151, "%C3%B6ne"):
            path = f"/v1/calls/{call_id}/events"
            assert run(lambda path=path: statuses(path)) == 422
            assert run(lambda path=path: shake(path)) == 403
            audio = f"/v1/calls/{call_id}/audio"
            assert run(lambda audio=audio: shake(audio)) == 400
        for last in ("\u00b2".encode(), b"\xb2", b"", b"x", b"-1", b"9" * 19, b"9" * 5_000):
            assert run(lambda last=last: resumed(last)) == count


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_key_with_sites_follows_their_calls_alone(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    sender = add_key(file, "platform", ("send",), ())
    local = add_key(file, "leeds", ("read", "send"), ("leeds",))

    async def listen() -> tuple[set[str], set[str]]:
        async def until_closed(after: int) -> set[str]:
            url = f"ws://{address}/v1/events?after={after}"
            seen = set()
            async with connect(url, additional_headers=bearer(local), compression=None) as socket:
                while "leeds-2" not in seen:
                    seen.add(json.loads(await socket.recv())["call_id"])
            return seen

        coming = asyncio.create_task(until_closed(0))
        await send(address, "york-1", sender, site="york")
        await send(address, "leeds-1", sender, site="leeds")
        await send(address, "nowhere", sender)
        await send(address, "leeds-2", local)
        return await coming, await until_closed(0)

    with served(tmp_path, KeyRing(read_keys(file))) as (address, service):
        live, again = run(listen)
        assert service.journal.site_of("leeds-2") == "leeds"
        sites = {one.call_id: one.site for one in service.journal.read(None, 0, 1_000)}
    assert live == again == {"leeds-1", "leeds-2"}
    assert sites == {"york-1": "york", "leeds-1": "leeds", "nowhere": None, "leeds-2": "leeds"}


def test_a_store_that_hangs_for_a_key_with_sites_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = add_key(tmp_path / "keys.json", "leeds", ("read",), ("leeds",))
    answers = threading.Event()

    async def ask() -> tuple[int, int]:
        async with httpx2.AsyncClient(trust_env=False) as client:
            url = f"http://{address}/v1/calls/c/events"
            asking = asyncio.create_task(client.get(url, headers=bearer(local), timeout=60))
            await asyncio.to_thread(asked.wait, 30)
            healthy = await client.get(f"http://{address}/healthz")
            return healthy.status_code, (await asking).status_code

    monkeypatch.setattr("pipeline.live.feed.READ_S", 2.0)
    asked = threading.Event()
    with served(tmp_path, KeyRing(read_keys(tmp_path / "keys.json"))) as (address, service):

        def hang(_: str) -> bool:
            asked.set()
            return answers.wait(30)

        monkeypatch.setattr(service.journal, "knows", hang)
        try:
            assert run(ask) == (200, 503)
        finally:
            answers.set()


def test_keys_decide_who_sends_and_who_reads_what(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    sender = add_key(file, "platform", ("send",), ())
    watcher = add_key(file, "prometheus", ("metrics",), ())
    reader = add_key(file, "desktop", ("read",), ())
    local = add_key(file, "leeds", ("read", "send"), ("leeds",))
    keys = KeyRing(read_keys(file))

    async def refused(path: str, headers: dict[str, str]) -> int:
        with pytest.raises(InvalidStatus) as caught:
            await read_feed(address, path, headers)
        return caught.value.response.status_code

    async def statuses() -> list[int]:
        async with httpx2.AsyncClient(trust_env=False) as client:
            base = f"http://{address}"
            metrics = [await client.get(f"{base}/metrics", headers=bearer(key)) for key in (sender, watcher)]
            healthy = await client.get(f"{base}/healthz")
            ready = await client.get(f"{base}/readyz")
            foreign = {**bearer(reader), "Origin": "http://elsewhere.example"}
            other = await client.get(f"{base}/v1/events", headers=foreign)
        assert 'wrapup_calls_ended_total{code="hangup"} 2.0' in metrics[1].text
        return [one.status_code for one in (*metrics, healthy, ready, other)]

    with served(tmp_path, keys) as (address, _):
        assert run(lambda: send(address, "york-1", sender, site="york")) == "hangup"
        assert run(lambda: send(address, "leeds-1", local, site="leeds")) == "hangup"
        for headers in ({}, bearer("wrapup_nonsense"), bearer(sender)):
            assert run(lambda headers=headers: refused("/v1/calls/york-1/events", headers)) == 401
        everything = run(lambda: read_feed(address, "/v1/calls/york-1/events", bearer(reader)))
        assert everything[-1]["event"]["type"] == "call_closed"
        assert run(lambda: refused("/v1/calls/york-1/events", bearer(local))) == 404
        own = run(lambda: read_feed(address, "/v1/calls/leeds-1/events", bearer(local)))
        assert own[-1]["event"]["type"] == "call_closed"
        assert run(statuses) == [401, 200, 200, 200, 403]

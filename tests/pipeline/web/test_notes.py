"""Notes over HTTP: drafts, the one of record, the brief of a call that goes on."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from models.types import Statement, Summary
from pipeline.client import Sending, Target
from pipeline.core.events import CallClosed, ChunkNoted, DraftReady, LegStarted
from pipeline.doors.messages import CallInfo
from pipeline.service import Service
from pipeline.web.keys import ApiKey, KeyRing, _hash
from tests.pipeline.live_server import run, served, two_turns
from tests.pipeline.store.stories import OPENED

ROW = Statement("reason", "The caller asks for a card.", ("u0-0",))


def ask(address: str, call_id: str, body: object = None, key: str = "") -> tuple[int, Any]:
    """Status and JSON of the note of a call, or of opening it."""
    url = f"http://{address}/api/v1/calls/{call_id}/note" + ("" if body is None else "/opened")
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def told(service: Service, call_id: str, *events: Any, site: str | None = None) -> None:
    """A call of which these events are in the store."""
    service.journal.opened(CallInfo(call_id, ("agent", "customer"), site=site), {"version": "v"})
    for event in events:
        service.journal.event(call_id, event)
    assert service._spool.wait_until_written(10.0)


def draft(revision: int, **fields: Any) -> DraftReady:
    return DraftReady(f"draft-{revision}", Summary("ok", (ROW,), **fields), revision, f"v{revision}")


def chunk(number: int, revision: int = 1) -> ChunkNoted:
    return ChunkNoted(
        f"chunk-{number}-r{revision}",
        number,
        revision,
        number * 16_000,
        (number + 1) * 16_000,
        Summary("ok"),
        "v0",
    )


def test_the_note_of_a_call_that_was_made_live(tmp_path: Path) -> None:
    with served(tmp_path) as (address, service):
        assert run(lambda: Sending(Target(f"ws://{address}"), two_turns("c-1"), 0).run()) == "hangup"
        service._spool.wait_until_written(10.0)
        status, page = ask(address, "c-1")
        assert status == 200
        assert [one["revision"] for one in page["drafts"]] == [1]
        assert page["drafts"][0]["summary"]["code"] == "too_short"
        assert (page["of_record"], page["brief"]) == ([], [])
        assert ask(address, "c-2")[0] == 404
        assert ask(address, "no%20such%20id")[0] == 422


def test_while_a_call_goes_on_its_brief_has_the_newest_note_of_each_stretch(tmp_path: Path) -> None:
    with served(tmp_path) as (address, service):
        told(service, "c-1", chunk(1), chunk(2), chunk(1, 2))
        _, page = ask(address, "c-1")
        assert [(one["number"], one["revision"], one["start_s"]) for one in page["brief"]] == [
            (1, 2, 1.0),
            (2, 1, 2.0),
        ]
        assert {one["version"] for one in page["brief"]} == {"v0"}
        assert ask(address, "c-1", {"revision": 1})[0] == 409


def test_the_draft_of_record_is_the_first_that_was_opened(tmp_path: Path) -> None:
    with served(tmp_path) as (address, service):
        told(service, "c-1", draft(1, stand_in="late"))
        status, first = ask(address, "c-1", {"revision": 1})
        assert (status, first["leg"], first["revision"]) == (200, 1, 1)
        service.journal.event("c-1", draft(2))
        service.journal.event("c-1", CallClosed("closed", "hangup", 16_000, "en"))
        assert ask(address, "c-1", {"revision": 2}) == (200, first)
        _, page = ask(address, "c-1")
        assert page["of_record"] == [first]
        assert [(one["revision"], one["offered"]) for one in page["drafts"]] == [(1, False), (2, True)]
        assert page["drafts"][0]["summary"]["stand_in"] == "late"
        assert [one["version"] for one in page["drafts"]] == ["v1", "v2"]


def test_each_leg_has_a_draft_of_record_of_its_own(tmp_path: Path) -> None:
    legs = [LegStarted(f"leg-{number}", number, f"a-{number}", None, 0) for number in (1, 2)]
    with served(tmp_path) as (address, service):
        told(service, "c-1", *legs, draft(1), draft(2))
        assert ask(address, "c-1", {"leg": 2, "revision": 2})[1]["revision"] == 2
        assert ask(address, "c-1", {"leg": 1, "revision": 1})[1]["revision"] == 1
        assert ask(address, "c-1", {"leg": 3, "revision": 1})[0] == 404
        assert [one["leg"] for one in ask(address, "c-1")[1]["of_record"]] == [1, 2]


@pytest.mark.parametrize("body", [{}, {"revision": 0}, {"revision": 1, "mood": "good"}, []])
def test_what_does_not_say_which_draft_is_refused(tmp_path: Path, body: object) -> None:
    with served(tmp_path) as (address, service):
        told(service, "c-1", draft(1))
        assert ask(address, "c-1", body)[0] == 422
        assert ask(address, "c-1")[1]["of_record"] == []


def test_notes_are_for_keys_that_may_read_calls_of_the_site(tmp_path: Path) -> None:
    keys = KeyRing(
        [
            ApiKey(name=name, sha256=_hash(name), scopes=scopes, sites=sites, made_at=OPENED)
            for name, scopes, sites in (
                ("reader", ("read",), ()),
                ("sender", ("send",), ()),
                ("north", ("read",), ("north",)),
                ("south", ("read",), ("south",)),
            )
        ]
    )
    with served(tmp_path, keys) as (address, service):
        told(service, "c-1", draft(1), site="north")
        assert [ask(address, "c-1", key=key)[0] for key in ("reader", "sender", "north", "south", "")] == [
            200,
            401,
            200,
            404,
            401,
        ]
        assert [ask(address, "c-1", {"revision": 1}, key)[0] for key in ("sender", "south", "north")] == [
            401,
            404,
            200,
        ]


def test_the_routes_are_described(tmp_path: Path) -> None:
    with served(tmp_path) as (address, _), urllib.request.urlopen(f"http://{address}/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    assert "get" in paths["/api/v1/calls/{call_id}/note"]
    assert "post" in paths["/api/v1/calls/{call_id}/note/opened"]

"""Reviews over HTTP: one a leg, amendments beside it, the same again changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from models.types import Statement, Summary
from pipeline.core.events import DraftReady, DurableEvent, LegStarted
from pipeline.doors.messages import CallInfo
from pipeline.service import Service
from pipeline.store.records import ReviewRecord
from pipeline.web.keys import ApiKey, KeyRing, _hash
from pipeline.web.reviews import NoteId
from tests.conftest import ROOT
from tests.pipeline.live_server import served
from tests.pipeline.store.stories import OPENED

NOTE = Summary(
    "ok", (Statement("reason", "Asks for a card.", ()), Statement("actions", "Ordered a card.", ("u0-0",)))
)
TEXT = "Reason: Asks for a card.\nActions: Ordered a card."
SAVED = "2026-03-01T09:40:00Z"
BODY = {"final": TEXT, "saved_at": SAVED, "review_id": "r-1", "leg": 1}


def ask(
    address: str, path: str, body: object = None, key: str = "", method: str | None = None
) -> tuple[int, Any]:
    """Status and JSON of an answer."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(f"http://{address}/api/v1/{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def post(address: str, body: object, note: str = "c-1~draft-1", key: str = "") -> tuple[int, Any]:
    return ask(address, f"notes/{note}/reviews", body, key)


def told(service: Service, *events: DurableEvent, site: str | None = None) -> None:
    """The call c-1 in the store, its first leg ann's, with a draft."""
    service.journal.opened(CallInfo("c-1", ("agent", "customer"), site=site), {"version": "v"})
    for event in (LegStarted("leg-1", 1, "ann", None, 0), *events, DraftReady("draft-1", NOTE, 1, "s-1")):
        service.journal.event("c-1", event)
    assert service._spool.wait_until_written(10.0)


def kept(service: Service) -> list[ReviewRecord]:
    call = service._store.call("c-1")
    assert call is not None
    return list(service._store._reviewed([call])[0].reviews)


def test_a_draft_is_shown_reviewed_and_amended(tmp_path: Path) -> None:
    with served(tmp_path) as (address, service):
        told(service)
        _, page = ask(address, "calls/c-1/note")
        draft = page["drafts"][0]
        assert (draft["note_id"], draft["text"]) == ("c-1~draft-1", TEXT)
        opened = {"opened_at": "2026-03-01T09:39:00+00:00", "first_key_at": "2026-03-01T10:39:30+01:00"}
        status, first = post(address, {**BODY, **opened, "focus_s": 12.5, "team": "north"}, draft["note_id"])
        assert (status, first["review_id"], first["note_id"], first["amends"]) == (
            201,
            "r-1",
            "c-1~draft-1",
            None,
        )
        later = {"final": "Other.", "saved_at": "2026-03-01T11:00:00Z", "review_id": "r-2", "amends": "r-1"}
        assert post(address, later)[0] == 201
        one, two = kept(service)
    assert (one.final, one.associate, one.team, one.note_version) == (TEXT, "ann", "north", "s-1")
    assert (one.used, one.edited, one.focus_s, one.amends) == (True, False, 12.5, None)
    assert one.first_key_at is not None and one.first_key_at.isoformat() == "2026-03-01T09:39:30+00:00"
    assert (two.final, two.edited, two.amends) == ("Other.", True, "r-1")


def test_the_same_review_again_is_kept_once(tmp_path: Path) -> None:
    with served(tmp_path) as (address, service):
        told(service)
        first, again = post(address, BODY), post(address, BODY)
        assert (first[0], again[0]) == (201, 200)
        assert first[1] == again[1]
        status, other = post(address, {**BODY, "final": "Other."})
        assert (status, other["detail"]) == (409, "there is another review 'r-1'; give each an id of its own")
        assert [one.final for one in kept(service)] == [TEXT]


def test_a_leg_has_one_review_and_what_comes_later_amends_it(tmp_path: Path) -> None:
    with served(tmp_path) as (address, service):
        told(service, LegStarted("leg-2", 2, "bob", None, 10))
        assert post(address, BODY)[0] == 201
        status, second = post(address, {**BODY, "review_id": "r-2"})
        assert (status, second["detail"]) == (409, "leg 1 has the review 'r-1'; what comes later amends it")
        assert post(address, {**BODY, "review_id": "r-3", "leg": 2})[0] == 201
        status, astray = post(address, {**BODY, "review_id": "r-4", "leg": 2, "amends": "r-1"})
        assert (status, astray["detail"]) == (409, "leg 2 has no review 'r-1' to amend")
        without = {name: value for name, value in BODY.items() if name != "review_id"}
        assert post(address, without)[0] == 409
        assert [(one.leg, one.associate) for one in kept(service)] == [(1, "ann"), (2, "bob")]


def test_what_amends_nothing_opens_no_review(tmp_path: Path) -> None:
    with served(tmp_path) as (address, service):
        told(service)
        status, astray = post(address, {**BODY, "amends": "r-0"})
        assert (status, astray["detail"]) == (409, "leg 1 has no review 'r-0' to amend")
        assert not service.journal.notes("c-1").openings


def test_a_review_is_of_the_draft_of_record(tmp_path: Path) -> None:
    with served(tmp_path) as (address, service):
        told(service)
        service.journal.event("c-1", DraftReady("draft-2", NOTE, 2))
        assert service._spool.wait_until_written(10.0)
        assert ask(address, "calls/c-1/note/opened", {"revision": 1})[0] == 200
        status, other = post(address, BODY, "c-1~draft-2")
        assert (status, other["detail"]) == (
            409,
            "the draft of record of leg 1 is revision 1; review that one",
        )
        assert post(address, BODY)[0] == 201


def test_a_review_without_an_opening_begins_with_its_own_draft(tmp_path: Path) -> None:
    with served(tmp_path) as (address, service):
        told(service)
        service.journal.event("c-1", DraftReady("draft-2", NOTE, 2))
        assert service._spool.wait_until_written(10.0)
        assert post(address, BODY, "c-1~draft-2")[0] == 201
        _, page = ask(address, "calls/c-1/note")
        assert page["of_record"] == [{"leg": 1, "revision": 2, "opened_at": SAVED}]


@pytest.mark.parametrize("note", ["c-1~draft-9", "c-2~draft-1", "c-1", "c-1~leg-1", "~"])
def test_a_note_that_is_not_there_is_not_found(tmp_path: Path, note: str) -> None:
    with served(tmp_path) as (address, service):
        told(service)
        assert post(address, BODY, note) == (404, {"detail": "no such note"})
        assert post(address, {**BODY, "leg": 2}) == (404, {"detail": "no such leg"})
        assert kept(service) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"saved_at": None}, "saved_at: Input should be a valid datetime"),
        ({"saved_at": "2026-03-01T09:40:00"}, "saved_at: Input should have timezone info"),
        ({"opened_at": "2026-03-01T09:41:00Z"}, "saved_at is before opened_at"),
        ({"focus_s": -1}, "focus_s: Input should be greater than or equal to 0"),
        ({"leg": 0}, "leg: Input should be greater than or equal to 1"),
        ({"final": "\ud83d"}, "final: expected whole characters, not half of a surrogate pair"),
        ({"mood": "good"}, "mood: Extra inputs are not permitted"),
        ({"review_id": "a b"}, "review_id: String should match pattern '^[A-Za-z0-9._:-]{1,100}$'"),
    ],
)
def test_what_is_no_review_is_refused_in_one_line(tmp_path: Path, change: dict[str, Any], line: str) -> None:
    with served(tmp_path) as (address, service):
        told(service)
        assert post(address, {**BODY, **change}) == (422, {"detail": line})
        assert kept(service) == []


def test_a_review_of_nobody_is_refused(tmp_path: Path) -> None:
    with served(tmp_path) as (address, service):
        service.journal.opened(CallInfo("c-1", ("agent", "customer")), {})
        service.journal.event("c-1", DraftReady("draft-1", NOTE))
        assert service._spool.wait_until_written(10.0)
        assert post(address, BODY)[0] == 422
        assert post(address, {**BODY, "associate": "eve"})[0] == 201
        assert kept(service)[0].associate == "eve"


def test_a_long_note_is_kept_and_a_longer_body_refused(tmp_path: Path) -> None:
    with served(tmp_path) as (address, service):
        told(service)
        note = "\u05e9\u0301 \U0001f600 " * 500_000
        assert post(address, {**BODY, "final": note})[0] == 201
        assert kept(service)[0].final == note
        status, answer = post(address, b'{"final": "' + b"a" * 16_000_000 + b'"}')
        assert (status, answer["detail"]) == (413, "expected up to 16000000 bytes")


def test_reviews_are_for_keys_that_may_review_calls_of_the_site(tmp_path: Path) -> None:
    keys = KeyRing(
        [
            ApiKey(name=name, sha256=_hash(name), scopes=scopes, sites=sites, made_at=OPENED)
            for name, scopes, sites in (
                ("reader", ("read",), ()),
                ("south", ("review",), ("south",)),
                ("north", ("review",), ("north",)),
            )
        ]
    )
    with served(tmp_path, keys) as (address, service):
        told(service, site="north")
        assert [post(address, BODY, key=key)[0] for key in ("reader", "", "south", "north")] == [
            401,
            401,
            404,
            201,
        ]
        facts = {"rollout_at": "2026-01-01T00:00:00Z", "zone": "Europe/London"}
        puts = [ask(address, "sites/north", facts, key, "PUT")[0] for key in ("reader", "south", "north")]
        assert puts == [401, 404, 204]
        assert service._store.anchors().sites["north"].zone == "Europe/London"
        for zone in ("Moon", "localtime"):
            status, answer = ask(address, "sites/north", {"zone": zone}, "north", "PUT")
            assert (status, answer["detail"]) == (
                422,
                "zone: expected a zone of the IANA database, such as Europe/London",
            )
        status, answer = post(address, {**BODY, "saved_at": "9999-12-31T23:59:59Z"}, key="north")
        assert (status, answer["detail"]) == (422, "saved_at: expected a year from 1970 to 2199")


def test_the_routes_are_described(tmp_path: Path) -> None:
    with served(tmp_path) as (address, _), urllib.request.urlopen(f"http://{address}/openapi.json") as answer:
        described = json.load(answer)
    route = described["paths"]["/api/v1/notes/{note_id}/reviews"]["post"]
    assert {"200", "201", "404", "409", "413", "422", "503"} <= set(route["responses"])
    assert "put" in described["paths"]["/api/v1/sites/{site}"]
    fields = described["components"]["schemas"]["NewReview"]["properties"]
    assert fields["final"]["description"].startswith("The note as it was saved")


def test_a_note_has_one_id() -> None:
    named = NoteId("a:b.c", "draft-1")
    assert NoteId.parse(str(named)) == named
    assert [NoteId.parse(text) for text in ("", "a", "a~", "~a", "a~b~c")] == [None] * 5


def test_the_example_client_posts_what_was_edited(tmp_path: Path) -> None:
    client = ROOT / "examples" / "review_client.py"
    assert len(client.read_text().splitlines()) < 60
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys\nfrom pathlib import Path\n"
        "file = Path(sys.argv[1])\nfile.write_text(file.read_text().replace('card', 'loan'))\n"
    )
    keys = KeyRing([ApiKey(name="k", sha256=_hash("k"), scopes=("read", "review"), sites=(), made_at=OPENED)])
    with served(tmp_path, keys) as (address, service):
        told(service)
        variables = {**os.environ, "EDITOR": f"{sys.executable} {editor}", "WRAPUP_KEY": "k"}
        arguments = [sys.executable, str(client), f"http://{address}"]
        done = subprocess.run(
            [*arguments, "c-1"], env=variables, capture_output=True, text=True, check=True, timeout=60
        )
        answer = json.loads(done.stdout)
        (review,) = kept(service)
        assert (review.review_id, review.final) == (answer["review_id"], TEXT.replace("card", "loan"))
        assert review.focus_s is not None
        missing = subprocess.run(
            [*arguments, "c-2"], env=variables, capture_output=True, text=True, check=False, timeout=60
        )
        assert (missing.returncode, missing.stderr.strip()) == (1, "404: no such call")

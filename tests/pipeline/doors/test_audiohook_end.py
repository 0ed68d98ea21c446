"""How streams of AudioHook end: refused, closed by the client, or by the server that asks it to."""

from __future__ import annotations

import pytest

from pipeline.doors.audiohook import LONGEST_INFO
from pipeline.doors.messages import Ended
from tests.pipeline.doors.audiohook_client import CONVERSATION, Client, new_door, only, opened


def test_another_organization_than_the_headers_is_not_let_in() -> None:
    door, client = new_door(), Client()
    kind, told = only(door.receive(client.open(organizationId=CONVERSATION)))
    assert (kind, told["reason"]) == ("disconnect", "unauthorized")
    assert CONVERSATION not in told["info"]
    assert only(door.receive(client.say("close"))) == ("closed", {})


def test_a_full_server_says_when_to_try_again() -> None:
    door, client = new_door(), Client()
    door.receive(client.open())
    reason = "7 calls are in progress, as many as may be; try again in 20 s"
    assert only(door.refuse(1013, reason)) == ("disconnect", {"reason": "error", "info": reason})
    assert only(door.receive(client.say("close", {"reason": "disconnect"}))) == ("closed", {})


@pytest.mark.parametrize(
    ("code", "reason"),
    [("hangup", "completed"), ("idle", "completed"), ("shutdown", "error"), ("failed", "error")],
)
def test_a_call_that_ends_here_asks_the_client_to_close(code: str, reason: str) -> None:
    door, client = opened()
    told = {"reason": reason, "info": f"the call is over: {code}"}
    assert only(door.closed(code)) == ("disconnect", told)
    assert door.refuse(1008, "again") == []
    assert door.receive(b"\xff\xff") == []
    assert only(door.receive(client.say("ping"))) == ("pong", {})
    # What it has counted does not matter any more.
    assert only(door.receive(client.say("close", seq=77))) == ("closed", {})
    assert door.receive(client.say("close")) == []


def test_a_client_in_error_still_gets_the_finals_of_its_call() -> None:
    door, client = opened()
    assert only(door.receive("?"))[0] == "disconnect"
    assert door.receive(client.say("close", {"reason": "disconnect"})) == [Ended(flush=True, within_s=8.0)]
    assert only(door.closed("hangup")) == ("closed", {})


def test_between_close_and_closed_pings_are_answered_and_nothing_is_heard() -> None:
    door, client = opened()
    assert door.receive(client.say("close")) == [Ended(flush=True, within_s=8.0)]
    assert only(door.receive(client.say("ping"))) == ("pong", {})
    assert door.receive(client.say("paused")) == []
    assert door.receive(b"\xff\xff") == []
    assert door.receive("?") == []
    assert door.receive(client.say("close")) == []
    assert only(door.refuse(1008, "more than 2000 messages a second")) == ("closed", {})
    assert door.closed("hangup") == []


def test_a_close_before_anything_else_is_answered() -> None:
    assert only(new_door().receive(Client().say("close"))) == ("closed", {})


def test_what_a_disconnect_says_is_short() -> None:
    _, told = only(opened()[0].refuse(1011, "x" * 100_000))
    assert told["info"] == "x" * LONGEST_INFO

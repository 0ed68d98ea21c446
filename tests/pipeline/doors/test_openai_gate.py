"""Who may open /v1/realtime, and how: keys, parameters, subprotocols, denials, metadata."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.doors.messages import CallInfo, Denial, Opened, Presented, Started, Upgrade
from pipeline.doors.metadata import DoorSettings
from pipeline.doors.openai import OpenAIDoor, OpenAIGate
from pipeline.web.gates import gates
from tests.pipeline.doors.openai_messages import append, door, opened, said, upgrade

GATE = OpenAIGate(DoorSettings(), lambda: "made")


def info_of(one: OpenAIDoor) -> CallInfo:
    started = one.receive(append(b"\0\0"))[0]
    assert isinstance(started, Started)
    return started.info


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {"authorization": "Bearer k-1"}),
        ("", {"sec_websocket_protocol": "realtime, openai-insecure-api-key.k-1"}),
        ("", {"api_key": "k-1"}),
        ("", {"x_api_key": "k-1"}),
        ("api_key=k-1", {}),
        ("api_key=other", {"authorization": "bearer k-1"}),
        ("", {"authorization": "Basic abc", "api_key": "k-1"}),
    ],
)
def test_the_key_is_found_in_each_of_its_places(query: str, headers: dict[str, str]) -> None:
    assert GATE.present(upgrade(query, **headers)) == Presented(key="k-1")


def test_without_a_key_there_is_none() -> None:
    assert GATE.present(upgrade("", authorization="Basic abc")) == Presented(key=None)
    assert GATE.present(upgrade("api_key=")) == Presented(key=None)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "intent=transcription",
        "model=gpt-4o-transcribe",
        "intent=transcription&model=x&unknown=1",
        "language=en-GB",
    ],
)
def test_addresses_that_are_taken(query: str) -> None:
    assert isinstance(GATE.open(upgrade(query)), Opened)


@pytest.mark.parametrize(
    ("query", "param"),
    [("intent=conversation", "intent"), ("language=de", "language"), ("language=", "language")],
)
def test_addresses_that_are_not(query: str, param: str) -> None:
    denial = GATE.open(upgrade(query))
    assert isinstance(denial, Denial)
    assert (denial.status, denial.body["error"]["param"]) == (400, param)
    assert "conversation" not in json.dumps(dict(denial.body))


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "invalid_api_key"), (403, "forbidden"), (503, "rate_limit_exceeded"), (500, "server_error")],
)
def test_denials_have_the_vendors_shape(status: int, code: str) -> None:
    denial = GATE.deny(status, "why")
    assert denial.status == status
    error = denial.body["error"]
    assert (error["message"], error["code"], error["param"]) == ("why", code, None)
    assert error["type"] in ("invalid_request_error", "server_error")
    assert (denial.headers.get("WWW-Authenticate") == "Bearer") == (status == 401)


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        ("realtime, openai-insecure-api-key.k", "realtime"),
        ("openai-insecure-api-key.k,realtime", "realtime"),
        ("openai-insecure-api-key.k", None),
        ("", None),
    ],
)
def test_the_subprotocol_is_taken_where_it_is_offered(offered: str, taken: str | None) -> None:
    assert opened("", sec_websocket_protocol=offered).subprotocol == taken


@pytest.mark.parametrize(
    ("headers", "beta"),
    [
        ({}, False),
        ({"openai_beta": "realtime=v1"}, True),
        ({"openai_beta": "assistants=v2"}, False),
        ({"sec_websocket_protocol": "realtime, openai-beta.realtime-v1"}, True),
    ],
)
def test_the_greeting_has_the_form_that_the_client_speaks(headers: dict[str, str], beta: bool) -> None:
    first = said(opened("model=m", **headers).greeting)
    assert [event["type"] for event in first] == ["session.created"]
    assert first[0]["event_id"] == "event_1"
    session = first[0]["session"]
    if beta:
        assert session["input_audio_format"] == "pcm16"
        assert session["input_audio_transcription"] == {"model": "m", "language": "en"}
    else:
        assert session["type"] == "transcription"
        assert session["audio"]["input"] == {
            "format": {"type": "audio/pcm", "rate": 24_000},
            "noise_reduction": None,
            "transcription": {"model": "m", "language": "en"},
            "turn_detection": {"type": "server_vad"},
        }


@pytest.mark.parametrize(
    ("query", "call_id"),
    [
        ("call_id=c-17", "c-17"),
        ("", "made"),
        ("call_id=", "made"),
        ("call_id=a/b", "made"),
        ("call_id=-x", "made"),
    ],
)
def test_the_calls_id_is_the_clients_or_made(query: str, call_id: str) -> None:
    assert info_of(door(query)).call_id == call_id


def test_two_connections_are_two_calls() -> None:
    gate = OpenAIGate(DoorSettings())
    ids = set()
    for _ in range(2):
        one = gate.open(upgrade())
        assert isinstance(one, Opened)
        assert isinstance(one.door, OpenAIDoor)
        ids.add(info_of(one.door).call_id)
    assert len(ids) == 2


def test_what_the_query_says_of_the_call() -> None:
    query = "associate=a-17&queue=loans&direction=Inbound&language=en-GB&site=leeds&call_id=c"
    assert info_of(door(query)) == CallInfo("c", ("unknown",), "a-17", "loans", "inbound", "en-GB", "leeds")


def test_fields_are_found_where_the_site_has_them() -> None:
    at_leeds = DoorSettings(fields={"queue": "query.team"})
    settings = DoorSettings(fields={"associate": "query.user"}, sites={"leeds": at_leeds})
    gate = OpenAIGate(settings, lambda: "made")
    found = gate.open(upgrade("user=u-1&team=t-1&associate=a&queue=q", site="leeds"))
    assert isinstance(found, Opened)
    assert isinstance(found.door, OpenAIDoor)
    info = info_of(found.door)
    assert (info.associate, info.queue) == ("u-1", "t-1")


def test_the_key_in_the_query_is_no_field_of_the_call() -> None:
    gate = OpenAIGate(DoorSettings(fields={"associate": "query.api_key"}), lambda: "made")
    found = gate.open(upgrade("api_key=secret"))
    assert isinstance(found, Opened)
    assert isinstance(found.door, OpenAIDoor)
    assert info_of(found.door).associate is None


def test_the_server_has_the_gate() -> None:
    assert "/v1/realtime" in [gate.path for gate in gates(load_config())]
    assert GATE.waits


@given(
    st.text(max_size=80),
    st.dictionaries(st.sampled_from(["authorization", "api-key", "openai-beta"]), st.text()),
)
def test_any_address_and_headers(query: str, headers: dict[str, Any]) -> None:
    asked = Upgrade(f"ws://h/v1/realtime?{query}", headers, 0.0)
    assert isinstance(GATE.present(asked), Presented)
    found = GATE.open(asked)
    assert isinstance(found, Opened | Denial)

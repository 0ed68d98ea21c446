"""How Deepgram's clients come in: keys, refusals before there is a socket, and the query."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from models.errors import ConfigError
from pipeline.doors.deepgram import DeepgramGate
from pipeline.doors.messages import CallInfo, Denial, Opened, Presented, Started
from pipeline.doors.metadata import DoorSettings
from tests.pipeline.doors.deepgram_messages import (
    RAW,
    REQUEST,
    STEREO,
    Pairs,
    control,
    gate,
    opened,
    upgrade,
)


def started(query: Pairs, settings: DoorSettings | None = None, site: str | None = None) -> Started:
    first = opened(query, settings, site).receive(control("KeepAlive"))[0]
    assert isinstance(first, Started)
    return first


def denied(query: Pairs) -> str:
    """The reason of a refusal for the query's sake."""
    found = gate().open(upgrade(query))
    assert isinstance(found, Denial)
    assert found.status == 400
    assert found.body == {
        "err_code": "INVALID_QUERY_PARAMETER",
        "err_msg": found.headers["dg-error"],
        "request_id": REQUEST,
    }
    assert found.headers["dg-request-id"] == REQUEST
    return str(found.body["err_msg"])


@pytest.mark.parametrize("header", ["Token secret", "token secret", "Bearer secret"])
def test_the_key_is_in_the_header(header: str) -> None:
    assert gate().present(upgrade(authorization=header)) == Presented("secret")


@pytest.mark.parametrize(
    ("offered", "key", "taken"),
    [
        ("token, secret", "secret", "token"),
        ("token,secret,x-deepgram-session-id,17", "secret", "token"),
        ("mine, bearer, jwt", "jwt", "bearer"),
        ("token", None, None),
        ("mine, other", None, None),
        ("", None, None),
    ],
)
def test_browsers_offer_the_key_as_a_subprotocol(offered: str, key: str | None, taken: str | None) -> None:
    request = upgrade(sec_websocket_protocol=offered)
    assert gate().present(request) == Presented(key)
    found = gate().open(request)
    assert isinstance(found, Opened)
    assert found.subprotocol == taken


def test_a_header_goes_before_a_subprotocol_and_other_schemes_are_no_key() -> None:
    both = upgrade(authorization="Token header", sec_websocket_protocol="token, offered")
    assert gate().present(both) == Presented("header")
    assert gate().present(upgrade(authorization="Basic secret")) == Presented(None)
    assert gate().present(upgrade()) == Presented(None)


def test_each_request_has_a_name() -> None:
    found = gate().open(upgrade())
    assert isinstance(found, Opened)
    assert found.headers == {"dg-request-id": REQUEST}
    names = [DeepgramGate().deny(401, "no").headers["dg-request-id"] for _ in range(2)]
    assert len({UUID(name) for name in names}) == 2


@pytest.mark.parametrize(
    ("status", "told", "code"),
    [
        (401, 401, "INVALID_AUTH"),
        (403, 403, "INSUFFICIENT_PERMISSIONS"),
        (503, 429, "TOO_MANY_REQUESTS"),
        (418, 418, "ERROR"),
    ],
)
def test_refusals_are_in_deepgrams_words(status: int, told: int, code: str) -> None:
    denial = gate().deny(status, "no\r\nroom é")
    assert denial.status == told
    assert denial.body == {"err_code": code, "err_msg": "no\r\nroom é", "request_id": REQUEST}
    assert denial.headers == {"dg-error": "no??room ?", "dg-request-id": REQUEST}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"encoding": "opus"}, "encoding: Input should be 'linear16', 'mulaw' or 'alaw'"),
        ({"sample_rate": ""}, "sample_rate: Input should be a valid integer"),
        ({"sample_rate": "7999"}, "sample_rate: Input should be greater than or equal to 8000"),
        ({"sample_rate": "96001"}, "sample_rate: Input should be less than or equal to 96000"),
        ({"channels": "3"}, "channels: Input should be less than or equal to 2"),
        ({"channels": "0"}, "channels: Input should be greater than or equal to 1"),
        ({"multichannel": "perhaps"}, "multichannel: Input should be a valid boolean"),
        ({"interim_results": "2"}, "interim_results: Input should be a valid boolean"),
        ({"endpointing": "soon"}, "endpointing: Input should be a valid integer"),
        ({"endpointing": "-1"}, "endpointing: Input should be greater than or equal to 0"),
        ({"utterance_end_ms": "1000"}, "utterance_end_ms: expected beside interim_results=true"),
        (
            {"utterance_end_ms": "999", "interim_results": "true"},
            "utterance_end_ms: Input should be greater than or equal to 1000",
        ),
        ({"language": "es"}, "language: only English is written down here: expected en or en-*"),
        ({"language": "es_MX"}, "language: only English is written down here: expected en or en-*"),
        ({"language": "english"}, "language: only English is written down here: expected en or en-*"),
    ],
)
def test_a_query_that_cannot_be_met(query: dict[str, str], reason: str) -> None:
    assert denied([*RAW, *query.items()]).startswith(reason)


@pytest.mark.parametrize("encoding", ["linear16", "mulaw", "alaw"])
def test_raw_audio_has_a_rate(encoding: str) -> None:
    assert denied([("encoding", encoding)]) == "sample_rate: expected beside encoding"
    assert started([("encoding", encoding), ("sample_rate", "8000")]).rate_hz == 8_000


@pytest.mark.parametrize("name", ["encoding", "channels", "language", "utterance_end_ms", "endpointing"])
def test_a_reason_never_says_what_was_sent(name: str) -> None:
    assert "4111" not in denied([*RAW, (name, "4111-1111-1111-1111")])


def test_what_is_not_known_here_is_passed_over() -> None:
    query = [
        *RAW,
        ("model", "nova-3"),
        ("punctuate", "true"),
        ("smart_format", "true"),
        ("keyterm", "overdraft"),
        ("keyterm", "refund"),
        ("redact", "pci"),
        ("new_thing", "x" * 2_000),
        ("interim_results", "True"),
        ("language", "EN-gb"),
    ]
    assert started(query).info == CallInfo(REQUEST, ("unknown",), language="EN-gb")


@pytest.mark.parametrize(
    ("language", "expected"),
    [("multi", "en"), ("MULTI", "en"), ("", "en"), ("en_US", "en-US"), ("en-NZ", "en-NZ"), ("en", "en")],
)
def test_ways_to_say_english(language: str, expected: str) -> None:
    assert started([*RAW, ("language", language)]).info.language == expected


@pytest.mark.parametrize(
    ("endpointing", "hang_ms"),
    [
        (None, None),
        ("true", None),
        ("0", None),
        ("10", None),
        ("255", None),
        ("256", 256),
        ("5000", 5_000),
        ("60000", 5_000),
        ("false", 5_000),
        ("False", 5_000),
    ],
)
def test_the_silence_that_ends_an_utterance(endpointing: str | None, hang_ms: int | None) -> None:
    asked = [] if endpointing is None else [("endpointing", endpointing)]
    assert started([*RAW, *asked]).hang_ms == hang_ms


def test_one_channel_has_no_role_and_two_are_agent_and_customer() -> None:
    assert started(RAW) == Started(CallInfo(REQUEST, ("unknown",)), (0,), 16_000)
    assert started(STEREO) == Started(CallInfo(REQUEST, ("agent", "customer")), (0, 1), 16_000)
    assert started([*RAW, ("channels", "2")]).info.roles == ("unknown",)
    assert started([*RAW, ("multichannel", "true")]).info.roles == ("unknown",)


def test_the_agents_channel_is_a_setting_of_the_site() -> None:
    settings = DoorSettings(agent="1", sites={"north": DoorSettings(agent="0")})
    assert started(STEREO, settings).info.roles == ("customer", "agent")
    assert started(STEREO, settings, "south").info.roles == ("customer", "agent")
    assert started(STEREO, settings, "north").info.roles == ("agent", "customer")


@pytest.mark.parametrize(
    "settings", [DoorSettings(agent="2"), DoorSettings(sites={"north": DoorSettings(agent="inbound")})]
)
def test_an_agents_channel_that_is_none_is_refused_at_the_start(settings: DoorSettings) -> None:
    with pytest.raises(ConfigError, match="expected the channel of the associate, 0 or 1"):
        DeepgramGate(settings)


def test_extra_says_what_is_known_of_the_call() -> None:
    extra = {
        "call_id": "c-17",
        "associate": "ann",
        "queue": "cards: lost",
        "site": "north",
        "direction": "Outbound",
    }
    query = [*RAW, ("language", "en-US"), *(("extra", f"{name}:{value}") for name, value in extra.items())]
    assert started(query).info == CallInfo(
        "c-17", ("unknown",), "ann", "cards: lost", "outbound", "en-US", "north"
    )


def test_a_site_has_fields_of_its_own() -> None:
    settings = DoorSettings(
        fields={"queue": "query.tag"}, sites={"north": DoorSettings(fields={"associate": "extra.who"})}
    )
    query = [*RAW, ("tag", "loans"), ("extra", "who:bob"), ("extra", "associate:ann")]
    assert started(query, settings).info == CallInfo(REQUEST, ("unknown",), "ann", "loans")
    assert started(query, settings, "north").info == CallInfo(REQUEST, ("unknown",), "bob", "loans")


def test_the_message_may_name_the_site() -> None:
    north = DoorSettings(agent="1", fields={"associate": "extra.who"})
    settings = DoorSettings(sites={"north": north})
    query = [*STEREO, ("extra", "who:bob"), ("extra", "associate:ann"), ("extra", "site:north")]
    info = CallInfo(REQUEST, ("customer", "agent"), "bob", site="north")
    assert started(query, settings).info == info
    elsewhere = DoorSettings(fields={"site": "query.tag"}, sites={"north": north})
    assert started([*query[:-1], ("tag", "north")], elsewhere).info == info


def test_the_keys_site_goes_before_that_of_the_message() -> None:
    settings = DoorSettings(sites={"north": DoorSettings(agent="1")})
    query = [*STEREO, ("extra", "site:north")]
    assert started(query, settings, "south").info.roles == ("agent", "customer")


@pytest.mark.parametrize(
    "extra", ["call_id:", "call_id", "call_id:../x", "call_id:-a", f"call_id:{'a' * 151}"]
)
def test_a_name_that_is_no_call_id_is_not_taken(extra: str) -> None:
    assert started([*RAW, ("extra", extra)]).info.call_id == REQUEST


def test_there_is_one_path_and_a_full_server_says_so_before_the_socket() -> None:
    found: Any = gate()
    assert (found.path, found.waits) == ("/v1/listen", False)

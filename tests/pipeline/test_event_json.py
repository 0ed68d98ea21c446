"""Events as JSON: exact both ways, for whatever classes the union has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from models.types import Statement, Summary, Word
from pipeline.core.events import (
    CallClosed,
    DraftReady,
    Event,
    Partial,
    RolesAssigned,
    TurnsFound,
    UtteranceFinal,
)
from pipeline.core.redaction import MaskedSpan
from pipeline.formats.event_json import EVENT_TYPES, decode_durable, decode_event, encode_event
from tests.pipeline.event_strategies import TEN_DAYS_SAMPLES, events

FINAL = UtteranceFinal(
    id="u0-16001",
    channel=0,
    speaker="S1",
    start_samples=16_001,
    end_samples=32_000,
    words=(Word("card", 16_001, 20_000, 0.5), Word("[NUMBER_1]", 20_000, 32_000, estimated=True)),
    language="en",
    redactions=(MaskedSpan("number", "[NUMBER_1]", 20_000, 32_000),),
)


def keys_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for member in value.values() for key in keys_of(member)}
    return {key for item in value for key in keys_of(item)} if isinstance(value, list) else set()


@given(events)
def test_every_event_comes_back_equal(event: Event) -> None:
    found = json.loads(json.dumps(encode_event(event)))
    assert decode_event(found) == event
    assert not any(key.endswith("_samples") for key in keys_of(found))


@given(st.integers(0, TEN_DAYS_SAMPLES))
def test_seconds_are_exact_both_ways(samples: int) -> None:
    found = encode_event(CallClosed("closed", "hangup", samples, "en"))
    assert decode_event(found) == CallClosed("closed", "hangup", samples, "en")


def test_what_it_looks_like() -> None:
    assert encode_event(FINAL) == {
        "type": "utterance_final",
        "id": "u0-16001",
        "channel": 0,
        "speaker": "S1",
        "start_s": 1.0000625,
        "end_s": 2.0,
        "words": [
            {"text": "card", "start_s": 1.0000625, "end_s": 1.25, "confidence": 0.5, "estimated": False},
            {"text": "[NUMBER_1]", "start_s": 1.25, "end_s": 2.0, "confidence": None, "estimated": True},
        ],
        "language": "en",
        "redactions": [{"kind": "number", "token": "[NUMBER_1]", "start_s": 1.25, "end_s": 2.0}],
    }
    roles = RolesAssigned("roles-1", (("S1", "agent"),))
    assert encode_event(roles) == {"type": "roles_assigned", "id": "roles-1", "roles": [["S1", "agent"]]}
    note = DraftReady("draft-1", Summary("ok", (Statement("reason", "A card.", ("u0-16001",)),)))
    assert encode_event(note)["summary"]["statements"][0]["evidence"] == ["u0-16001"]


def test_members_that_nobody_knows_are_ignored_and_missing_ones_have_their_default() -> None:
    found = encode_event(FINAL)
    found["later"] = found["words"][0]["later"] = 1
    del found["words"][0]["confidence"]
    event = decode_event(found)
    assert isinstance(event, UtteranceFinal)
    assert event.words[0] == Word("card", 16_001, 20_000, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": None}, "event: type: expected one of .*utterance_final"),
        ({"type": "utterance"}, "event: type: expected one of"),
        ({"type": ["utterance_final"]}, "event: type: expected one of"),
        ({"start_s": "1"}, "event utterance_final: start_s: "),
        ({"start_s": True}, "event utterance_final: start_s: "),
        ({"start_s": float("inf")}, "event utterance_final: start_s: "),
        ({"start_s": 1e308}, "event utterance_final: start_s: "),
        ({"start_s": 10**400}, "event utterance_final: start_s: "),
        ({"start_s": None}, "event utterance_final: start_s: "),
        ({"channel": 1.5}, "event utterance_final: channel: "),
        ({"words": {}}, "event utterance_final: words: "),
        ({"words": [{"text": "secret", "start_s": 0}]}, r"event utterance_final: words\[0\]\.end_s: "),
        ({"words": ["secret"]}, r"event utterance_final: words\[0\]: "),
    ],
)
def test_what_is_no_event_is_refused_by_field(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        decode_event(encode_event(FINAL) | change)
    assert "secret" not in str(refusal.value)


def test_a_code_that_is_not_in_the_class_is_refused() -> None:
    found = encode_event(CallClosed("closed", "hangup", 1, "en"))
    with pytest.raises(InputError, match=r"event call_closed: code: "):
        decode_event(found | {"code": "bored"})


def test_pairs_have_two_members() -> None:
    found = encode_event(RolesAssigned("roles-1", (("S1", "agent"),)))
    for pair in (["S1"], ["S1", "agent", "more"], []):
        with pytest.raises(InputError, match=r"event roles_assigned: roles\[0\]"):
            decode_event(found | {"roles": [pair]})


def test_the_type_is_the_name_of_the_class() -> None:
    assert EVENT_TYPES["turns_found"] is TurnsFound


def test_a_partial_is_an_event_and_not_a_durable_one() -> None:
    partial = Partial(0, 0, 16_000, "my", "card")
    found = encode_event(partial)
    assert decode_event(found) == partial
    with pytest.raises(InputError, match="expected one of"):
        decode_durable(found)
    assert decode_durable(encode_event(FINAL)) == FINAL

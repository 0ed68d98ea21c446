"""AudioHook's door: a whole session byte by byte, the choice of a medium, the clock and pauses."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from pipeline.doors import g711
from pipeline.doors.audiohook import AudioHookDoor
from pipeline.doors.audiohook_messages import LONGEST_TEXT, duration_of, samples_of
from pipeline.doors.messages import (
    Away,
    Back,
    CallInfo,
    Chunk,
    DoorOutput,
    Ended,
    Flush,
    Reply,
    Started,
    Welcome,
)
from pipeline.doors.metadata import DoorSettings
from tests.pipeline.doors.audiohook_client import (
    AGENT,
    BOTH,
    CONVERSATION,
    CUSTOMER,
    NOBODY,
    ORGANIZATION,
    SESSION,
    Client,
    medium,
    new_door,
    only,
    opened,
    said,
)


def reply(kind: str, seq: int, clientseq: int, parameters: str) -> Reply:
    head = f'{{"version": "2", "id": "{SESSION}", "type": "{kind}", "seq": {seq}, "clientseq": {clientseq}'
    return Reply(f'{head}, "parameters": {parameters}}}')


def chunk(outputs: list[DoorOutput]) -> Chunk:
    (one,) = outputs
    assert isinstance(one, Chunk)
    assert one.samples.dtype == np.float32
    return one


def test_a_whole_session_to_the_byte() -> None:
    door = new_door()
    opening = (
        '{"version":"2","id":"30b0e395-84d3-4570-ac13-9a62d8f514c0","type":"open","seq":1,"serverseq":0,'
        '"position":"PT0S","parameters":{"organizationId":"d7934305-0972-4844-938e-9060eef73d05",'
        '"conversationId":"090eaa2f-72fa-480a-83e0-8667ff89c0ec","participant":{"id":'
        '"883efee8-3d6c-4537-b500-6d7ca4b92fa0","ani":"+1-555-555-1234","aniName":"John Doe","dnis":'
        '"+1-800-555-6789"},"media":[{"type":"audio","format":"PCMU","channels":["external","internal"],'
        '"rate":8000},{"type":"audio","format":"PCMU","channels":["external"],"rate":8000}],'
        '"language":"en-US","customConfig":{"associate":"ann"}}}'
    )
    info = CallInfo(CONVERSATION, ("customer", "agent"), language="en-US")
    assert door.receive(opening) == [
        Started(info, (0, 1), 8_000, placed=True, stands_still=True),
        Back(),
    ]
    assert door.welcome(Welcome(CONVERSATION, (0, 0))) == [
        reply(
            "opened",
            1,
            1,
            '{"media": [{"type": "audio", "format": "PCMU", "channels": ["external", "internal"], '
            '"rate": 8000}]}',
        )
    ]

    def envelope(kind: str, seq: int, serverseq: int, position: str, parameters: str) -> str:
        return (
            f'{{"version":"2","id":"{SESSION}","type":"{kind}","seq":{seq},"serverseq":{serverseq},'
            f'"position":"{position}","parameters":{parameters}}}'
        )

    assert door.receive(envelope("ping", 2, 1, "PT0S", "{}")) == [reply("pong", 2, 2, "{}")]
    first = chunk(door.receive(b"\xff\x80" * 1_600))
    assert (first.channels, first.at, first.samples.shape) == ((0, 1), 0, (2, 1_600))
    assert set(first.samples[0]) == {0.0}
    assert set(first.samples[1]) == {np.float32(32_124 / 32_768)}
    assert door.receive(envelope("ping", 3, 2, "PT0.2S", '{"rtt":"PT0.05S"}')) == [reply("pong", 3, 3, "{}")]
    assert door.receive(envelope("update", 4, 3, "PT0.2S", '{"language":"es-US"}')) == [
        reply("updated", 4, 4, "{}"),
        Flush(),
    ]
    lost = envelope("discarded", 5, 4, "PT1.7S", '{"start":"PT0.2S","discarded":"PT1.5S"}')
    assert door.receive(lost) == []
    assert chunk(door.receive(b"\xff\xff")).at == 1_600 + 12_000
    assert door.receive(envelope("paused", 6, 4, "PT1.700125S", "{}")) == [Flush(), Away("pause")]
    back = envelope("resumed", 7, 4, "PT3.700125S", '{"start":"PT1.700125S","discarded":"PT2S"}')
    assert door.receive(back) == [Back()]
    assert chunk(door.receive(b"\xff\xff")).at == 1_600 + 12_000 + 1 + 16_000
    assert door.receive(envelope("close", 8, 4, "PT3.70025S", '{"reason":"end"}')) == [
        Ended(flush=True, within_s=8.0)
    ]
    assert door.closed("hangup") == [reply("closed", 5, 8, "{}")]
    assert door.receive(envelope("ping", 9, 5, "PT3.70025S", "{}")) == []


@pytest.mark.parametrize(
    ("offers", "chosen"),
    [
        ([CUSTOMER, AGENT, BOTH], BOTH),
        ([{**BOTH, "format": "L16"}, BOTH], BOTH),
        ([CUSTOMER, {**BOTH, "format": "L16"}], {**BOTH, "format": "L16"}),
        ([{**AGENT, "format": "L16"}, AGENT, CUSTOMER], AGENT),
        ([medium("internal", "external"), BOTH], medium("internal", "external")),
        ([{**BOTH, "format": "OPUS"}, {**BOTH, "type": "video"}, CUSTOMER], CUSTOMER),
        ([medium(), medium("external", "external"), medium("left"), AGENT], AGENT),
        ([{**BOTH, "rate": 4_000}, {**BOTH, "rate": "8000"}, None, "PCMU", CUSTOMER], CUSTOMER),
        ([{**BOTH, "quality": {"loss": [0.5, "é"]}}], {**BOTH, "quality": {"loss": [0.5, "é"]}}),
        ([{**BOTH, "note": "x" * 2_000}, CUSTOMER], CUSTOMER),
    ],
)
def test_one_offered_medium_is_taken_unchanged(offers: list[Any], chosen: dict[str, Any]) -> None:
    door, client = new_door(), Client()
    (started, _) = door.receive(client.open(media=offers))
    assert isinstance(started, Started)
    roles = tuple({"external": "customer", "internal": "agent"}[side] for side in chosen["channels"])
    assert (started.info.roles, started.carries) == (roles, tuple(range(len(roles))))
    starts = (0,) * len(roles)
    assert only(door.welcome(Welcome(CONVERSATION, starts))) == ("opened", {"media": [chosen]})


@pytest.mark.parametrize("offers", [[], [{**BOTH, "format": "OPUS"}], [{**BOTH, "rate": 8_000.5}]])
def test_without_a_usable_medium_there_is_no_call(offers: list[Any]) -> None:
    door, client = new_door(), Client()
    assert only(door.receive(client.open(media=offers))) == ("opened", {"media": []})
    assert door.receive(b"\xff" * 320) == []
    assert door.receive(client.say("paused")) == []
    assert door.receive(client.say("discarded", {"discarded": "PT1S"})) == []
    assert only(door.receive(client.say("update"))) == ("updated", {})
    assert only(door.receive(client.say("ping"))) == ("pong", {})
    (told,) = said(door.refuse(1008, "no hello came"))
    assert told == ("disconnect", {"reason": "completed", "info": "there is nothing to be heard"})
    assert only(door.receive(client.say("close"))) == ("closed", {})


def test_a_probe_is_answered_and_is_no_call() -> None:
    door, client = new_door(), Client()
    participant = {"id": NOBODY, "ani": "", "aniName": "", "dnis": ""}
    outputs = door.receive(client.open(conversationId=NOBODY, participant=participant))
    assert only(outputs) == ("opened", {"media": [BOTH]})
    assert door.receive(b"") == []
    assert only(door.receive(client.say("close", {"reason": "end"}))) == ("closed", {})
    assert door.refuse(1008, "no hello came") == []


@pytest.mark.parametrize(
    ("asked", "languages", "told"),
    [
        (True, ("en", "es-US"), ["en", "es-US"]),
        (False, ("en",), None),
        (True, (), None),
        ("yes", ("en",), None),
    ],
)
def test_languages_are_told_to_who_asks(
    asked: Any, languages: tuple[str, ...], told: list[str] | None
) -> None:
    door, client = AudioHookDoor(ORGANIZATION, SESSION, DoorSettings(), languages), Client()
    door.receive(client.open(supportedLanguages=asked))
    _, parameters = only(door.welcome(Welcome(CONVERSATION, (0, 0))))
    assert parameters.get("supportedLanguages") == told


def test_a_site_says_which_channel_is_the_agents_and_where_the_fields_are() -> None:
    fields = {"associate": "customConfig.associate", "queue": "customConfig.to.queue"}
    settings = DoorSettings("external", {**fields, "direction": "customConfig.way", "site": "organizationId"})
    custom = {"associate": "ann", "to": {"queue": 7}, "way": "Inbound"}
    (started, _) = new_door(settings).receive(Client().open(customConfig=custom))
    assert isinstance(started, Started)
    assert started.info == CallInfo(
        CONVERSATION,
        ("agent", "customer"),
        associate="ann",
        queue="7",
        direction="inbound",
        language="en-US",
        site="d7934305-0972-4844-938e-9060eef73d05",
    )


def test_l16_is_little_endian_and_takes_turns() -> None:
    door, _ = opened(media=[{**BOTH, "format": "L16"}])
    heard = chunk(door.receive(b"\x00\x40\x00\x80\x01\x00\xff\x7f"))
    assert heard.samples.tolist() == [[0.5, 1 / 32_768], [-1.0, 32_767 / 32_768]]
    assert heard.samples.flags.c_contiguous


@pytest.mark.parametrize("format_", ["PCMU", "L16"])
@pytest.mark.parametrize("size", [1, 3, 7, 160, 321])
def test_frames_of_any_size_are_the_same_audio(format_: str, size: int) -> None:
    data = np.random.default_rng(1).bytes(2_400)
    whole = chunk(opened(media=[{**BOTH, "format": format_}])[0].receive(data)).samples
    door, _ = opened(media=[{**BOTH, "format": format_}])
    at = 0
    heard = []
    for start in range(0, len(data), size):
        for one in door.receive(data[start : start + size]):
            assert isinstance(one, Chunk)
            assert one.at == at
            at += one.samples.shape[1]
            heard.append(one.samples)
    assert np.array_equal(np.concatenate(heard, axis=1), whole)


def test_an_empty_frame_is_nothing() -> None:
    door, _ = opened()
    assert door.receive(b"") == []
    assert chunk(door.receive(b"\xff\xff")).at == 0


def test_what_comes_in_a_pause_is_dropped_and_its_time_passes() -> None:
    door, client = opened()
    assert chunk(door.receive(b"\xff" * 200)).at == 0
    assert door.receive(client.say("paused")) == [Flush(), Away("pause")]
    assert door.receive(b"\x00" * 300) == []
    assert door.receive(client.say("paused")) == []
    assert door.receive(client.say("discarded", {"discarded": "PT1S"})) == []
    assert door.receive(b"\x00" * 10) == []
    assert door.receive(client.say("resumed", {"start": "PT0.0125S", "discarded": "PT0.5S"})) == [Back()]
    heard = chunk(door.receive(b"\xff\xff"))
    assert heard.at == 100 + 150 + 8_000 + 5 + 4_000
    assert np.abs(heard.samples).max() == 0.0


def test_a_resumption_without_a_pause_moves_the_clock_alone() -> None:
    door, client = opened()
    assert door.receive(client.say("resumed", {"discarded": "PT1S"})) == []
    assert door.receive(client.say("resumed")) == []
    assert chunk(door.receive(b"\xff\xff")).at == 8_000


def test_a_stream_of_a_call_that_goes_on_begins_where_the_call_is() -> None:
    door, client = opened(from_samples=16_001)
    assert chunk(door.receive(b"\xff\xff")).at == 8_001
    door.receive(client.say("discarded", {"discarded": "PT1S"}))
    assert chunk(door.receive(b"\xff\xff")).at == 16_002


@pytest.mark.parametrize(
    ("duration", "samples"),
    [
        ("PT1.5S", 12_000),
        ("PT0S", 0),
        ("PT0.000125S", 1),
        ("PT0.00012500000001S", 1),
        ("PT12345.678875S", 98_765_431),
        ("PT0.1S", 800),
    ],
)
def test_durations_are_samples_exactly(duration: str, samples: int) -> None:
    assert samples_of(duration, 8_000) == samples


@pytest.mark.parametrize("duration", ["", "1.5", "PT1M", "PT-1S", "PT1e3S", "PT1.S", "PT٣S", "P1D", "PT1S\n"])
def test_what_is_no_duration_is_an_error_of_the_client(duration: str) -> None:
    door, client = opened()
    kind, told = only(door.receive(client.say("discarded", {"discarded": duration})))
    assert (kind, told["reason"]) == ("disconnect", "error")
    assert told["info"] == 'expected a duration in seconds, as in "PT1.5S"'


@pytest.mark.parametrize("samples", [0, 1, 8_000, 12_345_678, 16_000 * 86_400 * 10 + 1])
def test_durations_are_written_exactly(samples: int) -> None:
    assert samples_of(duration_of(samples), 16_000) == samples
    assert samples_of(duration_of(samples, 8_000), 8_000) == samples
    assert samples_of(duration_of(samples, 44_100), 44_100) == samples


@pytest.mark.parametrize("kind", ["dtmf", "playback_started", "error", "event", "open2", "", "é" * 300])
def test_what_is_not_for_us_is_left_alone(kind: str) -> None:
    door, client = opened()
    assert door.receive(client.say(kind, {"digit": "4", "code": 500}, new={"member": 1})) == []
    assert only(door.receive(client.say("ping"))) == ("pong", {})


@pytest.mark.parametrize(
    ("envelope", "info"),
    [
        ({"version": "3"}, "version: Input should be '2'"),
        ({"version": 2}, "version: Input should be '2'"),
        ({"id": CONVERSATION}, "id: expected that of the session"),
        ({"seq": 3}, "seq: expected one more than before"),
        ({"seq": 1}, "seq: expected one more than before"),
        ({"seq": "2"}, "seq: Input should be a valid integer"),
        ({"seq": 0}, "seq: Input should be greater than or equal to 1"),
        ({"type": None}, "type: Input should be a valid string"),
        ({"parameters": []}, "parameters: Input should be a valid dictionary"),
    ],
)
def test_a_wrong_envelope_is_an_error_of_the_client(envelope: dict[str, Any], info: str) -> None:
    door, client = opened()
    assert only(door.receive(client.say("ping", **envelope))) == (
        "disconnect",
        {"reason": "error", "info": info},
    )
    assert door.receive(client.say("update", **envelope)) == []
    assert door.receive(b"\xff\xff") == []


@pytest.mark.parametrize("serverseq", [None, -1, 10**9, "many", [1]])
def test_what_the_client_has_of_us_may_be_anything(serverseq: Any) -> None:
    door, client = opened()
    assert only(door.receive(client.say("ping", serverseq=serverseq, position=serverseq))) == ("pong", {})


@pytest.mark.parametrize("message", ["", "ping", "[]", "null", "9" * 5_000, "[" * 60_000, "{", '{"a": NaN}'])
def test_what_is_no_json_object_is_an_error_of_the_client(message: str) -> None:
    expected = ("disconnect", {"reason": "error", "info": "expected a JSON object"})
    assert only(new_door().receive(message)) == expected
    assert only(opened()[0].receive(message)) == expected


def test_objects_are_only_so_deep() -> None:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"in": deep}
    door, client = new_door(), Client()
    assert only(door.receive(client.open(customConfig=deep)))[1]["info"] == "expected a JSON object"


def test_a_text_is_only_so_long() -> None:
    door, client = opened()
    short = len(client.say("ping", {"pad": ""}))
    client.seq -= 1
    assert only(door.receive(client.say("ping", {"pad": "x" * (LONGEST_TEXT - short)}))) == ("pong", {})
    _, told = only(door.receive(client.say("ping", {"pad": "x" * (LONGEST_TEXT - short + 1)})))
    assert told["info"] == "a text message has at most 65535 characters"


def test_a_stream_is_opened_once() -> None:
    door, client = opened()
    _, told = only(door.receive(client.open()))
    assert told == {"reason": "error", "info": "open: came before"}


@pytest.mark.parametrize("field", ["organizationId", "conversationId", "media"])
def test_an_opening_without_a_member_names_it(field: str) -> None:
    door, client = new_door(), Client()
    parameters = {
        name: value for name, value in json.loads(client.open())["parameters"].items() if name != field
    }
    client.seq = 0
    assert only(door.receive(client.say("open", parameters)))[1]["info"] == f"{field}: Field required"


@pytest.mark.parametrize("conversation", ["", "-a", "a b", "a" * 151, "é"])
def test_a_conversation_must_be_a_call_id(conversation: str) -> None:
    kind, told = only(new_door().receive(Client().open(conversationId=conversation)))
    assert (kind, told["reason"]) == ("disconnect", "error")
    assert told["info"].startswith("conversationId: a call id has up to 150")


def test_pcmu_takes_turns_byte_by_byte() -> None:
    data = bytes(range(256))
    heard = chunk(opened()[0].receive(data))
    assert np.array_equal(heard.samples[0], g711.decode(data[::2], "mulaw"))
    assert np.array_equal(heard.samples[1], g711.decode(data[1::2], "mulaw"))

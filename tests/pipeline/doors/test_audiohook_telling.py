"""What AudioHook's door tells of its call: transcripts with times on the stream's own clock."""

from __future__ import annotations

import json
import uuid
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.types import Word
from pipeline.core.events import AudioGap, Event, Partial, UtteranceFinal, UtteranceLost
from pipeline.doors.audiohook_messages import LONGEST_TEXT, samples_of
from pipeline.doors.messages import Reply, Welcome
from tests.pipeline.doors.audiohook_client import AGENT, CONVERSATION, Client, new_door, only, opened
from tests.pipeline.event_strategies import events


def final(*words: Word, channel: int = 0, start: int = 16_000, end: int = 48_000) -> UtteranceFinal:
    name = f"u{channel}-{start}"
    return UtteranceFinal(name, channel, f"S{channel}", start, end, words, "en", ())


HELLO = final(Word("Good", 16_000, 24_000, 0.9), Word("morning.", 24_800, 40_000, 0.8))


def entity(outputs: list[Any]) -> dict[str, Any]:
    kind, parameters = only(outputs)
    assert kind == "event"
    (one,) = parameters["entities"]
    assert one["type"] == "transcript"
    return dict(one["data"])


def test_a_final_is_a_transcript_with_a_time_for_each_word() -> None:
    door, _ = opened()
    assert entity(door.event(HELLO)) == {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"audiohook:{CONVERSATION}/u0-16000")),
        "channelId": 0,
        "isFinal": True,
        "offset": "PT1.0S",
        "duration": "PT2.0S",
        "alternatives": [
            {
                "confidence": 0.85,
                "interpretations": [
                    {
                        "type": "display",
                        "transcript": "Good morning.",
                        "tokens": [
                            {
                                "type": "word",
                                "value": "Good",
                                "confidence": 0.9,
                                "offset": "PT1.0S",
                                "duration": "PT0.5S",
                            },
                            {
                                "type": "word",
                                "value": "morning.",
                                "confidence": 0.8,
                                "offset": "PT1.55S",
                                "duration": "PT0.95S",
                            },
                        ],
                    }
                ],
            }
        ],
    }


def test_a_partial_is_not_final_and_has_the_id_of_its_final() -> None:
    door, _ = opened()
    told = entity(door.event(Partial(0, 16_000, 32_000, "Good", "mor")))
    assert told == {
        "id": entity(door.event(HELLO))["id"],
        "channelId": 0,
        "isFinal": False,
        "offset": "PT1.0S",
        "duration": "PT1.0S",
        "alternatives": [
            {"confidence": 1.0, "interpretations": [{"type": "display", "transcript": "Good mor"}]}
        ],
    }


def test_ids_differ_between_utterances_and_calls() -> None:
    ids = {entity(opened()[0].event(final(*HELLO.words, start=at)))["id"] for at in (0, 16_000)}
    ids.add(entity(opened(conversationId="another")[0].event(HELLO))["id"])
    assert len(ids) == 3


def test_times_are_those_of_the_stream_and_what_was_before_it_is_not_told() -> None:
    door, _ = opened(from_samples=16_000)
    told = entity(door.event(HELLO))
    assert told["offset"] == "PT0.0S"
    tokens = told["alternatives"][0]["interpretations"][0]["tokens"]
    assert [token["offset"] for token in tokens] == ["PT0.0S", "PT0.55S"]
    later, _ = opened(from_samples=16_001)
    assert later.event(HELLO) == []
    assert later.event(Partial(0, 16_000, 32_000, "Good", "")) == []


def test_words_at_the_same_time_get_times_of_their_own() -> None:
    words = [Word(text, 16_000, 16_000) for text in "abc"]
    told = entity(opened()[0].event(final(*words, Word("d", 16_010, 20_000))))
    tokens = told["alternatives"][0]["interpretations"][0]["tokens"]
    assert [token["offset"] for token in tokens] == ["PT1.0S", "PT1.001S", "PT1.002S", "PT1.003S"]
    assert [token["duration"] for token in tokens] == ["PT0.0S", "PT0.0S", "PT0.0S", "PT0.247S"]


def test_an_engine_without_confidence_is_believed() -> None:
    told = entity(opened()[0].event(final(Word("a", 0, 9), Word("b", 0, 9, 0.5))))
    (alternative,) = told["alternatives"]
    assert alternative["confidence"] == 0.75
    assert [token["confidence"] for token in alternative["interpretations"][0]["tokens"]] == [1.0, 0.5]


def test_a_channel_has_its_number_among_those_chosen() -> None:
    door, _ = opened()
    assert entity(door.event(final(*HELLO.words, channel=1)))["channelId"] == 1
    assert door.event(final(*HELLO.words, channel=2)) == []
    alone, client = new_door(), Client()
    alone.receive(client.open(media=[AGENT]))
    alone.welcome(Welcome(CONVERSATION, (0,)))
    assert entity(alone.event(HELLO))["channelId"] == 0
    assert alone.event(final(*HELLO.words, channel=1)) == []


@pytest.mark.parametrize(
    "event",
    [
        final(),
        Partial(0, 0, 16_000, "", ""),
        UtteranceLost("u0-0", 0, 0, 16_000, "failed"),
        AudioGap("g0-0", 0, 0, 16_000, "pause"),
    ],
)
def test_nothing_else_is_told(event: Event) -> None:
    assert opened()[0].event(event) == []


def test_nothing_is_told_before_opened_nor_after_closed() -> None:
    door, client = new_door(), Client()
    assert door.event(HELLO) == []
    door.receive(client.open())
    assert door.event(HELLO) == []
    door.welcome(Welcome(CONVERSATION, (0, 0)))
    door.receive(client.say("close"))
    assert entity(door.event(HELLO))["isFinal"]
    door.closed("hangup")
    assert door.event(HELLO) == []


def test_events_and_answers_are_counted_together() -> None:
    door, client = opened()
    told = [*door.event(HELLO), *door.receive(client.say("ping")), *door.event(HELLO)]
    messages = [json.loads(one.message) for one in told if isinstance(one, Reply)]
    assert [(one["seq"], one["clientseq"]) for one in messages] == [(2, 1), (3, 2), (4, 2)]


def test_a_text_that_does_not_fit_goes_without_times_or_not_at_all() -> None:
    door, _ = opened()
    many = [Word("w", at, at) for at in range(1_000)]
    (reply,) = door.event(final(*many))
    assert isinstance(reply, Reply)
    assert len(reply.message) <= LONGEST_TEXT
    assert list(entity([reply])["alternatives"][0]["interpretations"][0]) == ["type", "transcript"]
    assert door.event(final(Word("w" * LONGEST_TEXT, 0, 1))) == []


@given(st.lists(events, max_size=6), st.integers(0, 10**7))
def test_any_event_is_told_well_or_not_at_all(given_: list[Event], from_samples: int) -> None:
    door, _ = opened(from_samples)
    for event in given_:
        for reply in door.event(event):
            assert isinstance(event, UtteranceFinal | Partial)
            told = entity([reply])
            uuid.UUID(told["id"])
            assert told["channelId"] in (0, 1)
            assert samples_of(told["offset"], 16_000) == event.start_samples - from_samples >= 0
            assert samples_of(told["duration"], 16_000) >= 0
            (alternative,) = told["alternatives"]
            assert 0 <= alternative["confidence"] <= 1
            tokens = alternative["interpretations"][0].get("tokens", [])
            offsets = [samples_of(token["offset"], 16_000) for token in tokens]
            assert all(one < other for one, other in pairwise(offsets))
            assert all(0 <= token["confidence"] <= 1 for token in tokens)

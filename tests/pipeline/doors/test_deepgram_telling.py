"""What Deepgram's clients are told of events."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.core.events import AudioGap, Flushed, LegStarted, SpeakerHeard, SpeakerPart, UtteranceLost
from pipeline.doors.deepgram_telling import plain
from pipeline.doors.messages import Flush
from tests.pipeline.doors.deepgram_messages import (
    RAW,
    REQUEST,
    STEREO,
    Pairs,
    begun,
    control,
    final,
    partial,
    said,
    samples,
    word,
)

INTERIM = [*RAW, ("interim_results", "true")]
HELLO = final(word("Hello,", 1.25, 1.5, 0.5), word("Kevin.", 1.5, 2.0, 1.0))


def told(query: Pairs, *events: Any) -> list[dict[str, Any]]:
    """The messages of these events, in order."""
    door = begun(query)
    return [message for event in events for message in said(door.event(event))]


def test_a_final() -> None:
    (results,) = told(RAW, HELLO)
    metadata = results.pop("metadata")
    assert metadata["request_id"] == REQUEST
    assert set(metadata["model_info"]) == {"name", "version", "arch"}
    assert isinstance(metadata["model_uuid"], str)
    words = [
        {"word": "hello", "start": 1.25, "end": 1.5, "confidence": 0.5, "punctuated_word": "Hello,"},
        {"word": "kevin", "start": 1.5, "end": 2.0, "confidence": 1.0, "punctuated_word": "Kevin."},
    ]
    assert results == {
        "type": "Results",
        "channel_index": [0, 1],
        "start": 1.0,
        "duration": 2.0,
        "is_final": True,
        "speech_final": True,
        "from_finalize": False,
        "channel": {
            "alternatives": [{"transcript": "Hello, Kevin.", "confidence": 0.75, "words": words}],
        },
    }


def test_words_whose_engine_is_never_in_doubt_are_certain() -> None:
    (results,) = told(RAW, final(word("Yes.", 1.0, 1.5, None)))
    (alternative,) = results["channel"]["alternatives"]
    assert (alternative["confidence"], alternative["words"][0]["confidence"]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello,", "hello"),
        ("“Why?”", "why"),
        ("can't", "can't"),
        ("well-known,", "well-known"),
        ("$5.00.", "$5.00"),
        ("50%", "50%"),
        ("[NUMBER_3]", "[NUMBER_3]"),
        ("[NUMBER_3],", "[NUMBER_3]"),
        ("[NUMBER]", "[NUMBER]"),
        ("...", "..."),
        ("", ""),
    ],
)
def test_a_word_is_lower_case_without_punctuation_and_masked_ones_stay(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_channels_are_told_apart() -> None:
    first, second = told(STEREO, HELLO, final(word("Hi.", 1.0, 1.5), channel=1, speaker="S2"))
    assert (first["channel_index"], second["channel_index"]) == ([0, 2], [1, 2])


@pytest.mark.parametrize("asked", [("diarize", "true"), ("diarize_model", "latest")])
def test_speakers_are_numbered_as_they_are_first_heard(asked: tuple[str, str]) -> None:
    names = ["S2", "S1", "S2", "S7"]
    results = told([*STEREO, asked], *(final(word("Hi.", 1.0, 1.5), speaker=name) for name in names))
    speakers = [one["channel"]["alternatives"][0]["words"][0]["speaker"] for one in results]
    assert speakers == [0, 1, 0, 2]


def test_speakers_are_not_told_unasked() -> None:
    (results,) = told(RAW, HELLO)
    assert all("speaker" not in one for one in results["channel"]["alternatives"][0]["words"])


def test_partials_are_told_where_the_client_asks() -> None:
    (results,) = told(INTERIM, partial("hello Kevin"))
    assert (results["is_final"], results["speech_final"], results["from_finalize"]) == (False, False, False)
    assert (results["start"], results["duration"]) == (1.0, 1.0)
    (alternative,) = results["channel"]["alternatives"]
    assert alternative["transcript"] == "hello Kevin"
    assert [(one["word"], one["start"], one["end"]) for one in alternative["words"]] == [
        ("hello", 1.0, 1.5),
        ("kevin", 1.5, 2.0),
    ]
    assert told(RAW, partial("hello Kevin")) == []
    assert told(INTERIM, partial("")) == []


def test_speech_that_begins_is_told_once_an_utterance() -> None:
    heard = told(
        [*INTERIM, ("vad_events", "true")],
        partial("hel"),
        partial("hello", end_s=3.0),
        final(word("Hello.", 1.0, 1.5)),
        final(word("Yes.", 5.0, 5.5), start_s=5.0),
    )
    started = [message for message in heard if message["type"] == "SpeechStarted"]
    assert started == [
        {"type": "SpeechStarted", "channel": [0, 1], "timestamp": 1.0},
        {"type": "SpeechStarted", "channel": [0, 1], "timestamp": 5.0},
    ]
    assert [message["type"] for message in heard] == [
        "SpeechStarted",
        "Results",
        "Results",
        "Results",
        "SpeechStarted",
        "Results",
    ]


def test_speech_on_two_channels_begins_twice_and_needs_no_partials_told() -> None:
    heard = told([*STEREO, ("vad_events", "true")], partial("a"), partial("b", channel=1), partial("a b"))
    assert [(message["type"], message["channel"]) for message in heard] == [
        ("SpeechStarted", [0, 2]),
        ("SpeechStarted", [1, 2]),
    ]


def test_speech_of_which_no_text_came_is_an_empty_final() -> None:
    (results,) = told(RAW, UtteranceLost("u", 0, samples(1.0), samples(2.5), "deadline"))
    assert (results["is_final"], results["start"], results["duration"]) == (True, 1.0, 1.5)
    assert results["channel"]["alternatives"] == [{"transcript": "", "confidence": 0.0, "words": []}]


def test_finals_that_the_client_asked_for_say_so() -> None:
    door = begun()
    assert door.receive(control("Finalize")) == [Flush()]
    (asked,) = said(door.event(HELLO))
    assert door.event(Flushed(samples(3.0))) == []
    (later,) = said(door.event(HELLO))
    assert (asked["from_finalize"], later["from_finalize"]) == (True, False)


def test_a_client_that_asks_for_finals_gets_one_of_each_channel() -> None:
    door = begun(STEREO)
    door.receive(control("Finalize"))
    said(door.event(final(word("Hi.", 1.0, 1.5), channel=1)))
    (empty,) = said(door.event(Flushed(samples(3.0))))
    assert empty["channel_index"] == [0, 2]
    assert (empty["start"], empty["duration"]) == (3.0, 0.0)
    assert (empty["is_final"], empty["speech_final"], empty["from_finalize"]) == (True, True, True)
    door.receive(control("Finalize"))
    door.receive(control("Finalize"))
    assert len(said(door.event(Flushed(samples(3.0))))) == 2
    assert len(said(door.event(Flushed(samples(3.0))))) == 2
    assert door.event(Flushed(samples(3.0))) == []


def test_partials_are_no_answer_to_a_client_that_asks_for_finals() -> None:
    door = begun(INTERIM)
    door.receive(control("Finalize"))
    (interim,) = said(door.event(partial("hello")))
    assert not interim["from_finalize"]
    assert len(said(door.event(Flushed(samples(3.0))))) == 1


def test_what_deepgram_has_no_words_for_is_not_told() -> None:
    events = [
        AudioGap("g", 0, 0, samples(1.0)),
        LegStarted("l", 1, "ann", None, 0),
        SpeakerHeard("u", (SpeakerPart(0, 1, "S2"),)),
    ]
    assert told([*INTERIM, ("vad_events", "true"), ("diarize", "true")], *events) == []

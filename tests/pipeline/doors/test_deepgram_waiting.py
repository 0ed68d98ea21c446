"""What Deepgram's clients are told later than it is known: ends of utterances, and speakers of mono calls."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.types import Word
from pipeline.core.events import Event, Flushed, SpeakerHeard, SpeakerPart, UtteranceFinal, UtteranceLost
from pipeline.doors.deepgram import DeepgramDoor
from pipeline.doors.deepgram_waiting import MOST_HELD
from pipeline.doors.messages import Alive, Closing, Flush, Welcome
from tests.pipeline.doors.deepgram_messages import (
    RAW,
    REQUEST,
    STEREO,
    begun,
    control,
    final,
    partial,
    said,
    samples,
    word,
)

END = [("interim_results", "true"), ("utterance_end_ms", "5000")]
DIARIZE = [*RAW, ("diarize", "true")]
HELLO = final(word("Hello", 1.25, 1.5), word("Kevin.", 1.5, 2.0))
YES = final(word("Yes.", 4.0, 4.5), start_s=4.0)


def told(door: DeepgramDoor, event: Event) -> list[dict[str, Any]]:
    return said(door.event(event))


def play(door: DeepgramDoor, seconds: float, channels: int = 1) -> list[dict[str, Any]]:
    """What is told for so much more audio, in 16-bit samples at 16 kHz."""
    return said(door.receive(bytes(2 * channels * samples(seconds))))


def end(last_word_end: float, channel: int = 0, channels: int = 1) -> dict[str, Any]:
    return {"type": "UtteranceEnd", "channel": [channel, channels], "last_word_end": last_word_end}


def types(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


def heard(utterance: UtteranceFinal, *speakers: str) -> SpeakerHeard:
    """Each word of an utterance has one of these."""
    parts = [SpeakerPart(number, number + 1, speaker) for number, speaker in enumerate(speakers)]
    return SpeakerHeard(utterance.id, tuple(parts))


def spoken(messages: list[dict[str, Any]]) -> list[tuple[str, list[int]]]:
    """The text of each final, and who spoke its words."""
    found = [message["channel"]["alternatives"][0] for message in messages if message["type"] == "Results"]
    return [(one["transcript"], [each["speaker"] for each in one["words"]]) for one in found]


def test_an_utterance_ends_once_its_channel_was_silent_for_as_long_as_asked() -> None:
    door = begun([*RAW, *END])
    play(door, 3.0)
    assert types(told(door, HELLO)) == ["Results"]
    assert play(door, 4.0 - 1 / 16_000) == []
    assert door.receive(control("KeepAlive")) == [Alive()]
    assert play(door, 1 / 16_000) == [end(2.0)]
    assert play(door, 20.0) == []
    assert door.event(Flushed(samples(27.0))) == []


def test_an_end_that_is_due_does_not_wait_for_more_audio() -> None:
    door = begun([*RAW, *END])
    play(door, 8.0)
    told(door, HELLO)
    assert said(door.receive(control("KeepAlive"))) == [end(2.0)]


def test_an_end_is_counted_on_the_clock_of_the_call_at_any_rate() -> None:
    door = begun([("encoding", "mulaw"), ("sample_rate", "8000"), *END])
    door.welcome(Welcome(REQUEST, (samples(100.0),)))
    told(door, final(word("Hi.", 101.0, 102.0), start_s=101.0))
    assert said(door.receive(bytes(8_000 * 7 - 1))) == []
    assert said(door.receive(bytes(1))) == [end(2.0)]


def test_channels_end_each_for_itself() -> None:
    door = begun([*STEREO, *END])
    told(door, HELLO)
    play(door, 3.0, channels=2)
    told(door, final(word("Hi.", 2.5, 3.0), channel=1, start_s=2.5))
    assert play(door, 4.0, channels=2) == [end(2.0, 0, 2)]
    assert play(door, 1.0, channels=2) == [end(3.0, 1, 2)]


@pytest.mark.parametrize("newer", [partial("yes", start_s=4.0, end_s=4.4), YES])
def test_no_utterance_ends_that_goes_on(newer: Event) -> None:
    door = begun([*RAW, *END])
    told(door, HELLO)
    play(door, 5.0)
    told(door, newer)
    assert play(door, 3.0) == []
    told(door, YES)
    assert play(door, 1.0) == []
    assert play(door, 0.5) == [end(4.5)]


def test_a_partial_of_the_utterance_itself_or_of_another_channel_holds_up_no_end() -> None:
    door = begun([*STEREO, *END])
    for event in (partial("hello"), HELLO, partial("hello Kevin"), partial("yes", start_s=4.0, channel=1)):
        told(door, event)
    assert play(door, 7.0, channels=2) == [end(2.0, 0, 2)]


def test_a_final_that_was_asked_for_has_an_end_like_any_other() -> None:
    door = begun([*RAW, *END])
    play(door, 2.5)
    assert door.receive(control("Finalize")) == [Flush()]
    assert types([*told(door, HELLO), *told(door, Flushed(samples(2.5)))]) == ["Results"]
    assert play(door, 4.0) == []
    assert play(door, 0.5) == [end(2.0)]


def test_an_end_that_came_by_the_goodbye_is_said_before_it() -> None:
    door = begun([*RAW, *END])
    play(door, 7.0)
    door.receive(control("CloseStream"))
    told(door, HELLO)
    assert types(told(door, Flushed(samples(7.0)))) == ["UtteranceEnd", "Metadata"]


def test_nothing_ends_unasked_and_nothing_without_words() -> None:
    for query, event in ((RAW, HELLO), ([*RAW, *END], final())):
        door = begun(query)
        told(door, event)
        assert play(door, 60.0) == []


@pytest.mark.parametrize("asked", [("diarize", "true"), ("diarize_model", "latest")])
def test_a_final_of_a_mono_call_waits_for_its_speakers(asked: tuple[str, str]) -> None:
    door = begun([*RAW, asked])
    assert told(door, HELLO) == []
    assert spoken(told(door, heard(HELLO, "S2", "S1"))) == [("Hello Kevin.", [0, 1])]
    assert told(door, YES) == []
    assert spoken(told(door, heard(YES, "S1"))) == [("Yes.", [1])]
    assert play(door, 60.0) == []


def test_it_does_not_wait_unasked() -> None:
    assert len(told(begun(), HELLO)) == 1


def test_finals_are_told_in_order_whatever_the_order_of_their_speakers() -> None:
    door = begun(DIARIZE)
    lost = UtteranceLost("l", 0, samples(3.0), samples(3.5), "failed")
    for event in (HELLO, lost, YES, heard(YES, "B")):
        assert told(door, event) == []
    found = told(door, heard(HELLO, "A", "A"))
    assert spoken(found) == [("Hello Kevin.", [1, 1]), ("", []), ("Yes.", [0])]


def test_it_waits_for_two_and_a_half_seconds_of_audio() -> None:
    door = begun(DIARIZE)
    told(door, HELLO)
    told(door, heard(HELLO, "A", "B"))
    play(door, 7.0)
    assert told(door, YES) == []
    assert play(door, 1.5 - 1 / 16_000) == []
    assert door.receive(control("KeepAlive")) == [Alive()]
    # Nobody was said to have spoken it: it has the speaker told last.
    assert spoken(play(door, 1 / 16_000)) == [("Yes.", [1])]
    assert told(door, heard(YES, "A")) == []


def test_words_that_no_part_names_have_the_speaker_before_them() -> None:
    door = begun(DIARIZE)
    three = final(word("Oh,", 1.0, 1.2), word("hi", 1.2, 1.5), word("you.", 1.5, 2.0))
    told(door, three)
    parts = (SpeakerPart(1, 2, "B"), SpeakerPart(5, 9, "C"))
    assert spoken(told(door, SpeakerHeard(three.id, parts))) == [("Oh, hi you.", [0, 0, 0])]


def test_all_that_waits_is_told_where_the_client_wants_it_final() -> None:
    door = begun(DIARIZE)
    told(door, HELLO)
    door.receive(control("Finalize"))
    assert told(door, YES) == []
    found = told(door, Flushed(samples(5.0)))
    assert spoken(found) == [("Hello Kevin.", [0, 0]), ("Yes.", [0])]
    assert [one["from_finalize"] for one in found] == [True, True]


def test_all_that_waits_is_told_before_the_goodbye() -> None:
    door = begun(DIARIZE)
    told(door, HELLO)
    door.receive(control("CloseStream"))
    assert told(door, YES) == []
    assert types(told(door, Flushed(samples(5.0)))) == ["Results", "Results", "Metadata"]


@pytest.mark.parametrize(
    ("code", "after"),
    [("hangup", ["Metadata"]), ("idle", ["Error"]), ("failed", ["Metadata", "Error"])],
)
def test_all_that_waits_is_told_at_the_end_of_the_call(code: str, after: list[str]) -> None:
    door = begun(DIARIZE)
    told(door, HELLO)
    answers = door.closed(code)
    assert types(said(answers)) == ["Results", *after]
    assert isinstance(answers[-1], Closing)


def test_all_that_waits_is_told_to_a_client_that_is_refused() -> None:
    door = begun(DIARIZE)
    told(door, HELLO)
    assert types(said(door.refuse(1008, "the call is over"))) == ["Results", "Error"]


def test_no_more_than_so_many_finals_wait() -> None:
    door = begun(DIARIZE)
    many = [final(word(f"{number}.", number, number + 1), start_s=number) for number in range(MOST_HELD + 2)]
    found = [message for one in many for message in told(door, one)]
    assert [text for text, _ in spoken(found)] == ["0.", "1."]
    assert len(told(door, Flushed(0))) == MOST_HELD == 50


def test_an_end_waits_for_its_final_and_for_those_after_it() -> None:
    door = begun([*DIARIZE, ("interim_results", "true"), ("utterance_end_ms", "1000")])
    told(door, HELLO)
    assert play(door, 5.0) == []
    told(door, YES)
    assert types(told(door, heard(HELLO, "A", "A"))) == ["Results"]
    assert play(door, 1.0) == []
    assert types(told(door, heard(YES, "A"))) == ["Results"]
    assert play(door, 0.1) == [end(4.5)]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=60))
def test_each_final_is_told_once_in_order(steps: list[tuple[bool, int]]) -> None:
    door = begun([*DIARIZE, ("interim_results", "true"), ("utterance_end_ms", "1000")])
    found: list[dict[str, Any]] = []
    finals: list[UtteranceFinal] = []
    for new, number in steps:
        if new:
            start = samples(3.0) * len(finals)
            words = (Word(f"{len(finals)}.", start, start + samples(1.0), 0.5),)
            finals.append(
                UtteranceFinal(f"u{len(finals)}", 0, "S1", start, start + samples(2.0), words, "en", ())
            )
            found += told(door, finals[-1])
        elif number < 2:
            found += play(door, number + 0.5)
        elif number < len(finals):
            found += told(door, heard(finals[-number], "A"))
    found += said(door.closed("hangup"))
    assert [text for text, _ in spoken(found)] == [f"{number}." for number in range(len(finals))]
    ends = [message["last_word_end"] for message in found if message["type"] == "UtteranceEnd"]
    assert ends == sorted(set(ends))

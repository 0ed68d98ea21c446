"""What is told of a call on /v1/realtime: items by utterance and by commit, deltas, segments, losses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.events import AudioGap, SpeakerHeard, SpeakerPart, SpeakerRevised
from pipeline.doors import openai_events, openai_items
from pipeline.doors.messages import Closing
from pipeline.doors.openai import OpenAIDoor
from tests.pipeline.doors.openai_messages import (
    SESSION_SEGMENTS,
    TRANSCRIPTION,
    append,
    client,
    commit,
    door,
    final,
    flushed,
    hearing,
    lost,
    partial,
    said,
    told,
)

SECOND = b"\0\0" * 24_000


def speaking(*, detects: bool = True, segments: bool = False, **headers: str) -> OpenAIDoor:
    """A door whose call has begun with a second of audio."""
    one = door(**headers)
    if not detects:
        one.receive(hearing(turn_detection=None))
    if segments:
        one.receive(client("session.update", session={"include": [SESSION_SEGMENTS]}))
    one.receive(append(SECOND))
    return one


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].rpartition(".")[2] for event in events]


def of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"].endswith(f".{kind}")]


def test_an_utterance_is_an_item() -> None:
    events = told(speaking(), final(0.5, 1.25, "good morning"))
    assert kinds(events) == ["speech_started", "speech_stopped", "committed", "added", "delta", "completed"]
    assert {event.get("item_id", "item_u0-8000") for event in events} == {"item_u0-8000"}
    started, stopped, committed, added, delta, completed = events
    assert (started["audio_start_ms"], stopped["audio_end_ms"]) == (500, 1_250)
    assert committed["previous_item_id"] is None
    assert added["item"] == {
        "id": "item_u0-8000",
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_audio", "transcript": None}],
    }
    assert delta["delta"] == "good morning"
    assert completed["type"] == f"{TRANSCRIPTION}.completed"
    assert (completed["transcript"], completed["content_index"]) == ("good morning", 0)
    assert completed["usage"] == {"type": "duration", "seconds": 0.75}


def test_the_beta_form_has_its_own_name_for_a_new_item() -> None:
    events = told(speaking(openai_beta="realtime=v1"), final(0, 1, "hello"))
    assert "conversation.item.created" in [event["type"] for event in events]


def test_items_are_in_a_row() -> None:
    events = told(speaking(), final(0, 1, "one"), lost(1, 2), final(2, 3, "two"))
    before = [event["previous_item_id"] for event in of(events, "committed")]
    assert before == [None, "item_u0-0", "item_u0-16000"]


def test_text_that_grows_is_told_without_repeats() -> None:
    events = told(
        speaking(),
        partial(1, 1.5, "", "i"),
        partial(1, 2.0, "i would", "lake"),
        partial(1, 2.5, "i would", "like to"),
        partial(1, 3.0, "i would like", "to pay"),
        final(1, 3.5, "i would like to pay"),
    )
    assert kinds(events)[:3] == ["speech_started", "delta", "delta"]
    assert [event["delta"] for event in of(events, "delta")] == ["i would", " like", " to pay"]
    assert len(of(events, "speech_started")) == 1
    assert of(events, "speech_stopped")[0]["audio_end_ms"] == 3_500


def test_a_final_that_says_something_else_is_not_patched() -> None:
    events = told(speaking(), partial(1, 2, "my card is"), final(1, 3, "my car is red"))
    assert [event["delta"] for event in of(events, "delta")] == ["my card is"]
    assert of(events, "completed")[0]["transcript"] == "my car is red"


def test_speech_stops_before_it_starts_again() -> None:
    one = speaking()
    events = told(one, partial(1, 2, "one"), partial(3, 4, "two"), final(1, 2.5, "one"), final(3, 5, "two"))
    turns = [event for event in events if "speech" in event["type"]]
    assert kinds(turns) == ["speech_started", "speech_stopped", "speech_started", "speech_stopped"]
    assert [event["item_id"] for event in of(events, "completed")] == ["item_u0-16000", "item_u0-48000"]


def test_an_old_partial_is_none() -> None:
    one = speaking()
    told(one, final(1, 2, "one"))
    assert told(one, partial(1, 2, "one more")) == []


def test_what_began_and_had_no_words_ends_with_the_next_utterance() -> None:
    events = told(speaking(), partial(1, 2, "", "uh"), final(3, 4, "hello"))
    completed = of(events, "completed")
    assert [(event["item_id"], event["transcript"]) for event in completed] == [
        ("item_u0-16000", ""),
        ("item_u0-48000", "hello"),
    ]
    assert completed[0]["usage"]["seconds"] == 1.0


def test_an_utterance_without_a_text_has_failed() -> None:
    events = told(speaking(), lost(1, 2))
    assert kinds(events) == ["speech_started", "speech_stopped", "committed", "added", "failed"]
    error = events[-1]["error"]
    assert (error["code"], error["message"]) == ("failed", "the audio could not be read")


def test_a_second_commit_is_answered_when_all_is_told() -> None:
    one = speaking()
    one.receive(commit("first"))
    one.receive(commit("second"))
    first = told(one, final(1, 2, "one"), final(3, 4, "two"), flushed(4))
    assert "error" not in kinds(first)
    assert len(of(first, "completed")) == 2
    last = told(one, flushed(4))
    assert [event["error"]["event_id"] for event in last] == ["second"]
    assert last[0]["error"]["code"] == openai_events.EMPTY


def test_a_commit_after_silence_is_of_nothing() -> None:
    one = speaking()
    told(one, final(1, 2, "one"))
    one.receive(commit("e"))
    assert kinds(told(one, flushed(5))) == ["error"]
    assert told(one, flushed(5)) == []


def test_a_flush_ends_what_had_no_words() -> None:
    one = speaking()
    one.receive(commit("e"))
    assert kinds(told(one, partial(1, 2, "", "uh"), flushed(2)))[-1] == "completed"


def test_commits_that_nobody_waits_for() -> None:
    for one in (speaking(), speaking(detects=False)):
        for _ in range(openai_items.MOST_COMMITS):
            one.receive(append(b"\0\0"))
            one.receive(commit())
        one.receive(append(b"\0\0"))
        assert said(one.receive(commit()))[0]["error"]["code"] == "rate_limit_exceeded"


def test_a_client_that_commits_gets_an_item_a_commit() -> None:
    one = speaking(detects=False)
    before = told(one, partial(0, 0.3, "good"), final(0, 0.4, "good morning"), final(0.5, 0.9, "how are you"))
    assert [event["delta"] for event in before] == ["good morning", " how are you"]
    assert kinds(said(one.receive(commit()))) == ["committed", "added"]
    events = told(one, flushed(1))
    assert kinds(events) == ["completed"]
    assert events[0]["transcript"] == "good morning how are you"
    assert events[0]["item_id"] == before[0]["item_id"] == "item_c1"
    assert events[0]["usage"]["seconds"] == 1.0


def test_what_was_said_after_a_commit_is_in_the_next_item() -> None:
    one = speaking(detects=False)
    one.receive(commit())
    one.receive(append(SECOND))
    events = told(one, final(0.2, 0.9, "before"), final(1.2, 1.9, "after"), flushed(1))
    assert [(event["item_id"], kind) for event, kind in zip(events, kinds(events), strict=True)] == [
        ("item_c1", "delta"),
        ("item_c1", "completed"),
        ("item_c2", "delta"),
    ]
    committed = said(one.receive(commit()))[0]
    assert committed["previous_item_id"] == "item_c1"
    last = told(one, flushed(2))
    assert [event["transcript"] for event in of(last, "completed")] == ["after"]


def test_silence_that_is_committed_is_an_empty_item() -> None:
    one = speaking(detects=False)
    one.receive(commit())
    assert [event["transcript"] for event in told(one, flushed(1))] == [""]
    assert kinds(said(one.receive(commit("e")))) == ["error"]


def test_an_item_of_losses_alone_has_failed() -> None:
    one = speaking(detects=False)
    assert told(one, lost(0, 1)) == []
    one.receive(commit())
    assert kinds(told(one, flushed(1))) == ["failed"]
    one.receive(append(SECOND))
    one.receive(commit())
    assert kinds(told(one, lost(1, 1.4), final(1.5, 2, "heard"), flushed(2))) == ["delta", "completed"]


def test_a_client_that_never_commits_gets_items_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_items, "MOST_HELD", 3)
    one = speaking(detects=False)
    events = told(one, *(final(at, at + 0.5, f"t{at}") for at in range(7)))
    assert [event["transcript"] for event in of(events, "completed")] == ["t0 t1 t2", "t3 t4 t5"]


def test_segments_where_the_session_asks_for_them() -> None:
    assert of(told(speaking(), final(1, 2, "a b")), "segment") == []
    events = told(speaking(segments=True), final(1, 2, "a b"))
    assert kinds(events)[-2:] == ["segment", "completed"]
    segment = events[-2]
    assert (segment["id"], segment["speaker"], segment["text"]) == ("seg_u0-16000-0", "S1", "a b")
    assert (segment["start"], segment["end"], segment["item_id"]) == (1.0, 2.0, "item_u0-16000")


@pytest.mark.parametrize("detects", [True, False])
def test_speakers_are_told_once_they_are_known(detects: bool) -> None:
    one = speaking(detects=detects)
    told(one, final(1, 2, "a b c"))
    parts = (SpeakerPart(0, 1, "S1"), SpeakerPart(1, 3, "S2"))
    for event in (SpeakerHeard("u0-16000", parts), SpeakerRevised("x", "u0-16000", 1, parts)):
        segments = told(one, event)
        assert [(one_["speaker"], one_["text"]) for one_ in segments] == [("S1", "a"), ("S2", "b c")]
        assert {one_["item_id"] for one_ in segments} == {"item_u0-16000" if detects else "item_c1"}
    assert told(one, SpeakerHeard("u0-77", parts)) == []


def test_other_events_are_not_told() -> None:
    for detects in (True, False):
        assert told(speaking(detects=detects), AudioGap("g", 0, 0, 9)) == []
    assert told(speaking(detects=False), partial(0, 1, "a")) == []
    assert told(door(), final(0, 1, "before any audio")) == []


def test_a_call_that_ends_first_tells_what_waits() -> None:
    one = speaking(detects=False)
    one.receive(commit())
    one.receive(append(SECOND))
    one.receive(commit())
    told(one, final(0, 1, "a"))
    answers = one.closed("shutdown")
    assert [event["transcript"] for event in of(said(answers), "completed")] == ["a", ""]
    assert answers[-1] == Closing(1000, "shutdown")
    held = speaking(detects=False)
    told(held, final(0, 1, "b"))
    assert kinds(said(held.closed("too_long"))) == ["committed", "added", "completed"]
    open_ = speaking()
    told(open_, partial(0, 1, "c"))
    assert kinds(said(open_.closed("too_long")))[-1] == "completed"
    assert told(open_, final(0, 1, "c")) == []


texts = st.text(st.sampled_from("ab "), max_size=12).map(lambda text: " ".join(text.split()))


@given(st.lists(st.tuples(st.lists(texts, max_size=4), texts.filter(bool)), max_size=8))
def test_deltas_are_a_beginning_of_the_text_or_all_of_it(utterances: list[tuple[list[str], str]]) -> None:
    one = speaking()
    for place, (partials, text) in enumerate(utterances):
        at = 10.0 * place
        grown = [" ".join(partials[: i + 1]).strip() for i in range(len(partials))]
        shown = [partial(at, at + 1 + i, seen) for i, seen in enumerate(grown)]
        events = told(one, *shown, final(at, at + 9, text))
        sent = "".join(event["delta"] for event in of(events, "delta"))
        last = grown[-1] if grown else ""
        assert sent == (text if text.startswith(last) else last)
        assert [event["transcript"] for event in of(events, "completed")] == [text]


@given(st.lists(st.sampled_from(["say", "lose", "commit", "flush"]), max_size=30))
def test_committed_items_hold_all_that_was_said_once(steps: list[str]) -> None:
    one = speaking(detects=False)
    events: list[dict[str, Any]] = []
    words: list[str] = []
    commits: list[int] = []
    for at, step in enumerate(steps):
        if step == "say":
            words.append(f"w{at}")
            one.receive(append(b"\0\0"))
            events += told(one, final(at, at + 0.5, words[-1]))
        elif step == "lose":
            events += told(one, lost(at, at + 0.5))
        elif step == "commit":
            answers = said(one.receive(commit()))
            events += answers
            commits += [at] if of(answers, "committed") else []
        elif commits:
            events += told(one, flushed(commits.pop(0)))
    events += said(one.closed("hangup"))
    completed = of(events, "completed")
    assert " ".join(event["transcript"] for event in completed).split() == words
    for event in completed:
        deltas = [d["delta"] for d in of(events, "delta") if d["item_id"] == event["item_id"]]
        assert "".join(deltas) == event["transcript"]
    ids = [event["item_id"] for event in of(events, "committed")]
    assert ids == [f"item_c{number}" for number in range(1, len(ids) + 1)]
    assert sorted(ids) == sorted(event["item_id"] for event in completed + of(events, "failed"))

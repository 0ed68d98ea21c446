"""Text of speech that goes on: what two readings agree on stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.types import Transcription, Word
from pipeline.core.endpointing import Span
from pipeline.core.events import Failure, Partial, Result, TranscribeJob
from pipeline.core.partials import PartialState
from pipeline.core.session import SessionSettings
from tests.pipeline.core.driving import driver


def heard(text: str, tokens: tuple[int, ...] = ()) -> Transcription:
    words = [Word(one, i * 100, (i + 1) * 100) for i, one in enumerate(text.split())]
    return Transcription(tuple(words), tokens=tokens)


def readings(*texts: str) -> list[tuple[str, str]]:
    """What is shown after each reading: committed and tail."""
    state = PartialState()
    shown = []
    for number, text in enumerate(texts, start=1):
        for partial in state.take(0, Span(0, number * 8_000), heard(text)):
            shown.append((partial.committed, partial.tail))
    return shown


def test_two_readings_that_agree_commit_what_they_share() -> None:
    assert readings("my card", "my card was", "my card was lost today") == [
        ("", "my card"),
        ("my card", "was"),
        ("my card was", "lost today"),
    ]


def test_a_reading_that_changes_its_mind_takes_nothing_back() -> None:
    assert readings("so it is", "so it is", "so I", "so I can help") == [
        ("", "so it is"),
        ("so it is", ""),
        ("so it is", ""),
        ("so it is", "help"),
    ]


def test_readings_without_words_show_nothing() -> None:
    assert readings("", "", "yes") == [("", "yes")]
    assert readings("yes", "yes", "") == [("", "yes"), ("yes", ""), ("yes", "")]


def test_a_reading_that_is_older_than_what_is_shown_changes_nothing() -> None:
    state = PartialState()
    state.take(0, Span(0, 16_000), heard("so it", (1, 2)))
    assert state.take(0, Span(0, 8_000), heard("so", (1,))) == []
    assert (state.words, state.tokens, state.read_until) == (("so", "it"), (1, 2), 16_000)


def test_another_utterance_begins_anew() -> None:
    state = PartialState()
    state.take(0, Span(0, 8_000), heard("so it", (1, 2)))
    state.take(0, Span(0, 16_000), heard("so it", (1, 2)))
    assert state.take(0, Span(20_000, 28_000), heard("so")) == [Partial(0, 20_000, 28_000, "", "so")]


def test_no_digit_is_shown() -> None:
    shown = readings("pin is 4 one", "pin is 41 five", "pin is 4152 okay")
    assert "okay" in shown[-1][1]
    assert not [char for both in shown for text in both for char in text if char.isdigit()]
    assert not [both for both in shown if "one" in " ".join(both) or "five" in " ".join(both)]


words = st.lists(st.sampled_from(["a", "b", "four", "7"]), max_size=6).map(" ".join)


@given(st.lists(words, max_size=8))
def test_what_is_committed_only_grows_and_begins_the_text(texts: list[str]) -> None:
    before = ""
    for committed, _ in readings(*texts):
        assert committed.startswith(before)
        before = committed


def test_the_next_job_has_the_tokens_of_the_reading_before() -> None:
    driven = driver(SessionSettings(1, partial_ms=320))
    driven.answer = lambda job: heard("so it is", (3, 1, 4))
    driven.hear(0, [0.9] * 12)
    (first,) = driven.jobs
    assert isinstance(first, TranscribeJob)
    assert (first.kind, first.draft, first.id[0]) == ("partial", (), "p")
    driven.reply(first)
    driven.hear(0, [0.9] * 12)
    (second,) = driven.jobs
    assert isinstance(second, TranscribeJob)
    assert (second.start_samples, second.draft) == (first.start_samples, (3, 1, 4))
    assert driven.partials[-1].text == "so it is"


def test_nothing_is_asked_in_silence() -> None:
    driven = driver(SessionSettings(1, partial_ms=32))
    driven.hear(0, [0.9] * 12)
    count = len(driven.jobs)
    driven.hear(0, [0.0] * 4)
    for _ in range(10):
        driven.hear(0, [0.0])
    assert len(driven.jobs) == count


def test_a_partial_that_failed_shows_nothing_and_the_next_one_does() -> None:
    driven = driver(SessionSettings(1, partial_ms=320))
    driven.hear(0, [0.9] * 12)
    driven.take(driven.session.push(Result(driven.jobs.pop().id, Failure("boom")), 0.0))
    assert driven.partials == []
    driven.hear(0, [0.9] * 12)
    driven.reply_all()
    assert len(driven.partials) == 1

"""A client may ask that what was said be final before silence has ended it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.clock import WINDOW_SAMPLES
from pipeline.core.events import Flush, TranscribeJob
from pipeline.core.session import SessionSettings
from tests.pipeline.core.driving import STEREO, Driver, driver, finals

EARLY = SessionSettings(1, early=True)
TAIL, QUIET = 4, 8
"""Windows of the default settings: the silence that an utterance keeps, that makes its end likely."""


def flush(driven: Driver, channel: int = 0) -> None:
    driven.take(driven.session.push(Flush(channel), 0.0))


def spans(driven: Driver) -> list[tuple[int, int]]:
    return [
        (final.start_samples // WINDOW_SAMPLES, final.end_samples // WINDOW_SAMPLES)
        for final in finals(driven)
    ]


def test_what_is_being_said_is_final_and_the_rest_is_another_utterance() -> None:
    driven = driver(STEREO)
    driven.hear(0, [0.9] * 20)
    flush(driven)
    driven.hear(0, [0.9] * 20)
    driven.end()
    driven.reply_all()
    assert spans(driven) == [(0, 20), (20, 40)]


def test_in_silence_and_on_other_channels_it_changes_nothing() -> None:
    driven = driver(STEREO)
    flush(driven)
    driven.hear(0, [0.0] * 20)
    driven.hear(1, [0.9] * 20)
    flush(driven)
    assert driven.jobs == []
    assert driven.events == []


def test_it_takes_the_early_reading_of_the_same_words() -> None:
    driven = driver(EARLY)
    driven.hear(0, [0.9] * 20 + [0.0] * QUIET)
    (early,) = driven.jobs
    driven.reply(early)
    flush(driven)
    assert driven.jobs == []
    assert spans(driven) == [(0, 20 + TAIL)]


def test_a_reading_of_other_words_is_given_up() -> None:
    driven = driver(EARLY)
    driven.hear(0, [0.9] * 20 + [0.0] * QUIET)
    (early,) = driven.jobs
    driven.hear(0, [0.9] * 3)
    flush(driven)
    assert driven.cancelled == [early.id]
    (final,) = driven.jobs
    assert isinstance(final, TranscribeJob)
    assert final.kind == "final"


def test_the_session_says_what_is_still_to_come() -> None:
    driven = driver(STEREO)
    driven.hear(0, [0.9] * 20)
    assert not driven.session.waits_before(20 * WINDOW_SAMPLES)
    flush(driven)
    assert driven.session.waits_before(20 * WINDOW_SAMPLES)
    assert not driven.session.waits_before(0)
    driven.reply_all()
    assert not driven.session.waits_before(20 * WINDOW_SAMPLES)


@given(st.lists(st.tuples(st.lists(st.sampled_from([0.0, 0.9]), max_size=40), st.booleans()), max_size=12))
def test_however_often_it_comes_utterances_keep_their_order_and_do_not_overlap(
    pieces: list[tuple[list[float], bool]],
) -> None:
    driven = driver(EARLY)
    heard = 0
    for scores, flushed in pieces:
        driven.hear(0, scores)
        heard += len(scores)
        if flushed:
            flush(driven)
    driven.end()
    driven.reply_all()
    assert driven.session.closed
    found = spans(driven)
    assert all(0 <= start < end <= heard for start, end in found)
    assert all(first[1] <= second[0] for first, second in pairwise(found))

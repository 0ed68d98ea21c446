"""Where utterances begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.clock import WINDOW_SAMPLES, seconds, windows_of_ms
from pipeline.core.endpointing import Endpointer, EndpointSettings, Span

SETTINGS = EndpointSettings(hang_ms=320, pad_ms=64, tail_ms=64, max_utterance_ms=3_200, split_search_ms=1_600)


def spans(scores: list[float], sizes: int = 1, settings: EndpointSettings = SETTINGS) -> list[Span]:
    endpointer = Endpointer(settings)
    found = []
    for at in range(0, len(scores), sizes):
        found += endpointer.push(scores[at : at + sizes])
    return found + endpointer.end(len(scores) * WINDOW_SAMPLES)


def windows(found: list[Span]) -> list[tuple[int, int]]:
    return [(span.start_samples // WINDOW_SAMPLES, span.end_samples // WINDOW_SAMPLES) for span in found]


def test_silence_has_no_utterance() -> None:
    assert spans([0.1] * 500) == []


def test_an_utterance_keeps_quiet_around_it() -> None:
    assert windows(spans([0.0] * 20 + [0.9] * 10 + [0.0] * 40)) == [(18, 32)]


def test_a_click_is_no_utterance() -> None:
    assert spans([0.0] * 20 + [0.9] * 2 + [0.0] * 40) == []


def test_a_pause_shorter_than_the_hang_does_not_end_an_utterance() -> None:
    assert windows(spans([0.9] * 10 + [0.0] * 9 + [0.9] * 10 + [0.0] * 20)) == [(0, 31)]


def test_weak_speech_goes_on_but_does_not_begin() -> None:
    assert spans([0.4] * 100) == []
    assert windows(spans([0.6] * 3 + [0.4] * 20 + [0.0] * 20)) == [(0, 25)]


def test_hang_up_in_a_word_keeps_the_word() -> None:
    endpointer = Endpointer(SETTINGS)
    assert endpointer.push([0.0] * 10 + [0.9] * 8) == []
    total = 18 * WINDOW_SAMPLES - 100
    assert endpointer.end(total) == [Span(8 * WINDOW_SAMPLES, total)]
    assert endpointer.end(total) == []


def test_padding_never_reaches_into_the_utterance_before() -> None:
    settings = EndpointSettings(hang_ms=96, pad_ms=320, tail_ms=320)
    found = spans([0.9] * 10 + [0.0] * 4 + [0.9] * 10 + [0.0] * 20, settings=settings)
    assert windows(found) == [(0, 13), (13, 27)]


def test_long_speech_is_split_where_it_is_weakest() -> None:
    scores = [0.9] * 180
    scores[79:82] = [0.6, 0.5, 0.6]
    scores[90] = 0.45
    found = windows(spans(scores + [0.0] * 30))
    assert found[0] == (0, 80)
    assert found[1][0] == 80
    assert found[-1][1] == 182


def test_speech_that_fades_before_a_split_leaves_nothing_open() -> None:
    settings = EndpointSettings(hang_ms=640, pad_ms=0, tail_ms=0, max_utterance_ms=960, split_search_ms=640)
    found = windows(spans([0.9] * 14 + [0.0] * 60, settings=settings))
    assert found == [(0, 28)]


def test_needed_from_covers_what_a_span_can_reach() -> None:
    endpointer = Endpointer(SETTINGS)
    endpointer.push([0.0] * 30)
    assert endpointer.needed_from == 28 * WINDOW_SAMPLES
    assert endpointer.open_from is None
    endpointer.push([0.9] * 5)
    assert endpointer.needed_from == endpointer.open_from == 28 * WINDOW_SAMPLES


@given(
    scores=st.lists(st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.95]), max_size=400),
    size=st.sampled_from([2, 7, 50, 400]),
)
def test_spans_do_not_depend_on_the_cut(scores: list[float], size: int) -> None:
    found = spans(scores)
    assert found == spans(scores, size)
    limit = (windows_of_ms(SETTINGS.max_utterance_ms) + 2 * windows_of_ms(SETTINGS.pad_ms)) * WINDOW_SAMPLES
    last = 0
    for span in found:
        assert last <= span.start_samples < span.end_samples <= len(scores) * WINDOW_SAMPLES
        assert span.end_samples - span.start_samples <= limit
        last = span.end_samples


@given(scores=st.lists(st.sampled_from([0.0, 0.4, 0.95]), max_size=300))
def test_no_loud_speech_is_left_out(scores: list[float]) -> None:
    covered = windows(spans(scores))
    runs = "".join("x" if score > 0.9 else " " for score in scores)
    at = 0
    for run in runs.split(" "):
        if len(run) >= windows_of_ms(SETTINGS.min_speech_ms):
            assert any(start <= at and at + len(run) <= end for start, end in _merged(covered))
        at += len(run) + 1


def _merged(spans_: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans_:
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def test_seconds_are_exact_at_whole_windows() -> None:
    assert seconds(16_000 * 7_200) == pytest.approx(7_200.0, abs=0)

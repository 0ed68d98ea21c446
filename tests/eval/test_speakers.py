"""Each figure here was worked out by hand."""

from __future__ import annotations

import pytest

from eval.counts import SpeakerTimeCounts
from eval.speakers import SpeakerScores, score_speakers
from pipeline.formats.segments import Segment


def turn(speaker: str, start_s: float, end_s: float, text: str | None = None) -> Segment:
    return Segment(speaker, start_s, end_s, text)


def parts(scores: SpeakerScores, name: str) -> list[float]:
    counts = scores.der[name]
    return [
        round(value, 6)
        for value in (counts.missed_s, counts.false_alarm_s, counts.confusion_s, counts.total_s)
    ]


def test_missed_false_and_confused() -> None:
    # A 0-10, B 10-20. Heard: X 1-12 (1 s missed, 2 s of B confused), Y 12-20, X 20-23 (3 s false).
    scores = score_speakers(
        [turn("A", 0, 10), turn("B", 10, 20)], [turn("X", 1, 12), turn("Y", 12, 20), turn("X", 20, 23)], 30.0
    )
    assert parts(scores, "der") == [1.0, 3.0, 2.0, 20.0]
    assert scores.der["der"].rate == pytest.approx(6 / 20)
    # Not scored: 0-0.25, 9.75-10.25, 19.75-20.25. Left: 0.75 missed, 2.75 false, 1.75 confused of 19.
    assert parts(scores, "der_collar_0.25") == [0.75, 2.75, 1.75, 19.0]
    assert (scores.reference_speakers, scores.hypothesis_speakers) == (2, 2)


def test_speech_at_the_same_time_is_scored() -> None:
    # 4 s of both, one label heard: each speaker's time counts, 4 s are missed.
    scores = score_speakers([turn("A", 0, 10), turn("B", 6, 10)], [turn("X", 0, 10)], 10.0)
    assert parts(scores, "der") == [4.0, 0.0, 0.0, 14.0]


def test_stretches_of_one_speaker_count_once() -> None:
    scores = score_speakers([turn("A", 0, 6), turn("A", 4, 10)], [turn("X", 0, 10), turn("X", 2, 3)], 10.0)
    assert parts(scores, "der") == [0.0, 0.0, 0.0, 10.0]


def test_speech_beyond_the_reference_is_false() -> None:
    scores = score_speakers([turn("A", 5, 6)], [turn("X", 0, 2), turn("X", 5, 6), turn("X", 9, 12)], 8.0)
    assert parts(scores, "der") == [0.0, 5.0, 0.0, 1.0]


def test_tags_are_no_speech_and_fillers_are() -> None:
    scores = score_speakers(
        [turn("A", 0, 1, "[noise]"), turn("A", 2, 3, "um"), Segment("A", None, None, "x")], [], 9.0
    )
    assert parts(scores, "der") == [1.0, 0.0, 0.0, 1.0]


def test_nothing_said() -> None:
    scores = score_speakers([], [], 5.0)
    assert scores.der["der"] == SpeakerTimeCounts()
    assert scores.der["der"].rate is None
    assert score_speakers([], [turn("X", 0, 1)], 5.0).der["der_collar_0.25"].false_alarm_s == 1.0


def test_counts_add_over_calls() -> None:
    one = score_speakers([turn("A", 0, 1)], [], 1.0).der["der"]
    two = score_speakers([turn("A", 0, 9)], [turn("X", 0, 9)], 9.0).der["der"]
    assert (one + two).rate == pytest.approx(0.1)

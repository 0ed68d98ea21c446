"""Voices keep their labels while a recording goes on."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.diarization.labels import keep_labels
from models.diarization.moonshine import MoonshineDiarizer
from models.types import RATE_HZ, Turn
from tests.models.test_diarization_parts import TwoTones, conversation, diarize, tone


def turns(*parts: tuple[int, int, str]) -> list[Turn]:
    return [Turn(start, end, speaker) for start, end, speaker in parts]


def test_a_voice_that_was_known_keeps_its_label_whatever_its_new_name() -> None:
    before = turns((0, 10, "S1"), (10, 20, "S2"))
    now = turns((0, 10, "S2"), (10, 20, "S1"), (20, 30, "S2"))
    assert keep_labels(now, before) == turns((0, 10, "S1"), (10, 20, "S2"), (20, 30, "S1"))


def test_a_new_voice_gets_a_free_label_also_where_it_was_heard_first() -> None:
    before = turns((5, 10, "S1"))
    now = turns((0, 5, "S1"), (5, 10, "S2"), (10, 12, "S3"))
    assert keep_labels(now, before) == turns((0, 5, "S2"), (5, 10, "S1"), (10, 12, "S3"))


def test_of_two_voices_that_become_one_the_longer_gives_its_label_and_the_other_comes_back() -> None:
    before = turns((0, 5, "S1"), (5, 20, "S2"))
    joined = keep_labels(turns((0, 22, "S1")), before)
    assert joined == turns((0, 22, "S2"))
    assert keep_labels(turns((0, 5, "S1"), (5, 24, "S2")), joined) == turns((0, 5, "S1"), (5, 24, "S2"))


def test_without_turns_or_without_labels_before() -> None:
    assert keep_labels([], turns((0, 1, "S1"))) == []
    assert keep_labels(turns((0, 1, "S1"), (1, 2, "S2")), []) == turns((0, 1, "S1"), (1, 2, "S2"))


stretches = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9), st.sampled_from(["S1", "S2", "S3"])))


def placed(parts: list[tuple[int, int, str]]) -> list[Turn]:
    found, at = [], 0
    for pause, length, speaker in parts:
        found.append(Turn(at + pause, at + pause + length, speaker))
        at += pause + length
    return found


@given(stretches, stretches)
def test_labels_are_renamed_one_to_one_and_a_second_time_not_at_all(
    now: list[tuple[int, int, str]], before: list[tuple[int, int, str]]
) -> None:
    given_, kept = placed(now), keep_labels(placed(now), placed(before))
    assert [(t.start_samples, t.end_samples) for t in kept] == [
        (t.start_samples, t.end_samples) for t in given_
    ]
    pairs = {(old.speaker, new.speaker) for old, new in zip(given_, kept, strict=True)}
    assert len(pairs) == len({old for old, _ in pairs}) == len({new for _, new in pairs})
    assert keep_labels(given_, kept) == kept


def test_a_stream_labels_what_it_heard_so_far_and_ends_as_if_it_was_not_asked() -> None:
    samples = np.concatenate([conversation(), tone(400, 6), tone(2000, 7)])
    stream = MoonshineDiarizer(TwoTones()).open()  # type: ignore[arg-type]
    assert stream.so_far() == []
    for start in range(0, len(samples), RATE_HZ):
        stream.push(samples[start : start + RATE_HZ])
        shown = stream.so_far()
        assert shown[0].speaker == "S1"
        assert shown[-1].end_samples <= start + RATE_HZ
        assert {turn.speaker for turn in shown} <= {"S1", "S2"}
        assert stream.so_far() == shown
    assert stream.end() == diarize(samples, len(samples))

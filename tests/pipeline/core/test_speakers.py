"""Who speaks which words."""

from __future__ import annotations

import pytest

from models.types import Turn, Word
from pipeline.core.events import SpeakerPart
from pipeline.core.speakers import parts_of, speaker_at

TURNS = (Turn(100, 200, "S1"), Turn(300, 400, "S2"), Turn(400, 500, "S1"))


@pytest.mark.parametrize(
    ("at", "speaker"),
    [(0, "S1"), (150, "S1"), (240, "S1"), (260, "S2"), (350, "S2"), (400, "S1"), (900, "S1")],
)
def test_the_nearest_turn_holds_the_floor(at: int, speaker: str) -> None:
    assert speaker_at(TURNS, at) == speaker


def test_without_turns_there_is_one_speaker() -> None:
    assert speaker_at((), 50) == "S1"


def words(text: str, estimated: bool) -> list[Word]:
    return [Word(part, i * 100, (i + 1) * 100, None, estimated) for i, part in enumerate(text.split())]


def test_heard_times_cut_where_the_floor_changes() -> None:
    turns = (Turn(0, 300, "S1"), Turn(300, 600, "S2"))
    assert parts_of(words("yes it is. Thank you bye", False), turns) == (
        SpeakerPart(0, 3, "S1"),
        SpeakerPart(3, 6, "S2"),
    )


def test_estimated_times_cut_at_the_nearest_clause() -> None:
    turns = (Turn(0, 400, "S1"), Turn(400, 600, "S2"))
    assert parts_of(words("yes it is. Thank you bye", True), turns) == (
        SpeakerPart(0, 3, "S1"),
        SpeakerPart(3, 6, "S2"),
    )
    assert parts_of(words("yes it is thank you bye", True), turns) == (
        SpeakerPart(0, 4, "S1"),
        SpeakerPart(4, 6, "S2"),
    )


def test_cuts_that_meet_at_one_clause_leave_no_empty_part() -> None:
    turns = (Turn(0, 200, "S1"), Turn(200, 300, "S2"), Turn(300, 600, "S1"))
    assert parts_of(words("well yes, no go on now", True), turns) == (SpeakerPart(0, 6, "S1"),)


def test_no_words_have_no_parts() -> None:
    assert parts_of([], TURNS) == ()

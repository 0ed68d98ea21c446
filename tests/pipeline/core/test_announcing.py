"""Secrets that are named after they were said: which of the words before are what was named."""

from __future__ import annotations

from models.types import Word
from pipeline.core.announcing import TAIL_SAMPLES, Topic, rename_tail
from pipeline.core.naming import Piece

END = 10 * TAIL_SAMPLES


def piece(texts: str, ends_at: int, linked: bool = False) -> Piece:
    words = tuple(Word(text, ends_at - 10, ends_at) for text in texts.split())
    return Piece(
        utterance_id="u",
        channel=0,
        token="[NUMBER_1]",
        words=words,
        start_samples=ends_at - 10,
        end_samples=ends_at,
        turn=0,
        cue="",
        strong=False,
        cue_at=0,
        direct=False,
        linked=linked,
        corrects=False,
        before="",
        answer=False,
        harmless=("",) * len(words),
        said_samples=ends_at - 10,
        asked=False,
    )


def named(*chain: Piece) -> list[str]:
    pieces = list(chain)
    rename_tail(pieces, Topic("card_code", True, 1, END, 0, 0))
    return [one.cue for one in pieces]


def test_what_was_said_in_one_go_is_the_value() -> None:
    assert named(piece("four", END), piece("one two", END + 20, linked=True)) == ["card_code", "card_code"]


def test_a_start_that_was_broken_off_belongs_to_it() -> None:
    assert named(piece("four", END - TAIL_SAMPLES + 20), piece("four one two", END)) == [
        "card_code",
        "card_code",
    ]


def test_what_was_said_long_before_does_not() -> None:
    assert named(piece("four", END - 2 * TAIL_SAMPLES), piece("four one two", END)) == ["", "card_code"]


def test_words_without_a_digit_or_letter_do_not() -> None:
    assert named(piece("maple", END - 20), piece("four one two", END)) == ["", "card_code"]

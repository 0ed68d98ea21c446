"""Which words of real talk are truly of a kind that a mask must hide."""

from __future__ import annotations

import pytest

from eval.secrets.kinds import count_digits, true_words
from eval.secrets.playing import Spoken


def true(*turns: str) -> str:
    """The words of a true kind in turns of two speakers, who take turns."""
    spoken = [Spoken(number % 2, tuple(text.split())) for number, text in enumerate(turns)]
    found = true_words(spoken)
    return " ".join(
        word
        for number, turn in enumerate(spoken)
        for place, word in enumerate(turn.words)
        if (number, place) in found
    )


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (["call me on 303 555 0134 please"], "303 555 0134"),
        (["it is three oh three, five five, um, oh one."], "three oh three, five five, um, oh one."),
        (["yes?", "three oh three", "yes", "five five", "okay", "oh one"], "three oh three five five oh one"),
        (["that is jo@riverbank.org"], "jo@riverbank.org"),
        (["it's jo at riverbank dot org"], "it's jo at riverbank dot org"),
        (["your confirmation number?", "n76f34"], "n76f34"),
        (["and the zip?", "six three four five three"], "six three four five three"),
        (["it's 20 Hill Road, unit 4, Reno, Nevada 89501 now"], "20 Hill Road, unit 4, Reno, Nevada 89501"),
        (["born on the fifth of May, um, nineteen seventy"], "the fifth of May, um, nineteen seventy"),
        (["your date of birth?", "may", "okay", "nineteen ninety two"], "may"),
        (["It's SW one two QT"], "SW one two QT"),
    ],
)  # fmt: skip
def test_what_a_mask_must_hide(turns: list[str], expected: str) -> None:
    assert true(*turns) == expected


@pytest.mark.parametrize(
    "turns",
    [
        ["a table for three at half past seven"],
        ["it was 42 dollars and 50 cents"],
        ["what's your name", "Albert Morgan"],
        ["rated 3.9 with 20 rooms"],
        ["one two three", "and", "then we go", "well", "four five six seven"],
        ["on a scale of one to ten", "five"],
        ["the new card is free"],
    ],
)
def test_what_is_hidden_in_vain(turns: list[str]) -> None:
    assert true(*turns) == ""


def test_digits_are_counted_as_they_are_said() -> None:
    assert [
        count_digits(said) for said in ("double four one", "forty one", "(303) 555-0134", "two thousand")
    ] == [3, 2, 10, 3]

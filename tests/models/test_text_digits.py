"""What reads as a digit, what announces a secret, and what is clearly none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.cues import is_cue, is_governed, said_values
from models.text.digits import count_digits, has_number, look
from models.text.harmless import find_harmless


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("4111.", "digit"),
        ("x4111", "digit"),
        ("Four,", "digit"),
        ("forty-one", "digit"),
        ("fouroneone", "digit"),
        ("four's", "digit"),
        ("sixes", "digit"),
        ("\u00b2", "digit"),
        ("one", "one"),
        ("for", "homophone"),
        ("double", "homophone"),
        ("um,", "filler"),
        ("...", "filler"),
        ("[NUMBER_3].", "mask"),
        ("[CARD_1]", "mask"),
        ("[NUMBER_1]4", "digit"),
        ("b", "letter"),
        ("often", "other"),
        ("one-time", "other"),
        ("four-b", "other"),
        ("", "filler"),
    ],
)
def test_looks(text: str, kind: str) -> None:
    assert look(text).kind == kind


@pytest.mark.parametrize(
    ("text", "code"), [("a1b2", True), ("fgh425", True), ("5d", False), ("21st", False), ("$1,234.56", False)]
)
def test_identifiers_mix_letters_and_digits(text: str, code: bool) -> None:
    assert look(text).code is code


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("4111", 4),
        ("four one one one", 4),
        ("forty one eleven", 4),
        ("three hundred and five", 3),
        ("three hundred twenty five", 3),
        ("eight hundred five five", 4),
        ("two thousand", 4),
        ("twenty five", 2),
        ("for two", 1),
        ("for one one", 3),
        ("oh two won", 3),
        ("fourone", 2),
        ("hello", 0),
    ],
)
def test_digits_are_counted(text: str, count: int) -> None:
    assert count_digits([look(word) for word in text.split()]) == count


def test_parts_with_numbers() -> None:
    assert [has_number(look(text)) for text in ("one-time", "x4", "for", "savings")] == [
        True,
        True,
        False,
        False,
    ]


def test_cues() -> None:
    assert [is_cue(look(text)) for text in ("Card,", "card's", "pin", "discard")] == [True, True, True, False]


@pytest.mark.parametrize(
    ("text", "governed"),
    [
        ("the code is # now", True),
        ("my card ending in # now", True),
        ("the code's # now", True),
        ("my card was charged # now", False),
        ("my card # now", False),
        ("my account is # now", False),
        ("it is # now", False),
        ("code and the of my so like a # now", False),
    ],
)
def test_a_cue_governs_what_it_is_linked_to(text: str, governed: bool) -> None:
    texts = text.split()
    looks = [look(word) for word in texts]
    assert is_governed(texts, looks, texts.index("#"), expires=False) is governed


def test_a_cue_of_expiry_governs_a_date() -> None:
    texts = ["expires", "in", "March"]
    looks = [look(word) for word in texts]
    assert is_governed(texts, looks, 2, expires=True)
    assert not is_governed(texts, looks, 2, expires=False)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("the password is bluebird", {3}),
        ("the password is bluebird b c", {3, 4, 5}),
        ("the password is wrong", set()),
        ("the code is bluebird", set()),
        ("the code is x y", {3, 4}),
        ("the code", set()),
    ],
)
def test_values_that_are_words(text: str, values: set[int]) -> None:
    texts = text.split()
    assert said_values(texts, [look(word) for word in texts]) == values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$35 and 5%", ["money 0-1", "percent 2-3"]),
        ("four one one one dollars", []),
        ("March 5th at 4:30 pm or 4:30", ["calendar 0-2", "time 3-5", "bare time 6-7"]),
        ("03/05/2026", []),
        ("3 to 5 business days", ["duration 0-5"]),
        ("seven day or seven days", ["duration 3-5"]),
        ("two charges", ["count 0-1"]),
        ("three to five new cards", ["count 0-1", "count 2-3"]),
        ("two card one card", ["count 2-3"]),
        ("three of us", ["count 0-1"]),
        ("nine yes five sixes two thanks", []),
        ("400 points 400 apples", ["count 0-1"]),
        ("the 5th", ["ordinal 1-2"]),
        ("my 401k 24/7", ["name 1-2", "name 2-3"]),
        ("[NUMBER_1] dollars", []),
        ("4111 cards", []),
    ],
)
def test_harmless_numbers(text: str, expected: list[str]) -> None:
    spans = find_harmless(text.split())
    assert [f"{span.kind} {span.first}-{span.after}" for span in spans] == expected


@given(
    st.lists(st.text(max_size=8) | st.sampled_from(["$5", "two", "days", "5th", "March", "\u00df", "401k"]))
)
def test_harmless_numbers_lie_within_the_words(texts: list[str]) -> None:
    at = 0
    for span in find_harmless(texts):
        assert at <= span.first < span.after <= len(texts)
        at = span.after
    count_digits([look(text) for text in texts])

"""What can be read of a secret in misheard text."""

from __future__ import annotations

import pytest

from eval.secrets.items import Entity, Item, ItemTurn, ItemWord
from eval.secrets.visible import count_numbers, digit_runs, said, visible_signs


def item(entity: Entity, value: str, text: str) -> Item:
    """Words with a star are a part of the secret."""
    words = tuple(ItemWord(word.strip("*"), word.endswith("*")) for word in text.split())
    return Item("made", entity, "made", "made", "made", value, (ItemTurn("customer", words),))


CARD = item("card", "4111222", "it is four* one* one* um one* two* twenty* two* thanks")
EMAIL = item("email", "jo.kessler@gmail.com", "j* o* dot kessler* k* e* s* s* at gmail* dot com")


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("call forty one eleven at 5", "4111|5"),
        ("four, one. One um one", "4111"),
        ("twenty oh five", "2005"),
        ("twenty and eight", "208"),
        ("4111 11", "411111"),
        ("four [NUMBER_1] one", "4|1"),
        ("the cat sat", ""),
        ("", ""),
    ],
)
def test_digits_stand_in_runs(text: str, runs: str) -> None:
    assert digit_runs(text.split()) == runs


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("it is [CARD_1] thanks", []),
        ("it is [CARD_1] four", []),
        ("it is [NUMBER_1] for one one", ["digits"]),
        ("it is 4 [NUMBER_1] twenty two", ["digits"]),
        ("it is [NUMBER_1] forty one", ["digits"]),
        ("my ninety nine", []),
        ("the forty one digit card number", []),
    ],
)
def test_two_digits_of_the_secret_in_a_row_can_be_read(text: str, signs: list[str]) -> None:
    assert list(visible_signs(CARD, [text])) == signs


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("it is [EMAIL_1]", []),
        ("K. E. S. at [EMAIL_1]", ["letters"]),
        ("K. E. at dot com", []),
        ("so kesler at", ["name"]),
        ("Kessler, at Gmail dot com", ["name"]),
        ("customer", []),
    ],
)
def test_letters_in_a_row_and_names_by_ear_can_be_read(text: str, signs: list[str]) -> None:
    assert list(visible_signs(EMAIL, [text])) == signs


def test_number_words_are_counted() -> None:
    assert said(CARD).numbers == 7
    assert count_numbers(["four one [NUMBER_1]", "sixteen digit card number 42"]) == 3

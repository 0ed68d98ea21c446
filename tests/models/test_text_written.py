"""Spoken values in written form."""

from __future__ import annotations

import pytest

from models.text.written import written


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("march third nineteen eighty two", "3 March 1982"),
        ("the third of march nineteen eighty two", "3 March 1982"),
        ("March 3, 1982", "3 March 1982"),
        # Day and month, or the year, may be meant otherwise.
        ("03/04/1982", "03/04/1982"),
        ("three four eighty two", "three four eighty two"),
        ("may fifth", "may fifth"),
        ("may fifth eighty two no sorry april fifth", "may fifth eighty two no sorry april fifth"),
    ],
)
def test_a_date_is_written_where_it_is_clear(said: str, expected: str) -> None:
    assert written("birth_date", said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "four twenty one Maple Street Springfield Illinois six two seven oh four",
            "421 Maple Street Springfield Illinois 62704",
        ),
        ("double four one Elm Street, apartment two, Dayton", "441 Elm Street, apartment 2, Dayton"),
        ("12 Oak Road", "12 Oak Road"),
        ("twelve hundred Main Street", "1200 Main Street"),
        ("Main Street at forty second Street", "Main Street at forty second Street"),
        ("One Oak Place", "One Oak Place"),
        ("", ""),
    ],
)
def test_an_address_has_its_numbers_in_numerals(said: str, expected: str) -> None:
    assert written("address", said) == expected


def test_other_values_stay() -> None:
    assert written("account", "four five") == "four five"

"""Amounts with an explicit currency."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.money import Money, find_money
from tests.models.text_speller import spell


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$35", ["USD 35"]),
        ("$ 1,234.56.", ["USD 1234.56"]),
        ("35 dollars", ["USD 35"]),
        ("thirty-five dollars and ten cents", ["USD 35.10"]),
        ("thirty five dollars ten cents", ["USD 35.10"]),
        ("$12 and 16 cents", ["USD 12.16"]),
        ("fifty bucks", ["USD 50"]),
        ("ten pounds", ["GBP 10"]),
        ("two pounds fifty pence", ["GBP 2.50"]),
        ("\u20ac20", ["EUR 20"]),
        ("20\u20ac 30 EUR", ["EUR 20", "EUR 30"]),
        ("179$", ["USD 179"]),
        ("US$ 5 and CA$6", ["USD 5", "CAD 6"]),
        ("USD 20", ["USD 20"]),
        ("usd twenty", []),
        ("$1.5 million", ["USD 1500000"]),
        ("$35k", ["USD 35000"]),
        ("a dollar", ["USD 1"]),
        ("ten cents", ["USD 0.10"]),
        ("5 pence", ["GBP 0.05"]),
        ("twelve thousand four hundred dollars and sixteen cents", ["USD 12400.16"]),
        ("nineteen ninety nine dollars", ["USD 1999"]),
        ("12 $ 35", ["USD 35"]),
        ("5 dollars and 200 cents", ["USD 5", "USD 2"]),
        ("in 2026 35 dollars", ["USD 35"]),
        ("$ and $x, 35, a pen", []),
        ("US $5", ["USD 5"]),
        ("$", []),
    ],
)
def test_amounts(text: str, expected: list[str]) -> None:
    wanted = [Money(said[:3], Decimal(said[4:])) for said in expected]
    assert [found.value for found in find_money(text)] == wanted


def test_spans_say_where() -> None:
    text = "It cost thirty-five dollars and ten cents, not $40."
    said = [text[found.start : found.end] for found in find_money(text)]
    assert said == ["thirty-five dollars and ten cents", "$40"]


@given(st.integers(1, 99_999), st.integers(1, 99))
def test_written_and_spoken_amounts_are_equal(whole: int, cents: int) -> None:
    written = find_money(f"${whole:,}.{cents:02}")
    spoken = find_money(f"{spell(whole)} dollars and {spell(cents)} cents")
    assert [found.value for found in written] == [found.value for found in spoken]
    assert written[0].value == Money("USD", Decimal(whole) + Decimal(cents) / 100)


WORDS = [
    "$",
    "\u20ac",
    "US",
    "usd",
    "5",
    "1,000.5",
    "ten",
    "a",
    "dollar",
    "dollars",
    "and",
    "cents",
    "k",
    "pence",
]


@given(
    st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join) | st.lists(st.sampled_from(WORDS)).map("".join)
)
def test_any_text_is_read_in_order(text: str) -> None:
    at = 0
    for found in find_money(text):
        assert at <= found.start < found.end <= len(text)
        at = found.end

"""Numbers: tables of what people say and engines write, and round trips through a speller."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from text_to_num import alpha2digit

from models.text.numbers import Number, find_numbers
from models.text.tokens import listed
from tests.models.text_speller import TENS, UNITS, spell


def values(text: str) -> list[str]:
    return [found.value.digits for found in find_numbers(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("three hundred and five", ["305"]),
        ("three hundred five", ["305"]),
        ("twelve hundred", ["1200"]),
        ("1,250.00", ["1250"]),
        ("two point five", ["2.5"]),
        ("2 point oh 5", ["2.05"]),
        ("1.5 million and 5 hundred", ["1500000", "500"]),
        ("one million two hundred thousand and six", ["1200006"]),
        ("twelve thousand four hundred", ["12400"]),
        ("a hundred and six or a thousand", ["106", "1000"]),
        ("thousand thousand", ["1000", "1000"]),
        ("two thousand twenty six", ["2026"]),
        ("four one one one", ["4111"]),
        ("zero seven eight seven", ["0787"]),
        ("oh four one", ["041"]),
        ("zero zero", ["00"]),
        ("0", ["0"]),
        ("0787", ["0787"]),
        ("double four one", ["441"]),
        ("triple five", ["555"]),
        ("double 4 double trouble", ["44"]),
        ("forty-one eleven", ["4111"]),
        ("41 11", ["4111"]),
        ("4-1-1-1", ["4111"]),
        ("four, one, one, one", ["4111"]),
        ("3-5", ["3", "5"]),
        ("seven eight three eleven", ["78311"]),
        ("nineteen oh five", ["1905"]),
        ("twenty twenty six", ["2026"]),
        ("one eight hundred five five", ["180055"]),
        ("one eight hundred five five five one two one two", ["18005551212"]),
        ("in 2026 35 dollars", ["2026", "35"]),
        ("nineteen ninety nine dollars", ["1999"]),
        ("four 2 million", ["4", "2000000"]),
        ("two point", ["2"]),
        ("2.5 point 5", ["2.5", "5"]),
        ("oh well, oh two", ["2"]),
        ("\u0664\u0661", ["41"]),
        ("nothing, anyone, often", []),
        ("", []),
    ],
)
def test_cardinals_and_rows(text: str, expected: list[str]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("5 percent", "percent", "5"),
        ("35%", "percent", "35"),
        ("two point five per cent", "percent", "2.5"),
        ("21st", "ordinal", "21"),
        ("the twenty-first", "ordinal", "21"),
        ("hundredth", "ordinal", "100"),
        ("the second time", "ordinal", "2"),
        ("five", "cardinal", "5"),
        ("5 per day", "cardinal", "5"),
    ],
)
def test_kinds(text: str, kind: str, value: str) -> None:
    assert [(found.value.kind, found.value.value) for found in find_numbers(text)] == [(kind, Decimal(value))]


def test_a_second_may_be_time() -> None:
    assert values("wait a second") == []
    assert values("one second") == ["1"]


def test_the_same_number_is_equal_however_it_was_said() -> None:
    said = [find_numbers(text)[0].value for text in ("4111", "4,111", "four one one one", "4111.00")]
    assert set(said) == {Number("cardinal", Decimal(4111))}
    assert find_numbers("0787")[0].value != find_numbers("787")[0].value


def test_spans_say_where() -> None:
    text = "I paid thirty-five on the 5th, or 2%."
    assert [text[found.start : found.end] for found in find_numbers(text)] == ["thirty-five", "5th", "2%"]


@given(st.integers(0, 999_999_999), st.booleans(), st.booleans())
def test_spelled_numbers_are_read(number: int, conjunction: bool, hyphens: bool) -> None:
    text = spell(number, conjunction, hyphens)
    assert [(f.value, f.start, f.end) for f in find_numbers(text)] == [
        (Number("cardinal", Decimal(number)), 0, len(text))
    ]
    assert find_numbers(str(number))[0].value == find_numbers(f"{number:,}")[0].value
    assert find_numbers(f"{number:,}")[0].value == find_numbers(text)[0].value


@given(st.integers(10, 999_999))
def test_agrees_with_text2num(number: int) -> None:
    assert values(spell(number)) == [alpha2digit(spell(number), "en")]


@given(st.text("0123456789", min_size=3, max_size=19))
def test_digits_said_one_by_one_are_read(digits: str) -> None:
    said = " ".join(UNITS[int(digit)] for digit in digits)
    assert values(said) == values(" ".join(digits)) == values("-".join(digits)) == [digits]


WORDS = [
    *UNITS,
    *TENS,
    *listed("hundred thousand and a oh double point percent % 4 41 1.5 4,111 5th first , - . half"),
]


@given(
    st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join) | st.lists(st.sampled_from(WORDS)).map("".join)
)
def test_any_text_is_read_in_order(text: str) -> None:
    at = 0
    for found in find_numbers(text):
        assert at <= found.start < found.end <= len(text)
        assert found.value.digits
        at = found.end

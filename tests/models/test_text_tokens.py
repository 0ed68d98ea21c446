"""Tokens: their kinds, normal forms and spans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.tokens import listed, norm_at, normal, spoken_tokens, tokenize, touches


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pay $1,250.00 now.", "word:Pay currency:$ number:1,250.00 word:now punct:."),
        ("5 p.m., U.S. Bank", "number:5 word:p.m. punct:, word:U.S. word:Bank"),
        ("x4111 20€", "word:x number:4111 number:20 currency:€"),
        ("it\u2019s forty-one", "word:it\u2019s word:forty punct:- word:one"),
        ("1,23 1234,567", "number:1 punct:, number:23 number:1234 punct:, number:567"),
        ("cafe\u0301 3.9.", "word:cafe\u0301 number:3.9 punct:."),
        (" \n", ""),
    ],
)
def test_kinds(text: str, expected: str) -> None:
    assert " ".join(f"{token.kind}:{token.text}" for token in tokenize(text)) == expected


def test_normal_form() -> None:
    assert normal("Cafe\u0301 \u201cIT\u2019S\u201d 3\u20135 \u2212") == 'caf\u00e9 "it\'s" 3-5 -'
    assert [token.norm for token in tokenize("IT\u2019S")] == ["it's"]


def test_hyphens_between_words_are_not_said() -> None:
    said = [token.text for token in spoken_tokens("thirty-five 90-day 3-5 a - b -x")]
    assert tuple(said) == listed("thirty five 90 day 3 - 5 a - b - x")


def test_looking_around() -> None:
    tokens = tokenize("x4 5")
    assert [norm_at(tokens, i) for i in (-1, 0, 3)] == ["", "x", ""]
    assert [touches(tokens, i) for i in (0, 1, 2, 3)] == [False, True, False, False]


@given(st.text())
def test_spans_cover_the_text(text: str) -> None:
    at = 0
    for token in tokenize(text):
        assert text[at : token.start].strip() == ""
        assert text[token.start : token.end] == token.text
        assert token.text.strip() == token.text != ""
        at = token.end
    assert text[at:].strip() == ""


@given(st.text())
def test_normal_form_is_stable(text: str) -> None:
    assert normal(normal(normal(text))) == normal(normal(text))

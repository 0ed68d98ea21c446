"""Sentences and their spans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.sentences import split_sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["Mr. Smith called at 5 p.m.", "He was upset."],
        ["I saw Dr. Jones.", "She agreed!", "Did she?", "Yes."],
        ["The fee was $3.50.", "It is 2.5 percent."],
        ["J. K. Rowling banks with U.S. Bank.", "So do I."],
        ["Order No. 5 is late.", "No.", "I did not order."],
        ["It was paid on Mar. 5 by card.", "It was in Dec.", "Then it stopped."],
        ["She said e.g. this one.", "Fine."],
        ["He said \u201cno.\u201d", "Then he left."],
        ["Well... okay then.", "Well...", "Okay."],
        ["i lost my card can you send me a new one"],
        ["Your code is [NUMBER_1].", "[NUMBER_2] is the other."],
        ["Meet at 5 p.m. Monday.", "Good."],
        ["It was Wells Inc. that called.", "It closed, etc."],
        ["It was I.", "Not you."],
        ["Version 2.", "3 of them left."],
        ["Wait\u2026", "What?!", "Fine."],
    ],
)
def test_sentences(sentences: list[str]) -> None:
    assert [sentence.text for sentence in split_sentences(" ".join(sentences))] == sentences


def test_a_run_of_stops_does_not_grow_with_the_square() -> None:
    text = "." * 300_000 + "x"
    assert [sentence.text for sentence in split_sentences(text)] == [text]


def test_a_line_end_is_an_end() -> None:
    assert [s.text for s in split_sentences("Reason: card lost\nActions: none\n\n")] == [
        "Reason: card lost",
        "Actions: none",
    ]


PIECES = ["Mr.", "a.m.", "U.S.", "I.", "No.", "5", "3.5", "Then", "then", "...", "?", "\n"]


@given(st.text() | st.lists(st.sampled_from(PIECES)).map(" ".join))
def test_spans_cover_the_text(text: str) -> None:
    at = 0
    for sentence in split_sentences(text):
        assert text[at : sentence.start].strip() == ""
        assert text[sentence.start : sentence.end] == sentence.text == sentence.text.strip() != ""
        at = sentence.end
    assert text[at:].strip() == ""

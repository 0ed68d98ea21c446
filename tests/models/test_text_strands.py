"""Strands: one form for two tellings, people, negations, questions, and how far two of them agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.strands import Strand, ends_at, run_of, strand_of, weight_of


def words(text: str) -> list[str]:
    return list(strand_of(text).words)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("Customer has lost their card", "um I lost my card"),
        ("Agent will send the customer a card", "I'll send you a card"),
        ("Agent is going to send it", "I'm gonna send it"),
        ("Customer's address is new", "your address is new"),
        ("It is $35", "it's thirty-five dollars"),
        ("Customer doesn't drive", "I do not drive"),
        ("Customer cannot drive", "I, you know, can't drive"),
    ],
)
def test_two_tellings_are_one_strand(told: str, said: str) -> None:
    assert words(told) == words(said)
    assert strand_of(told).denied == strand_of(said).denied


def test_people_are_told_apart_where_they_are_subjects() -> None:
    found = strand_of("I told you that the customer's agent and the caller saw him.")
    assert found.people == ("first", "", "second", "", "agent", "", "customer", "", "other", "")


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("I can not drive", {2}),
        ("I can't drive", {2}),
        ("I never drive", {1}),
        ("there are no trains", {2}),
        ("No, I drive", set()),
        ("I drive", set()),
    ],
)
def test_negations_stand_before_words(text: str, denied: set[int]) -> None:
    assert strand_of(text).denied == denied


def test_questions_are_known_with_and_without_their_mark() -> None:
    found = strand_of("Trains run. Trains run? Do trains run. I said trains run")
    assert {found.words[at] for at in found.asked if at < 9} == {"train", "run", "|"}
    assert min(found.asked) == 3 and 0 not in found.asked
    assert found.words[-3:] == ("|", "train", "run")


def test_a_value_is_one_word_found_by_its_characters() -> None:
    text = "Pay thirty five dollars by Friday"
    found = strand_of(text)
    assert found.words[1] == "#35"
    assert found.between(text.index("thirty"), text.index(" by")) == (1, 2)


def test_runs_count_words_by_what_they_carry() -> None:
    one, other = strand_of("refund of the yearly fee"), strand_of("a refund of my big yearly fee")
    assert weight_of("fee") == 1.0 and weight_of("of") == 0.5 and weight_of("@") == 0.5
    assert run_of(one, 0, other, 0, 1) == 3.5
    assert run_of(one, 0, other, 0, 1, slack=0) == 1.5
    assert run_of(other, 0, one, 0, 1) == 3.5
    assert run_of(one, 2, other, 3, -1) == 2.5
    assert run_of(one, 0, other, 1, 1) == 0.0
    assert run_of(strand_of("red car lost"), 0, strand_of("red bus sold"), 0, 1) == 1.0


def test_a_run_ends_with_the_sentence_and_after_six_words() -> None:
    one = strand_of("fee. refund")
    assert run_of(one, 0, one, 0, 1) == 1.0
    long = strand_of("alpha bravo charlie delta echo foxtrot golf hotel")
    assert run_of(long, 0, long, 0, 1) == 6.0
    assert ends_at(one, 1) and ends_at(one, -1) and ends_at(one, 9) and not ends_at(one, 0)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_has_a_strand_and_runs_are_the_same_from_both_sides(one: str, other: str) -> None:
    a, b = strand_of(one), strand_of(other)
    for strand, text in ((a, one), (b, other)):
        assert isinstance(strand, Strand)
        assert len(strand.words) == len(strand.starts) == len(strand.people)
        assert list(strand.starts) == sorted(strand.starts)
        assert all(0 <= start < len(text) for start in strand.starts)
        assert all(0 <= at <= len(strand.words) for at in strand.denied | strand.asked)
    assert run_of(a, 0, b, 0, 1, slack=0) == run_of(b, 0, a, 0, 1, slack=0)

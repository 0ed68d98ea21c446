"""Facts of a sentence: kinds, one canonical form, spans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.facts import find_facts
from models.text.facts_clauses import answers, split_clauses
from models.text.facts_complaints import complains, tells_of_complaint
from models.text.facts_promises import Act
from models.text.facts_words import stem


def values(text: str, kind: str) -> list[object]:
    return [fact.value for fact in find_facts(text) if fact.kind == kind]


@pytest.mark.parametrize(
    ("kind", "written", "spoken"),
    [
        ("money", "It was $35.", "It was thirty-five dollars."),
        ("date", "It was June 9th.", "It was the ninth of June."),
        ("time", "Within 2 weeks.", "Within fourteen days."),
        ("time", "Within 48 hours.", "Within two days."),
        ("number", "It is 6.5 percent.", "It is six and a half percent."),
        ("number", "There are 3 cards.", "There are three cards."),
        ("date", "It was last month.", "It was last month."),
    ],
)
def test_written_and_spoken_are_equal(kind: str, written: str, spoken: str) -> None:
    assert values(written, kind) == values(spoken, kind) != []


def test_every_kind_has_its_span() -> None:
    text = "Agent will not charge Ann Vale $9 on [CARD_1], and sent nine forms by May 5 at 3 p.m."
    told = [(fact.kind, text[fact.start : fact.end]) for fact in find_facts(text)]
    assert told == [
        ("negation", "not"),
        ("name", "Ann Vale"),
        ("money", "$9"),
        ("name", "[CARD_1]"),
        ("promise", "sent"),
        ("number", "nine"),
        ("date", "May 5"),
        ("time", "3 p.m."),
    ]


@pytest.mark.parametrize(
    "text", ["This is a new one.", "No problem.", "HELLO THERE DEAR FRIEND.", "First, hello."]
)
def test_what_counts_nothing_is_no_fact(text: str) -> None:
    assert find_facts(text) == []


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("Agent will send a card.", "agent"),
        ("A card will be sent.", "agent"),
        ("Customer will get a refund.", "agent"),
        ("Customer will call back.", "customer"),
        ("Customer was promised a refund.", "agent"),
        ("Customer said the fee was refunded.", "customer"),
        ("Full refund of $40.", "agent"),
        ("Customer will need to sign.", "either"),
    ],
)
def test_an_act_says_who_must_have_told_it(text: str, owner: str) -> None:
    (act,) = values(text, "promise")
    assert isinstance(act, Act) and act.owner == owner


@pytest.mark.parametrize(
    "forms",
    ["stop stopped stopping stops", "charge charged charges", "carry carried carries", "send sent"],
)
def test_forms_of_a_word_have_one_stem(forms: str) -> None:
    assert len({stem(form) for form in forms.split()}) == 1


def test_clauses_tell_what_is_asked_supposed_and_denied() -> None:
    asked, supposed, denied = (split_clauses(t)[0] for t in ("Can you pay?", "If I pay.", "I did not pay."))
    assert asked.asks and supposed.supposes and "pay" in denied.denied and not denied.asks


def test_a_length_of_more_digits_than_decimals_have_is_read_as_it_is() -> None:
    (fact,) = find_facts(f"It takes {'9' * 40} hours.")
    assert fact.kind == "time"


def test_answers() -> None:
    said = ["Yes, we do.", "No.", "Okay.", "Of course.", "I will do that.", "Maybe.", ""]
    assert [answers(text) for text in said] == ["yes", "no", "agrees", "yes", "yes", "", ""]


def test_complaints() -> None:
    assert complains("Hello. I want to make a complaint.") == "I want to make a complaint."
    assert complains("I have no complaint at all.") is None
    assert tells_of_complaint("Customer complained.") and not tells_of_complaint("There was no complaint.")


@given(st.text(max_size=120))
def test_spans_lie_in_any_text(text: str) -> None:
    assert all(0 <= fact.start <= fact.end <= len(text) for fact in find_facts(text))

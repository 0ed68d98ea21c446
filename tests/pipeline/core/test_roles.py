"""Agent and customer of a mono call, told by what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.roles import assign_roles

INBOUND = [
    ("S1", "Thank you for calling Tidewater Bank, my name is Ines. How can I help you?"),
    ("S2", "Hi, I'm calling about my card. I lost it yesterday."),
    ("S1", "May I have your full name, please?"),
    ("S2", "Rosa Klein."),
    ("S1", "I have ordered a new card. Is there anything else I can help you with?"),
    ("S2", "No, that's all."),
]
OUTBOUND = [
    ("S1", "Hello?"),
    (
        "S2",
        "Good morning, may I speak to Mister Brandt? I'm calling from Tidewater Bank about a fraud alert.",
    ),
    ("S1", "Speaking. What happened to my account?"),
    ("S2", "We saw two payments. Can you confirm your date of birth?"),
]


def test_no_utterances_give_no_roles() -> None:
    assert assign_roles([]) == {}


@pytest.mark.parametrize("first", ["S1", "S2"])
def test_the_side_that_greets_is_the_agent_whatever_its_label(first: str) -> None:
    other = {"S1": "S2", "S2": "S1"}
    call = [(label if first == "S1" else other[label], text) for label, text in INBOUND]
    assert assign_roles(call) == {first: "agent", other[first]: "customer"}


def test_customer_who_is_heard_first_stays_customer() -> None:
    assert assign_roles(INBOUND[1:2] + INBOUND) == {"S2": "customer", "S1": "agent"}


def test_call_that_the_company_placed() -> None:
    assert assign_roles(OUTBOUND) == {"S1": "customer", "S2": "agent"}


def test_lower_case_without_punctuation_and_curly_apostrophes() -> None:
    call = [
        ("A", "hi i\u2019m calling about my mortgage"),
        ("B", "this is tidewater bank how can i help you"),
    ]
    assert assign_roles(call) == {"A": "customer", "B": "agent"}


def test_tie_makes_the_first_heard_the_agent() -> None:
    assert assign_roles([("B", "Hm."), ("A", "Hm.")]) == {"B": "agent", "A": "customer"}


def test_greeting_counts_for_less_late_in_a_call() -> None:
    """A customer who quotes the agent's greeting at the end does not become the agent."""
    call = [
        *INBOUND,
        *[("S2", "Right.")] * 4,
        ("S2", "You always say thank you for calling, how can I help you."),
    ]
    assert assign_roles(call)["S1"] == "agent"


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Thank you for calling Tidewater Bank.", "agent"),
        ("I'm calling about my card, I lost it.", "customer"),
        ("It rains a lot these days.", "unknown"),
    ],
)
def test_one_speaker_by_its_own_words(text: str, role: str) -> None:
    assert assign_roles([("S1", text)]) == {"S1": role}


def test_third_speaker_is_a_customer_only_if_it_clearly_is() -> None:
    call = [*INBOUND, ("S3", "It rains."), ("S4", "I'm calling about my account, I need a new card too.")]
    assert assign_roles(call) == {"S1": "agent", "S2": "customer", "S3": "unknown", "S4": "customer"}


def test_three_speakers_without_an_agent() -> None:
    call = [("S1", "It rains."), ("S2", "It snows."), ("S3", "I need to pay my bill.")]
    assert assign_roles(call) == {"S1": "unknown", "S2": "unknown", "S3": "customer"}


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.text(max_size=40)), max_size=12))
def test_every_label_gets_a_role_and_there_is_at_most_one_agent(call: list[tuple[str, str]]) -> None:
    roles = assign_roles(call)
    assert set(roles) == {label for label, _ in call}
    assert list(roles.values()).count("agent") <= 1
    assert len(roles) != 2 or sorted(roles.values()) == ["agent", "customer"]

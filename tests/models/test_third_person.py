"""First and second person told in the third, or quoted where that is not safe."""

from __future__ import annotations

import pytest

from models.summarizers.person import quoted, told, ungrounded


@pytest.mark.parametrize(
    ("said", "third"),
    [
        ("i'd like to dispute a transfer", "Customer would like to dispute a transfer."),
        ("I've been waiting and I need my card", "Customer has been waiting and they need their card."),
        ("my card was stolen yesterday", "Customer's card was stolen yesterday."),
        ("could you check my balance", "Customer asked the agent to check their balance."),
        ("I was wondering if I could close my account", "Customer asked to close their account."),
        ("you charged me twice for this month", "Customer said we charged them twice for this month."),
        ("we moved to our new house", "Customer said they moved to their new house."),
        ("I grok the fee", "Customer said they grok the fee."),
        ("just wanted to check on a refund", "Customer wanted to check on a refund."),
    ],
)
def test_customer_in_the_third_person(said: str, third: str) -> None:
    assert told(said, "Customer", "the agent") == third


@pytest.mark.parametrize(
    ("said", "third"),
    [
        (
            "I have sent you a letter and I will call you",
            "Agent has sent the customer a letter and will call them.",
        ),
        ("you're all set", "Customer is all set."),
        ("your card will arrive when you are back", "Customer's card will arrive when they are back."),
        ("we've closed your account", "Agent said we've closed the customer's account."),
        ("they will send you a form", "Agent said they will send the customer a form."),
        ("unfortunately we can't waive it", "Agent said we can't waive it."),
        ("please sign your form", "Agent asked the customer to sign their form."),
        ("let me transfer you to the loan team", "Agent will transfer the customer to the loan team."),
    ],
)
def test_agent_in_the_third_person(said: str, third: str) -> None:
    assert told(said, "Agent", "the customer") == third


@pytest.mark.parametrize("said", ["you zorp the form daily", "may I put you on hold", "when can you come in"])
def test_agent_is_quoted_where_no_form_is_safe(said: str) -> None:
    assert told(said, "Agent", "the customer") is None


def test_quotes_name_the_speaker_and_keep_the_words() -> None:
    assert quoted("what is, uh, the fee?", "Customer", True) == 'Customer asked: "What is, uh, the fee?"'
    assert quoted('the "fee" is high', "Customer", False) == 'Customer said: "The fee is high."'


def test_invented_words_are_found() -> None:
    assert ungrounded("Customer needs a card.", ["i need a card"]) == set()
    assert ungrounded("Customer needs a refund.", ["i need a card"]) == {"refund"}

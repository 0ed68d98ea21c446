"""Planted errors: one at a time, of the kinds that a sentence can take, the same for the same seed."""

from __future__ import annotations

import pytest

from eval.planted import Planted, plant
from models.types import Line, Statement

LINES = (
    Line("u0-0", "agent", "S1", "I see the charge of $40 from Monday."),
    Line("u1-0", "customer", "S2", "It was $25, and I was not told of it."),
)


def planted(text: str, seed: int = 0) -> dict[str, Planted]:
    return {one.kind: one for one in plant(Statement("reason", text, ("u1-0",)), LINES, seed)}


def test_one_value_of_each_kind_is_another_than_it_was() -> None:
    text = "Customer disputed a $40 charge from Monday."
    for seed in range(20):
        found = planted(text, seed)
        assert {"money", "date", "negation", "actor", "promise"} <= set(found)
        for kind, kept in (("money", "Monday"), ("date", "$40")):
            assert found[kind].statement.text != text
            assert kept in found[kind].statement.text
            assert found[kind].statement.evidence == ("u1-0",)
        assert "$40" not in found["money"].statement.text


def test_the_source_says_whether_the_wrong_value_is_on_the_call() -> None:
    found = [planted("Customer disputed a $40 charge.", seed)["money"] for seed in range(40)]
    assert {one.source for one in found} == {"call", "new"}
    for one in found:
        assert ("$25" in one.statement.text) == (one.source == "call")


def test_the_same_seed_plants_the_same() -> None:
    text = "Customer disputed a $40 charge from Monday."
    assert planted(text, 7) == planted(text, 7)
    assert len({planted(text, seed)["money"].statement.text for seed in range(20)}) > 1


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("Customer was not told of it.", "Customer was told of it."),
        ("Customer can't log in.", "Customer can log in."),
        ("Customer received it.", "Customer never received it."),
        ("Customer called again.", "Customer never called again."),
        ("The card was sent.", "The card was not sent."),
        ("Customer won't pay.", "Customer will pay."),
        ("Customer cannot pay.", "Customer can pay."),
        ("Customer doesn't have it.", "Customer does have it."),
        ("Customer never paid.", "Customer paid."),
        ("Customer has no card.", "Customer has card."),
        ("Customer left without a receipt.", "Customer left with a receipt."),
        ("Agent is sure of it.", "Agent is not sure of it."),
    ],
)
def test_a_denial_is_put_in_or_left_out(text: str, denied: str) -> None:
    assert planted(text)["negation"].statement.text == denied


@pytest.mark.parametrize(
    "text",
    [
        "Customer was told they could not.",
        "Customer hasn't, and it rains.",
        "Customer said not at all, it rains.",
        "Customer said no worries about it.",
        "Customer has no longer a card.",
        "Agent can only give five.",
        "Agent will just wait.",
        "Agent is unable to pay.",
        "Customer needs a card.",
    ],
)
def test_no_denial_is_planted_that_no_writer_would_write(text: str) -> None:
    assert "negation" not in planted(text)


def stood_in(text: str, said: str, kind: str) -> set[str]:
    """Texts with another value of the call in place of the one that is there."""
    lines = (Line("u0", "agent", "S1", text), Line("u1", "customer", "S2", said))
    statement = Statement("reason", text, ("u0",))
    rows = [one for seed in range(60) for one in plant(statement, lines, seed)]
    return {one.statement.text for one in rows if one.kind == kind and one.source == "call"}


@pytest.mark.parametrize(
    ("text", "said", "kind", "found"),
    [
        ("Agent met with Ada Rowan.", "I met Rowan, and Ada, or Marta.", "name", {"Agent met with Marta."}),
        ("Agent met with Ada.", "Hi @Marta, see <Marta>, ^Marta or the ATM.", "name", set()),
        ("Agent sold 12 shares.", "I sold 15 % of 20 shares.", "number", {"Agent sold 20 shares."}),
        ("Code 715139 is new.", "It is 715 and @442 and 8866.", "number", {"Code 8866 is new."}),
        ("It came on Monday.", "On this Monday, or on Friday.", "date", {"It came on Friday."}),
        ("It came on May 3.", "In May, on the 3rd of May, or on June 4.", "date", {"It came on June 4."}),
        ("It came today.", "This morning, or tomorrow.", "date", {"It came tomorrow."}),
        ("It came at 5 p.m. here.", "At 5, or at 6 p.m. sharp.", "time", {"It came at 6 p.m. here."}),
    ],
)
def test_what_stands_in_is_of_the_sort_and_never_the_same(
    text: str, said: str, kind: str, found: set[str]
) -> None:
    assert stood_in(text, said, kind) == found


def test_words_with_capitals_that_the_call_writes_without_are_no_names() -> None:
    lines = (
        Line("u0", "agent", "S1", "Remaining shows are at five."),
        Line("u1", "customer", "S2", "I am Ada."),
    )
    statement = Statement("reason", "Agent said Remaining shows are at five.", ("u0",))
    assert not any(one.kind == "name" for seed in range(20) for one in plant(statement, lines, seed))


def test_what_cannot_be_changed_is_left_alone() -> None:
    assert set(planted("Fees of the branch")) == {"promise"}
    assert not {"negation", "actor"} & set(planted('Customer was told "it is fine".'))


def test_a_promise_is_of_a_kind_of_which_the_agent_never_spoke() -> None:
    spoken = Line("u0-1", "agent", "S1", "I will refund, waive, upgrade, give a voucher and guarantee it.")
    statement = Statement("reason", "Fees of the branch", ("u1-0",))
    assert [one.kind for one in plant(statement, [*LINES, spoken], 0)] == []
    (promise,) = plant(statement, LINES, 0)
    assert promise.statement.section == "follow_ups"
    assert promise.statement.text.startswith("Agent ")


def test_agent_and_customer_are_changed_over() -> None:
    assert planted("Agent refunded it.")["actor"].statement.text == "Customer refunded it."
    assert "actor" not in planted("Agent and customer met.")

"""Denials put in or left out, and one side's words given to the other: the words around them decide."""

from __future__ import annotations

import pytest

from models.types import Line, Role, Statement, Summary
from pipeline.core.grounding import ground

SAID: tuple[tuple[Role, str], ...] = (
    ("agent", "I have changed your mailing address for the checking account."),
    ("customer", "I can't see my last statement, but I can see the balance."),
    ("agent", "You need to visit a branch with your passport."),
    ("customer", "I am not sure about the date."),
    ("customer", "Could you tell us more?"),
    ("customer", "No changes before the outage."),
    ("customer", "I will try to be back sooner."),
    ("agent", "You signed the second contract."),
    ("unknown", "I have lost my parking permit."),
    ("agent", "Did you order new checks?"),
    ("customer", "I told the caller that the customer waited."),
    ("agent", "I'll go ahead and print the form."),
    ("customer", "I did that long ago, but not today."),
    (
        "customer",
        "I have until Friday to give it to her, but I don't get paid until next Monday to give it back.",
    ),
    ("customer", "I am not being all that particular right now because I must keep my job."),
)
LINES = tuple(Line(f"u{i}", role, role, text) for i, (role, text) in enumerate(SAID))


def checked(text: str, cited: int, lines: tuple[Line, ...] = LINES) -> Statement:
    note = Summary("ok", (Statement("outcome", text, (f"u{cited}",)),))
    return ground(note, lines, False).statements[0]


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Agent changed the mailing address for the checking account.", 0),
        ("Customer can't see their last statement.", 1),
        ("Customer can see the balance.", 1),
        ("Customer needs to visit a branch with their passport.", 2),
        ("Customer is not sure about the date.", 3),
        ("Customer asked the agent to tell them more.", 4),
        ("Customer said no changes before the outage.", 5),
        ("Customer will try to be back sooner.", 6),
        ("Customer lost their parking permit.", 8),
        ("Agent lost their parking permit.", 8),
        ("Customer said they did that long ago, but not today.", 12),
        ("Customer has until Friday to give it to her, but they don't get paid until next Monday.", 13),
        ("Customer is not being all that particular right now because they must keep their job.", 14),
    ],
)
def test_what_was_said_so_is_not_flagged(text: str, cited: int) -> None:
    assert checked(text, cited).flags == ()


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Agent did not change the mailing address for the checking account.", 0),
        ("Customer can see their last statement.", 1),
        ("Customer can't see the balance.", 1),
        ("Customer does not need to visit a branch with their passport.", 2),
        ("Customer is sure about the date.", 3),
        ("Customer never asked the agent to tell them more.", 4),
        ("Customer said changes before the outage.", 5),
        ("Customer will not try to be back sooner.", 6),
    ],
)
def test_a_denial_put_in_or_left_out_is_contradicted(text: str, cited: int) -> None:
    row = checked(text, cited)
    assert row.support == "contradicted" and "unsupported" in row.flags
    wrong = [claim for claim in row.claims if claim.support == "contradicted"]
    assert wrong and {claim.kind for claim in wrong} == {"negation"}


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Customer changed the mailing address for the checking account.", 0),
        ("Agent can't see their last statement.", 1),
        ("Agent needs to visit a branch with a passport.", 2),
        ("Agent is not sure about the date.", 3),
        ("Agent will try to be back sooner.", 6),
        ("Agent signed the second contract.", 7),
        ("Customer printed the form.", 11),
    ],
)
def test_what_the_other_side_said_of_themselves_is_theirs(text: str, cited: int) -> None:
    assert "wrong_speaker" in checked(text, cited).flags


def test_what_the_agent_says_the_customer_did_is_no_claim_of_theirs() -> None:
    assert "wrong_speaker" in checked("Customer signed the second contract.", 7).flags


def test_a_question_affirms_nothing() -> None:
    asked = LINES[:10]
    assert checked("Customer did not order new checks.", 9, asked).support != "supported"
    assert "unsupported" in checked("Customer will order new checks.", 9, asked).flags


@pytest.mark.parametrize(
    "said", ["If it fails, I will join the other bank.", "Maybe I will join the other bank."]
)
def test_a_supposition_keeps_no_promise(said: str) -> None:
    lines = (Line("u0", "customer", "S1", said),)
    assert checked("Customer will join the other bank.", 0, lines).support != "supported"
    lines = (Line("u0", "customer", "S1", "I will join the other bank. Maybe."),)
    assert checked("Customer will join the other bank.", 0, lines).support == "supported"


def test_each_turned_denial_is_one_claim() -> None:
    claims = checked("Customer can see their last statement.", 1).claims
    assert len(claims) == len({(claim.kind, claim.start) for claim in claims})


@pytest.mark.parametrize(
    ("said", "text", "support"),
    [
        ("Refunded, all of it.", "Customer was never refunded.", "contradicted"),
        (
            "I have until June to give the ladder back, I do not give June, back or ladder lectures.",
            "Customer has until June to give the ladder back.",
            "supported",
        ),
        ("I met Rowan at noon. Ada was ill.", "Customer met Ada Rowan at noon.", "supported"),
    ],
)
def test_the_nearest_telling_counts(said: str, text: str, support: str) -> None:
    assert checked(text, 0, (Line("u0", "customer", "S1", said),)).support == support

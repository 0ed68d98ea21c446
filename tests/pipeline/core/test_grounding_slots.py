"""A value or a name that was said on the call, of something else: what stands in its place decides."""

from __future__ import annotations

import pytest

from models.types import Line, Role, Statement, Summary, Support
from pipeline.core.grounding import ground

SAID: tuple[tuple[Role, str], ...] = (
    ("agent", "The wire fee is thirty dollars, and the paper statement is five dollars."),
    ("customer", "I paid the wire fee on Monday, and I closed my savings account on Friday."),
    ("agent", "It takes three days to review the claim, and ten days to mail the card."),
    ("customer", "I spoke to Marta about the loan, and to Oskar about the branch in Delft."),
    ("customer", "The deposit was forty, no, fifty dollars."),
    ("agent", "So your transfer left at ten dollars."),
    ("agent", "Sorry, I mean the transfer left at twelve dollars."),
    ("customer", "My code is seven one five, one three nine."),
    ("customer", "I like the Rowan card."),
    ("customer", "My old savings account was at Birch Valley, the new one is at Birch Hill."),
    ("customer", "@123456 my seat is 14."),
    ("agent", "Thanks for the warning, Ada."),
    ("customer", "My savings account is at Birch Hill, thank you."),
    ("customer", "I would like to fly to Lund, Malmo or Ystad."),
    ("customer", "Pay me on Monday, Tuesday or Friday."),
    ("customer", "I drove an old Ford Pinto."),
    ("agent", "And the Ford Focus is nice."),
    ("customer", "I met Larch at the branch office, and I met Elm Grove at the station."),
)
LINES = tuple(Line(f"u{i}", role, role, text) for i, (role, text) in enumerate(SAID))


@pytest.mark.parametrize(
    ("text", "cited", "support"),
    [
        ("The wire fee is $30.", 0, "supported"),
        ("The wire fee is $5.", 0, "contradicted"),
        ("The paper statement is $30.", 0, "contradicted"),
        ("Customer paid the wire fee on Monday.", 1, "supported"),
        ("Customer paid the wire fee on Friday.", 1, "contradicted"),
        ("The review of the claim takes 3 days.", 2, "supported"),
        ("It takes ten days to review the claim.", 2, "contradicted"),
        ("Customer spoke to Marta about the loan.", 3, "supported"),
        ("Customer spoke to Oskar about the loan.", 3, "contradicted"),
        ("Customer spoke to Delft about the loan.", 3, "contradicted"),
        ("Customer spoke about the loan with Marta.", 3, "supported"),
        ("The deposit was $50.", 4, "supported"),
        ("The deposit was $40.", 4, "supported"),
        ("The transfer left at $12.", 5, "supported"),
        ("Customer's code is 715139.", 7, "supported"),
        ("Customer's old savings account was at Birch Valley.", 9, "supported"),
        ("Customer's new account is at Birch Hill.", 9, "supported"),
        ("Customer likes the Birch card.", 8, "contradicted"),
        ("Customer likes the Rowan card.", 8, "supported"),
        ("Customer drove an old Ford Pinto.", 15, "supported"),
        ("Customer met Ada Larch at the branch office.", 17, "supported"),
        (
            "Customer met Larch at the branch office, and Customer met Elm Grove at the station.",
            17,
            "supported",
        ),
        ("Customer drove an old Ford Focus.", 15, "contradicted"),
        ("Customer's old savings account was at Birch.", 9, "supported"),
        ("Customer's seat is 123456.", 10, "not_found"),
        ("Customer would like to fly to Ystad.", 13, "supported"),
        ("Customer would like to fly to Delft.", 13, "contradicted"),
        ("Agent will pay them on Friday.", 14, "not_found"),
        ("Pay on Friday was asked.", 14, "supported"),
        ('Agent said: "For the warning, Marta."', 11, "contradicted"),
    ],
)
def test_the_words_around_it_decide(text: str, cited: int, support: Support) -> None:
    note = Summary("ok", (Statement("outcome", text, (f"u{cited}",)),))
    row = ground(note, LINES, False).statements[0]
    assert row.support == support
    assert ("unsupported" in row.flags) == (support != "supported")


def test_the_claim_says_which_value_it_is() -> None:
    note = Summary("ok", (Statement("outcome", "The wire fee is $5.", ("u0",)),))
    (claim,) = ground(note, LINES, False).statements[0].claims
    assert (claim.kind, claim.start, claim.end, claim.support) == ("money", 16, 18, "contradicted")


def test_few_words_in_common_decide_nothing() -> None:
    note = Summary("ok", (Statement("outcome", "Statements by post come at five dollars.", ("u0",)),))
    assert ground(note, LINES, False).statements[0].support == "supported"

"""Notes checked against the call: evidence, values, who said it, denials, masks, complaints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.types import Flag, Line, Role, Statement, Summary, Support
from pipeline.core.grounding import ground

SAID: tuple[tuple[Role, str], ...] = (
    ("agent", "Thank you for calling Northwind Bank. How can I help you?"),
    ("customer", "I had to pay thirty five dollars for an overdraft and I would like that money back."),
    (
        "agent",
        "It was charged on the third of March, at half past nine, after two payments of Lake Street Inc.",
    ),
    ("customer", "Did you also charge a penalty?"),
    ("agent", "No."),
    ("agent", "I have just refunded thirty five dollars to your checking account."),
    ("agent", "You will see the money by Friday, within three business days."),
    ("customer", "Can you send me a letter?"),
    ("agent", "Yes, of course."),
    ("customer", "I will move some money from savings tonight. My account is [ACCOUNT_1]."),
    ("agent", "I can not raise the limit. If you write to us, a manager would look at it."),
    ("customer", "The limit is five thousand, is that right?"),
    ("agent", "The payment came in on the eighteenth, so it was late."),
    ("customer", "Okay."),
    ("agent", "Is there anything else?"),
    ("customer", "No, that is all."),
)
LINES = tuple(Line(f"u{i}", role, role, text) for i, (role, text) in enumerate(SAID))


def checked(text: str, *cited: int, section: str = "outcome", lines: tuple[Line, ...] = LINES) -> Statement:
    note = Summary("ok", (Statement(section, text, tuple(f"u{i}" for i in cited)),))
    return ground(note, lines, False).statements[0]


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Agent refunded $35 to the checking account.", (5,)),
        ("The fee was charged on March 3 at 9:30.", (2,)),
        ("There were two payments of Lake Street.", (2,)),
        ("The money will show by Friday, within three business days.", (6,)),
        ("Agent will send a letter.", (8,)),
        ("Agent did not charge a penalty.", (4,)),
        ("Customer will move money from savings tonight.", (9,)),
        ("Agent could not raise the limit.", (10,)),
        ("The payment came in on March 18.", (2, 12)),
        ("The limit is $5,000.", (11,)),
        ('Customer said: "I will move some money from savings tonight."', (9,)),
        ("Customer's account is [ACCOUNT_1].", (9,)),
        ("Customer asked about the overdraft.", (1,)),
    ],
)
def test_what_the_call_says_is_supported(text: str, cited: tuple[int, ...]) -> None:
    row = checked(text, *cited, section="reason")
    assert (row.support, row.flags) == ("supported", ())


@pytest.mark.parametrize(
    ("text", "cited", "support", "flag"),
    [
        ("Agent refunded $350 to the checking account.", (5,), "contradicted", "unsupported"),
        ("Agent refunded 35 euros to the checking account.", (5,), "contradicted", "unsupported"),
        ("The fee was charged on March 4.", (2,), "contradicted", "unsupported"),
        ("The money will show by Monday.", (6,), "contradicted", "unsupported"),
        ("The money will show within nine business days.", (6,), "contradicted", "unsupported"),
        ("There were three payments.", (2,), "contradicted", "unsupported"),
        ("There were payments of Lake Avenue.", (2,), "contradicted", "unsupported"),
        ("There were payments to Mr. Ostrander.", (2,), "not_found", "unsupported"),
        ("Agent did not refund $35.", (5,), "contradicted", "unsupported"),
        ("Agent raised the limit.", (10,), "contradicted", "unsupported"),
        ("Agent will waive the charge.", (5,), "not_found", "unsupported"),
        ("Agent will move money from savings tonight.", (9,), "not_found", "wrong_speaker"),
        ('Agent said: "I will move some money from savings tonight."', (9,), "not_found", "wrong_speaker"),
        ("Customer refunded $35 to the checking account.", (5,), "not_found", "wrong_speaker"),
        ("Customer's account is [ACCOUNT_2].", (9,), "not_found", "unissued_token"),
        ("Zebras graze beside volcanoes.", (), "not_found", "unsupported"),
        ("", (), "supported", "unsupported"),
        ("Customer had a purple umbrella and a violin.", (0,), "not_found", "unsupported"),
    ],
)
def test_what_it_does_not_say_is_not(text: str, cited: tuple[int, ...], support: Support, flag: Flag) -> None:
    row = checked(text, *cited)
    assert row.support == support
    assert flag in row.flags and "unsupported" in row.flags


def test_evidence_is_found_where_none_was_given() -> None:
    assert checked("Agent refunded thirty five dollars to the checking account.").evidence == ("u5",)
    assert checked("Agent refunded money to the checking account.", 99).evidence == ("u1", "u5")


def test_unsupported_statements_are_dropped_when_told_to() -> None:
    note = Summary("ok", (Statement("outcome", "Agent raised the limit to $9.", ("u10",)),))
    assert ground(note, LINES, True).statements == ()


def test_codes_stay_and_fields_with_unknown_masks_go() -> None:
    assert ground(Summary("too_short"), LINES, True) == Summary("too_short")
    note = Summary("ok", (), (("a", "[ACCOUNT_1]"), ("b", "[CARD_4]"), ("c", "(pin 2)")))
    assert ground(note, LINES, False).fields == (("a", "[ACCOUNT_1]"),)


@pytest.mark.parametrize("role", ["customer", "unknown"])
def test_a_complaint_is_never_left_out(role: Role) -> None:
    words = "I want to make a complaint " + "about this " * 40 + "."
    lines = (*LINES, Line("u99", role, "S9", words))
    happy = Summary("ok", (Statement("outcome", "Agent refunded $35.", ("u5",)),))
    added = ground(happy, lines, True).statements[-1]
    assert added.evidence == ("u99",) and "complaint" in added.text and added.text.endswith('..."')
    told = Summary("ok", (Statement("reason", "Customer made a complaint.", ("u99",)),))
    assert len(ground(told, lines, False).statements) == 1


def test_roles_that_are_not_known_may_have_said_it() -> None:
    lines = tuple(Line(line.id, "unknown", line.speaker, line.text) for line in LINES)
    assert checked("Agent refunded $35.", 5, lines=lines).support == "supported"
    assert checked('agent said: "I have just refunded thirty five dollars."', 5, lines=lines).flags == ()


@given(
    st.lists(st.tuples(st.sampled_from(["agent", "customer", "unknown"]), st.text(max_size=60)), max_size=8),
    st.text(max_size=80),
    st.booleans(),
)
def test_any_text_is_checked(said: list[tuple[Role, str]], text: str, drop: bool) -> None:
    lines = [Line(f"u{i}", role, role, words) for i, (role, words) in enumerate(said)]
    found = ground(Summary("ok", (Statement("reason", text, ("u0", "x")),)), lines, drop)
    known = {line.id for line in lines}
    for row in found.statements:
        assert set(row.evidence) <= known
        assert all(0 <= claim.start <= claim.end <= len(row.text) for claim in row.claims)
        assert row.evidence or "unsupported" in row.flags


@pytest.mark.parametrize(("day", "support"), [("today", "supported"), ("yesterday", "contradicted")])
def test_a_day_is_another_one_than_the_next(day: str, support: Support) -> None:
    lines = (Line("u0", "agent", "agent", "I closed the old account for you today."),)
    assert checked(f"Agent closed the old account {day}.", 0, lines=lines).support == support

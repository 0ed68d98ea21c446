"""Properties of the ladder over notes that Hypothesis makes up, sections, and texts of great length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.edits import EDIT_CLASSES, Change, classify, classify_class
from eval.edits.compare import LONGEST, MOST_CHANGES

SENTENCES = (
    "Customer asked for the refund of a fee of $35.",
    "Agent refunded thirty-five dollars to the account ending in 4417.",
    "Agent will call on May 5 at 3 p.m.",
    "The new card may arrive within five to seven days.",
    "Customer did not pay the fee.",
    "The letter was sent to Maria Lopez on Friday.",
    "The claim is pending.",
    "Caf\u00e9 payment of €20, twice!",
    "تم إرسال البطاقة إلى العميل.",
    "お客様は返金を求めた。",
    "Card sent 👍",
)
TITLES = ("", "Reason: ", "Actions: ", "Follow ups: ", "Disposition: ", "Steps:\n")
LINES = st.tuples(st.sampled_from(TITLES), st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=3)).map(
    lambda line: line[0] + " ".join(line[1])
)
NOTES = st.lists(LINES, min_size=1, max_size=4).map("\n".join)
TEXTS = st.one_of(NOTES, st.text(max_size=60))
LOW = ("exact", "normalized", "cosmetic")


def rank(edit_class: str) -> int:
    return [str(name) for name in EDIT_CLASSES].index(edit_class)


@given(TEXTS)
def test_a_text_is_exactly_itself(text: str) -> None:
    found = classify(text, text)
    assert found.edit_class == "exact"
    assert set(found.sections.values()) <= {"exact"}


@given(TEXTS, TEXTS, st.booleans())
def test_both_functions_find_one_class(draft: str, final: str, used: bool) -> None:
    assert classify_class(draft, final, used) == classify(draft, final, used).edit_class


@given(TEXTS, TEXTS)
def test_the_classes_without_a_direction_are_symmetric(draft: str, final: str) -> None:
    there, back = classify_class(draft, final), classify_class(final, draft)
    assert (there in LOW, back in LOW) != (True, False)
    assert there == back or (there not in LOW and back not in LOW)


WRITTEN = (
    ("$35", "35 dollars"),
    ("thirty-five dollars", "$35.00"),
    # The last sign ends the sentence too.
    ("3 p.m.", "15:00."),
    ("did not", "didn't"),
    ("account", "acct"),
    ("the fee", "fee"),
    ("May 5", "5 May"),
    ("five to seven days", "5-7 days"),
)


@given(NOTES, st.sets(st.sampled_from(range(len(WRITTEN))), min_size=1))
def test_another_way_to_write_it_is_cosmetic_both_ways(note: str, ways: set[int]) -> None:
    other = note
    for way in sorted(ways):
        other = other.replace(*WRITTEN[way])
    assert classify_class(note, other) == classify_class(other, note)
    assert classify_class(note, other) == ("exact" if note == other else "cosmetic")


@given(NOTES, st.sampled_from(("  ", "\t", " \u00a0", "   ")), st.sampled_from((str, str.upper, str.lower)))
def test_white_space_and_case_are_never_more_than_normalized(note: str, space: str, case: type[str]) -> None:
    noisy = "\n" + case(note.replace(" ", space).replace("\n", " \r\n\r\n")) + "  "
    assert classify_class(note, noisy) in ("exact", "normalized")


@given(NOTES, st.data())
def test_a_not_put_in_is_never_less_than_material(note: str, data: st.DataObject) -> None:
    words = note.split(" ")
    free = [n for n in range(len(words) + 1) if n == len(words) or "\n" not in words[n]]
    place = data.draw(st.sampled_from(free))
    denied = " ".join([*words[:place], "not", *words[place:]])
    assert rank(classify_class(note, denied)) >= rank("material")


@given(TEXTS, TEXTS)
def test_what_decided_is_among_the_changes(draft: str, final: str) -> None:
    found = classify(draft, final)
    assert found.decided_by is None or found.decided_by in found.changes
    assert (found.edit_class in ("minor", "material")) == (found.decided_by is not None)
    assert found.edit_class != "minor" or {change.kind for change in found.changes} == {"word"}


@given(NOTES, NOTES)
def test_sections_are_those_of_both(draft: str, final: str) -> None:
    found = classify(draft, final).sections
    assert set(found) == set(classify(draft, draft).sections) | set(classify(final, final).sections)


@given(st.text(alphabet="a1$.,-'\"*#: \n\u0301\u200d\U0001f44d\u202b5٣²½", max_size=40), TEXTS)
def test_any_characters_give_a_class(draft: str, final: str) -> None:
    assert classify(draft, final).edit_class in EDIT_CLASSES


def test_a_draft_that_was_not_used_is_discarded_whatever_was_saved() -> None:
    assert classify("Card lost.", "Card lost.", used=False).edit_class == "discarded"
    assert classify_class("Card lost.", None) == "discarded"


def test_sections_have_their_own_class() -> None:
    draft = (
        "Reason: Card was lost.\nActions: Agent refunded $5.\nFollow-ups: Agent will call.\nKey facts: None."
    )
    final = "Call:\nReason: Card was lost.\nActions: Agent refunded $6.\nFollow ups: Agent'll call."
    assert classify(draft, final).sections == {
        "reason": "exact",
        "actions": "material",
        "follow_ups": "cosmetic",
        "key_facts": "material",
        "call": "minor",
    }


def test_a_sentence_that_moved_is_neither_added_nor_removed_in_its_sections() -> None:
    draft = "Reason: Card was lost.\nActions: Card was blocked. Letter was sent."
    final = "Reason: Card was lost. Letter was sent.\nActions: Card was blocked."
    found = classify(draft, final)
    assert found.edit_class == "minor"
    assert found.sections == {"reason": "minor", "actions": "minor"}
    assert found.decided_by == Change("word", "Letter was sent.", "Letter was sent.", "reason")


def test_a_field_line_is_a_section_of_its_own() -> None:
    draft = "Key facts: Fee of $5.\nDisposition: Sale"
    found = classify(draft, draft.replace("Sale", "Complaint"))
    assert found.sections == {"key_facts": "exact", "disposition": "material"}
    assert found.decided_by == Change("disposition", "Sale", "Complaint", "disposition")


def test_changes_are_all_told_and_the_first_critical_one_decides() -> None:
    draft = "Agent refunded $5 to the shop. Customer will call on Monday. Card was sent."
    final = "Agent credited $6 to the shop. Customer may call on Monday. Card was sent by mail."
    found = classify(draft, final)
    assert [(change.kind, change.before, change.after) for change in found.changes] == [
        ("money", "$5", "$6"),
        ("modality", "will", "may"),
        ("word", "", "by mail"),
    ]
    assert found.decided_by == found.changes[0]


@pytest.mark.parametrize("unit", ["Customer {} asked for help. ", "wort{} ", "مرحبا{} ", "👍{} e\u0301 "])
def test_texts_of_megabytes(unit: str) -> None:
    text = "".join(unit.format(n) for n in range(60_000))
    assert classify_class(text, text.upper()) in ("normalized", "exact")
    assert classify_class(text, text + "No.") in ("material", "minor")


@pytest.mark.parametrize(
    "run", [".", "-", "# ", ". ", "$", "'", "1", "\u0301", "x", "_", ":", "- ", "\u200b"]
)
def test_runs_of_one_sign_do_not_grow_with_the_square(run: str) -> None:
    text = run * 300_000
    assert classify_class(text + "a", text + "b") in EDIT_CLASSES


def test_past_the_bound_changed_sentences_count_as_removed_and_added() -> None:
    sentences = [f"Customer {n} asked for help with the card." for n in range(LONGEST // 20)]
    draft = " ".join(sentences)
    few = draft.replace("Customer 7 asked", "Customer 7 begged")
    assert classify_class(draft, few) == "minor"
    many = draft.replace("asked", "begged")
    found = classify(draft, many)
    assert found.edit_class == "material"
    assert found.decided_by is not None and found.decided_by.kind == "removed"
    assert len(found.changes) == MOST_CHANGES
    assert classify_class(draft, draft.replace("asked for help with", "lost")) == "rewritten"

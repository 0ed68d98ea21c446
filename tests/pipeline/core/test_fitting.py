"""Notes of chunks that are too many for one request."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.types import SECTIONS, ChunkNote, Line, NoteRequest, Statement
from pipeline.core.fitting import LINE_WORDS, draft_request, fit, size_of, words_of

ROW = 5 + LINE_WORDS
"""Words of a statement of five."""


def row(section: str, words: int = 5, *evidence: str) -> Statement:
    return Statement(section, " ".join(["word"] * words), evidence)


def test_notes_that_fit_stay_as_they_are() -> None:
    notes = [ChunkNote(1, (row("reason"), row("key_facts"))), ChunkNote(2, (row("actions"),))]
    assert fit(notes, {}, 3 * ROW) == tuple(notes)
    assert fit([], {}, 0) == ()


def test_what_weighs_least_goes_first_and_the_order_stays() -> None:
    note = ChunkNote(1, tuple(row(section) for section in SECTIONS))
    (three,) = fit([note], {}, 3 * ROW)
    assert [kept.section for kept in three.statements] == ["actions", "outcome", "follow_ups"]
    (one,) = fit([note], {}, 2 * ROW - 1)
    assert [kept.section for kept in one.statements] == ["follow_ups"]


def test_lines_that_a_note_rests_on_count_once_each() -> None:
    lines = {"u0-0": Line("u0-0", "agent", "S1", "ten words " * 5)}
    note = ChunkNote(1, (row("reason", 5, "u0-0"), row("actions", 5, "u0-0", "u9-9")))
    assert fit([note], lines, 2 * ROW + 10 + LINE_WORDS) == (note,)
    assert len(fit([note], lines, 2 * ROW + 9 + LINE_WORDS)[0].statements) == 1


def test_where_one_each_is_too_much_the_first_and_the_newest_stay() -> None:
    notes = [ChunkNote(number, (row("reason"),)) for number in (1, 2, 3)]
    assert [len(note.statements) for note in fit(notes, {}, 2 * ROW)] == [1, 0, 1]
    assert [len(note.statements) for note in fit(notes, {}, ROW - 1)] == [0, 0, 0]


statements = st.builds(row, st.sampled_from([*SECTIONS, "of the site"]), st.integers(1, 30))


@given(rows=st.lists(st.lists(statements, max_size=6), max_size=20), words=st.integers(0, 500))
def test_whatever_is_given_fits(rows: list[list[Statement]], words: int) -> None:
    notes = [ChunkNote(number, tuple(some)) for number, some in enumerate(rows, 1)]
    fitted = fit(notes, {}, words)
    assert [note.number for note in fitted] == [note.number for note in notes]
    assert words_of(NoteRequest((), earlier=fitted)) <= words
    for before, after in zip(notes, fitted, strict=True):
        assert set(after.statements) <= set(before.statements)


def test_texts_without_spaces_have_words_too() -> None:
    assert size_of("one two") == 2 + LINE_WORDS
    assert size_of("\u5361" * 70) == 10 + LINE_WORDS


def test_a_draft_reads_what_its_notes_rest_on_once() -> None:
    lines = [Line(f"u{number}", "agent", "S1", "some words") for number in range(4)]
    told = {line.id: line for line in lines[:3]}
    notes = [ChunkNote(1, (row("reason", 5, "u2", "u0", "gone"),))]
    found = draft_request(lines[2:], notes, told, 100)
    assert found.cited == (lines[0],)
    assert found.lines == tuple(lines[2:])
    assert found.earlier == tuple(notes)
    assert words_of(found) == ROW + 3 * (2 + LINE_WORDS)
    assert draft_request(lines[3:], notes, told, 0).cited == ()

"""Notes of stretches that are too many for one request."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.types import SECTIONS, ChunkNote, Line, Statement
from pipeline.core.fitting import fit


def row(section: str, words: int = 5, *evidence: str) -> Statement:
    return Statement(section, " ".join(["word"] * words), evidence)


def test_notes_that_fit_stay_as_they_are() -> None:
    notes = [ChunkNote(1, (row("reason"), row("key_facts"))), ChunkNote(2, (row("actions"),))]
    assert fit(notes, {}, 15) == tuple(notes)
    assert fit([], {}, 0) == ()


def test_what_weighs_least_goes_first_and_the_order_stays() -> None:
    note = ChunkNote(1, tuple(row(section) for section in SECTIONS))
    (three,) = fit([note], {}, 15)
    assert [kept.section for kept in three.statements] == ["actions", "outcome", "follow_ups"]
    (one,) = fit([note], {}, 9)
    assert [kept.section for kept in one.statements] == ["follow_ups"]


def test_lines_that_a_note_rests_on_count_once_each() -> None:
    lines = {"u0-0": Line("u0-0", "agent", "S1", "ten words " * 5)}
    note = ChunkNote(1, (row("reason", 5, "u0-0"), row("actions", 5, "u0-0", "u9-9")))
    assert fit([note], lines, 20) == (note,)
    assert len(fit([note], lines, 19)[0].statements) == 1


def test_where_one_each_is_too_much_the_first_and_the_newest_stay() -> None:
    notes = [ChunkNote(number, (row("reason"),)) for number in (1, 2, 3)]
    assert [len(note.statements) for note in fit(notes, {}, 11)] == [1, 0, 1]
    assert [len(note.statements) for note in fit(notes, {}, 4)] == [0, 0, 0]


statements = st.builds(row, st.sampled_from([*SECTIONS, "of the site"]), st.integers(1, 30))


@given(rows=st.lists(st.lists(statements, max_size=6), max_size=20), words=st.integers(0, 500))
def test_whatever_is_given_fits(rows: list[list[Statement]], words: int) -> None:
    notes = [ChunkNote(number, tuple(some)) for number, some in enumerate(rows, 1)]
    fitted = fit(notes, {}, words)
    assert [note.number for note in fitted] == [note.number for note in notes]
    assert sum(len(kept.text.split()) for note in fitted for kept in note.statements) <= words
    for before, after in zip(notes, fitted, strict=True):
        assert set(after.statements) <= set(before.statements)

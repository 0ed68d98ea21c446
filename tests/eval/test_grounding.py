"""What is counted of planted errors and clean notes, with the core's check and with ones that are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eval.grounding import Caught, CleanNote, Counts, measure, table
from models.types import Claim, Line, Statement, Summary
from pipeline.core.grounding import ground

LINES = (
    Line("u1-0", "customer", "S2", "I want to dispute a charge of $40 from Monday."),
    Line("u0-0", "agent", "S1", "I see it here."),
)
NOTE = CleanNote((Statement("reason", "Customer disputed a $40 charge from Monday.", ("u1-0",)),), LINES)


def blind(note: Summary, lines: Sequence[Line], drop: bool) -> Summary:
    """Supports whatever is said, and adds a sentence of its own."""
    rows = tuple(replace(row, support="supported") for row in note.statements)
    return replace(note, statements=(*rows, Statement("outcome", "Done.", (), "not_found")))


def strict(note: Summary, lines: Sequence[Line], drop: bool) -> Summary:
    """Supports nothing."""
    claim = Claim("money", 0, 1, "contradicted")
    rows = (replace(row, support="contradicted", claims=(claim,)) for row in note.statements)
    return replace(note, statements=tuple(rows))


def test_the_check_of_the_core_catches_wrong_values_and_passes_the_clean_sentence() -> None:
    found = measure([NOTE], ground)
    assert found.statements == Counts(0, 1)
    for kind in ("money", "date", "negation"):
        assert found.of(kind) == Counts(1, 1)


def test_a_check_that_supports_all_catches_nothing() -> None:
    found = measure([NOTE], blind)
    assert found.statements == Counts(0, 1)
    assert found.planted
    assert sum(counts.hits for counts in found.planted.values()) == 0


def test_errors_are_planted_in_sentences_that_pass_alone() -> None:
    found = measure([NOTE], strict)
    assert found == Caught({}, {"money": Counts(1, 1)}, Counts(1, 1))


def test_nothing_is_checked_of_an_empty_note() -> None:
    assert measure([CleanNote((), LINES)], ground) == Caught()


def test_counts_add_and_have_no_rate_over_nothing() -> None:
    assert Counts(1, 2) + Counts(2, 3) == Counts(3, 5)
    assert (Counts().rate, Counts().interval()) == (None, None)
    low_high = Counts(0, 100).interval()
    assert low_high is not None
    # Clopper-Pearson of nothing in n: 1 - (alpha / 2) ** (1 / n).
    assert low_high[0] == 0
    assert abs(low_high[1] - (1 - 0.025 ** (1 / 100))) < 1e-9


def test_a_row_a_kind() -> None:
    found = Caught({("money", "new"): Counts(3, 4), ("money", "call"): Counts(1, 1)}, {"money": Counts(0, 9)})
    rows = table(found)
    assert rows[3].startswith("| money | 4 of 5 | 80.0 % (28.4 to 99.5) | 3 of 4 | 1 of 1 | 0 of 9, 0.0 %")
    assert rows[2] == "| number | - | - | - | - | - |"
    assert rows[-1] == "Clean statements flagged: -. Planted set 2."

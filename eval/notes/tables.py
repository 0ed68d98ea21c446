"""Scores of notes as a table for the terminal, and what is to be said beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from eval.notes.rouge import METRICS, TITLES
from eval.notes.scoring import NoteScore, SystemTotal, margins, totals
from eval.runs import Row


def note_table(rows: Sequence[Row[NoteScore]]) -> Table:
    """A row a system: means over the calls whose reference has a note."""
    table = Table("system", title="Notes")
    for name in (*TITLES, "statements", "supported", "contradicted", "not found", "words", "refused"):
        table.add_column(name, justify="right")
    for total in totals(rows):
        table.add_row(total.system, *_cells(total))
    return table


def note_lines(rows: Sequence[Row[NoteScore]]) -> Iterator[str]:
    """How far each summarizer is from the best baseline, and what it refused."""
    systems = totals(rows)
    for total in systems:
        if total.baseline:
            continue
        for title, gain in zip(TITLES, margins(total, systems), strict=False):
            yield (
                f"{total.system}, {title} over {gain.baseline}, the best baseline: {gain.difference:+.3f} "
                f"(95 % interval {gain.low:+.3f} to {gain.high:+.3f}, {len(total.f1)} calls)"
            )
        if total.refused:
            calls = [row for row in rows if row.score in total.with_note and row.score.refused]
            told = ", ".join(f"{row.call} ({row.score.written.code})" for row in calls)
            yield f"{total.system} wrote no note, which counts as 0: {told}"
        rightly, to_refuse = total.to_refuse
        if to_refuse:
            yield f"{total.system} rightly wrote none of {rightly} of {to_refuse} calls that have no note"


def _cells(total: SystemTotal) -> list[str]:
    means = [f"{value:.3f}" for value in total.f1.mean(axis=0)] if len(total.f1) else ["-"] * len(METRICS)
    found = total.grounding
    counts = (
        ["-"] * 4
        if found is None
        else [str(n) for n in (found.statements, found.supported, found.contradicted, found.not_found)]
    )
    words = "-" if total.words is None else f"{total.words:.0f}"
    return [*means, *counts, words, f"{total.refused} of {len(total.f1)}"]

"""Edits by class, section and deciding kind, out of the columns; and the reviews of one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from eval.edits.edit import EDIT_CLASSES, LADDER_VERSION
from eval.results import SCHEMA
from eval.reviews import tallies
from eval.reviews.columns import review_of
from eval.reviews.rates import SEVERE
from eval.reviews.review import Review
from models.errors import InputError

EDIT_HEAD = ("of", "name", "class", "notes", "share", "associates")


@dataclass(frozen=True, slots=True)
class Counted:
    """So many notes, of so many associates."""

    notes: int
    associates: int


@dataclass(frozen=True, slots=True)
class EditCounts:
    """Saved notes whose draft was shown, by class of the mature text.

    `sections` counts notes by section and class; `decided` by (class, kind of the change that decided it).
    """

    legs: int
    saved: int
    classes: Mapping[str, Counted]
    sections: Mapping[str, Mapping[str, int]]
    decided: Mapping[tuple[str, str], Counted]

    def share(self, notes: int) -> float | None:
        """Of all saved notes; None without any."""
        return notes / self.saved if self.saved else None


def edit_counts(connection: duckdb.DuckDBPyConnection) -> EditCounts:
    """The counts of the view `reviews`. Raises `InputError` where it has none."""
    tallies.prepare(connection)
    ((legs, saved),) = connection.execute("SELECT COUNT(*), COUNT(edit) FROM facts").fetchall()
    if not legs:
        raise InputError("there are no reviews: no edit to count")
    found = connection.execute(
        "SELECT edit, COUNT(*), COUNT(DISTINCT NULLIF(associate, '')) FROM facts"
        " WHERE edit IS NOT NULL GROUP BY ALL"
    ).fetchall()
    known = {name: Counted(notes, associates) for name, notes, associates in found}
    decided = connection.execute(
        "SELECT edit, decided_kind, COUNT(*) AS notes, COUNT(DISTINCT NULLIF(associate, '')) FROM facts"
        " WHERE edit IS NOT NULL AND decided_kind IS NOT NULL GROUP BY ALL"
        " ORDER BY notes DESC, edit, decided_kind"
    ).fetchall()
    return EditCounts(
        legs=legs,
        saved=saved,
        classes={name: known.get(name, Counted(0, 0)) for name in EDIT_CLASSES},
        sections=tallies.section_classes(connection),
        decided={(edit, kind): Counted(notes, associates) for edit, kind, notes, associates in decided},
    )


def edit_rows(counts: EditCounts) -> Iterator[tuple[Any, ...]]:
    """The counts as rows under `EDIT_HEAD`."""
    for name, found in counts.classes.items():
        yield "all", "", name, found.notes, counts.share(found.notes), found.associates
    for section, classes in counts.sections.items():
        total = sum(classes.values())
        for name, notes in classes.items():
            yield "section", section, name, notes, notes / total, None
    for (name, kind), found in counts.decided.items():
        yield "decided by", kind, name, found.notes, counts.share(found.notes), found.associates


def edit_result(counts: EditCounts, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The result of `wrapup eval edits`. It holds no words of notes."""
    return {
        "schema": SCHEMA,
        "command": "edits",
        "n_given": counts.legs,
        "n_scored": counts.saved,
        "total": [dict(zip(EDIT_HEAD, row, strict=True)) for row in edit_rows(counts)],
        "provenance": {**provenance, "ladder": LADDER_VERSION},
    }


def call_rows(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """A row for each saved note, as `wrapup eval compare` reads it. `edit_counts` was asked before."""
    found = connection.execute(
        "SELECT call_id, leg, NULLIF(reviews.associate, ''), edit_mature FROM reviews"
        " WHERE saved_at IS NOT NULL AND drafted_at <= opened_at AND edit_mature IS NOT NULL"
        " ORDER BY call_id, leg"
    ).fetchall()
    return [
        {
            "call": call,
            "leg": leg,
            "associate": associate,
            "edit": edit,
            "nmn": {"unmodified": int(edit == "exact"), "saved": 1},
            "material": {"material": int(edit == "material"), "saved": 1},
            "severe": {"severe": int(edit in SEVERE), "saved": 1},
        }
        for call, leg, associate, edit in found
    ]


def reviews_of(connection: duckdb.DuckDBPyConnection, call_id: str) -> Sequence[Review]:
    """The reviews of a call, one a leg."""
    rows = connection.execute("SELECT * FROM reviews WHERE call_id = ? ORDER BY leg", [call_id]).fetchall()
    return [review_of(row) for row in rows]

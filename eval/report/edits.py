"""What associates did with drafts, as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from eval.edits.edit import EDIT_CLASSES
from eval.pages.charts import SHADES, Part, bars
from eval.pages.rendering import render
from eval.reviews.edits import EditCounts
from eval.reviews.report import percent


def edits_page_of(counts: EditCounts, provenance: Mapping[str, Any]) -> str:
    """The page as HTML: the same for the same counts."""
    whole = class_parts({name: one.notes for name, one in counts.classes.items()})
    return render(
        "edits",
        provenance,
        counts=counts,
        percent=percent,
        key=list(zip(EDIT_CLASSES, SHADES, strict=True)),
        charts={
            "classes": bars("Edits by class", [("all notes", whole)]),
            "sections": section_bars(counts.sections),
        },
    )


def section_bars(sections: Mapping[str, Mapping[str, int]]) -> Markup:
    """Edits by section: a bar each, with how many notes have the section."""
    return bars(
        "Edits by section",
        [
            (f"{name or 'no heading'} ({sum(found.values()):,})", class_parts(found))
            for name, found in sections.items()
        ],
    )


def class_parts(counts: Mapping[str, int]) -> list[Part]:
    """Notes by edit class, as parts of a bar."""
    return [Part(name, counts.get(name, 0)) for name in EDIT_CLASSES]

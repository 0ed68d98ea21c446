"""The proof as a page of Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from eval.edits.edit import LADDER_VERSION
from eval.worlds.proof.claims import Part, Row

_INTRO = f"""# What the harness proves of itself

`make eval-proof` makes this page anew, in minutes; the same code gives the same page. The tests run the same
parts with fewer runs. Edits were classed by `{LADDER_VERSION}`.
"""
_SAID = {True: "yes", False: "NO", None: ""}


def page_of(parts: Sequence[Part]) -> str:
    """All parts, one after the other, and first which of them hold."""
    summary = _table(("part", "holds"), [(part.title, _SAID[part.holds]) for part in parts])
    return "\n".join([_INTRO, summary, *(_section(part) for part in parts)])


def _section(part: Part) -> str:
    rows = [(*row.cells, _SAID[row.holds]) for row in part.rows]
    return f"## {part.title}\n\n{part.done} A line {part.rule}.\n\n{_table((*part.head, 'holds'), rows)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def failures(parts: Sequence[Part]) -> list[tuple[str, Row]]:
    """The lines that do not hold, with the title of their part."""
    return [(part.title, row) for part in parts for row in part.rows if row.holds is False]

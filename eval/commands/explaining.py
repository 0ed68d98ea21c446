"""One edit on the terminal: draft and note side by side, what changed, and what decided the class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from eval.edits.edit import Change, Edit
from eval.reviews.review import Review
from pipeline.formats.plain import clean, lines_of

BEFORE, AFTER = "red", "green"
DECIDES = "bold reverse"
_STEERING = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
MOST_SHOWN = 100
"""Changes that are listed."""


def explained(review: Review, edit: Edit) -> Iterator[RenderableType]:
    """What is shown of an edit, part after part."""
    texts = Table(title=Text(f"Call {legible(review.call_id)}, leg {review.leg}"), show_lines=True)
    texts.add_column("draft", ratio=1, overflow="fold")
    texts.add_column("saved" if review.used else "saved; the draft was discarded", ratio=1, overflow="fold")
    changes = edit.changes
    texts.add_row(
        marked(review.draft, [(change.before, change == edit.decided_by) for change in changes], BEFORE),
        marked(review.mature, [(change.after, change == edit.decided_by) for change in changes], AFTER),
    )
    yield texts
    if changes:
        yield _changes(edit)
    yield Text(_verdict(edit))


def legible(text: str) -> str:
    """One line in which signs are seen that only steer others, such as one that turns the direction of what
    follows it; those that join letters and pictures stay as they are."""
    return clean(_STEERING.sub(lambda found: f"<U+{ord(found[0]):04X}>", text))


def marked(text: str, said: Sequence[tuple[str, bool]], style: str) -> Text:
    """The text with what is said in it in a style; True marks what decided. Words may have marks between."""
    shown = Text("\n".join(legible(line) for line in lines_of(text)))
    taken: list[tuple[int, int]] = []
    for words, decides in said:
        pattern = r"\W+".join(re.escape(word) for word in legible(words).split())
        if not pattern:
            continue
        for match in re.finditer(pattern, shown.plain, re.IGNORECASE):
            if all(match.end() <= start or match.start() >= end for start, end in taken):
                taken.append(match.span())
                shown.stylize(f"{style} {DECIDES}" if decides else style, *match.span())
                break
    return shown


def _changes(edit: Edit) -> Table:
    table = Table(title="Changes", show_lines=False)
    for name in ("kind", "section", "draft", "saved", ""):
        table.add_column(name, overflow="fold")
    for change in edit.changes[:MOST_SHOWN]:
        decides = "decides" if change == edit.decided_by else ""
        cells = (change.kind, change.section or "-", change.before or "-", change.after or "-", decides)
        table.add_row(*(Text(legible(cell)) for cell in cells), style="bold" if decides else None)
    if len(edit.changes) > MOST_SHOWN:
        table.add_row("...", "", "", "", f"{len(edit.changes) - MOST_SHOWN:,} more")
    return table


def _verdict(edit: Edit) -> str:
    told = f"class: {edit.edit_class}"
    if edit.decided_by is not None:
        told += f", decided by {_said(edit.decided_by)}"
    if edit.ter is not None:
        told += f"; translation edit rate {edit.ter:.2f}"
    if edit.kept is not None:
        told += f"; {edit.kept:.0%} of the draft's tokens kept"
    sections = ", ".join(f"{name or 'before any heading'} {found}" for name, found in edit.sections.items())
    return told + (f"\nby section: {legible(sections)}" if sections else "")


def _said(change: Change) -> str:
    before, after = legible(change.before), legible(change.after)
    if not before:
        return f"{change.kind}: {after!r} came in"
    return (
        f"{change.kind}: {before!r} was left out" if not after else f"{change.kind}: {before!r} -> {after!r}"
    )

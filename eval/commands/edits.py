"""`wrapup eval edits`: what associates did with drafts, and why a note has its class."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.table import Table
from rich.text import Text

from eval.commands.shared import Csv, Html, Json
from models.errors import ConfigError, InputError
from pipeline.commands import one_line_errors, table_console
from pipeline.formats.plain import clean

if TYPE_CHECKING:
    from eval.edits.edit import Edit
    from eval.reviews.columns import ReviewSet
    from eval.reviews.edits import EditCounts
    from eval.reviews.review import Review


@one_line_errors
def edits(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH...]", help="Folders of reviews; else those of the store."),
    ] = None,
    explain: Annotated[
        str | None, typer.Option(metavar="CALL", help="Show one call's draft and note, and what decided.")
    ] = None,
    calls: Annotated[
        bool, typer.Option("--calls", help="A row a note in --json, too, as `compare` reads them.")
    ] = False,
    json_file: Json = None,
    csv_file: Csv = None,
    html_file: Html = None,
) -> None:
    """What associates did with drafts: the edit ladder by class and section, and which changes decided.

    Example: wrapup eval edits reviews/ --explain call-0017
    """
    from eval.commands.sources import open_source

    with open_source(paths or ()) as found:
        if explain is None:
            _count(found, _Wanted(calls, json_file, csv_file, html_file))
        elif calls or csv_file is not None or html_file is not None:
            raise ConfigError("--explain shows one call; leave out --calls, --csv and --html")
        else:
            _explain(found, explain, json_file)


class _Wanted(NamedTuple):
    """Files to write, and whether the first has a row a note."""

    calls: bool
    json_file: Path | None
    csv_file: Path | None
    html_file: Path | None


def _count(found: ReviewSet, wanted: _Wanted) -> None:
    from eval.commands.outputs import write_csv
    from eval.report.edits import edits_page_of
    from eval.results import write_result
    from eval.reviews.edits import EDIT_HEAD, call_rows, edit_counts, edit_result, edit_rows
    from pipeline.sinks.files import write_whole

    counts = edit_counts(found.connection)
    console = table_console()
    for table in _tables(counts):
        console.print(table)
    console.print(
        f"{counts.saved:,} saved notes whose draft was shown, of {counts.legs:,} legs of calls",
        soft_wrap=True,
    )
    if wanted.json_file is not None:
        rows = {"calls": call_rows(found.connection)} if wanted.calls else {}
        write_result({**edit_result(counts, found.provenance()), **rows}, wanted.json_file)
    if wanted.csv_file is not None:
        write_csv(wanted.csv_file, EDIT_HEAD, edit_rows(counts))
    if wanted.html_file is not None:
        write_whole(wanted.html_file, edits_page_of(counts, found.provenance()))


def _tables(counts: EditCounts) -> list[Table]:
    from eval.edits.edit import EDIT_CLASSES

    classes = Table("class", title="Edits")
    decided = Table("decided by", "class", title="What decided")
    for table in (classes, decided):
        for name in ("notes", "share", "associates"):
            table.add_column(name, justify="right")
    for name, one in counts.classes.items():
        classes.add_row(name, f"{one.notes:,}", _percent(counts.share(one.notes)), f"{one.associates:,}")
    for (name, kind), one in counts.decided.items():
        share = _percent(counts.share(one.notes))
        decided.add_row(kind, name, f"{one.notes:,}", share, f"{one.associates:,}")
    sections = Table("section", title="By section")
    for name in ("notes", *EDIT_CLASSES):
        sections.add_column(name, justify="right")
    for section, found in counts.sections.items():
        total = sum(found.values())
        shares = (_percent(found.get(name, 0) / total) for name in EDIT_CLASSES)
        sections.add_row(Text(clean(section) or "before any heading"), f"{total:,}", *shares)
    shown = [table for table in (sections, decided) if table.row_count]
    return [classes, *shown]


def _explain(found: ReviewSet, call_id: str, json_file: Path | None) -> None:
    from eval.commands.explaining import explained
    from eval.edits.ladder import classify
    from eval.results import SCHEMA, write_result
    from eval.reviews.edits import reviews_of

    reviews = reviews_of(found.connection, call_id)
    if not reviews:
        raise InputError(f"no call {call_id!r} among these reviews ({found.reviews:,})")
    console = table_console()
    told: list[dict[str, Any]] = []
    for review in reviews:
        why = _not_edited(review)
        if why is not None:
            told_of = f"call {clean(review.call_id)}, leg {review.leg}: {why}"
            console.print(told_of, soft_wrap=True, markup=False)
            continue
        edit = classify(review.draft, review.mature, review.used)
        for part in explained(review, edit):
            console.print(part)
        told.append(_edit_of(review, edit))
    if json_file is not None:
        result = {"schema": SCHEMA, "command": "edits", "explain": call_id, "legs": told}
        write_result({**result, "provenance": found.provenance()}, json_file)


def _not_edited(review: Review) -> str | None:
    if review.drafted_at is None:
        return "there was no draft"
    return "nothing was saved" if review.saved_at is None else None


def _edit_of(review: Review, edit: Edit) -> dict[str, Any]:
    return {
        "call": review.call_id,
        "leg": review.leg,
        "class": edit.edit_class,
        "decided_by": None if edit.decided_by is None else asdict(edit.decided_by),
        "changes": [asdict(change) for change in edit.changes],
        "sections": dict(edit.sections),
        "ter": edit.ter,
        "kept": edit.kept,
    }


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"

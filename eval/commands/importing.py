"""`wrapup eval import`: reviews from elsewhere."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from models.errors import InputError
from pipeline.commands import BAD_INPUT, one_line_errors, tell_error
from pipeline.sinks.files import OutputError

if TYPE_CHECKING:
    from eval.reviews.importing import Imported, Plan

TOLD = 20
"""Rows that are told on stderr."""
KEY_NAME = "pseudonym.key"


@one_line_errors
def import_reviews(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="CSV, TSV, JSON lines or Parquet.")],
    mapping: Annotated[Path, typer.Option("--map", help="TOML: which column holds which field.")],
    out: Annotated[Path, typer.Option(help="Folder of the reviews; what it had of them is replaced.")],
    bad: Annotated[
        Path | None, typer.Option(help="Write all rows that were left out or noted here, as CSV.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the counts here, as JSON.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that class edits.")] = 1,
    mature_hours: Annotated[
        float,
        typer.Option(min=0, max=8760, help="Amendments until then after saving are in the mature text."),
    ] = 24.0,
    pseudonym_key: Annotated[
        Path | None,
        typer.Option(
            help="Key of the associates' pseudonyms, made where there is none; beside OUT if unsaid."
        ),
    ] = None,
) -> None:
    """Reviews from elsewhere, for the other commands.

    Rows that are no reviews are listed with file, line and reason, the others are written, and the exit code
    is 2. Associates become pseudonyms, which are the same under the same key.

    Example: wrapup eval import desktop.csv --map mapping.toml --out reviews --bad bad.csv

    mapping.toml: a zone = "Europe/London" for times that name none, and a table [columns] with lines such as
    call_id = "Interaction", associate = "Agent", started_at = "Start", saved_at = "Saved", draft = "Draft",
    final = "Note".
    """
    from eval.results import write_result
    from eval.reviews.importing import Plan
    from eval.reviews.mapping import read_mapping

    read = read_mapping(mapping)
    key_file = pseudonym_key or out.absolute().parent / KEY_NAME
    if out.absolute() in key_file.absolute().parents:
        raise InputError(f"--pseudonym-key {key_file}: not in {out}, which is handed on; keep it apart")
    named = _pseudonym(None if read.mapping.already_pseudonymous else key_file)
    with _listed(bad) as complaints:
        done = _run(Plan(tuple(files), read, named, mature_hours, jobs), out, complaints)
    _tell(done, complaints, bad)
    if json_file is not None:
        write_result(done.as_dict(), json_file)
    if done.bad:
        raise typer.Exit(BAD_INPUT)


class _Complaints:
    """The first bad rows for stderr, and all of them for a file."""

    def __init__(self, writer: Any | None) -> None:
        self._writer = writer
        self.first: list[str] = []

    def __call__(self, file: Path, line: int, reason: str, kept: bool) -> None:
        if not kept and len(self.first) < TOLD:
            self.first.append(f"{file}, line {line}: {reason}")
        if self._writer is not None:
            self._writer.writerow([str(file), line, reason, "yes" if kept else "no"])


@contextmanager
def _listed(path: Path | None) -> Iterator[_Complaints]:
    if path is None:
        yield _Complaints(None)
        return
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["file", "line", "reason", "kept"])
            yield _Complaints(writer)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error


def _pseudonym(key_file: Path | None) -> Callable[[str], str]:
    from eval.reviews.converting import pseudonyms
    from pipeline.store.vault import key_in

    return str if key_file is None else pseudonyms(key_in(key_file))


def _run(plan: Plan, out: Path, complaints: _Complaints) -> Imported:
    from eval.reviews.importing import import_reviews

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        # Files are read twice.
        total = 2 * sum(path.stat().st_size for path in plan.files if path.is_file())
        bar = progress.add_task("reviews", total=total)
        return import_reviews(plan, out, complaints, lambda size: progress.advance(bar, size))


def _tell(done: Imported, complaints: _Complaints, bad: Path | None) -> None:
    for line in complaints.first:
        tell_error(line)
    if done.bad > len(complaints.first):
        where = f"all are in {bad}" if bad else "--bad FILE lists all"
        tell_error(f"{done.bad - len(complaints.first)} more rows were left out; {where}")
    said = f"{done.given} rows: {done.reviews} reviews, {done.bad} left out"
    typer.echo(said + (f", {done.joined} joined to the review they belong to" if done.joined else ""))
    for reason, count in sorted(done.notes.items()):
        typer.echo(f"  {count} noted: {reason}")

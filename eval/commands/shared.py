"""What commands of `wrapup eval` share: options, the bar of long work, and how a scored run ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from models.errors import InputError
from pipeline.commands import BAD_INPUT, table_console, tell_error

if TYPE_CHECKING:
    from eval.references import Need, Reference
    from eval.runs import Outcome, Source
    from pipeline.formats.call_json import CallDocument

ScoreT = TypeVar("ScoreT")

Paths = Annotated[
    list[Path],
    typer.Argument(metavar="PATH...", help="Audio files or folders; references lie beside the audio."),
]
Asr = Annotated[str | None, typer.Option(help="Transcriber; `wrapup doctor` lists them.")]
Diarizer = Annotated[str | None, typer.Option(help="Who speaks on mono calls.")]
Hyp = Annotated[Path | None, typer.Option(help="Score the calls in this folder; nothing is transcribed.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the result here too, as JSON.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write its rows here too, as CSV.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write a page here too, to read or print.")]


class Files(NamedTuple):
    """Files that a result is to be written to as well."""

    json_file: Path | None
    csv_file: Path | None
    html_file: Path | None


def bar() -> Progress:
    """A progress bar on standard error, where that is a terminal."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def score_calls(
    paths: list[Path], need: Need, source: Source, score: Callable[[Reference, CallDocument], ScoreT]
) -> Outcome[ScoreT]:
    """Score all calls under `paths`, with a bar. Raises `WrapupError`."""
    from eval.runs import find, score_all

    found = find(paths, need, source)
    with bar() as progress:
        task = progress.add_task("calls", total=len(found.references))
        return score_all(found, source, score, lambda: progress.advance(task))


def write_files(result: dict[str, Any], json_file: Path | None, csv_file: Path | None) -> None:
    """The result as the files that were asked for. Raises `InputError`, `OutputError`."""
    from eval.commands.outputs import write_csv
    from eval.results import call_table, write_result

    if json_file is not None:
        write_result(result, json_file)
    if csv_file is not None:
        write_csv(csv_file, *call_table(result["calls"]))


def write_page(result: dict[str, Any], html_file: Path | None) -> None:
    """The page of a result of scored calls, where it was asked for. Raises `OutputError`."""
    from eval.report.scores import scores_page_of
    from pipeline.sinks.files import write_whole

    if html_file is not None:
        write_whole(html_file, scores_page_of(result))


def tell(outcome: Outcome[Any], table: Table, result: dict[str, Any], files: Files) -> None:
    """What scored calls came to: on the terminal, as the files that were asked for, and as the exit code."""
    console = table_console()
    console.print(table)
    write_files(result, files.json_file, files.csv_file)
    write_page(result, files.html_file)
    close(outcome, console)


def close(outcome: Outcome[Any], console: Console) -> None:
    """Say what was not scored and why; exit code `BAD_INPUT` where a call failed or none was scored."""
    from eval.tables import closing_lines

    for line in closing_lines(outcome):
        console.print(line, soft_wrap=True, markup=False)
    for passed in outcome.failed:
        tell_error(passed.reason)
    if not outcome.rows and not outcome.failed:
        raise InputError("nothing was scored: no file has a reference that this needs")
    if outcome.failed:
        raise typer.Exit(BAD_INPUT)

"""`wrapup eval notes`: notes beside reference notes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from eval.commands.shared import Csv, Json, bar, close, write_files
from models.errors import ConfigError
from pipeline.commands import BAD_INPUT, one_line_errors, table_console, tell_error

if TYPE_CHECKING:
    from eval.notes.scoring import NoteScore, Writer
    from eval.runs import Outcome


@one_line_errors
def notes(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Transcripts or folders: our JSON, references, VTT, SRT ..."),
    ],
    references: Annotated[
        Path | None, typer.Option(help="Folder with the reference notes; else beside the transcripts.")
    ] = None,
    summarizer: Annotated[
        list[str] | None, typer.Option(help="Who writes; may be repeated. The default one without.")
    ] = None,
    hyp: Annotated[Path | None, typer.Option(help="Score the notes of the calls in this folder.")] = None,
    json_file: Json = None,
    csv_file: Csv = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="A page with all notes beside their references.")
    ] = None,
) -> None:
    """Notes beside reference notes: ROUGE next to three baselines, grounding in the call, length.

    The note of `call.json` is expected in `call.note.json`, `call.note.txt` or `call.note.md`.

    Example: wrapup eval notes sample_calls --summarizer extractive --html notes.html
    """
    from eval.notes.cases import find_cases
    from eval.notes.page import page_of
    from eval.notes.scoring import note_result, score_cases
    from eval.notes.tables import note_lines, note_table
    from pipeline.sinks.files import write_whole

    if hyp is not None and summarizer:
        raise ConfigError("--hyp reads notes that are there already; leave out --summarizer")
    found = find_cases(paths, references, hyp)
    writers = _writers(summarizer, hyp)
    with bar() as progress:
        task = progress.add_task("notes", total=len(found.cases) * len(writers))
        outcome = score_cases(found, writers, lambda: progress.advance(task))
    console = table_console()
    console.print(note_table(outcome.rows))
    for line in note_lines(outcome.rows):
        console.print(line, soft_wrap=True, markup=False)
    write_files(note_result(outcome), json_file, csv_file)
    if html_file is not None:
        write_whole(html_file, page_of(found.cases, outcome))
    _end(outcome, console)


def _writers(names: list[str] | None, hyp: Path | None) -> list[tuple[Writer, int]]:
    from eval.notes.scoring import as_written, asked
    from pipeline.app import note_writing, open_summarizer
    from pipeline.config import load_config

    if hyp is not None:
        return [(as_written, 1)]
    writers = []
    for config in [load_config(summarizer=name) for name in dict.fromkeys(names or ())] or [load_config()]:
        engine = open_summarizer(config)
        # A note that somebody else wrote says nothing of this one.
        writing = replace(note_writing(config, engine), stand_in=None)
        writers.append((asked(engine.version, writing), engine.capabilities.at_once))
    return writers


def _end(outcome: Outcome[NoteScore], console: Console) -> None:
    faults = [
        f"{row.call}: {row.score.written.system}: {row.score.written.fault}"
        for row in outcome.rows
        if row.score.written.fault is not None
    ]
    for fault in faults:
        tell_error(fault)
    close(outcome, console)
    if faults:
        raise typer.Exit(BAD_INPUT)

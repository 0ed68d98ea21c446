"""`wrapup run`: recordings in, documents out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from models.errors import ConfigError, InputError
from models.machine import cores
from pipeline.app import Pipeline
from pipeline.batch import Outcome, Recording, Target, duration_s, finished, process_all, recordings
from pipeline.commands import BAD_INPUT, one_line_errors, tell_error
from pipeline.config import load_config, parse_roles
from pipeline.doors.files import find_audio
from pipeline.formats.call_json import CallDocument
from pipeline.formats.writers import WRITERS
from pipeline.sinks.files import probe_folder

OUT = Path("calls")


@one_line_errors
def run(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Audio files or folders.")],
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = OUT,
    asr: Annotated[str | None, typer.Option(help="Transcriber; `wrapup doctor` lists them.")] = None,
    diarizer: Annotated[str | None, typer.Option(help="Who speaks on mono calls.")] = None,
    summarizer: Annotated[str | None, typer.Option(help="Who writes the note.")] = None,
    roles: Annotated[
        str | None, typer.Option(help="agent,customer: by channel; on mono calls by who is heard first.")
    ] = None,
    formats: Annotated[str, typer.Option("--format", help=f"Any of {','.join(WRITERS)}.")] = "json,md",
    hotwords: Annotated[Path | None, typer.Option(help="File with the site's words, one a line.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Calls at once.")] = cores(),
    resume: Annotated[bool, typer.Option("--resume", help="Skip calls that are done.")] = False,
) -> None:
    """Transcribe recordings, tell the speakers apart and write the note of each call."""
    config = load_config(
        asr=asr, diarizer=diarizer, summarizer=summarizer, roles=parse_roles(roles), hotwords=hotwords
    )
    target = Target(out, formats_of(formats))
    found, faults = _found(paths)
    for fault in faults:
        tell_error(fault)
    outcomes: list[Outcome] = []
    if found:
        probe_folder(out)
        try:
            with Pipeline(config) as pipeline:
                outcomes = _process(found, target, pipeline, jobs=jobs, resume=resume)
        except KeyboardInterrupt:
            tell_error(f"stopped; finished calls are in {out}, and --resume goes on from there")
            raise
    _report(outcomes, target)
    if faults or any(outcome.fault for outcome in outcomes):
        raise typer.Exit(BAD_INPUT)


def formats_of(text: str) -> tuple[str, ...]:
    """`--format` as names, our JSON first: it is always written. Raises `ConfigError`."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    unknown = [name for name in names if name not in WRITERS]
    if unknown:
        raise ConfigError(f"--format {','.join(unknown)}: expected any of {','.join(WRITERS)}")
    return ("json", *(name for name in names if name != "json"))


def _found(paths: Sequence[Path]) -> tuple[list[Recording], list[str]]:
    files: list[Path] = []
    faults: list[str] = []
    for path in paths:
        try:
            files += find_audio([path])
        except InputError as error:
            faults.append(str(error))
    return recordings(list(dict.fromkeys(files))), faults


def _process(
    found: Sequence[Recording], target: Target, pipeline: Pipeline, *, jobs: int, resume: bool
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    todo: list[Recording] = []
    for recording in found:
        document = finished(recording, target, pipeline) if resume else None
        if document is None:
            todo.append(recording)
        else:
            outcomes.append(Outcome(recording, document, _old_fault(recording, document)))
    with _bar() as bar:
        total_s = sum(duration_s(recording) or 0.0 for recording in todo)
        task = bar.add_task("audio", total=total_s)
        outcomes_now = process_all(
            todo, target, pipeline, jobs=jobs, tell=lambda seconds: bar.advance(task, seconds)
        )
        for outcome in outcomes_now:
            outcomes.append(outcome)
            if outcome.fault:
                tell_error(outcome.fault)
        bar.update(task, completed=total_s)
    return sorted(outcomes, key=lambda outcome: outcome.recording.call_id)


def _old_fault(recording: Recording, document: CallDocument) -> str | None:
    """What an earlier run said of a file that breaks off, which is as true now."""
    if document.end.code != "truncated":
        return None
    line = f"{recording.path}: ends after {document.duration_s:.1f} s; what was heard before is kept"
    tell_error(line)
    return line


def _bar() -> Progress:
    return Progress(
        TextColumn("transcribing"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} s of audio"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _report(outcomes: Sequence[Outcome], target: Target) -> None:
    documents = [outcome.document for outcome in outcomes if outcome.document is not None]
    if not documents:
        return
    table = Table("call", "audio", "utterances", "words", "masked", "note", "end", title="Calls")
    for column in table.columns[1:5]:
        column.justify = "right"
    for document in documents:
        table.add_row(*_row(document))
    console = Console()
    console.print(table)
    console.print(f"{len(documents)} calls in {target.folder}", highlight=False, markup=False, soft_wrap=True)


def _row(document: CallDocument) -> tuple[str, ...]:
    statements = len(document.summary.statements)
    note = f"{statements} statements" if statements else document.summary.code
    if document.summary.stand_in is not None:
        note += f", by the embedded summarizer ({document.summary.stand_in})"
    words = sum(len(utterance.words) for utterance in document.utterances)
    return (
        document.call_id,
        f"{document.duration_s:.0f} s",
        str(len(document.utterances)),
        str(words),
        str(len(document.redactions)),
        note,
        document.end.code,
    )

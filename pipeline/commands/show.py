"""`wrapup show` and `wrapup schema`: a call on the terminal, and the shape of its document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.types import SECTIONS
from pipeline.commands import one_line_errors
from pipeline.document import section_title
from pipeline.formats.call_json import (
    CallDocument,
    NoteStatement,
    json_schema,
    read_call,
    shown,
    speaker_names,
)

STYLES = {"agent": "cyan", "customer": "green"}


@one_line_errors
def show(call: Annotated[Path, typer.Argument(help="A call's JSON, as `wrapup run` writes it.")]) -> None:
    """Print a call: the transcript, then the note."""
    document = read_call(call)
    console = Console(highlight=False)
    console.print(Text(f"{document.call_id}  {document.duration_s:.0f} s", style="bold"))
    console.print(_transcript(document))
    console.print()
    print_note(document, console)


def print_note(document: CallDocument, console: Console) -> None:
    """The note, a statement a line; or why there is none. Then the version that wrote it."""
    summary = document.summary
    stood_in = f", by the embedded summarizer ({summary.stand_in})" if summary.stand_in else ""
    what = "note" if summary.statements else f"no note ({summary.code})"
    console.print(Text(f"{document.call_id}: {what}{stood_in}", style="bold"))
    rows = _grid()
    for section in SECTIONS:
        for statement in (item for item in summary.statements if item.section == section):
            rows.add_row(Text(section_title(section), style="bold"), marked(statement))
    for field in summary.fields:
        rows.add_row(Text(section_title(field.name), style="bold"), Text(field.value))
    for found in summary.disagreements:
        told = "; ".join(f"{each.summarizer}: {each.words}" for each in found.told)
        rows.add_row(Text("Differs", style="bold yellow"), Text(f"{found.kind}: {told}"))
    rows.add_row(Text("Version", style="dim"), Text(document.provenance.version, style="dim"))
    console.print(rows)


def marked(statement: NoteStatement) -> Text:
    """A statement, and after it what is doubtful about it."""
    doubts = {"contradicted": ["the call says otherwise"], "not_found": ["not found in the call"]}
    told = [*doubts.get(statement.support, []), *(flag.replace("_", " ") for flag in statement.flags)]
    text = Text(shown(statement.text, statement.flags))
    return text.append(f" ({', '.join(told)})", style="yellow") if told else text


@one_line_errors
def schema() -> None:
    """Print the JSON Schema of a call's document."""
    typer.echo(json.dumps(json_schema(), indent=1))


def _transcript(document: CallDocument) -> Table:
    names = speaker_names(document)
    rows = _grid(columns=3)
    for utterance in document.utterances:
        name = names.get(utterance.speaker, utterance.speaker)
        minutes, seconds = divmod(int(utterance.start_s), 60)
        rows.add_row(
            Text(f"{minutes:3d}:{seconds:02d}", style="dim"),
            Text(name, style=STYLES.get(name, "yellow")),
            Text(utterance.text),
        )
    return rows


def _grid(columns: int = 2) -> Table:
    """Columns without lines; only the last one may wrap."""
    grid = Table.grid(padding=(0, 2))
    for _ in range(columns - 1):
        grid.add_column(no_wrap=True)
    grid.add_column()
    return grid

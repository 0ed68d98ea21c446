"""`wrapup show` and `wrapup schema`: a call on the terminal, and the shape of its document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from models.types import SECTIONS
from pipeline.commands import one_line_errors
from pipeline.document import section_title
from pipeline.formats.call_json import CallDocument, json_schema, read_call, speaker_names

STYLES = {"agent": "cyan", "customer": "green"}


@one_line_errors
def show(call: Annotated[Path, typer.Argument(help="A call's JSON, as `wrapup run` writes it.")]) -> None:
    """Print a call: the transcript, then the note."""
    document = read_call(call)
    console = Console(highlight=False)
    console.print(Text(f"{document.call_id}  {document.duration_s:.0f} s", style="bold"))
    for line in _transcript(document):
        console.print(line, soft_wrap=False)
    console.print()
    print_note(document, console)


def print_note(document: CallDocument, console: Console) -> None:
    """The note, a statement a line; or why there is none."""
    summary = document.summary
    if not summary.statements:
        console.print(Text(f"{document.call_id}: no note ({summary.code})", style="bold"))
        return
    console.print(Text(f"{document.call_id}: note", style="bold"))
    for section in SECTIONS:
        for statement in (item for item in summary.statements if item.section == section):
            title = f"{section_title(section):<11} "
            console.print(Text.assemble((title, "bold"), statement.text))


@one_line_errors
def schema() -> None:
    """Print the JSON Schema of a call's document."""
    typer.echo(json.dumps(json_schema(), indent=1))


def _transcript(document: CallDocument) -> list[Text]:
    names = speaker_names(document)
    lines = []
    for utterance in document.utterances:
        name = names.get(utterance.speaker, utterance.speaker)
        minutes, seconds = divmod(int(utterance.start_s), 60)
        style = STYLES.get(name, "yellow")
        lines.append(
            Text.assemble((f"{minutes:3d}:{seconds:02d}  ", "dim"), (f"{name:<9} ", style), utterance.text)
        )
    return lines

"""`wrapup compare`: what several summarizers write of one call, side by side."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from models.errors import ConfigError
from pipeline.app import note_writing, open_summarizer, shown_notes
from pipeline.batch import Target, recordings
from pipeline.commands import one_line_errors, table_console
from pipeline.commands.summarize import summarizer_of
from pipeline.comparing import Column, Item, columns_of, page, rows_of
from pipeline.config import load_config
from pipeline.formats.call_json import CallDocument
from pipeline.note_batch import Noting, noted, read_transcript
from pipeline.sinks.files import write_whole


@one_line_errors
def compare(
    call: Annotated[Path, typer.Argument(help="Our JSON, VTT, SRT, or 'Speaker: text' lines.")],
    summarizer: Annotated[list[str], typer.Option(help="Who writes; two at least.")],
    html: Annotated[Path | None, typer.Option(help="File for a page with both, to read or print.")] = None,
) -> None:
    """Ask several summarizers for the note of one call, and show what they wrote side by side."""
    if len(summarizer) < 2 and not summarizer[0].startswith("panel:"):
        raise ConfigError("compare: expected --summarizer twice at least, or a panel")
    config = load_config(summarizer=summarizer_of(summarizer))
    engine = open_summarizer(config)
    target = Target(Path(), ())
    noting = Noting(note_writing(config, engine), target, version("wrapup"), shown_notes(config))
    (recording,) = recordings([call])
    document = noted(read_transcript(recording, noting, engine), noting)
    _print(document)
    if html is not None:
        write_whole(html, page(document))


def _print(document: CallDocument) -> None:
    columns = columns_of(document)
    table = Table("section", title=f"Notes of {document.call_id}", show_lines=True)
    for column in columns:
        table.add_column(Text(column.name))
    for row in rows_of(document, columns):
        table.add_row(Text(row.title), *(_cell(cell) for cell in row.cells))
    table.add_row(Text("version"), *(_origin(column) for column in columns))
    console = table_console()
    console.print(table)
    for found in document.summary.disagreements:
        told = "; ".join(f"{each.summarizer} has {each.words!r}" for each in found.told)
        console.print(Text(f"differs in {found.kind}: {told}"))


def _cell(items: tuple[Item, ...]) -> Text:
    text = Text()
    for number, item in enumerate(items):
        text.append("\n" if number else "")
        text.append(item.text)
        text.append("".join(f" [{cite}]" for cite in item.cites), style="dim")
        if item.doubts:
            text.append(f" ({item.doubts})", style="yellow")
    return text


def _origin(column: Column) -> Text:
    told = [(column.version, "dim"), (column.fault, "yellow")]
    return Text(" ").join(Text(words, style=style) for words, style in told if words)

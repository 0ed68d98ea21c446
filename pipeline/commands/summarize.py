"""`wrapup summarize`: the note of transcripts that are there already."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from models import registry
from models.errors import InputError, WrapupError
from models.ports import Summarizer
from pipeline.batch import Recording, recordings
from pipeline.commands import BAD_INPUT, one_line_errors, tell_error
from pipeline.commands.run import formats_of
from pipeline.commands.show import print_note
from pipeline.config import load_config
from pipeline.document import note, version_of
from pipeline.formats.call_json import CallDocument, Provenance
from pipeline.formats.readers import TRANSCRIPT_SUFFIXES
from pipeline.sinks.files import write_document
from pipeline.transcripts import lines_of, read_call_text

OUT = Path("notes")


@one_line_errors
def summarize(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Our JSON, VTT, SRT, or 'Speaker: text' lines; or folders."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = OUT,
    summarizer: Annotated[str | None, typer.Option(help="Who writes the note.")] = None,
    formats: Annotated[str, typer.Option("--format", help="As for run.")] = "json,md",
) -> None:
    """Write the notes of transcripts; no audio is needed."""
    config = load_config(summarizer=summarizer)
    engine: Summarizer = registry.engine("summarizer", config.summarizer)
    names = formats_of(formats)
    failed = False
    for recording in recordings(_transcripts(paths)):
        try:
            document = _summarized(recording, engine)
            write_document(document, out, names)
        except WrapupError as error:
            tell_error(str(error))
            failed = True
            continue
        print_note(document, Console(highlight=False))
    if failed:
        raise typer.Exit(BAD_INPUT)


def _summarized(recording: Recording, engine: Summarizer) -> CallDocument:
    provenance = Provenance(
        wrapup=version("wrapup"), summarizer=engine.version, version=version_of(engine.version)
    )
    document = read_call_text(recording.path, recording.call_id, provenance)
    return document.model_copy(update={"summary": note(engine.summarize(lines_of(document)))})


def _transcripts(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in TRANSCRIPT_SUFFIXES)
            if not inside:
                raise InputError(
                    f"{path}: no transcripts in this folder (looked for {', '.join(TRANSCRIPT_SUFFIXES)})"
                )
            found += inside
        else:
            found.append(path)
    return list(dict.fromkeys(found))

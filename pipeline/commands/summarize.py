"""`wrapup summarize`: the note of transcripts that are there already."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from models import registry
from models.errors import WrapupError
from models.ports import Summarizer
from models.types import NoteRequest
from pipeline.batch import Recording, recordings
from pipeline.commands import BAD_INPUT, one_line_errors, tell_error
from pipeline.commands.run import formats_of
from pipeline.commands.show import print_note
from pipeline.config import load_config
from pipeline.document import note, version_of
from pipeline.formats.call_json import CallDocument, Provenance
from pipeline.formats.readers import TRANSCRIPT_SUFFIXES
from pipeline.sinks.files import probe_folder, write_document
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
    names = formats_of(formats)
    found, faults = _transcripts(paths)
    if found:
        probe_folder(out)
    engine: Summarizer = registry.engine("summarizer", config.summarizer)
    for recording in recordings(found):
        try:
            document = _summarized(recording, engine)
            write_document(document, out, names)
        except WrapupError as error:
            faults.append(str(error))
            continue
        print_note(document, Console(highlight=False))
    for fault in faults:
        tell_error(fault)
    if faults:
        raise typer.Exit(BAD_INPUT)


def _summarized(recording: Recording, engine: Summarizer) -> CallDocument:
    provenance = Provenance(
        wrapup=version("wrapup"), summarizer=engine.version, version=version_of(engine.version)
    )
    document = read_call_text(recording.path, recording.call_id, provenance)
    if not document.utterances:
        return document
    summary = engine.summarize(NoteRequest(tuple(lines_of(document))))
    return document.model_copy(update={"summary": note(summary)})


def _transcripts(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The transcripts under these paths, one a call, and a line for each path without any.

    Of files in a folder that differ in their suffix alone, which `wrapup run` writes, our JSON counts.
    """
    found: list[Path] = []
    faults: list[str] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside: dict[Path, Path] = {}
        for file in sorted(path.rglob("*"), key=_preference):
            if file.suffix.lower() in TRANSCRIPT_SUFFIXES and file.is_file():
                inside.setdefault(file.with_suffix(""), file)
        if not inside:
            faults.append(
                f"{path}: no transcripts in this folder (looked for {', '.join(TRANSCRIPT_SUFFIXES)})"
            )
        found += sorted(inside.values())
    return list(dict.fromkeys(found)), faults


def _preference(file: Path) -> tuple[int, str]:
    kinds = TRANSCRIPT_SUFFIXES
    kind = file.suffix.lower()
    return (kinds.index(kind) if kind in kinds else len(kinds), str(file))

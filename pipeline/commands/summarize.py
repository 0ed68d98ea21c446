"""`wrapup summarize`: the note of transcripts that are there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models.errors import ConfigError
from models.machine import cores
from pipeline.app import note_writing, open_summarizer, shown_notes
from pipeline.batch import Recording, Target, recordings
from pipeline.commands import BAD_INPUT, one_line_errors, tell_error
from pipeline.commands.run import formats_of
from pipeline.commands.show import print_note
from pipeline.config import load_config
from pipeline.formats.readers import TRANSCRIPT_SUFFIXES
from pipeline.note_batch import Noted, Noting, Pace, note_all
from pipeline.sinks.files import probe_folder

OUT = Path("notes")

FEW = 5
"""So many notes at most are printed; more are counted."""


@one_line_errors
def summarize(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Our JSON, VTT, SRT, or 'Speaker: text' lines; or folders."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = OUT,
    summarizer: Annotated[
        list[str] | None, typer.Option(help="Who writes the note; several make a panel.")
    ] = None,
    formats: Annotated[str, typer.Option("--format", help="As for run.")] = "json,md",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Notes at once; as many as the summarizer takes.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Skip notes that are written.")] = False,
    per_minute: Annotated[
        int | None,
        typer.Option(min=1, help="Requests a minute at most, to each of a panel; as fast as may be without."),
    ] = None,
) -> None:
    """Write the notes of transcripts; no audio is needed."""
    config = load_config(summarizer=summarizer_of(summarizer))
    target = Target(out, formats_of(formats))
    found, faults = transcripts(paths)
    for fault in faults:
        tell_error(fault)
    outcomes: list[Noted] = []
    if found:
        probe_folder(out)
        engine = open_summarizer(config)
        writing = note_writing(config, engine)
        if per_minute is not None:
            writing = replace(writing, pace=Pace(per_minute).wait)
        noting = Noting(writing, target, version("wrapup"), shown_notes(config))
        at_once = jobs or engine.capabilities.at_once or cores()
        try:
            outcomes = _process(recordings(found), noting, jobs=at_once, resume=resume)
        except KeyboardInterrupt:
            tell_error(f"stopped; finished notes are in {out}, and --resume goes on from there")
            raise
    _report(outcomes, out)
    if faults or any(outcome.fault for outcome in outcomes):
        raise typer.Exit(BAD_INPUT)


def summarizer_of(names: Sequence[str] | None) -> str | None:
    """One summarizer by its name, several as a panel of them. Raises `ConfigError`."""
    if not names:
        return None
    if len(names) == 1:
        return names[0]
    if any("," in name or ";" in name or name.startswith("panel:") for name in names):
        raise ConfigError("--summarizer: of several none may be a panel, or have a comma or a semicolon")
    return f"panel:{','.join(names)}"


def transcripts(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
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


def _process(found: Sequence[Recording], noting: Noting, *, jobs: int, resume: bool) -> list[Noted]:
    outcomes: list[Noted] = []
    with _bar() as bar:
        task = bar.add_task("notes", total=len(found))
        for outcome in note_all(found, noting, jobs=jobs, resume=resume):
            outcomes.append(outcome)
            bar.advance(task)
            if outcome.fault:
                tell_error(outcome.fault)
    return sorted(outcomes, key=lambda outcome: outcome.recording.call_id)


def _bar() -> Progress:
    return Progress(
        TextColumn("summarizing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _report(outcomes: Sequence[Noted], out: Path) -> None:
    documents = [outcome.document for outcome in outcomes if outcome.document is not None]
    console = Console(highlight=False)
    if len(documents) <= FEW:
        for document in documents:
            print_note(document, console)
        return
    codes = Counter(document.summary.code for document in documents)
    stood_in = sum(document.summary.stand_in is not None for document in documents)
    known = sum(outcome.known for outcome in outcomes)
    usage = [document.summary.usage for document in documents]
    tokens = sum(each.input_tokens + each.output_tokens for each in usage)
    parts = [f"{codes['ok']} notes in {out}"]
    parts += [f"{count} {code}" for code, count in sorted(codes.items()) if code != "ok"]
    parts += [f"{known} were there"] if known else []
    parts += [f"{stood_in} by the embedded summarizer, which stood in"] if stood_in else []
    parts += [f"{tokens:,} tokens"] if tokens else []
    console.print("; ".join(parts), markup=False, soft_wrap=True)


def _preference(file: Path) -> tuple[int, str]:
    kinds = TRANSCRIPT_SUFFIXES
    kind = file.suffix.lower()
    return (kinds.index(kind) if kind in kinds else len(kinds), str(file))

"""`wrapup clip` and `wrapup silence`: audio that may be kept, with what was masked silenced."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import one_line_errors
from pipeline.formats.call_json import read_call
from pipeline.silencing import cut_clip, silence_recording

CallFile = Annotated[Path, typer.Argument(metavar="CALL.json", help="As `wrapup run` writes it.")]
Audio = Annotated[Path, typer.Argument(help="The recording that the call was made of.")]


@one_line_errors
def clip(
    call: CallFile,
    audio: Audio,
    statement: Annotated[int, typer.Option(min=1, help="Number of the note's statement, from 1.")],
    out: Annotated[Path, typer.Option(help="A .wav or .flac file.")],
) -> None:
    """Cut the evidence of a statement out of a recording, secrets silenced."""
    cut_clip(read_call(call), audio, statement, out)


@one_line_errors
def silence(
    call: CallFile, audio: Audio, out: Annotated[Path, typer.Option(help="A .wav or .flac file.")]
) -> None:
    """Write a whole recording with its secrets silenced."""
    silence_recording(read_call(call), audio, out)

"""What a diarizer gets wrong on mono recordings, and what it costs.

    python -m benchmarks.diarization PATH... [--diarizer NAME]...

PATH is a file or folder of audio with references beside it (RTTM, JSON or STM); channels of a stereo file are
mixed. DER has no collar and scores overlap; the diarizers here give one speaker at a time, so all overlapped
speech but one speaker's counts as missed. CPU time is that of the whole process. The total line adds seconds
of error, of speech, of audio and of CPU over the files and then divides; rates are never averaged.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Column, Table

from eval.counts import SpeakerTimeCounts
from eval.references import Reference, find_references
from eval.speakers import score_speakers
from models import registry
from models.ports import Diarizer
from models.types import RATE_HZ, Samples, Turn
from pipeline.doors.files import blocks, find_audio, probe
from pipeline.formats.segments import Segment


@dataclass(frozen=True, slots=True)
class Measured:
    """Errors and cost of one file, or of several added up."""

    errors: SpeakerTimeCounts = field(default_factory=SpeakerTimeCounts)
    audio_s: float = 0.0
    cpu_s: float = 0.0

    def __add__(self, other: Measured) -> Measured:
        return Measured(self.errors + other.errors, self.audio_s + other.audio_s, self.cpu_s + other.cpu_s)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each diarizer."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diarization")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--diarizer", action="append", metavar="NAME", help="may be given several times")
    options = parser.parse_args(arguments)
    found = find_references(find_audio(options.paths), "turns")
    console = Console()
    for name in options.diarizer or ["moonshine"]:
        console.print(measure(name, found.references))
    for passed in (*found.skipped, *found.failed):
        console.print(f"not scored: {passed.file}: {passed.reason}")


def measure(name: str, references: Sequence[Reference]) -> Table:
    """A row a file, then the total."""
    engine: Diarizer = registry.engine("diarizer", name)
    table = Table(Column("call", overflow="fold"), title=f"{name} ({engine.version})")
    for column in ("audio s", "speakers", "missed", "false", "confused", "DER", "CPU s\na second"):
        table.add_column(column, justify="right")
    total = Measured()
    for reference in references:
        samples = mono(reference.audio)
        started_s = time.process_time()
        turns = diarize(engine, samples)
        cpu_s = time.process_time() - started_s
        audio_s = len(samples) / RATE_HZ
        scores = score_speakers(reference.segments, [_segment(turn) for turn in turns], audio_s)
        row = Measured(scores.der["der"], audio_s, cpu_s)
        total += row
        table.add_row(
            reference.name, *_cells(row, f"{scores.hypothesis_speakers} of {scores.reference_speakers}")
        )
    table.add_section()
    table.add_row("total", *_cells(total, ""), style="bold")
    return table


def mono(path: Path) -> Samples:
    """The whole file at RATE_HZ, channels averaged, shape (n,). Raises `InputError`."""
    return np.concatenate([block.mean(axis=0, dtype=np.float32) for block in blocks(probe(path))])


def diarize(engine: Diarizer, samples: Samples) -> list[Turn]:
    """Turns of a recording that comes second by second."""
    stream = engine.open()
    for start in range(0, len(samples), RATE_HZ):
        stream.push(samples[start : start + RATE_HZ])
    return stream.end()


def _segment(turn: Turn) -> Segment:
    return Segment(turn.speaker, turn.start_samples / RATE_HZ, turn.end_samples / RATE_HZ, None)


def _cells(row: Measured, speakers: str) -> list[str]:
    errors = row.errors
    shares = [
        _rate(part, errors.total_s) for part in (errors.missed_s, errors.false_alarm_s, errors.confusion_s)
    ]
    return [
        f"{row.audio_s:.1f}",
        speakers,
        *shares,
        "-" if errors.rate is None else f"{errors.rate:.3f}",
        _rate(row.cpu_s, row.audio_s),
    ]


def _rate(part: float, whole: float) -> str:
    return f"{part / whole:.3f}" if whole else "-"


if __name__ == "__main__":
    main()

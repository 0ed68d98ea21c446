"""Speakers of mono calls while they go on and after hang-up, beside the full pass over the recording.

    python -m benchmarks.mono PATH... [--diarizer NAME] [--asr NAME] [--label-ms 2000] [--growth MINUTES]

PATH is a file or folder of audio with references beside it; channels of a stereo file are mixed. Each call
runs through a live call's shell in blocks of 64 ms, and all answers are waited for before the next block,
so that labels are those of a machine that keeps up. "Shown" is the label that an utterance had first, right
after its text; "revised" that of the same utterances after hang-up; "turns" are the turns after hang-up,
"full pass" those of the same engine over the whole recording. DER has no collar and scores overlap;
utterances lose what voice activity and the transcriber left out, turns do not. WDER where the reference has
words. CPU is that of the diarizer's thread. "Closed" are the seconds from hang-up to the last event, with a
note that costs nothing; its total is the longest. Other rates are of sums. `--growth` hears so many minutes
of the recordings end to end, and says what re-clustering costs as calls grow.
"""

from __future__ import annotations

import argparse
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from benchmarks.diarization import diarize, mono
from benchmarks.reclustering import growth
from eval.asr import score_words
from eval.counts import SpeakerTimeCounts, SpeakerWordCounts
from eval.references import Reference, find_references
from eval.speakers import score_speakers
from models import registry
from models.fakes import ScriptedSummarizer
from models.machine import choose_default_asr
from models.ports import Diarizer, DiarizerStream
from models.types import RATE_HZ, Samples, Turn
from pipeline.core.events import (
    Event,
    Result,
    SpeakerHeard,
    SpeakerPart,
    SpeakerRevised,
    TurnsFound,
    UtteranceFinal,
)
from pipeline.core.session import Session, SessionSettings
from pipeline.core.speakers import PROVISIONAL
from pipeline.doors.files import find_audio
from pipeline.formats.segments import Segment
from pipeline.shell import CallEngines, CallShell, Surroundings
from pipeline.workers import Engines, Workers

BLOCK_SAMPLES = 1_024
"""64 ms, as a live call takes audio up."""
PATIENCE_S = 120.0

Parts = Mapping[str, tuple[SpeakerPart, ...]]


class TimedDiarizer:
    """A diarizer of one stream that counts the CPU seconds of its thread and says when it has caught up."""

    needs_audio = True

    def __init__(self, diarizer: Diarizer) -> None:
        self.online = diarizer.online
        self.version = diarizer.version
        self.cpu_s = 0.0
        self._diarizer = diarizer
        self._stream: DiarizerStream | None = None
        self._heard = 0
        self._changed = threading.Condition()

    def open(self) -> TimedDiarizer:
        """As a diarizer."""
        self._stream = self._diarizer.open()
        return self

    def push(self, samples: Samples) -> None:
        """As a stream."""
        started_s = time.thread_time()
        self._opened().push(samples)
        self.cpu_s += time.thread_time() - started_s
        with self._changed:
            self._heard += len(samples)
            self._changed.notify_all()

    def so_far(self) -> list[Turn]:
        """As a stream."""
        started_s = time.thread_time()
        turns = self._opened().so_far()
        self.cpu_s += time.thread_time() - started_s
        return turns

    def end(self) -> list[Turn]:
        """As a stream."""
        started_s = time.thread_time()
        turns = self._opened().end()
        self.cpu_s += time.thread_time() - started_s
        return turns

    def catch_up(self, samples: int) -> None:
        """Wait until so much was heard."""
        with self._changed:
            self._changed.wait_for(lambda: self._heard >= samples, PATIENCE_S)

    def _opened(self) -> DiarizerStream:
        if self._stream is None:
            raise RuntimeError("a stream is opened first")
        return self._stream


@dataclass(frozen=True, slots=True)
class Run:
    """What a live call gave out, and what it cost."""

    events: tuple[Event, ...]
    cpu_s: float
    closed_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Errors and cost of one call, or of several added up; `closed_s` is then the longest."""

    shown: SpeakerTimeCounts = field(default_factory=SpeakerTimeCounts)
    revised: SpeakerTimeCounts = field(default_factory=SpeakerTimeCounts)
    turns: SpeakerTimeCounts = field(default_factory=SpeakerTimeCounts)
    full: SpeakerTimeCounts = field(default_factory=SpeakerTimeCounts)
    words_shown: SpeakerWordCounts = field(default_factory=SpeakerWordCounts)
    words_revised: SpeakerWordCounts = field(default_factory=SpeakerWordCounts)
    audio_s: float = 0.0
    live_cpu_s: float = 0.0
    full_cpu_s: float = 0.0
    closed_s: float = 0.0

    def __add__(self, other: Measured) -> Measured:
        return Measured(
            self.shown + other.shown,
            self.revised + other.revised,
            self.turns + other.turns,
            self.full + other.full,
            self.words_shown + other.words_shown,
            self.words_revised + other.words_revised,
            self.audio_s + other.audio_s,
            self.live_cpu_s + other.live_cpu_s,
            self.full_cpu_s + other.full_cpu_s,
            max(self.closed_s, other.closed_s),
        )


def live(samples: Samples, engines: Engines, diarizer: Diarizer, label_ms: int) -> Run:
    """The recording as a live mono call."""
    results: queue.Queue[Result] = queue.Queue()
    events: list[Event] = []
    timed = TimedDiarizer(diarizer)
    call_engines = CallEngines(registry.engine("voice", "silero"), timed)
    settings = SessionSettings(channels=1, diarize=True, label_ms=label_ms)
    with Workers(engines, threads=1) as workers:
        around = Surroundings(call_engines, workers, results.put, events.append)
        shell = CallShell(Session(settings), 1, around)
        for start in range(0, len(samples), BLOCK_SAMPLES):
            block = samples[start : start + BLOCK_SAMPLES]
            shell.hear(0, block)
            timed.catch_up(start + len(block))
            while shell.jobs_waiting:
                shell.take(results.get(timeout=PATIENCE_S))
        started_s = time.monotonic()
        shell.end("hangup")
        while not shell.session.closed:
            shell.take(results.get(timeout=PATIENCE_S))
        closed_s = time.monotonic() - started_s
        shell.close()
    return Run(tuple(events), timed.cpu_s, closed_s)


def measure(
    reference: Reference, words: Reference | None, engines: Engines, diarizer: Diarizer, label_ms: int
) -> Measured:
    """One call, live and as a whole."""
    samples = mono(reference.audio)
    run = live(samples, engines, diarizer, label_ms)
    started_s = time.thread_time()
    full = diarize(diarizer, samples)
    full_cpu_s = time.thread_time() - started_s
    shown: dict[str, tuple[SpeakerPart, ...]] = {}
    for event in run.events:
        if isinstance(event, SpeakerHeard):
            shown.setdefault(event.utterance_id, event.parts)
    revised = {e.utterance_id: e.parts for e in run.events if isinstance(e, SpeakerRevised)}
    found = [turn for event in run.events if isinstance(event, TurnsFound) for turn in event.turns]
    audio_s = len(samples) / RATE_HZ

    def errors(hypothesis: Sequence[Segment]) -> SpeakerTimeCounts:
        return score_speakers(reference.segments, hypothesis, audio_s).der["der"]

    def wrong_words(hypothesis: Sequence[Segment]) -> SpeakerWordCounts:
        scored = score_words(words.segments, hypothesis, channels=1).wder if words is not None else None
        return scored or SpeakerWordCounts()

    said_shown, said_revised = utterances(run.events, shown), utterances(run.events, revised)
    return Measured(
        shown=errors(said_shown),
        revised=errors(said_revised),
        turns=errors([_segment(turn) for turn in found]),
        full=errors([_segment(turn) for turn in full]),
        words_shown=wrong_words(said_shown),
        words_revised=wrong_words(said_revised),
        audio_s=audio_s,
        live_cpu_s=run.cpu_s,
        full_cpu_s=full_cpu_s,
        closed_s=run.closed_s,
    )


def utterances(events: Sequence[Event], parts: Parts) -> list[Segment]:
    """What was said by whom; the provisional speaker where nobody was told apart."""
    segments = []
    for final in (event for event in events if isinstance(event, UtteranceFinal)):
        for part in parts.get(final.id, (SpeakerPart(0, len(final.words), PROVISIONAL),)):
            spoken = final.words[part.first_word : part.end_word]
            start_s, end_s = spoken[0].start_samples / RATE_HZ, spoken[-1].end_samples / RATE_HZ
            segments.append(Segment(part.speaker, start_s, end_s, " ".join(word.text for word in spoken)))
    return segments


def _segment(turn: Turn) -> Segment:
    return Segment(turn.speaker, turn.start_samples / RATE_HZ, turn.end_samples / RATE_HZ, None)


def table_of(rows: Mapping[str, Measured], title: str) -> Table:
    """A row a call, then the total."""
    table = Table(Column("call", overflow="fold"), title=title)
    for column in ("audio s", "DER\nshown", "DER\nrevised", "DER\nturns", "DER\nfull pass"):
        table.add_column(column, justify="right")
    for column in ("WDER\nshown", "WDER\nrevised", "CPU s/s\nlive", "CPU s/s\nfull pass", "closed\ns"):
        table.add_column(column, justify="right")
    for name, row in rows.items():
        table.add_row(name, *_cells(row))
    table.add_section()
    table.add_row("total", *_cells(sum(rows.values(), Measured())), style="bold")
    return table


def _cells(row: Measured) -> list[str]:
    rates = [row.shown.rate, row.revised.rate, row.turns.rate, row.full.rate]
    rates += [row.words_shown.rate, row.words_revised.rate]
    costs = [row.live_cpu_s / row.audio_s, row.full_cpu_s / row.audio_s] if row.audio_s else [0.0, 0.0]
    return [
        f"{row.audio_s:.0f}",
        *("-" if rate is None else f"{rate:.3f}" for rate in rates),
        *(f"{cost:.2f}" for cost in costs),
        f"{row.closed_s:.2f}",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of calls, and that of growth where it is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mono")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--diarizer", default="moonshine", metavar="NAME")
    parser.add_argument("--asr", default=choose_default_asr()[0], metavar="NAME")
    parser.add_argument("--label-ms", type=int, default=2_000)
    parser.add_argument("--growth", type=float, default=0.0, metavar="MINUTES")
    options = parser.parse_args(arguments)
    console = Console(width=130, highlight=False)
    audio = find_audio(options.paths)
    found = find_references(audio, "turns")
    words = {each.name: each for each in find_references(audio, "words").references}
    engines = Engines(registry.engine("asr", options.asr), ScriptedSummarizer())
    diarizer: Diarizer = registry.engine("diarizer", options.diarizer)
    rows = {
        each.name: measure(each, words.get(each.name), engines, diarizer, options.label_ms)
        for each in found.references
    }
    console.print(table_of(rows, f"{options.diarizer} ({diarizer.version}), {options.asr}"))
    for passed in (*found.skipped, *found.failed):
        console.print(f"not scored: {passed.file}: {passed.reason}")
    if options.growth:
        console.print(growth([mono(each.audio) for each in found.references], options.growth))


if __name__ == "__main__":
    main()

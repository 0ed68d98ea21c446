"""What live text costs beside batch: CPU seconds of the same engine on the same calls, live over batch.

    python -m benchmarks.live_cost [--calls 2 16] [--partial-ms 500 0] [--folder sample_calls]

Live: `wrapup serve` in a process of its own, N calls at once from their beginning to their end, in real time,
with partials and without. Batch: `Pipeline.process` of the same files in this process, as many as there are
cores at a time. CPU is user and system time of the whole process that does the work, between the first call's
beginning and the last one's end. Engine seconds are of the clock: on a full machine they wait for a core.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.callers import Callers, mulaw_of, stereo
from benchmarks.served import Spent, served
from eval.results import write_result
from models.machine import choose_default_asr, cores
from pipeline.app import Pipeline
from pipeline.config import load_config

APART_S = 0.7


@dataclass(frozen=True, slots=True)
class Batch:
    """CPU seconds of the files, and the lengths of their utterances in seconds."""

    cpu_s: float
    audio_s: float
    utterances_s: tuple[float, ...]

    @property
    def utterance_s(self) -> float:
        """Length of the utterance that a second of speech is in, on average."""
        return sum(length**2 for length in self.utterances_s) / sum(self.utterances_s)


@dataclass(frozen=True, slots=True)
class Live:
    """One live run. `words_s` are engine seconds and `jobs` their number, by kind; `shown` partials came.
    `others` is what else the machine did meanwhile, in CPU seconds a second."""

    calls: int
    partial_ms: int
    cpu_s: float
    loop_s: float
    audio_s: float
    words_s: dict[str, float]
    jobs: dict[str, int]
    shown: int
    shed: int
    finals: int
    others: float


def in_batch(files: Sequence[Path], asr: str) -> Batch:
    """Each file once, after one that warms up."""
    with Pipeline(load_config(asr=asr)) as pipeline, ThreadPoolExecutor(cores()) as pool:
        pipeline.process(files[0], "warm")
        started_s = time.process_time()
        done = list(pool.map(lambda file: pipeline.process(file, file.stem).document, files))
        cpu_s = time.process_time() - started_s
    lengths = tuple(one.end_s - one.start_s for document in done for one in document.utterances)
    return Batch(cpu_s, sum(document.duration_s for document in done), lengths)


def live(files: Sequence[Path], calls: int, partial_ms: int, asr: str) -> Live:
    """So many calls at once, of these files in turn, to a server of its own."""
    with served({"WRAPUP_ASR": asr, "WRAPUP_LIVE__PARTIAL_MS": str(partial_ms)}) as server:

        async def play() -> tuple[Spent, Callers, float]:
            recordings = [mulaw_of(file) for file in files]
            first, own_s = await asyncio.to_thread(server.read), time.process_time()
            async with Callers(server.address, recordings) as callers:
                for _ in range(calls):
                    await callers.begin(once=True)
                    await asyncio.sleep(APART_S)
                await callers.all_closed()
                spent = Spent(first, await asyncio.to_thread(server.read))
                return spent, callers, time.process_time() - own_s

        spent, callers, own_s = asyncio.run(play())
    return Live(
        calls=calls,
        partial_ms=partial_ms,
        cpu_s=spent.cpu_s,
        loop_s=spent.loop_s,
        audio_s=spent.total("wrapup_audio_seconds_total") / 2,
        words_s=spent.engine_s(),
        jobs=spent.jobs(),
        shown=callers.partials,
        shed=int(spent.total("wrapup_partials_shed_total")),
        finals=sum(len(call.finals) for call in callers.calls),
        others=max(0.0, spent.machine_s - spent.cpu_s - own_s) / spent.wall_s,
    )


def table_of(runs: Sequence[tuple[Live, Batch]]) -> Table:
    """A row a run."""
    table = Table("calls", title="Live over batch")
    columns = (
        "partials\nevery ms",
        "CPU s a second\nof call",
        "batch",
        "live over\nbatch",
        "event loop",
        "finals",
        "early readings",
        "thrown away",
        "partials\nread",
        "shown",
        "shed",
        "engine s:\nfinal + early",
        "partial",
        "other work\nCPU s/s",
    )
    for name in columns:
        table.add_column(name, justify="right")
    for run, batch in runs:
        read = run.jobs["early"] + run.jobs["final"]
        table.add_row(
            str(run.calls),
            str(run.partial_ms or "none"),
            f"{run.cpu_s / run.audio_s:.4f}",
            f"{batch.cpu_s / batch.audio_s:.4f}",
            f"{ratio_of(run, batch):.2f}",
            f"{run.loop_s / run.audio_s:.4f}",
            str(run.finals),
            str(run.jobs["early"]),
            f"{max(0, read - run.finals)} of {read}",
            str(run.jobs["partial"]),
            str(run.shown),
            str(run.shed),
            f"{run.words_s['final'] + run.words_s['early']:.1f}",
            f"{run.words_s['partial']:.1f}",
            f"{run.others:.2f}",
        )
    return table


def ratio_of(run: Live, batch: Batch) -> float:
    """Live CPU over batch CPU, each for a second of its calls."""
    return (run.cpu_s / run.audio_s) / (batch.cpu_s / batch.audio_s)


def measure(given: argparse.Namespace, console: Console) -> list[tuple[Live, Batch]]:
    """All runs, each beside the batch of its own files."""
    recordings = stereo(given.folder)[: given.files]
    runs: list[tuple[Live, Batch]] = []
    for calls, partial_ms in itertools.product(given.calls, given.partial_ms):
        files = list(itertools.islice(itertools.cycle(recordings), calls))
        runs.append((live(files, calls, partial_ms, given.asr), in_batch(files, given.asr)))
        console.print(f"{calls} calls, partials every {partial_ms} ms: {ratio_of(*runs[-1]):.2f} times batch")
    console.print(table_of(runs))
    lengths = [length for _, batch in runs for length in batch.utterances_s]
    batch = Batch(0.0, 0.0, tuple(lengths))
    console.print(
        f"A second of speech is in an utterance of {batch.utterance_s:.1f} s on average: a reading of the "
        f"whole of it each 500 ms costs up to {1 + batch.utterance_s:.1f} times one reading.",
        soft_wrap=True,
    )
    if given.json is not None:
        rows = [
            {"live": asdict(run), "batch": asdict(alone), "ratio": ratio_of(run, alone)}
            for run, alone in runs
        ]
        result: dict[str, Any] = {"cores": cores(), "asr": given.asr, "runs": rows}
        write_result(result, given.json)
    return runs


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--calls", type=int, nargs="+", default=(2, 16), help="calls at once, a run each")
    options.add_argument("--partial-ms", type=int, nargs="+", default=(500, 0), help="cadence; 0 for none")
    options.add_argument("--folder", type=Path, default=Path("sample_calls"), help="stereo FLAC of 8 kHz")
    options.add_argument("--files", type=int, help="only the first of them")
    options.add_argument("--asr", default=choose_default_asr()[0])
    options.add_argument("--json", type=Path, help="write all figures here too")
    return options


if __name__ == "__main__":
    measure(parser().parse_args(), Console(width=170, highlight=False))
    sys.exit(0)

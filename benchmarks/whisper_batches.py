"""Calls at once with Whisper's compute: utterances of several calls in one batch, against one by one.

    python -m benchmarks.whisper_batches [--batches 1 2 4 8 16] [--tokens 24] [--tiny]

The weights are random: a checkpoint of the shape of large-v3-turbo where CTranslate2 finds an accelerator
(float16), else, or with --tiny, a stand-in of two layers on the CPU (int8), whose figures say that this
script runs and no more. Every text is cut at the same number of tokens, since random weights do not know
where a text ends. Measured is the time of a batch: encoder and beam search of as many clips. Each clip costs
30 s of encoder, as always with Whisper, whatever its length.

Calls at once follow by reckoning: utterances of N calls come at random (Poisson), whoever is free takes what
waits, up to a batch, as the server's queue does, and N grows until the 95th percentile of the time from an
utterance's end to its text passes the promise. Partials and early readings are left out.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.random_whisper import TINY, TURBO, Size, build
from eval.latency import percentile
from eval.results import write_result
from models.asr.faster_whisper import BEAM_SIZE, COMPUTE

BATCHES = (1, 2, 4, 8, 16)
UTTERANCES_A_MINUTE = 14.0
"""Of both channels of the stereo sample calls, utterances ended by 512 ms of silence."""
PROMISE_S = 1.0
RECKONED_S = 600.0
MOST_CALLS = 4_096
MEL_FRAMES = 3_000

Mels = NDArray[np.float32]
Read = Callable[[Mels], list[int]]


@dataclass(frozen=True, slots=True)
class Row:
    """One limit of batches: seconds of a full one, and calls at once within the promise."""

    batch: int
    seconds: float
    calls: int


def device() -> str:
    """What CTranslate2 finds."""
    import ctranslate2

    return "cuda" if ctranslate2.get_cuda_device_count() else "cpu"


def reader(size: Size, folder: Path, on: str, tokens: int) -> Read:
    """A function that reads a batch and gives the lengths of its texts."""
    import ctranslate2

    path = build(size, folder, COMPUTE[on])
    model = ctranslate2.models.Whisper(str(path), device=on, compute_type=COMPUTE[on])

    def read(mels: Mels) -> list[int]:
        heard = model.generate(
            model.encode(ctranslate2.StorageView.from_array(mels)),
            [size.prompt] * len(mels),
            beam_size=BEAM_SIZE,
            # CTranslate2 cuts a text at half of this.
            max_length=2 * tokens,
            suppress_blank=False,
            suppress_tokens=[size.end],
        )
        return [len(one.sequences_ids[0]) for one in heard]

    return read


def noise(size: Size, batch: int) -> Mels:
    """Clips that say nothing, shape (batch, mels, frames)."""
    return np.random.default_rng(batch).standard_normal((batch, size.mels, MEL_FRAMES), np.float32)


def seconds_of(read: Read, mels: Mels, rounds: int) -> float:
    """The median time of a batch; the first, which warms up, is not counted."""
    took: list[float] = []
    for _ in range(rounds + 1):
        started_s = time.perf_counter()
        read(mels)
        took.append(time.perf_counter() - started_s)
    return median(took[1:])


def waits(calls: int, limit: int, seconds: Mapping[int, float], a_minute: float) -> list[float]:
    """Seconds from each utterance's end to its text, on one device with batches of up to `limit`."""
    generator = np.random.default_rng(calls)
    gaps = generator.exponential(60.0 / (a_minute * calls), int(RECKONED_S * calls * a_minute / 60.0) + 1)
    ends = np.cumsum(gaps)
    sizes = sorted(seconds)
    found: list[float] = []
    at, free_s = 0, 0.0
    while at < len(ends):
        starts_s = max(free_s, float(ends[at]))
        count = max(1, min(limit, int(np.searchsorted(ends, starts_s, side="right")) - at))
        free_s = starts_s + seconds[next(size for size in sizes if size >= count)]
        found += [free_s - float(end) for end in ends[at : at + count]]
        at += count
    return found


def calls_at_once(limit: int, seconds: Mapping[int, float], a_minute: float) -> int:
    """The most calls within the promise; `MOST_CALLS` where none of fewer breaks it."""

    def kept(calls: int) -> bool:
        return (percentile(waits(calls, limit, seconds, a_minute), 0.95) or 0.0) <= PROMISE_S

    high = 1
    while high <= MOST_CALLS and kept(high):
        high *= 2
    low = high // 2
    while high - low > 1 and low < MOST_CALLS:
        middle = (low + high) // 2
        low, high = (middle, high) if kept(middle) else (low, middle)
    return low


def rows_of(given: argparse.Namespace, size: Size, on: str) -> list[Row]:
    """Measure each size of batch, then reckon."""
    with tempfile.TemporaryDirectory(prefix="wrapup-") as name:
        read = reader(size, Path(name) / "model", on, given.tokens)
        lengths = read(noise(size, 1))
        if lengths != [given.tokens]:
            raise RuntimeError(f"texts of {lengths} tokens instead of {given.tokens}")
        seconds = {
            batch: seconds_of(read, noise(size, batch), given.rounds) for batch in sorted(given.batches)
        }
    return [
        Row(batch, took_s, calls_at_once(batch, seconds, given.a_minute)) for batch, took_s in seconds.items()
    ]


def table_of(rows: Sequence[Row], title: str) -> Table:
    """A row a limit."""
    table = Table("batch up to", title=title)
    for name in ("ms a full batch", "clips a second", "times one by one", "calls at once, reckoned"):
        table.add_column(name, justify="right")
    for row in rows:
        rate = row.batch / row.seconds
        times = rate * rows[0].seconds / rows[0].batch
        calls = f"{row.calls}" if row.calls < MOST_CALLS else f"{MOST_CALLS} or more"
        table.add_row(str(row.batch), f"{row.seconds * 1000:.1f}", f"{rate:.1f}", f"{times:.2f}", calls)
    return table


def measure(given: argparse.Namespace, console: Console) -> list[Row]:
    """Run it and print it."""
    on = "cpu" if given.tiny else device()
    size = TINY if on == "cpu" else TURBO
    rows = rows_of(given, size, on)
    console.print(table_of(rows, f"Whisper {size.name}, random weights, {COMPUTE[on]} on {on}"))
    console.print(
        f"Random weights and texts of {given.tokens} tokens each: time is measured, not words. Calls at once "
        f"are reckoned: {given.a_minute:g} utterances a minute and call, finals alone, a P95 "
        f"of {PROMISE_S:g} s. Load average {os.getloadavg()[0]:.1f}.",
        soft_wrap=True,
    )
    if size is TINY:
        console.print("The stand-in says nothing about Whisper: it keeps this script alive.")
    if given.json is not None:
        shown = [{"batch": row.batch, "seconds": row.seconds, "calls": row.calls} for row in rows]
        write_result({"model": size.name, "weights": "random", "device": on, "rows": shown}, given.json)
    return rows


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--batches", type=int, nargs="+", default=BATCHES, help="sizes of batches")
    options.add_argument("--tokens", type=int, default=24, help="length of each text; 5 s of English")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--a-minute", type=float, default=UTTERANCES_A_MINUTE, help="utterances a call")
    options.add_argument("--tiny", action="store_true", help="the stand-in on the CPU in any case")
    options.add_argument("--json", type=Path, help="write the rows here too")
    return options


if __name__ == "__main__":
    measure(parser().parse_args(), Console(width=120, highlight=False))
    sys.exit(0)

"""Makes the proof: `python -m eval.worlds.proof --out docs/eval-proof.md`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from eval.worlds.proof.causes import Size, causes
from eval.worlds.proof.charts import false_alarms, run_lengths, slices
from eval.worlds.proof.claims import Part
from eval.worlds.proof.edits import GOLDEN, edits, read_pairs
from eval.worlds.proof.intervals import intervals, small_intervals
from eval.worlds.proof.page import failures, page_of
from pipeline.commands import BAD_INPUT, one_line_errors, tell_error
from pipeline.sinks.files import write_whole


@one_line_errors
def main(
    out: Annotated[Path, typer.Option(help="The page, in Markdown.")],
    golden: Annotated[Path, typer.Option(help="Folder of golden pairs.")] = GOLDEN,
    runs: Annotated[int, typer.Option(min=1, help="Runs of each interval; others in proportion.")] = 2_000,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of each world.")] = 10,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Prove that intervals cover, alarms are seldom false, edits are classed right and causes are found."""
    parts = _run(
        [
            partial(intervals, runs),
            partial(small_intervals, max(1, runs // 2)),
            partial(false_alarms, max(1, runs // 60)),
            partial(run_lengths, max(1, runs // 20)),
            partial(slices, max(1, runs // 5)),
            partial(edits, read_pairs(golden), max(1, runs // 4)),
            partial(causes, Size(60, 75, 3.0), seeds),
            partial(causes, Size(200, 90, 6.0), seeds),
        ],
        jobs,
    )
    write_whole(out, page_of(parts))
    for title, row in failures(parts):
        tell_error(f"does not hold: {title}: {', '.join(row.cells)}")
    if failures(parts):
        raise typer.Exit(BAD_INPUT)


def _run(parts: Sequence[Callable[[], Part]], jobs: int) -> list[Part]:
    """The parts in their order, in so many processes."""
    console = Console(stderr=True)
    with (
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool,
    ):
        bar = progress.add_task("parts", total=len(parts))
        running = [pool.submit(part) for part in parts]
        for each in running:
            each.add_done_callback(lambda _: progress.advance(bar))
        return [each.result() for each in running]


if __name__ == "__main__":
    typer.run(main)

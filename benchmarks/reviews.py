"""What the report on reviews costs, from ten thousand to a million of them.

    python -m benchmarks.reviews [--reviews 10000 100000 1000000] [--folder FOLDER]

Simulates a world of each size, and then runs `wrapup eval reviews`, with slices and the page, in a process of
its own. Seconds are those of the clock; memory is the process's peak. With --folder worlds are kept there,
and those that are there are not made again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

DAYS = 90
CALLS_A_DAY = 13
COMMAND = [sys.executable, "-c", "from pipeline.cli import main; main()", "eval"]


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds by the clock and of the processor, and peak memory."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


def run(*words: str) -> Cost:
    """The cost of `wrapup eval` with these words."""
    began = time.perf_counter()
    process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"wrapup eval {words[0]} ended with {process.returncode}")
    return Cost(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def measure(reviews: int, folder: Path) -> str:
    """A row of the table."""
    world = folder / f"reviews-{reviews}"
    made = "kept"
    if not (world / "reviews.json").exists():
        associates = max(12, round(reviews / (DAYS * CALLS_A_DAY) / 0.9))
        jobs = str(len(os.sched_getaffinity(0)))
        sizes = ("--associates", str(associates), "--days", str(DAYS), "--calls-per-day", str(CALLS_A_DAY))
        cost = run("simulate", "model", *sizes, "--out", str(world), "--jobs", jobs)
        made = f"{cost.wall_s:.0f}"
    page = folder / "report.html"
    cost = run("reviews", str(world), "--by", "team,queue,version", "--html", str(page))
    return (
        f"| {reviews:,} | {made} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {cost.peak_bytes / 1e6:,.0f} |"
        f" {page.stat().st_size / 1000:,.0f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reviews", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    sys.stdout.write(
        "| reviews | simulated in s | report in s | CPU s | peak MB | page KB |\n|---|---|---|---|---|---|\n"
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for reviews in given.reviews:
            sys.stdout.write(measure(reviews, folder) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

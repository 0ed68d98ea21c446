"""Many seeds: `python -m tests.simulation.run --seeds 10000`. Ends with the first seed that fails."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.simulation import calls
from tests.simulation.invariants import run_seed


def main() -> int:
    """Print how often what went wrong; 1 where something came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--narrow", type=float, default=calls.NARROW, help="share of calls at 8 kHz")
    asked = parser.parse_args()
    calls.NARROW = asked.narrow
    seeds, times = Counter[str](), Counter[str]()
    began_s = time.process_time()
    for seed in range(asked.first, asked.first + asked.seeds):
        try:
            counts = run_seed(seed).counts
        except Exception as error:
            sys.stdout.write(f"seed {seed}: {type(error).__name__}: {error}\n")
            raise
        times += counts
        seeds.update(kind for kind, count in counts.items() if count)
    sys.stdout.write("| fault | seeds with it | times |\n|---|---|---|\n")
    for kind, count in sorted(times.items()):
        sys.stdout.write(f"| {kind} | {seeds[kind]} | {count} |\n")
    sys.stdout.write(f"{asked.seeds} seeds in {time.process_time() - began_s:.0f} s of CPU time\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What a part of the proof found: its table, and whether each line holds."""

from __future__ import annotations

from dataclasses import dataclass

from eval.stats.proportions import Interval, clopper_pearson

BAND = 0.99


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table; `holds` is None where it stands for comparison only."""

    cells: tuple[str, ...]
    holds: bool | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the proof: what was done, under which rule a line holds, and the lines."""

    title: str
    done: str
    rule: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def holds(self) -> bool:
        """Whether all lines hold that are to; a part without one proves nothing."""
        judged = [row.holds for row in self.rows if row.holds is not None]
        return bool(judged) and all(judged)


def band(successes: int, runs: int) -> Interval:
    """Where the true share lies, given so many of the runs, at 99 %. There must be a run."""
    found = clopper_pearson(successes, runs, BAND)
    if found is None:
        raise ValueError("a share of no runs")
    return found


def in_percent(share: float) -> str:
    """A share as the tables have it."""
    return f"{100 * share:.1f} %"


def band_told(found: Interval) -> str:
    """A band as the tables have it."""
    return f"{100 * found.low:.1f} to {100 * found.high:.1f} %"

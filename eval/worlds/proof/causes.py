"""Each world: is its cause found, or said not to be identified, and never another?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from eval.reviews.attribution import Attribution, CauseName, attribute
from eval.reviews.cohorts import windows_of
from eval.worlds.planned import planned_cells
from eval.worlds.proof.claims import Part, Row
from eval.worlds.world import WORLDS, World, WorldName

Outcome: TypeAlias = Literal["recovered", "NOT IDENTIFIED", "wrong"]

TRUE: Mapping[WorldName, tuple[CauseName, ...]] = {
    "model": ("versions",),
    "habit": ("own days",),
    "dropout": ("composition",),
    "lax": ("attention",),
    "bad-version": ("versions", "bad version"),
}
MOST_WRONG = 0.05
LEAST_RECOVERED = 0.8


@dataclass(frozen=True, slots=True)
class Size:
    """Of each world: associates, days and calls a day."""

    associates: int
    days: int
    calls_per_day: float


def causes(size: Size, seeds: int) -> Part:
    """Every world over several seeds, with starts that are staggered and with all together."""
    rows = [
        _row(World(name, size.associates, size.days, size.calls_per_day, together=together), seeds)
        for name in WORLDS
        for together in (False, True)
    ]
    return Part(
        f"Causes of the rise, {size.associates} associates",
        f"Worlds of {size.associates} associates, {size.days} days and {size.calls_per_day:g} calls a day."
        " Recovered: the true causes explain the rise, and no other is said to. Wrong: another is said to,"
        " or a true one is said not to. Rates are means over the runs.",
        f"holds where at most {100 * MOST_WRONG:.0f} % of the runs are wrong and, where starts are staggered,"
        f" {100 * LEAST_RECOVERED:.0f} % recover the cause",
        ("world", "starts", "runs", "initial", "day 30", "day 60", "recovered", "NOT IDENTIFIED", "wrong"),
        tuple(rows),
    )


def outcome_of(found: Attribution, name: WorldName) -> Outcome:
    """What an attribution makes of a world's cause."""
    true = TRUE[name]
    said = {cause.name for cause in found.causes if cause.verdict == "explains"}
    if said - set(true) or any(found.verdict(cause) == "does not" for cause in true):
        return "wrong"
    return "recovered" if said == set(true) else "NOT IDENTIFIED"


def curve_of(world: World) -> tuple[Attribution, list[float]]:
    """The attribution of a world, and its rates in the three windows."""
    windows = windows_of()
    cells = planned_cells(world, windows)
    counts = [cells.counts("exact", cells.between(window)) for window in windows]
    rates = [float(each.successes.sum() / max(1, each.trials.sum())) for each in counts]
    return attribute(cells, windows), rates


def _row(world: World, seeds: int) -> Row:
    found = list(_runs(world, range(1, seeds + 1)))
    outcomes = Counter(outcome_of(attribution, world.name) for attribution, _ in found)
    rates = np.mean([rates for _, rates in found], axis=0)
    cells = (
        world.name,
        "together" if world.together else "staggered",
        f"{seeds:,}",
        *(f"{rate:.3f}" for rate in rates),
        *(f"{outcomes[outcome]:,}" for outcome in ("recovered", "NOT IDENTIFIED", "wrong")),
    )
    enough = world.together or outcomes["recovered"] >= LEAST_RECOVERED * seeds
    return Row(cells, outcomes["wrong"] <= MOST_WRONG * seeds and enough)


def _runs(world: World, seeds: Sequence[int]) -> Iterator[tuple[Attribution, list[float]]]:
    for seed in seeds:
        yield curve_of(replace(world, seed=seed))

"""A world's cells straight from its plan: what would be counted if all texts were classed right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval.reviews.cells import Cells, cells_of
from eval.reviews.cohorts import Window
from eval.worlds.people import draw_people
from eval.worlds.plan import EXACT, MATERIAL, DayPlan, plan_day
from eval.worlds.world import Numbers, World


def planned_cells(world: World, windows: Sequence[Window]) -> Cells:
    """The cells of a world. A note that is amended gets a sentence, and so counts as material."""
    people = draw_people(world)
    found = [_cells_of_day(plan_day(world, people, day)) for day in range(world.days)]
    rows = np.concatenate(found)
    names = tuple(release.name for release in world.releases)
    return cells_of(names, rows[:, :4], rows[:, 4:], windows, world.days - 1)


def _cells_of_day(plan: DayPlan) -> Numbers:
    """Rows of keys and counts, one an associate."""
    who, firsts = np.unique(plan.associate, return_index=True)
    place = np.searchsorted(who, plan.associate)
    exact = plan.saved & (plan.done == EXACT) & ~plan.amended
    flags = (
        plan.saved,
        exact,
        plan.saved & ((plan.done >= MATERIAL) | plan.amended),
        exact & ~plan.read,
    )
    counts = [np.bincount(place, weights=flag, minlength=len(who)).astype(np.int64) for flag in flags]
    days = (np.full(len(who), plan.version), plan.own_day[firsts], np.full(len(who), plan.day))
    rows: Numbers = np.stack([who, *days, *counts], axis=1)
    return rows[rows[:, 4] > 0]

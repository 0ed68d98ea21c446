"""What happens on a day of a world: one entry a leg, before there are any texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.edits.edit import EDIT_CLASSES
from eval.worlds.people import People, draw_people, rates_of
from eval.worlds.world import CARELESS, INITIAL, Floats, Numbers, World, habit_rate, reads_share

Flags = npt.NDArray[np.bool_]

EXACT, NORMALIZED, COSMETIC, MINOR, MATERIAL, REWRITTEN, DISCARDED = range(len(EDIT_CLASSES))

_OTHER_SHARES = {NORMALIZED: 0.22, COSMETIC: 0.18, MINOR: 0.40, REWRITTEN: 0.14, DISCARDED: 0.06}
"""Of the drafts that need an edit other than a material one."""

NO_DRAFT, NOT_OPENED, NOT_SAVED, AMENDED = 0.02, 0.015, 0.005, 0.01
"""Shares of legs that had no draft; of drafts nobody opened; of opened ones nothing was saved of; of saved
ones amended later."""
WEEKDAYS = (1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5)
"""Calls of a day of the week over the mean; sums to 7."""


@dataclass(frozen=True, slots=True)
class DayPlan:
    """The legs of a day, ordered by associate, one entry each.

    `needed` is the edit that the draft needs, `done` the one it got, places in `EDIT_CLASSES`; they differ
    where nobody read the draft. `rate` is the chance that the draft needs none, `reads` that it is read.
    `amended`: a sentence is added within a day of saving.
    """

    day: int
    version: int
    associate: Numbers
    own_day: Numbers
    needed: Numbers
    done: Numbers
    rate: Floats
    reads: Floats
    read: Flags
    drafted: Flags
    opened: Flags
    saved: Flags
    amended: Flags

    @property
    def legs(self) -> int:
        """How many."""
        return len(self.associate)


def plan_days(world: World, people: People | None = None) -> Iterator[DayPlan]:
    """The days of a world, in order; each is drawn by itself from the seed and its number."""
    people = draw_people(world) if people is None else people
    for day in range(world.days):
        yield plan_day(world, people, day)


def plan_day(world: World, people: People, day: int) -> DayPlan:
    """A day of a world. An associate's first day has a call whose draft is opened."""
    generator = np.random.default_rng([world.seed, 1, day])
    who = people.present(day)
    own = day - people.starts[who]
    calls = generator.poisson(world.calls_per_day * people.load[who] * WEEKDAYS[day % 7])
    calls = np.where(own == 0, np.maximum(calls, 1), calls)
    leg = np.repeat(np.arange(len(who)), calls)
    count = len(leg)
    version = world.version_on(day)
    release = world.releases[version]
    rate = rates_of(people, who, own_means(world, own, release.rate))[leg]
    reads = np.minimum(1.0, reads_share(own) if world.name == "lax" else np.ones(len(who)))[leg]
    edits = draw_edits(generator, count, release.material_share)
    needed = np.where(generator.random(count) < rate, EXACT, edits)
    read = generator.random(count) < reads
    done = np.where(read, needed, EXACT)
    careless = (generator.random(count) < CARELESS) & (done == EXACT)
    first = (own[leg] == 0) & np.diff(leg, prepend=-1).astype(bool)
    drafted = first | (generator.random(count) >= NO_DRAFT)
    opened = drafted & (first | (generator.random(count) >= NOT_OPENED))
    saved = opened & (generator.random(count) >= NOT_SAVED)
    return DayPlan(
        day=day,
        version=version,
        associate=who[leg].astype(np.int64),
        own_day=own[leg],
        needed=needed,
        done=done,
        rate=rate,
        reads=reads,
        read=read & ~careless,
        drafted=drafted,
        opened=opened,
        saved=saved,
        amended=saved & (done == EXACT) & (generator.random(count) < AMENDED),
    )


def own_means(world: World, own_day: Numbers, release_rate: float) -> Floats:
    """The mean share of drafts that need no change, for associates at these days of their own."""
    if world.name == "habit":
        return habit_rate(own_day)
    if world.name == "lax":
        return np.full(len(own_day), INITIAL)
    return np.full(len(own_day), release_rate)


def draw_edits(generator: np.random.Generator, count: int, material_share: float) -> Numbers:
    """Classes of edits, other than EXACT."""
    others = generator.choice(list(_OTHER_SHARES), size=count, p=list(_OTHER_SHARES.values()))
    material = generator.random(count) < material_share
    classes: Numbers = np.where(material, MATERIAL, others).astype(np.int64)
    return classes

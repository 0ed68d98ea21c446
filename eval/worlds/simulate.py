"""A world's legs as reviews, with texts and moments, and the truth about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from eval.edits.edit import EDIT_CLASSES
from eval.reviews.review import Review
from eval.worlds.bank import EXTRAS
from eval.worlds.people import SITES, People, associate_name, draw_people, team_name
from eval.worlds.plan import DISCARDED, DayPlan, plan_day
from eval.worlds.planting import DICE, FACES, Texts, plant
from eval.worlds.world import World, calendar_day

OPENS, CLOSES = time(8), time(20)
"""Hours of every site, by its own clock."""
TRANSFERS = 0.02
SPED_UP = 0.15
"""How much faster associates read after a month, in every world; they still read."""
EDIT_S = {1: 4.0, 2: 6.0, 3: 9.0, 4: 14.0, 5: 70.0, 6: 80.0}
"""Seconds that an edit takes on average, by its place in `EDIT_CLASSES`."""


@dataclass(slots=True)
class Truth:
    """What is true of a world and what no command reads: it is kept beside the reviews to check them by.

    Curves are sums by the associates' own day, over the legs that were saved.
    """

    world: World
    legs: int = 0
    saved: dict[int, int] = field(default_factory=dict)
    fitting: dict[int, float] = field(default_factory=dict)
    unedited: dict[int, float] = field(default_factory=dict)
    planted: dict[str, dict[str, int]] = field(default_factory=lambda: {"needed": {}, "done": {}})

    def add(self, plan: DayPlan) -> None:
        """Count a day."""
        self.legs += plan.legs
        unedited = 1 - (1 - plan.rate) * plan.reads
        for day in np.unique(plan.own_day[plan.saved]):
            some = plan.saved & (plan.own_day == day)
            own = int(day)
            self.saved[own] = self.saved.get(own, 0) + int(some.sum())
            self.fitting[own] = self.fitting.get(own, 0.0) + float(plan.rate[some].sum())
            self.unedited[own] = self.unedited.get(own, 0.0) + float(unedited[some].sum())
        for name, classes in (("needed", plan.needed), ("done", plan.done)):
            for place, count in enumerate(np.bincount(classes[plan.saved], minlength=len(EDIT_CLASSES))):
                edit = EDIT_CLASSES[place]
                self.planted[name][edit] = self.planted[name].get(edit, 0) + int(count)

    def document(self) -> dict[str, Any]:
        """The truth as JSON has it."""
        return {
            "world": asdict(self.world),
            "cause": CAUSES[self.world.name],
            "first_day": calendar_day(0).isoformat(),
            "releases": [asdict(release) for release in self.world.releases],
            "legs": self.legs,
            "planted": self.planted,
            "curve": [
                {
                    "own_day": day,
                    "saved": saved,
                    "drafts_that_fit": round(self.fitting[day] / saved, 6),
                    "saved_unedited": round(self.unedited[day] / saved, 6),
                }
                for day, saved in sorted(self.saved.items())
            ],
        }


CAUSES = {
    "model": "versions",
    "habit": "own days",
    "dropout": "composition",
    "lax": "attention",
    "bad-version": "versions; one of them is bad",
}


def simulate(world: World) -> Iterator[tuple[DayPlan, list[Review]]]:
    """The days of a world in order, each with its reviews. The same world gives the same reviews."""
    people = draw_people(world)
    for day in range(world.days):
        plan = plan_day(world, people, day)
        yield plan, _reviews(world, people, plan)


def source_of(world: World) -> dict[str, Any]:
    """Where these reviews come from, for `reviews.json`: that they are made up, and of which numbers."""
    return {"source": "simulated", "seed": world.seed, "simulated": asdict(world)}


@dataclass(frozen=True, slots=True)
class _Site:
    """A site on a day: its opening hour, and its rollout."""

    opens: datetime
    rollout: datetime


@dataclass(frozen=True, slots=True)
class _Dice:
    """What was drawn for the legs of a day, a row each."""

    started_s: list[float]
    call_s: list[float]
    faces: list[list[int]]
    paces: list[list[float]]


def _reviews(world: World, people: People, plan: DayPlan) -> list[Review]:
    day = calendar_day(plan.day)
    sites = [_site_on(place, day, world) for place in range(len(SITES))]
    released = _midnight(world, plan)
    dice = _throw(world, plan)
    calls = _calls(people, plan, dice)
    speeds = people.words_a_minute[plan.associate] * (1 + SPED_UP * np.minimum(plan.own_day / 30, 1))
    found = []
    for place, (associate, speed) in enumerate(zip(plan.associate.tolist(), speeds.tolist(), strict=True)):
        site = int(people.site[associate])
        number, leg, started_s = calls[place]
        started = sites[site].opens + timedelta(seconds=round(started_s, 3))
        texts = plant(int(plan.needed[place]), dice.faces[place], day)
        review = Review(
            call_id=f"c{plan.day:03d}-{number:05d}",
            leg=leg,
            associate=associate_name(associate),
            started_at=started,
            team=team_name(associate, site),
            queue=texts.queue,
            site=SITES[site].name,
            language=SITES[site].languages[int(dice.paces[place][0] < 0.15) % len(SITES[site].languages)],
            version=world.releases[plan.version].name,
            zone=SITES[site].zone,
            rollout_at=sites[site].rollout,
            released_at=released,
            **_course(plan, place, texts, _Pace(started, dice.call_s[place], speed, dice.paces[place])),
        )
        found.append(review)
    return found


@dataclass(frozen=True, slots=True)
class _Pace:
    """When a call began and how long it took, the words a minute that its associate reads, and luck."""

    started: datetime
    call_s: float
    words_a_minute: float
    luck: list[float]


def _course(plan: DayPlan, place: int, texts: Texts, pace: _Pace) -> dict[str, Any]:
    """The fields of a review that tell what became of the draft."""
    if not plan.drafted[place]:
        return {}
    ended = pace.started + timedelta(seconds=round(pace.call_s, 3))
    drafted = ended + timedelta(seconds=round(1 + 3 * pace.luck[1], 3))
    if not plan.opened[place]:
        return {"drafted_at": drafted, "draft": texts.draft}
    opened = drafted + timedelta(seconds=round(1 + 10 * pace.luck[2], 3))
    if not plan.saved[place]:
        return {"drafted_at": drafted, "opened_at": opened, "draft": texts.draft}
    edit = int(plan.done[place])
    final = texts.corrected if edit == int(plan.needed[place]) else texts.draft
    seen_s = _seen_s(len(texts.draft.split()), bool(plan.read[place]), pace)
    focus_s = round(seen_s + EDIT_S.get(edit, 0.0) * (0.5 + pace.luck[4]), 1)
    saved = opened + timedelta(seconds=focus_s + 1.0)
    amended = bool(plan.amended[place])
    return {
        "drafted_at": drafted,
        "opened_at": opened,
        "first_key_at": None if final == texts.draft else opened + timedelta(seconds=round(seen_s, 3)),
        "saved_at": saved,
        "amended_at": saved + timedelta(minutes=round(60 + 1_000 * pace.luck[5])) if amended else None,
        "draft": texts.draft,
        "final": final,
        "mature": f"{final.rstrip()}\n{EXTRAS[0].rstrip()}" if amended else final,
        "used": edit != DISCARDED,
        "focus_s": focus_s,
    }


def _seen_s(words: int, read: bool, pace: _Pace) -> float:
    """Seconds a draft of so many words was looked at before the first key: reading, or a glance."""
    if read:
        return 60 * words / pace.words_a_minute * float(np.exp(0.5 * (pace.luck[3] - 0.5)))
    return 60 * words / 600 * (0.1 + 0.6 * pace.luck[3])


def _throw(world: World, plan: DayPlan) -> _Dice:
    generator = np.random.default_rng([world.seed, 2, plan.day])
    hours_s = 3_600 * (CLOSES.hour - OPENS.hour)
    started = generator.random(plan.legs) * hours_s
    started = started[np.lexsort((started, plan.associate))]
    return _Dice(
        started.tolist(),
        np.clip(generator.gamma(3.0, 110.0, plan.legs), 20.0, 1_800.0).tolist(),
        generator.integers(0, FACES, (plan.legs, DICE)).tolist(),
        generator.random((plan.legs, 6)).tolist(),
    )


def _calls(people: People, plan: DayPlan, dice: _Dice) -> list[tuple[int, int, float]]:
    """Number of the call, its leg and its begin for each leg of the day.

    A transferred call goes on with another associate of the same site, whose leg of the day it becomes.
    """
    firsts = {associate: place for place, associate in reversed(list(enumerate(plan.associate.tolist())))}
    calls = [(place, 1, started_s) for place, started_s in enumerate(dice.started_s)]
    for associate, place in firsts.items():
        before = firsts.get(associate - len(SITES))
        if before is not None and dice.paces[place][5] < TRANSFERS and calls[before][1] == 1:
            calls[place] = (before, 2, dice.started_s[before] + dice.call_s[before])
    return calls


def _site_on(place: int, day: date, world: World) -> _Site:
    site = SITES[place]
    zone = ZoneInfo(site.zone)
    rollout = calendar_day(0 if world.together else site.rollout_day)
    return _Site(
        datetime.combine(day, OPENS, zone).astimezone(UTC),
        datetime.combine(rollout, time(0), zone).astimezone(UTC),
    )


def _midnight(world: World, plan: DayPlan) -> datetime:
    return datetime.combine(calendar_day(world.releases[plan.version].day), time(0), UTC)


def window_rate(truth: dict[str, Any], first: int, last: int) -> float | None:
    """The true share of notes saved unedited, over own days from first to last; None without notes."""
    some = [row for row in truth["curve"] if first <= row["own_day"] <= last]
    saved = sum(row["saved"] for row in some)
    return sum(row["saved"] * row["saved_unedited"] for row in some) / saved if saved else None

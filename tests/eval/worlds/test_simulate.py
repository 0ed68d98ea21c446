"""Worlds: their curves, their reviews, and that the same seed makes the same ones."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.edits.edit import EDIT_CLASSES
from eval.reviews.columns import open_reviews
from eval.reviews.review import Review
from eval.worlds.people import SITES, draw_people
from eval.worlds.plan import EXACT, MATERIAL, plan_days
from eval.worlds.simulate import Truth, simulate, window_rate
from eval.worlds.world import ICC, WORLDS, World, WorldName, reads_share
from models.errors import ConfigError

SMALL = World("model", associates=20, days=30, calls_per_day=3.0, seed=5)


def reviews_of(world: World) -> list[Review]:
    return [review for _, reviews in simulate(world) for review in reviews]


def truth_of(world: World) -> Truth:
    truth = Truth(world)
    for plan in plan_days(world):
        truth.add(plan)
    return truth


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("name", WORLDS)
def test_every_world_draws_the_same_curve(name: WorldName, together: bool) -> None:
    document = truth_of(World(name, 700, 90, 5.0, seed=2, together=together)).document()
    rates = [window_rate(document, first, first + 6) for first in (0, 27, 57)]
    assert rates == [pytest.approx(wanted, abs=0.035) for wanted in (0.25, 0.75, 0.82)]


def test_where_reading_ends_drafts_stay_as_poor_as_they_were() -> None:
    document = truth_of(World("lax", 400, 70, 3.0)).document()
    fits = {row["own_day"]: row["drafts_that_fit"] for row in document["curve"]}
    assert [fits[day] for day in (0, 30, 50)] == [pytest.approx(0.25, abs=0.03)] * 3
    assert reads_share(np.array([0, 30, 60])) == pytest.approx([1.0, 1 / 3, 0.24])


def test_the_same_seed_makes_the_same_reviews() -> None:
    assert reviews_of(SMALL) == reviews_of(SMALL)
    assert reviews_of(SMALL) != reviews_of(replace(SMALL, seed=6))


def test_a_longer_world_begins_as_the_shorter_one() -> None:
    longer = [plan.needed.tolist() for plan in plan_days(replace(SMALL, days=35))]
    shorter = [plan.needed.tolist() for plan in plan_days(SMALL)]
    assert longer[:10] == shorter[:10]


def test_moments_come_in_order_and_legs_once() -> None:
    reviews = reviews_of(SMALL)
    assert {leg for _, leg in Counter((each.call_id, each.leg) for each in reviews)} != {1}
    assert len({(each.call_id, each.leg) for each in reviews}) == len(reviews)
    for each in reviews:
        moments = (each.started_at, each.drafted_at, each.opened_at, each.first_key_at, each.saved_at)
        passed = [moment for moment in (*moments, each.amended_at) if moment is not None]
        assert passed == sorted(passed)
        assert each.released_at is not None and each.released_at < each.started_at
        assert each.rollout_at is not None and each.rollout_at < each.started_at


def test_legs_of_a_transferred_call_are_of_two_associates_of_a_site() -> None:
    reviews = reviews_of(SMALL)
    first = {each.call_id: each for each in reviews if each.leg == 1}
    second = [each for each in reviews if each.leg == 2]
    assert second
    for each in second:
        before = first[each.call_id]
        assert (before.site, before.associate != each.associate) == (each.site, True)
        assert before.started_at < each.started_at


def test_not_every_leg_gets_as_far_as_a_saved_note() -> None:
    reviews = reviews_of(replace(SMALL, associates=60))
    legs = len(reviews)
    drafted, opened, saved = (
        sum(getattr(each, name) is not None for each in reviews)
        for name in ("drafted_at", "opened_at", "saved_at")
    )
    assert legs > drafted > opened > saved > 0.9 * legs
    assert all(each.used for each in reviews if each.saved_at is None)
    assert any(not each.used for each in reviews)
    amended = [each for each in reviews if each.amended_at is not None]
    assert amended and all(each.mature.startswith(each.final.rstrip()) for each in amended)


def test_the_first_call_of_an_associate_has_a_draft_that_was_opened() -> None:
    world = replace(SMALL, associates=60)
    people = draw_people(world)
    for place in range(people.count):
        plan = next(each for each in plan_days(world, people) if each.day == people.starts[place])
        own = plan.associate == place
        assert plan.opened[own].any() and set(plan.own_day[own]) == {0}


def test_starts_are_staggered_by_site_unless_all_start_together() -> None:
    people = draw_people(SMALL)
    assert len(set(people.starts.tolist())) > 5
    waves = [people.starts[people.site == place].min() for place in range(len(SITES))]
    assert waves == sorted(waves)
    assert set(draw_people(replace(SMALL, together=True)).starts.tolist()) == {0}


def test_calls_of_an_associate_are_alike() -> None:
    # The variance of associates' true rates around their mean is the ICC's share of that of a coin.
    rates = np.concatenate([plan.rate[plan.own_day == 3] for plan in plan_days(World("habit", 4_000, 17))])
    assert np.var(np.unique(rates)) / (0.25 * 0.75) == pytest.approx(ICC, abs=0.02)


def test_a_bad_version_has_more_wrong_facts() -> None:
    world = World("bad-version", 100, 60, 5.0)
    shares: dict[int, list[float]] = {}
    for plan in plan_days(world):
        shares.setdefault(plan.version, []).append(float(np.mean(plan.needed == MATERIAL)))
    means = [float(np.mean(shares[version])) for version in sorted(shares)]
    assert max(means) == means[3] and means[3] > 3 * max(means[2], means[4])


def test_unread_notes_take_less_time_than_reading_does() -> None:
    for plan, reviews in simulate(World("lax", 20, 40, 3.0)):
        for place, each in enumerate(reviews):
            if each.focus_s is not None:
                least_s = 60 * len(each.draft.split()) / 600
                assert (each.focus_s < least_s) == (not plan.read[place])
                assert plan.read[place] or plan.done[place] == EXACT


@pytest.mark.parametrize(
    ("change", "reason"), [({"name": "none"}, "no world"), ({"days": 0}, "a day"), ({"seed": -1}, "seed")]
)
def test_worlds_that_cannot_be(change: dict[str, int], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        replace(SMALL, **change)


def test_the_command_writes_reviews_and_their_truth(tmp_path: Path) -> None:
    options = ["--associates", "8", "--days", "12", "--calls-per-day", "3", "--seed", "4"]
    files = []
    for name in ("a", "b"):
        out = tmp_path / name
        told = tmp_path / f"{name}.json"
        done = CliRunner().invoke(app, ["simulate", "lax", *options, "--out", str(out), "--json", str(told)])
        assert done.exit_code == 0, done.output
        files.append({path.name: path.read_bytes() for path in sorted(out.iterdir())})
        with open_reviews([out]) as found:
            assert found.reviews == json.loads(told.read_text())["reviews"] > 50
    assert files[0] == files[1]
    truth = json.loads(files[0]["truth.json"])
    assert (truth["cause"], truth["world"]["seed"]) == ("attention", 4)
    assert set(truth["planted"]["done"]) == set(EDIT_CLASSES)


def test_the_command_names_the_worlds(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["simulate", "modle", "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert "dropout" in done.output

"""Worlds through texts, ladder, columns and SQL: counts as planned, and the cause found."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from eval.reviews.cells import Cells, read_cells
from eval.reviews.cohorts import windows_of
from eval.reviews.columns import ReviewWriter, open_reviews
from eval.reviews.tallies import prepare
from eval.worlds.planned import planned_cells
from eval.worlds.proof.causes import curve_of, outcome_of
from eval.worlds.simulate import simulate, source_of
from eval.worlds.world import WORLDS, World, WorldName

SMALL = (60, 75, 3.0)


def written_cells(world: World, folder: Path) -> Cells:
    with ReviewWriter(folder, source_of(world)) as writer:
        for _, reviews in simulate(world):
            assert writer.add(reviews) == []
    with open_reviews([folder]) as found:
        prepare(found.connection)
        return read_cells(found.connection, windows_of())


@pytest.mark.parametrize("name", ["lax", "bad-version"])
def test_what_is_counted_of_texts_is_what_was_planned(name: WorldName, tmp_path: Path) -> None:
    world = World(name, 24, 70, 2.0, seed=3)
    counted, planned = written_cells(world, tmp_path), planned_cells(world, windows_of())
    assert (counted.versions, counted.last_day) == (planned.versions, planned.last_day)
    order = np.lexsort((planned.own_day, planned.associate))
    for found, wanted in zip(astuple(counted)[2:], astuple(planned)[2:], strict=True):
        assert found.tolist() == wanted[order].tolist()


@pytest.mark.parametrize("name", WORLDS)
def test_where_starts_are_staggered_the_cause_is_found(name: WorldName) -> None:
    found, rates = curve_of(World(name, *SMALL, seed=2))
    assert rates == [pytest.approx(wanted, abs=0.12) for wanted in (0.25, 0.75, 0.82)]
    assert outcome_of(found, name) == "recovered"


@pytest.mark.parametrize("name", WORLDS)
def test_where_all_start_together_it_is_not_guessed(name: WorldName) -> None:
    found, _ = curve_of(World(name, *SMALL, seed=2, together=True))
    assert outcome_of(found, name) == ("recovered" if name in ("dropout", "lax") else "NOT IDENTIFIED")
    assert found.verdict("versions") == found.verdict("own days") == "NOT IDENTIFIED"

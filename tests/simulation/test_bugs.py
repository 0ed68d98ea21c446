"""Each bug that is put in on purpose is found."""

from __future__ import annotations

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.invariants import run_seed

WITHIN = 250


def seeds_until_caught(name: str, within: int = WITHIN) -> int | None:
    """How many seeds it takes to find a bug; None where so many do not."""
    for seed in range(within):
        with BUGS[name]():
            try:
                run_seed(seed)
            except AssertionError:
                return seed + 1
    return None


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_found(name: str) -> None:
    seeds = seeds_until_caught(name)
    assert seeds is not None, f"{WITHIN} seeds do not find that it {name}"

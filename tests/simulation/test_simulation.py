"""Whatever dies, moves, waits or comes twice: calls come out as if nothing had happened."""

from __future__ import annotations

import pytest

from tests.simulation.invariants import run_seed

SEEDS = 500
CHUNKS = 20


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_calls_come_out_as_if_nothing_had_happened(chunk: int) -> None:
    for seed in range(chunk, SEEDS, CHUNKS):
        try:
            run_seed(seed)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def test_a_seed_gives_the_same_run_each_time() -> None:
    first, second = run_seed(11), run_seed(11)
    assert first.counts == second.counts
    assert [one.event for one in first.store.events] == [one.event for one in second.store.events]
    assert first.broker.committed == second.broker.committed
    assert first.clock() == second.clock()

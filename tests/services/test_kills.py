"""Parts of a site die at random moments while calls go on: nothing is lost or doubled, and all calls end.

The seeds make the order of kills the same each time, not the moments: processes have their own pace.
`make soak` has a hundred of them.
"""

from __future__ import annotations

import random
from pathlib import Path

from tests.services.marks import SERVICES
from tests.services.soak import Outcome, soak

pytestmark = SERVICES


def check(outcome: Outcome) -> None:
    assert outcome.lost == []
    assert outcome.doubled == []
    assert outcome.undrafted == []
    assert set(outcome.codes) == {"hangup"}
    assert outcome.finals > 20
    if not outcome.gaps:
        assert outcome.changed == []


def test_ten_workers_die(tmp_path: Path) -> None:
    check(soak(tmp_path, ["worker"] * 10, seed=1))


def test_gateways_brokers_and_the_database_die_and_workers_come_and_go(tmp_path: Path) -> None:
    kills = ["gateway", "broker", "postgres", "rebalance"] * 2
    random.Random(2).shuffle(kills)
    check(soak(tmp_path, kills, seed=2))

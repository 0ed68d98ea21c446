"""Calls go on while parts of a site die: how much of them is lost, how much is doubled, how long it takes.

`python -m tests.services.soak worker --kills 100` for a long run; the tests make a short one.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.client import Recording, Sending, Target
from tests.services.brokers import free_ports
from tests.services.site import Site, site, spoken

SAMPLES = (
    "01-overdraft-refund",
    "02-lost-card",
    "04-auto-loan-payoff",
    "06-fraud-alert",
    "08-two-topics",
)
SECONDS = 40.0
AT_ONCE = 6
PAUSE_S = (4.0, 9.0)
"""Between a recovery and the next kill."""
PATIENCE_S = 120.0


@dataclass
class Outcome:
    """What became of the calls of a run. `recovered_s`: for each kill and call in progress, until the store
    had its next event."""

    calls: int = 0
    kills: int = 0
    finals: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gaps: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    undrafted: list[str] = field(default_factory=list)
    recovered_s: list[float] = field(default_factory=list)

    def p95_s(self) -> float:
        """95th percentile of the recoveries."""
        return statistics.quantiles(self.recovered_s, n=20)[-1] if len(self.recovered_s) > 1 else 0.0

    def as_json(self) -> str:
        """For a table."""
        return json.dumps(
            {
                "calls": self.calls,
                "kills": self.kills,
                "finals": self.finals,
                "lost": len(self.lost),
                "doubled": len(self.doubled),
                "changed": len(self.changed),
                "gaps": self.gaps,
                "end_codes": dict(self.codes),
                "without_draft": len(self.undrafted),
                "recovered_p50_s": round(statistics.median(self.recovered_s or [0.0]), 2),
                "recovered_p95_s": round(self.p95_s(), 2),
                "recovered_max_s": round(max(self.recovered_s, default=0.0), 2),
            }
        )


class Callers:
    """So many clients at once, each with one call after the other until they are told to stop."""

    def __init__(self, targets: Sequence[str], factor: float) -> None:
        self.started: dict[str, str] = {}
        self.codes: dict[str, str] = {}
        self.done = False
        self._targets = targets
        self._factor = factor
        self._numbers = itertools.count()

    async def talk(self) -> None:
        """Until all calls are over."""
        await asyncio.gather(*(self._one(place) for place in range(AT_ONCE)))

    async def _one(self, place: int) -> None:
        await asyncio.sleep(place * 1.7)
        while not self.done:
            number = next(self._numbers)
            sample = SAMPLES[number % len(SAMPLES)]
            call_id = f"call-{number}"
            self.started[call_id] = sample
            target = Target(f"ws://{self._targets[number % len(self._targets)]}")
            self.codes[call_id] = await self._send(target, spoken(call_id, sample, SECONDS))

    async def _send(self, target: Target, recording: Recording) -> str:
        return await Sending(target, recording, self._factor).run()


Kill = Callable[[Site, random.Random], None]
"""Has a part of a site die, and come back."""


class Victims:
    """The parts of a site that may die."""

    def __init__(self, here: Site, workers: int, ports: Sequence[int]) -> None:
        self._here = here
        self._ports = ports
        self.workers = [here.worker() for _ in range(workers)]
        self.gateways = [here.gateway("--port", str(port)) for port in ports]

    def worker(self, dice: random.Random) -> None:
        """A worker dies, and a new one starts."""
        place = dice.randrange(len(self.workers))
        self.workers[place].kill()
        self.workers[place] = self._here.worker(wait=False)

    def gateway(self, dice: random.Random) -> None:
        """A gateway dies, and starts again at its port."""
        place = dice.randrange(len(self.gateways))
        self.gateways[place].kill()
        self.gateways[place] = self._here.gateway("--port", str(self._ports[place]), wait=False)

    def rebalance(self, dice: random.Random) -> None:
        """From one worker to four, or back: those that go hand their calls over."""
        if len(self.workers) == 1:
            self.workers += [self._here.worker() for _ in range(3)]
            return
        for worker in self.workers[1:]:
            assert worker.stop() == 0
        del self.workers[1:]

    def broker(self, dice: random.Random) -> None:
        """A broker of three dies, and comes back after a while."""
        node = dice.randrange(3)
        self._here.kafka.kill(node)
        time.sleep(dice.uniform(2.0, 6.0))
        self._here.kafka.start(node)

    def postgres(self, dice: random.Random) -> None:
        """PostgreSQL crashes, and starts again after a while."""
        self._here.postgres.stop()
        time.sleep(dice.uniform(0.5, 4.0))
        self._here.postgres.start()


def soak(folder: Path, what: str, kills: int, seed: int, factor: float = 1.0) -> Outcome:
    """So many kills of one sort at random moments, with calls in progress all the time."""
    dice = random.Random(seed)
    outcome = Outcome(kills=kills)
    with site(folder, copies=3 if what == "broker" else 1) as here:
        victims = Victims(here, workers=1 if what == "rebalance" else 2, ports=free_ports(2))
        callers = Callers([one.address for one in victims.gateways], factor)
        asyncio.run(_disturb(here, victims, callers, what, dice, outcome))
        here.until_closed(list(callers.started), PATIENCE_S)
        _judge(here, callers, outcome)
    return outcome


async def _disturb(
    here: Site, victims: Victims, callers: Callers, what: str, dice: random.Random, outcome: Outcome
) -> None:
    talking = asyncio.create_task(callers.talk())
    await asyncio.sleep(10.0)
    kill = getattr(victims, what)
    for _ in range(outcome.kills):
        before = _last_numbers(here)
        killed_s = time.monotonic()
        await asyncio.to_thread(kill, dice)
        outcome.recovered_s += await asyncio.to_thread(_recoveries, here, before, killed_s)
        if talking.done():
            break
        await asyncio.sleep(dice.uniform(*PAUSE_S))
    callers.done = True
    await talking


def _last_numbers(here: Site) -> dict[str, int]:
    """The highest number of an event of each call in progress."""
    found = here.rows(
        "SELECT c.call_id, max(e.seq) FROM calls c JOIN events e ON e.call_id = c.call_id"
        " WHERE c.closed_at IS NULL GROUP BY c.call_id"
    )
    return dict(found)


def _recoveries(here: Site, before: dict[str, int], killed_s: float) -> list[float]:
    """For each call, the time until the store had its next event."""
    waiting, found = dict(before), []
    while waiting and time.monotonic() < killed_s + PATIENCE_S:
        now = dict(here.rows("SELECT call_id, max(seq) FROM events GROUP BY call_id"))
        for call_id in [one for one, number in waiting.items() if now.get(one, 0) > number]:
            found.append(time.monotonic() - killed_s)
            del waiting[call_id]
        time.sleep(0.05)
    return found + [PATIENCE_S] * len(waiting)


def _judge(here: Site, callers: Callers, outcome: Outcome) -> None:
    """Each call beside the same recording undisturbed."""
    quiet = _undisturbed(here, sorted(set(callers.started.values())))
    outcome.calls = len(callers.started)
    for call_id, sample in callers.started.items():
        events = here.events(call_id)
        outcome.gaps += sum(event["type"] == "audio_gap" for event in events)
        outcome.codes[events_of(events, "call_closed")[0]["code"]] += 1
        if len(events_of(events, "draft_ready")) != 1:
            outcome.undrafted.append(call_id)
        _compare(
            call_id,
            events_of(quiet[sample], "utterance_final"),
            events_of(events, "utterance_final"),
            outcome,
        )


def _undisturbed(here: Site, samples: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The same recordings on the same site, with nothing in their way."""
    gateway = here.gateway()
    recordings = [spoken(f"quiet-{sample}", sample, SECONDS) for sample in samples]

    async def send() -> None:
        target = Target(f"ws://{gateway.address}")
        await asyncio.gather(*(Sending(target, one, 2.0).run() for one in recordings))

    asyncio.run(send())
    here.until_closed([one.call_id for one in recordings])
    return {sample: here.events(f"quiet-{sample}") for sample in samples}


def events_of(events: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Those of one type, by channel and start."""
    found = [event for event in events if event["type"] == kind]
    return sorted(found, key=lambda one: (one.get("channel", 0), one.get("start_s", 0.0)))


def _compare(
    call_id: str, expected: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]], outcome: Outcome
) -> None:
    """Each final that was expected is there once: the same stretch of speech, if not to the sample."""
    outcome.finals += len(expected)
    for final in expected:
        same = [one for one in found if _overlap_s(one, final) > 0.5 * (final["end_s"] - final["start_s"])]
        name = f"{call_id} {final['id']}"
        if not same:
            outcome.lost.append(name)
        elif len(same) > 1:
            outcome.doubled.append(name)
        elif _told(same[0]) != _told(final):
            outcome.changed.append(name)
    for one in found:
        if not any(_overlap_s(one, final) > 0 for final in expected):
            outcome.doubled.append(f"{call_id} {one['id']} beside")


def _overlap_s(one: dict[str, Any], other: dict[str, Any]) -> float:
    if one["channel"] != other["channel"]:
        return 0.0
    return float(min(one["end_s"], other["end_s"]) - max(one["start_s"], other["start_s"]))


def _told(final: dict[str, Any]) -> object:
    return final["id"], [word["text"] for word in final["words"]]


def main() -> None:
    """Run from the command line; prints a line of JSON."""
    parser = argparse.ArgumentParser(description="Kill parts of a site while calls go on.")
    parser.add_argument("what", choices=("worker", "gateway", "broker", "postgres", "rebalance"))
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wrapup-soak-") as name:
        outcome = soak(Path(name), given.what, given.kills, given.seed)
    sys.stdout.write(f"{given.what}: {outcome.as_json()}\n")
    for kind in ("lost", "doubled", "changed", "undrafted"):
        for line in getattr(outcome, kind)[:10]:
            sys.stdout.write(f"  {kind}: {line}\n")


if __name__ == "__main__":
    main()

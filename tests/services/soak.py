"""Calls go on while parts of a site die: how much of them is lost, how much is doubled, how long it takes.

`python -m tests.services.soak worker --kills 100` for a long run; the tests make a short one.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from models.errors import InputError
from pipeline.client import Sending, Target
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

    def row(self, what: str) -> str:
        """Of a table."""
        median_s = statistics.median(self.recovered_s or [0.0])
        most_s = max(self.recovered_s, default=0.0)
        cells = [
            what,
            self.kills,
            self.calls,
            self.finals,
            len(self.lost),
            len(self.doubled),
            len(self.changed),
            self.gaps,
            self.calls - len(self.undrafted),
            f"{median_s:.1f} / {self.p95_s():.1f} / {most_s:.1f}",
        ]
        return f"| {' | '.join(str(cell) for cell in cells)} |"


HEAD = (
    "| what died | times | calls | finals | lost | doubled | changed | gaps | closed with one note"
    " | next event after, s: P50 / P95 / most |\n|---|---|---|---|---|---|---|---|---|---|"
)


class Callers:
    """So many clients at once, each with one call after the other until they are told to stop."""

    def __init__(self, targets: Sequence[str]) -> None:
        self.started: dict[str, str] = {}
        self.codes: dict[str, str] = {}
        self.done = False
        self._targets = targets
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
            try:
                self.codes[call_id] = await Sending(target, spoken(call_id, sample, SECONDS), 1.0).run()
            except InputError as error:
                # Its gateway died between its hang-up and the answer to that.
                if "the call is over" not in str(error):
                    raise
                self.codes[call_id] = "over"


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


def soak(folder: Path, kills: Sequence[str], seed: int) -> Outcome:
    """Kills, by the names of the methods of `Victims`, at random moments, with calls in progress all the
    time."""
    dice = random.Random(seed)
    outcome = Outcome(kills=len(kills))
    with site(folder, copies=3 if "broker" in kills else 1) as here:
        victims = Victims(here, workers=1 if "rebalance" in kills else 2, ports=free_ports(2))
        callers = Callers([one.address for one in victims.gateways])
        asyncio.run(_disturb(here, victims, callers, kills, dice, outcome))
        here.until_closed(list(callers.started), PATIENCE_S)
        _judge(here, callers, outcome)
    return outcome


async def _disturb(
    here: Site,
    victims: Victims,
    callers: Callers,
    kills: Sequence[str],
    dice: random.Random,
    outcome: Outcome,
) -> None:
    talking = asyncio.create_task(callers.talk())
    await asyncio.sleep(10.0)
    for kill in kills:
        before = await asyncio.to_thread(_last_numbers, here)
        killed_s = time.monotonic()
        looking = asyncio.to_thread(_recoveries, here, before, killed_s)
        _, recovered = await asyncio.gather(asyncio.to_thread(getattr(victims, kill), dice), looking)
        outcome.recovered_s += recovered
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
        now = _numbers(here)
        for call_id in [one for one, number in waiting.items() if now.get(one, 0) > number]:
            found.append(time.monotonic() - killed_s)
            del waiting[call_id]
        time.sleep(0.05)
    return found + [PATIENCE_S] * len(waiting)


def _numbers(here: Site) -> dict[str, int]:
    """The highest number of an event of each call; none while the database is away."""
    try:
        return dict(here.rows("SELECT call_id, max(seq) FROM events GROUP BY call_id"))
    except psycopg.OperationalError:
        return {}


def _judge(here: Site, callers: Callers, outcome: Outcome) -> None:
    """Each call beside the same recording undisturbed."""
    quiet = _undisturbed(here, sorted(set(callers.started.values())))
    outcome.calls = len(callers.started)
    told = here.all_events()
    for call_id, sample in callers.started.items():
        events = told[call_id]
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
    told = here.all_events()
    return {sample: told[f"quiet-{sample}"] for sample in samples}


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
    """Run from the command line; prints a table."""
    parser = argparse.ArgumentParser(description="Kill parts of a site while calls go on.")
    parser.add_argument("what", nargs="+", help="NAME=TIMES: worker, gateway, broker, postgres, rebalance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a page to write as well")
    given = parser.parse_args()
    page = [HEAD]
    for one in given.what:
        name, _, times = one.partition("=")
        with tempfile.TemporaryDirectory(prefix="wrapup-soak-") as folder:
            outcome = soak(Path(folder), [name] * int(times or 10), given.seed)
        page.append(outcome.row(name))
        sys.stdout.write(outcome.row(name) + "\n")
        for kind in ("lost", "doubled", "changed", "undrafted"):
            for line in getattr(outcome, kind)[:10]:
                sys.stdout.write(f"  {kind}: {line}\n")
        sys.stdout.flush()
    if given.out is not None:
        given.out.write_text(_INTRODUCTION.format(commit=_commit()) + "\n".join(page) + "\n", "utf-8")


_INTRODUCTION = """# What is lost when parts of a site die

`make soak`, at commit {commit}. Six calls of 40 s go on all the time, one after the other at each of six
clients, over two gateways and two workers (one, where these come and go). At random moments a worker or a
gateway is killed with SIGKILL and started again, or PostgreSQL is stopped at once for up to 4 s, or one of
three brokers is killed for 2 to 6 s, or three workers come or are told to go. Each call is compared with the
same recording undisturbed: a final is lost when nothing was heard of its stretch of speech, doubled when two
were, changed when its bounds or words differ. A gap is a stretch of a channel that a gateway did not keep.
Voice activity is the real network, the words are scripted. The last column is the time from the kill to the
next stored event of each call in progress, whatever that was waiting for.

"""


def _commit() -> str:
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    return told.stdout.strip()


if __name__ == "__main__":
    main()

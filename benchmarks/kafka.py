"""Records of audio through gateways and workers whose engines have nothing to do.

The audio is noise under the energy gate of voice activity, coded as telephones do: everything but the engines
runs, on Apache Kafka's own broker and PostgreSQL on this machine.

    python -m benchmarks.kafka --workers 1,2,4 --minutes 1
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import numpy as np

from pipeline.client import Recording, Sending, Target
from pipeline.doors import g711
from pipeline.doors.messages import CallInfo, Chunk, Started
from pipeline.kafka.connection import Connection
from pipeline.kafka.outbox import RECORD_S, Outbox
from pipeline.store.vault import open_vault
from tests.services.brokers import free_ports
from tests.services.site import Process, Site, site

RATE_HZ = 8_000
CALLS = 200
PARTITIONS = 12
LOOK_S = 1.0
SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Read:
    """So many records were read in `wall_s`; the workers' processes took `cpu_s` of it."""

    workers: int
    records: int
    wall_s: float
    cpu_s: float

    def row(self) -> str:
        """Of a table."""
        rate, core = self.records / self.wall_s, self.records / self.cpu_s
        return f"| {self.workers} | {rate:,.0f} | {core:,.0f} | {rate * RECORD_S:,.0f} |"


def noise(seconds: float) -> np.ndarray:
    """Both channels of a quiet line, shape (2, n): the smallest steps of mu-law."""
    codes = np.random.default_rng(5).choice([0xFF, 0x7F, 0xFE, 0x7E], (2, round(seconds * RATE_HZ)))
    return g711.decode(codes.astype(np.uint8).tobytes(), "mulaw").reshape(2, -1)


def cpu_s(process: Process) -> float:
    """CPU seconds that a process took so far, all of its threads."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Feeder:
    """Writes the audio of many calls, as gateways do."""

    def __init__(self, here: Site, calls: int, prefix: str) -> None:
        vault = open_vault(here.folder / "key")
        self.outbox = Outbox(Connection(tuple(here.kafka.bootstrap)), vault, keeps_s=3_600.0)
        self.records = 0
        self._audio = noise(RECORD_S)
        self._at = 0
        self._streams = [
            self.outbox.write_stream(
                f"{prefix}-{number}/1",
                Started(CallInfo(f"{prefix}-{number}", ("agent", "customer")), (0, 1), RATE_HZ, placed=True),
            )
            for number in range(calls)
        ]

    def round(self) -> None:
        """A record of each call."""
        for stream in self._streams:
            stream.hear(Chunk((0, 1), self._audio, self._at))
        self._at += self._audio.shape[1]
        self.records += len(self._streams)

    def end(self) -> None:
        """All hang up, and all is on the topic."""
        for stream in self._streams:
            stream.end(hung_up=True)
        self.outbox.__exit__(None, None, None)


def unread(port: int) -> int:
    """Records that a worker has not read, as it says itself."""
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith("wrapup_lag_records{"))


def read_all(here: Site, workers: int, rounds: int) -> Read:
    """Calls that lie on the topic, read as fast as so many workers can."""
    running = [here.worker() for _ in range(workers)]
    feeder = Feeder(here, CALLS, f"read-{workers}")
    before = sum(cpu_s(one) for one in running)
    began_s = time.monotonic()
    for _ in range(rounds):
        feeder.round()
    feeder.end()
    here.until_closed([f"read-{workers}-{number}" for number in range(CALLS)], 600.0)
    wall_s = time.monotonic() - began_s
    took_s = sum(cpu_s(one) for one in running) - before
    for one in running:
        one.stop()
    return Read(workers, feeder.records, wall_s, took_s)


def keep_up(here: Site, rate: float, minutes: float) -> list[int]:
    """Records that lie unread, second by second, while so many a second come."""
    (port,) = free_ports(1)
    worker = here.worker("--metrics-port", str(port))
    calls = max(1, round(rate * RECORD_S))
    feeder = Feeder(here, calls, "flat")
    found: list[int] = []
    began_s = time.monotonic()
    looked_s = began_s
    while time.monotonic() < began_s + 60 * minutes:
        feeder.round()
        if time.monotonic() >= looked_s + LOOK_S:
            looked_s = time.monotonic()
            found.append(unread(port))
        due_s = began_s + feeder.records / rate
        time.sleep(max(0.0, due_s - time.monotonic()))
    feeder.end()
    worker.stop()
    return found


def through_gateway(here: Site, calls: int, seconds: float, factor: float) -> tuple[int, float]:
    """Records that a gateway made of calls over sockets, and the CPU seconds that it took."""
    gateway = here.gateway()
    worker = here.worker()
    samples = np.rint(noise(seconds).T * 32_768).astype("<i2")
    hello = {
        "type": "hello",
        "rate_hz": RATE_HZ,
        "encoding": "l16",
        "channels": ["agent", "customer"],
        "positions": True,
    }

    async def send() -> None:
        target = Target(f"ws://{gateway.address}")
        recordings = [Recording(f"gateway-{number}", samples, hello) for number in range(calls)]
        await asyncio.gather(*(Sending(target, one, factor).run() for one in recordings))

    before = cpu_s(gateway)
    asyncio.run(send())
    took_s = cpu_s(gateway) - before
    worker.stop()
    gateway.stop()
    return round(calls * seconds / RECORD_S), took_s


def told(rows: Sequence[Read], gateway: tuple[int, float], lag: Sequence[int], rate: float) -> str:
    """All of it, as the README has it."""
    third = max(1, len(lag) // 3)
    first, last = np.mean(lag[third : 2 * third]), np.mean(lag[-third:])
    lines = [
        "| workers | records a second | a second of the workers' CPU | calls at once |",
        "|---|---|---|---|",
        *(row.row() for row in rows),
        "",
        f"gateway: {gateway[0] / gateway[1]:,.0f} records a second of its CPU ({gateway[0]:,} records)",
        f"at {rate:,.0f} records a second: {first:,.0f} records unread in the second third of {len(lag)} s,"
        f" {last:,.0f} in the last",
    ]
    return "\n".join(lines)


def is_flat(lag: Sequence[int], rate: float) -> bool:
    """Whether what lies unread grew by no more than two seconds' worth from the second third to the last."""
    third = max(1, len(lag) // 3)
    return bool(np.mean(lag[-third:]) - np.mean(lag[third : 2 * third]) < 2 * rate)


def main() -> None:
    """Run from the command line; fails where the workers do not keep up with 80 % of what they can read."""
    parser = argparse.ArgumentParser(description="Audio records through gateways and workers.")
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--rounds", type=int, default=100, help="records of each call")
    parser.add_argument("--minutes", type=float, default=1.0)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="wrapup-bench-") as name,
        site(Path(name), partitions=PARTITIONS) as here,
    ):
        rows = [read_all(here, int(count), given.rounds) for count in given.workers.split(",")]
        gateway = through_gateway(here, 20, 60.0, 10.0)
        rate = SHARE * rows[0].records / rows[0].wall_s
        lag = keep_up(here, rate, given.minutes)
    sys.stdout.write(told(rows, gateway, lag, rate) + "\n")
    if not is_flat(lag, rate):
        raise SystemExit(f"the workers do not keep up with {rate:,.0f} records a second")


if __name__ == "__main__":
    main()

"""`wrapup serve` as a process of its own, and what it costs, as the operating system and itself say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from pipeline.jobs import RANKS

ROOT = Path(__file__).parents[1]
TICKS_A_S = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 60.0

_COMMAND = "from pipeline.cli import main; main()"
_OWN = {"PYTHONPATH": str(ROOT), "WRAPUP_SERVER__DRAIN_S": "0"}
_ADDRESS = re.compile(r"listens on http://(127\.0\.0\.1:\d+)")


@dataclass(frozen=True, slots=True)
class Reading:
    """A server's counters at one moment.

    CPU seconds are user and system time; `loop_s` is its main thread's, which runs the event loop;
    `machine_s` is all that the machine did. `figures` are its own metrics, by name and first label.
    """

    at_s: float
    cpu_s: float
    loop_s: float
    machine_s: float
    rss_bytes: int
    figures: Mapping[tuple[str, str], float]

    def engine_s(self, kind: str) -> float:
        """Seconds that engines took for jobs of a kind; on a full machine they wait in it for a core."""
        return self.figures.get(("wrapup_engine_seconds_total", kind), 0.0)

    def jobs(self, kind: str) -> int:
        """Jobs of a kind that were run."""
        return int(self.figures.get(("wrapup_jobs_done_total", kind), 0))

    def total(self, name: str) -> float:
        """A counter, summed over its labels."""
        return sum(value for (found, _), value in self.figures.items() if found == name)


@dataclass(frozen=True, slots=True)
class Spent:
    """What happened between two readings."""

    first: Reading
    last: Reading

    @property
    def wall_s(self) -> float:
        """Seconds in between."""
        return self.last.at_s - self.first.at_s

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the server."""
        return self.last.cpu_s - self.first.cpu_s

    @property
    def loop_s(self) -> float:
        """CPU seconds of its event loop."""
        return self.last.loop_s - self.first.loop_s

    @property
    def machine_s(self) -> float:
        """CPU seconds of everything on the machine."""
        return self.last.machine_s - self.first.machine_s

    def engine_s(self) -> dict[str, float]:
        """Engine seconds by kind of job."""
        return {kind: self.last.engine_s(kind) - self.first.engine_s(kind) for kind in RANKS}

    def jobs(self) -> dict[str, int]:
        """Jobs by kind."""
        return {kind: self.last.jobs(kind) - self.first.jobs(kind) for kind in RANKS}

    def total(self, name: str) -> float:
        """How much a counter grew."""
        return self.last.total(name) - self.first.total(name)

    def histogram_s(self, share: float) -> float | None:
        """The bound of the bucket of the server's own latency histogram that holds this percentile."""
        grew = {
            float(label): value - self.first.figures.get((name, label), 0.0)
            for (name, label), value in self.last.figures.items()
            if name == "wrapup_final_seconds_bucket"
        }
        count = max(grew.values(), default=0.0)
        return next((bound for bound, n in sorted(grew.items()) if count and n >= share * count), None)


class ServerProcess:
    """A running server. See `served`."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.address = address
        self._process = process

    def read(self) -> Reading:
        """Its counters now."""
        folder = Path(f"/proc/{self._process.pid}")
        with urlopen(f"http://{self.address}/metrics", timeout=PATIENCE_S) as page:
            families = list(text_string_to_metric_families(page.read().decode()))
        figures = {
            (sample.name, next(iter(sample.labels.values()), "")): sample.value
            for family in families
            for sample in family.samples
        }
        return Reading(
            at_s=time.monotonic(),
            cpu_s=cpu_seconds(folder / "stat"),
            loop_s=cpu_seconds(folder / "task" / str(self._process.pid) / "stat"),
            machine_s=busy_seconds(),
            rss_bytes=resident_bytes(folder),
            figures=figures,
        )


def cpu_seconds(stat: Path) -> float:
    """User and system time of a process or thread, from its file `stat` (proc(5), fields 14 and 15)."""
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_S


def busy_seconds() -> float:
    """CPU time of everything since the machine was started (proc(5), the first line of /proc/stat)."""
    spent = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(spent) - spent[3] - spent[4]) / TICKS_A_S


def resident_bytes(folder: Path) -> int:
    """Resident memory of a process."""
    return int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def served(variables: Mapping[str, str] | None = None) -> Iterator[ServerProcess]:
    """Start `wrapup serve` on a free port, with its store in a temporary folder; stop it on leaving.

    `variables` are `WRAPUP_*` settings. Raises `RuntimeError` with what the server said if it does not come
    up.
    """
    with tempfile.TemporaryDirectory(prefix="wrapup-") as name:
        path = Path(name) / "log"
        with path.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", _COMMAND, "serve", "--port", "0"],
                cwd=name,
                env={**os.environ, **_OWN, **(variables or {})},
                stderr=log,
                text=True,
            )
        try:
            yield ServerProcess(process, _address(process, path))
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s and process.poll() is None:
        if found := _ADDRESS.search(log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"the server did not come up: {log.read_text()}")

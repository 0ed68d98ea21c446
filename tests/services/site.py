"""A whole site on the loopback: Kafka, PostgreSQL, gateways and workers as processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from pipeline.client import Recording, Sending, Target, read_recording
from tests.conftest import ROOT
from tests.pipeline.live_server import by_id
from tests.postgres import Cluster, find_binaries
from tests.services.brokers import Brokers, brokers

PATIENCE_S = 90.0
COMMAND = [sys.executable, "-c", "from pipeline.cli import main; main()"]
GATEWAY = ["serve", "--to", "kafka"]


class Process:
    """`wrapup` with these options, in a folder; `kill` and `stop` it at will."""

    def __init__(
        self, folder: Path, options: Sequence[str], variables: Mapping[str, str], ready: str
    ) -> None:
        """Start it. `ready`: a word of the line by which it says that it is up."""
        folder.mkdir(exist_ok=True)
        self.log: list[str] = []
        self.said_s: list[float] = []
        self.line = ""
        self._up = threading.Event()
        self._ready = ready
        self._running = subprocess.Popen(
            [*COMMAND, *options],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def wait(self) -> None:
        """Until it is up."""
        if not self._up.wait(PATIENCE_S) or not self.line:
            self.kill()
            raise AssertionError("".join(self.log[-20:]) or "it says nothing")

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._running.pid

    @property
    def address(self) -> str:
        """Where a server listens."""
        return self.line.split("//")[1].split()[0]

    def kill(self) -> None:
        """As a power failure would."""
        self._running.kill()
        self._end()

    def stop(self) -> int:
        """As an operator would; gives the exit code."""
        self._running.terminate()
        return self._end()

    def _end(self) -> int:
        code = self._running.wait(PATIENCE_S)
        self._reading.join(PATIENCE_S)
        return code

    def _read(self) -> None:
        assert self._running.stderr is not None
        for line in self._running.stderr:
            self.log.append(line)
            self.said_s.append(time.monotonic())
            if self._ready in line and not self._up.is_set():
                self.line = line
                self._up.set()
        self._running.stderr.close()
        self._up.set()


@dataclass
class Site:
    """The processes of one site. `environment` is that of all of them."""

    folder: Path
    kafka: Brokers
    postgres: Cluster
    url: str
    environment: dict[str, str]
    running: list[Process] = field(default_factory=list)

    def worker(
        self, *options: str, wait: bool = True, asr: str | None = "scripted", **variables: str
    ) -> Process:
        """One more worker; `asr` None for this machine's own engine."""
        chosen = [] if asr is None else ["--asr", asr]
        return self._start(["worker", *chosen, *options], variables, "reads", wait)

    def gateway(self, *options: str, wait: bool = True, **variables: str) -> Process:
        """One more gateway, on a port of its own unless it is told one."""
        port = () if "--port" in options else ("--port", "0")
        return self._start([*GATEWAY, *port, *options], variables, "listens on", wait)

    def end(self) -> None:
        """Stop all that runs."""
        for process in self.running:
            with suppress(subprocess.TimeoutExpired):
                process.kill()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Of the database."""
        with psycopg.connect(self.url.replace("+psycopg", "")) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]

    def events(self, call_id: str) -> list[dict[str, Any]]:
        """What `wrapup export` says of a call, by event id."""
        return self.all_events("--call", call_id)[call_id]

    def all_events(self, *options: str) -> dict[str, list[dict[str, Any]]]:
        """The same of all calls."""
        told = subprocess.run(
            [*COMMAND, "export", *options],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.environment},
            capture_output=True,
            text=True,
            check=True,
        )
        calls = [json.loads(line) for line in told.stdout.splitlines()]
        return {call["call_id"]: by_id([{"event": _bare(one)} for one in call["events"]]) for call in calls}

    def until_closed(self, calls: Sequence[str], patience_s: float = PATIENCE_S) -> None:
        """Until the store has all of these calls closed."""
        deadline_s = time.monotonic() + patience_s
        while True:
            found = self.rows("SELECT call_id FROM calls WHERE closed_at IS NOT NULL")
            missing = set(calls) - {call_id for (call_id,) in found}
            if not missing:
                return
            assert time.monotonic() < deadline_s, f"{len(missing)} not closed: {sorted(missing)[:10]}"
            time.sleep(0.1)

    def _start(self, options: list[str], variables: Mapping[str, str], ready: str, wait: bool) -> Process:
        folder = self.folder / f"process-{len(self.running)}"
        process = Process(folder, options, {**self.environment, **variables}, ready)
        self.running.append(process)
        if wait:
            process.wait()
        return process


def _bare(event: dict[str, Any]) -> dict[str, Any]:
    """Without what is no part of the event."""
    return {name: value for name, value in event.items() if name not in ("seq", "at")}


@contextmanager
def site(
    folder: Path, copies: int = 1, partitions: int = 4, running: Brokers | None = None, **variables: str
) -> Iterator[Site]:
    """A site without gateways and workers yet. `copies`: brokers, unless some are `running`."""
    binaries = find_binaries()
    assert binaries is not None
    with ExitStack() as stack:
        kafka = running or stack.enter_context(brokers(copies))
        postgres = Cluster(binaries)
        stack.callback(postgres.remove)
        url = postgres.new_database("site")
        environment = {
            "WRAPUP_KAFKA__BROKERS": ",".join(kafka.bootstrap),
            "WRAPUP_KAFKA__PARTITIONS": str(partitions),
            "WRAPUP_KAFKA__COPIES": str(min(3, copies)),
            "WRAPUP_STORE__URL": url,
            "WRAPUP_STORE__KEY_FILE": str(folder / "key"),
            **variables,
        }
        found = Site(folder, kafka, postgres, url, environment)
        stack.callback(found.end)
        yield found


def spoken(call_id: str, sample: str, seconds: float) -> Recording:
    """The beginning of a sample call, which voice activity knows for speech."""
    whole = read_recording(ROOT / "sample_calls" / f"{sample}.flac", call_id, {})
    return Recording(call_id, whole.samples[: round(seconds * whole.rate_hz)], whole.hello)


async def send_all(addresses: Sequence[str], recordings: Sequence[Recording], factor: float) -> list[str]:
    """All at once, in turn over the gateways; gives the end codes."""
    sending = [
        Sending(Target(f"ws://{addresses[number % len(addresses)]}"), recording, factor).run()
        for number, recording in enumerate(recordings)
    ]
    return list(await asyncio.gather(*sending))

"""What keeping a call costs: appending to the spool, and carrying over to the database.

    python -m benchmarks.store [--calls 50] [--url postgresql+psycopg://...]

Calls are made up: 60 utterances of 12 words, a result and a snapshot each. Without --url the database is a
SQLite file in a temporary folder, as is the spool.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from models.types import Summary, Transcription, Word
from pipeline.core.events import CallClosed, DraftReady, UtteranceFinal
from pipeline.store.records import CallRecord, EventRecord, JobResultRecord, Record, SnapshotRecord
from pipeline.store.spool import Spool
from pipeline.store.store import Store
from pipeline.store.vault import open_vault
from pipeline.store.writer import StoreWriter

UTTERANCES = 60
WORDS = 12
SNAPSHOT = b"x" * 2_000
AT = datetime(2026, 1, 1, tzinfo=UTC)


def call(call_id: str, seq: int) -> Iterator[Record]:
    """A call's records, its events numbered from `seq`."""
    yield CallRecord(call_id, AT, ("agent", "customer"), None, None, None, None, None, {})
    for index in range(UTTERANCES):
        start = index * 48_000
        words = tuple(
            Word("wording", start + 3_000 * i, start + 3_000 * i + 2_000, 0.9) for i in range(WORDS)
        )
        name = f"u{index % 2}-{start}"
        final = UtteranceFinal(name, index % 2, "S1", start, start + 40_000, words, "en", ())
        yield JobResultRecord(call_id, name, Transcription(words))
        yield EventRecord(seq + index, call_id, AT, final)
        yield SnapshotRecord(call_id, SNAPSHOT)
    yield EventRecord(seq + UTTERANCES, call_id, AT, DraftReady("draft-1", Summary("failed")))
    end = CallClosed("closed", "hangup", UTTERANCES * 48_000, "en")
    yield EventRecord(seq + UTTERANCES + 1, call_id, AT, end)


def measure(calls: int, url: str | None, folder: Path) -> None:
    """Print the figures."""
    console = Console(highlight=False)
    vault = open_vault(folder / "key")
    store = Store.open(url or f"sqlite:///{folder}/wrapup.db", vault)
    spool = Spool(folder / "spool", 10_000_000_000, vault)
    prefix = f"bench-{time.time_ns()}"
    records = [record for n in range(calls) for record in call(f"{prefix}-{n}", n * (UTTERANCES + 2) + 1)]
    took_us = []
    for record in records:
        before = time.perf_counter()
        spool.append(record)
        took_us.append((time.perf_counter() - before) * 1e6)
    p50, p99 = statistics.median(took_us), statistics.quantiles(took_us, n=100)[98]
    console.print(
        f"append, us: P50 {p50:.0f}, P99 {p99:.0f}, longest {max(took_us):.0f}; {len(records)} records"
    )
    size = spool.waiting_bytes / len(records)
    before = time.perf_counter()
    writer = StoreWriter(spool, lambda: store)
    done = writer.close(600.0)
    took_s = time.perf_counter() - before
    console.print(f"carried over: {len(records) / took_s:.0f} records a second, {size:.0f} bytes each")
    console.print(f"{calls / took_s:.1f} calls of {UTTERANCES} utterances a second; all written: {done}")
    spool.close()
    store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--url")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(arguments.calls, arguments.url, Path(name))

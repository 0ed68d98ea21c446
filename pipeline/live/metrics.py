"""What the server measures of itself, for Prometheus. Never a word of a call, and no label that names one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from pipeline.jobs import RANKS
from pipeline.workers import Workers

LATENCY_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Records that wait for the store, their bytes, whether it can be reached, and how many it refused."""

    records: int
    bytes: int
    reachable: bool
    rejected: int = 0


class Metrics:
    """All figures of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Gauge("wrapup_calls", "Calls in progress.", registry=self.registry)
        self.calls_ended = Counter(
            "wrapup_calls_ended", "Calls by end code.", ["code"], registry=self.registry
        )
        self.refusals = Counter("wrapup_refusals", "Streams turned away.", ["why"], registry=self.registry)
        self.audio_s = Counter(
            "wrapup_audio_seconds", "Seconds of audio of channels.", registry=self.registry
        )
        self.gaps = Counter("wrapup_gaps", "Stretches without audio.", ["reason"], registry=self.registry)
        self.lost = Counter(
            "wrapup_utterances_lost", "Speech without text.", ["reason"], registry=self.registry
        )
        self.dropped_s = Counter(
            "wrapup_audio_dropped_seconds",
            "Audio that came faster than it was heard.",
            registry=self.registry,
        )
        self.not_stored = Counter(
            "wrapup_records_not_stored", "Records that the full spool did not take.", registry=self.registry
        )
        self.final_s = Histogram(
            "wrapup_final_seconds",
            "From the end of an utterance, as decided, to its text.",
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )

    def watch(self, workers: Workers, backlog: Callable[[], Backlog]) -> None:
        """Read these at each scrape."""
        self.registry.register(_Watched(workers, backlog))

    def page(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)


class _Watched:
    """Figures that others keep."""

    def __init__(self, workers: Workers, backlog: Callable[[], Backlog]) -> None:
        self._workers = workers
        self._backlog = backlog

    def collect(self) -> Iterable[Metric]:
        """See `CollectorRegistry`."""
        waiting = GaugeMetricFamily("wrapup_jobs_waiting", "Jobs in the queue.", labels=["kind"])
        done = CounterMetricFamily("wrapup_jobs_done", "Jobs that were run.", labels=["kind"])
        busy = CounterMetricFamily("wrapup_engine_seconds", "Time that engines took.", labels=["kind"])
        counts = self._workers.waiting()
        tally = self._workers.tally
        for kind in RANKS:
            waiting.add_metric([kind], counts[kind])
            done.add_metric([kind], tally.done.get(kind, 0))
            busy.add_metric([kind], tally.busy_s.get(kind, 0.0))
        yield from (waiting, done, busy)
        yield CounterMetricFamily("wrapup_partials_shed", "Partials left out under load.", value=tally.shed)
        yield CounterMetricFamily(
            "wrapup_chunk_notes_shed", "Chunks not noted under load.", value=tally.chunks_shed
        )
        yield GaugeMetricFamily(
            "wrapup_load", "Share of the workers' time.", value=self._workers.meter.load()
        )
        backlog = self._backlog()
        yield GaugeMetricFamily("wrapup_store_waiting", "Records not yet stored.", value=backlog.records)
        yield GaugeMetricFamily("wrapup_store_waiting_bytes", "Their size.", value=backlog.bytes)
        yield GaugeMetricFamily("wrapup_store_reachable", "1 or 0.", value=int(backlog.reachable))
        yield CounterMetricFamily(
            "wrapup_records_rejected", "Records that the store refused.", value=backlog.rejected
        )

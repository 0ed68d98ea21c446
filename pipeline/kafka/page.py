"""What a worker shows of itself over HTTP: figures for Prometheus, whether it lives, whether it is ready."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from models.errors import ConfigError
from pipeline.kafka.notes_worker import NotesWorker
from pipeline.kafka.worker import Worker
from pipeline.live.metrics import Metrics

Start = Callable[[str, list[tuple[str, str]]], Any]


@contextmanager
def serve_page(
    worker: Worker | NotesWorker, metrics: Metrics, host: str, port: int | None
) -> Iterator[int | None]:
    """Until it is left; gives the port. Neither words nor names of calls are on it. Raises `ConfigError`."""
    metrics.registry.register(_Standing(worker))
    if port is None:
        yield None
        return
    figures = make_wsgi_app(metrics.registry)

    def page(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/metrics":
                found: Iterable[bytes] = figures(environ, start)
                return found
            case "/healthz":
                return _said(start, "200 OK", "alive\n")
            case "/readyz" if worker.standing.ready:
                return _said(start, "200 OK", "ready\n")
            case "/readyz":
                return _said(start, "503 Service Unavailable", "no partition is here, or Kafka is away\n")
        return _said(start, "404 Not Found", "expected /metrics, /healthz or /readyz\n")

    try:
        server = make_server(host, port, page, handler_class=_Quiet)
    except OSError as error:
        raise ConfigError(f"--metrics-port {port}: {error.strerror}") from error
    thread = threading.Thread(target=server.serve_forever, name="wrapup-page", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _said(start: Start, status: str, text: str) -> list[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [text.encode()]


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Scrapes are no news."""


class _Standing:
    """A worker's figures, read at each scrape."""

    def __init__(self, worker: Worker | NotesWorker) -> None:
        self._worker = worker

    def collect(self) -> Iterable[Metric]:
        """See `CollectorRegistry`."""
        worker, standing = self._worker, self._worker.standing
        lag = GaugeMetricFamily(
            "wrapup_lag_records", "Records on the audio topic that were not read.", labels=["partition"]
        )
        for partition, records in list(standing.lag.items()):
            lag.add_metric([str(partition)], records)
        yield lag
        yield GaugeMetricFamily("wrapup_worker_calls", "Calls of the partitions.", value=standing.calls)
        yield CounterMetricFamily("wrapup_records_dead", "Records not read.", value=standing.buried)
        if isinstance(worker, Worker):
            ledger = worker.ledger
            yield GaugeMetricFamily("wrapup_ledger_waiting", "Facts not stored yet.", value=ledger.waiting)
            yield CounterMetricFamily(
                "wrapup_facts_refused", "Facts that the store refused.", value=ledger.refused
            )

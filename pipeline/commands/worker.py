"""`wrapup worker`: hears the calls that gateways take, as one of several that share them."""

from __future__ import annotations

import logging
import signal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import one_line_errors
from pipeline.config import load_config


class Part(StrEnum):
    """See `Role`."""

    ALL = "all"
    SPEECH = "speech"
    NOTES = "notes"


@one_line_errors
def worker(
    asr: Annotated[str | None, typer.Option(help="Transcriber; `wrapup doctor` lists them.")] = None,
    summarizer: Annotated[str | None, typer.Option(help="Who writes the note.")] = None,
    hotwords: Annotated[Path | None, typer.Option(help="File with the site's words, one a line.")] = None,
    role: Annotated[
        Part, typer.Option(help="What it does: notes may be written by others than those that hear.")
    ] = Part.ALL,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Port of /metrics, /healthz and /readyz; none without it."),
    ] = None,
    metrics_host: Annotated[str, typer.Option(help="Address of that port.")] = "127.0.0.1",
) -> None:
    """Hear calls that come over Kafka from `wrapup serve --to kafka`."""
    config = load_config(asr=asr, summarizer=summarizer, hotwords=hotwords)
    logging.getLogger("pipeline").setLevel(logging.INFO)
    # Kafka's client is an extra, and no other command should wait for it.
    from pipeline.kafka.opening import open_worker
    from pipeline.kafka.page import serve_page
    from pipeline.live.metrics import Metrics

    metrics = Metrics()
    with (
        open_worker(config, metrics, role.value) as running,
        serve_page(running, metrics, metrics_host, metrics_port),
    ):
        for told in (signal.SIGTERM, signal.SIGINT):
            signal.signal(told, lambda *_: running.stop())
        typer.echo(f"wrapup worker reads calls from Kafka at {','.join(config.kafka.brokers)}", err=True)
        running.run()

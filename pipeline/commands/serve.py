"""`wrapup serve`: live calls in, text and events out while they run."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.commands import one_line_errors
from pipeline.config import Config, load_config


@one_line_errors
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 for any free one.")] = None,
    asr: Annotated[str | None, typer.Option(help="Transcriber; `wrapup doctor` lists them.")] = None,
    summarizer: Annotated[str | None, typer.Option(help="Who writes the note.")] = None,
    hotwords: Annotated[Path | None, typer.Option(help="File with the site's words, one a line.")] = None,
) -> None:
    """Take live calls over WebSockets and give their events out."""
    config = load_config(asr=asr, summarizer=summarizer, hotwords=hotwords, server=_section(host, port))
    logging.getLogger("pipeline").setLevel(logging.INFO)
    _run(config)


def _section(host: str | None, port: int | None) -> dict[str, Any] | None:
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    return given or None


def _run(config: Config) -> None:
    # The web framework takes half a second to import, which no other command should wait for.
    from pipeline.service import Service
    from pipeline.web.keys import KeyRing, read_keys
    from pipeline.web.listening import DrainingServer, check_reach, listen, uvicorn_config
    from pipeline.web.server import Server

    keys = KeyRing(read_keys(config.server.keys_file))
    check_reach(config.server, keys)
    with ExitStack() as stack:
        sockets = [stack.enter_context(one) for one in listen(config.server)]
        service = stack.enter_context(Service(config))
        server = Server(service, keys)
        running = DrainingServer(uvicorn_config(server.app, config.server), server, config.server.drain_s)
        running.announce = lambda port: _announce(config, port, len(keys))
        running.run(sockets)


def _announce(config: Config, port: int, keys: int) -> None:
    scheme = "http" if config.server.tls_cert is None else "https"
    who = f"{keys} API keys" if keys else "this machine only: no API key is configured"
    typer.echo(f"wrapup listens on {scheme}://{config.server.host}:{port} ({who})", err=True)

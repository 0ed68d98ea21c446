"""`wrapup serve`: live calls in, text and events out while they run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import ConfigError
from pipeline.commands import one_line_errors
from pipeline.config import Config, load_config

if TYPE_CHECKING:
    from pipeline.web.served import Served


class Elsewhere(StrEnum):
    """Who hears calls that are taken here."""

    KAFKA = "kafka"


@one_line_errors
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 for any free one.")] = None,
    asr: Annotated[str | None, typer.Option(help="Transcriber; `wrapup doctor` lists them.")] = None,
    summarizer: Annotated[str | None, typer.Option(help="Who writes the note.")] = None,
    hotwords: Annotated[Path | None, typer.Option(help="File with the site's words, one a line.")] = None,
    to: Annotated[
        Elsewhere | None, typer.Option(help="Where calls are heard, if not here; see `wrapup worker`.")
    ] = None,
) -> None:
    """Take live calls over WebSockets and give their events out."""
    if to is not None and (asr or summarizer or hotwords):
        raise ConfigError(
            "--asr, --summarizer and --hotwords are for `wrapup worker`: a gateway hears nothing"
        )
    config = load_config(asr=asr, summarizer=summarizer, hotwords=hotwords, server=_section(host, port))
    logging.getLogger("pipeline").setLevel(logging.INFO)
    _run(config, _opened_here if to is None else _opened_kafka)


def _section(host: str | None, port: int | None) -> dict[str, Any] | None:
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    return given or None


def _opened_here(config: Config) -> AbstractContextManager[Served]:
    from pipeline.service import Service

    return Service(config)


def _opened_kafka(config: Config) -> AbstractContextManager[Served]:
    from pipeline.kafka.opening import open_gateway

    return open_gateway(config)


def _run(config: Config, opened: Callable[[Config], AbstractContextManager[Served]]) -> None:
    # The web framework takes half a second to import, which no other command should wait for.
    from pipeline.web.keys import KeyRing, read_keys
    from pipeline.web.listening import DrainingServer, check_reach, listen, uvicorn_config
    from pipeline.web.server import Server

    keys = KeyRing(read_keys(config.server.keys_file))
    check_reach(config.server, keys)
    with ExitStack() as stack:
        sockets = [stack.enter_context(one) for one in listen(config.server)]
        server = Server(stack.enter_context(opened(config)), keys)
        running = DrainingServer(uvicorn_config(server.app, config.server), server, config.server.drain_s)
        running.announce = lambda port: _announce(config, port, len(keys))
        running.run(sockets)


def _announce(config: Config, port: int, keys: int) -> None:
    scheme = "http" if config.server.tls_cert is None else "https"
    who = f"{keys} API keys" if keys else "this machine only: no API key is configured"
    typer.echo(f"wrapup listens on {scheme}://{config.server.host}:{port} ({who})", err=True)

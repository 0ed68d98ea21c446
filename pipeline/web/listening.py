"""Where the server listens, to whom, and a stop that lets calls end."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from models.errors import ConfigError
from pipeline.sections import ServerSection
from pipeline.web.callers import is_loopback
from pipeline.web.gulps import GulpingSocket
from pipeline.web.keys import KeyRing
from pipeline.web.server import Server

log = logging.getLogger(__name__)

BACKLOG = 2_048

NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""A name may have addresses of a family that this machine does not use."""

PONG_S = 120.0
"""How long a client may owe the answer to a ping: one that waits for room has it behind its audio."""
GRACE_S = 5
"""After the drain, how long answers may take to be sent."""


class DrainingServer(uvicorn.Server):
    """uvicorn's server, with a first signal that drains and a second one that stops at once."""

    def __init__(self, config: uvicorn.Config, server: Server, drain_s: float) -> None:
        super().__init__(config)
        logging.getLogger("uvicorn.error").addFilter(_is_news)
        self._wrapup = server
        self._drain_s = drain_s
        self._draining: asyncio.Task[None] | None = None
        self._told = False
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self.announce: Callable[[int], None] = _quietly

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; from here on signals drain."""
        self._own_loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            self.announce(self.servers[0].sockets[0].getsockname()[1])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came: the first one drains, the next one waits for nothing and ends the process."""
        if self._own_loop is not None and not self._told and sig in (signal.SIGTERM, signal.SIGINT):
            self._told = True
            self.stop()
            return
        super().handle_exit(sig, frame)
        if self._told:
            self.force_exit = True
            self.config.timeout_graceful_shutdown = 0

    def stop(self) -> None:
        """Drain, then exit; from any thread."""
        if self._own_loop is not None:
            self._own_loop.call_soon_threadsafe(self._begin_drain)

    def _begin_drain(self) -> None:
        if self._draining is None:
            log.info("stopping: calls in progress may go on for %.0f s", self._drain_s)
            self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        await self._wrapup.drain(self._drain_s)
        self.should_exit = True


def _is_news(record: logging.LogRecord) -> bool:
    """uvicorn logs an error for each socket that is answered with a refusal instead of a handshake."""
    return "without completing handshake" not in record.getMessage()


def _quietly(_: int) -> None:
    """Nobody wants to know the port."""


def uvicorn_config(app: FastAPI, section: ServerSection) -> uvicorn.Config:
    """How uvicorn serves: no compression on sockets, bounded messages, no access log."""
    return uvicorn.Config(
        app,
        host=section.host,
        port=section.port,
        ssl_certfile=section.tls_cert,
        ssl_keyfile=section.tls_key,
        ws=GulpingSocket,
        ws_max_size=section.max_message_bytes,
        ws_per_message_deflate=False,
        ws_ping_timeout=PONG_S,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )


def check_reach(section: ServerSection, keys: KeyRing) -> None:
    """Without keys nobody but this machine is served; TLS needs both its files. Raises `ConfigError`."""
    if (section.tls_cert is None) != (section.tls_key is None):
        raise ConfigError("server.tls_cert and server.tls_key go together: one of them is missing")
    for file in (section.tls_cert, section.tls_key):
        if file is not None and not file.is_file():
            raise ConfigError(f"{file}: no such file; server.tls_cert and server.tls_key name PEM files")
    if section.tls_cert is not None and section.tls_key is not None:
        _check_pair(section.tls_cert, section.tls_key)
    if len(keys) or is_loopback(section.host):
        return
    raise ConfigError(
        f"server.host {section.host} can be reached by others: make a key first with "
        "`wrapup keys add NAME`, or listen on 127.0.0.1"
    )


def _check_pair(cert: Path, key: Path) -> None:
    try:
        # Without a password at hand OpenSSL would ask for one at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"server.tls_cert {cert}, server.tls_key {key}: expected a PEM certificate and its unlocked key"
        ) from error


def listen(section: ServerSection) -> list[socket.socket]:
    """Sockets on all addresses of the host. Raises `ConfigError` where nobody can listen there."""
    try:
        found = socket.getaddrinfo(
            section.host, section.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"server.host {section.host}: no such host") from error
    sockets: list[socket.socket] = []
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            sockets.append(socket.create_server(address, family=family, backlog=BACKLOG))
        except OSError as error:
            if error.errno not in NO_SUCH_ADDRESS:
                _close(sockets)
                raise _cannot_listen(section, error) from error
            unused = error
    if not sockets:
        raise _cannot_listen(section, unused) from unused
    return sockets


def _cannot_listen(section: ServerSection, error: OSError) -> ConfigError:
    place = f"port {section.port} of {section.host}"
    if error.errno == errno.EADDRINUSE:
        return ConfigError(f"{place} is taken; choose another one with server.port")
    return ConfigError(f"{place}: cannot listen there ({error.strerror}); see server.host and server.port")


def _close(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()

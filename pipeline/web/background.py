"""A server on a thread of this process, on the loopback: for measurements and tests of the real thing."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.config import Config
from pipeline.service import Service
from pipeline.web.keys import KeyRing
from pipeline.web.listening import DrainingServer, uvicorn_config
from pipeline.web.server import Server

PATIENCE_S = 30.0


@contextmanager
def temporary_service(config: Config) -> Iterator[Service]:
    """A service whose store is gone afterwards. Raises `WrapupError`."""
    with tempfile.TemporaryDirectory(prefix="wrapup-") as name:
        folder = Path(name)
        places = {
            "url": f"sqlite:///{folder}/calls.db",
            "key_file": folder / "store.key",
            "spool": folder / "spool",
        }
        store = config.store.model_copy(update=places)
        with Service(config.model_copy(update={"store": store})) as service:
            yield service


@contextmanager
def running(service: Service, keys: KeyRing | None = None) -> Iterator[str]:
    """Serve on any free port; gives `127.0.0.1:PORT`. On leaving, calls in progress are ended."""
    server = Server(service, keys or KeyRing([]))
    config = uvicorn_config(server.app, service.config.server.model_copy(update={"port": 0}))
    drained = DrainingServer(config, server, drain_s=0.0)
    listening = threading.Event()
    ports: list[int] = []

    def announce(port: int) -> None:
        ports.append(port)
        listening.set()

    drained.announce = announce
    thread = threading.Thread(target=drained.run, name="wrapup-server", daemon=True)
    thread.start()
    if not listening.wait(PATIENCE_S):
        raise RuntimeError("the server did not come up")
    try:
        yield f"127.0.0.1:{ports[0]}"
    finally:
        drained.stop()
        thread.join(PATIENCE_S)

"""Gateways and workers from a configuration: what both need, and what each adds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal

from models.errors import ConfigError
from pipeline.app import OpenEngines, open_engines
from pipeline.callmaker import CallMaker
from pipeline.config import Config
from pipeline.kafka.connection import Connection
from pipeline.kafka.gateway import Gateway
from pipeline.kafka.making import WorkerCalls
from pipeline.kafka.note_jobs import Asking
from pipeline.kafka.notes_worker import NotesWorker
from pipeline.kafka.topics import TopicSettings, make_topics
from pipeline.kafka.worker import Strategy, Worker
from pipeline.live.metrics import Backlog, Metrics
from pipeline.sections import KafkaSection
from pipeline.store.database import file_of
from pipeline.store.store import Store
from pipeline.store.vault import Vault, open_vault

Role = Literal["all", "speech", "notes"]
"""What a worker does: notes may be written by others than those that hear the calls."""


@dataclass(frozen=True, slots=True)
class Common:
    """What every process of a site has: Kafka, the store, and the master key of both."""

    connection: Connection
    store: Store
    vault: Vault


def connection_of(section: KafkaSection) -> Connection:
    """Raises `ConfigError`."""
    return Connection(
        brokers=section.brokers,
        tls=section.tls,
        ca_file=section.ca_file,
        cert_file=section.cert_file,
        key_file=section.key_file,
        user=section.user,
        password_file=section.password_file,
        mechanism=section.mechanism,
    )


@contextmanager
def common(config: Config) -> Iterator[Common]:
    """Kafka with its topics and the store, ready. Raises `WrapupError`."""
    section = config.kafka
    connection = connection_of(section)
    make_topics(
        connection,
        TopicSettings(section.partitions, section.copies, section.audio_minutes, section.days),
    )
    if file_of(config.store.url) is not None:
        raise ConfigError("store.url: gateways and workers share a PostgreSQL; a file is of one machine")
    vault = open_vault(config.store.key_file, config.store.encrypt)
    store = Store.open(config.store.url, vault)
    with ExitStack() as stack:
        stack.callback(store.close)
        store.share()
        yield Common(connection, store, vault)


@contextmanager
def open_gateway(config: Config) -> Iterator[Gateway]:
    """Raises `WrapupError`."""
    with common(config) as found, Gateway(config, found.connection, found.store, found.vault) as gateway:
        yield gateway


@contextmanager
def open_worker(
    config: Config,
    metrics: Metrics,
    role: Role = "all",
    engines: OpenEngines | None = None,
    strategy: Strategy = "cooperative",
) -> Iterator[Worker | NotesWorker]:
    """Raises `WrapupError`."""
    engines = engines or open_engines(config)
    with ExitStack() as stack:
        found = stack.enter_context(common(config))
        maker = stack.enter_context(CallMaker(config, metrics, engines))
        metrics.watch(maker.workers, nothing_waits)
        if role == "notes":
            yield stack.enter_context(NotesWorker(found.connection, maker.workers, found.vault))
            return
        asking: Asking | None = None
        if role == "speech":
            asking = Asking(found.connection, found.vault)
            stack.callback(asking.close)
        calls = WorkerCalls(maker, found.store, found.vault, asking)
        yield stack.enter_context(Worker(found.connection, found.store, calls, strategy))


def nothing_waits() -> Backlog:
    """No spool: what a worker has not stored is in `wrapup_ledger_waiting`."""
    return Backlog(0, 0, reachable=True)

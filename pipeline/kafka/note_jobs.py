"""Notes that are written elsewhere: a speech worker asks, a notes worker answers on the call's own log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kafka import KafkaProducer
from kafka import errors as faults
from pydantic import TypeAdapter, ValidationError

from pipeline.core.events import Failure, Result, SummarizeJob
from pipeline.jobs import Deliver
from pipeline.kafka.connection import Connection
from pipeline.kafka.records import NOTES_TOPIC, Headers, RecordError
from pipeline.shell import Desks
from pipeline.store.errors import UnreadableError
from pipeline.store.vault import Sealed, Vault
from pipeline.workers import Desk, Workers

log = logging.getLogger(__name__)

SCHEMA = "wrapup.note_job/1"
SENT_MS = 10_000

_JOB = TypeAdapter(SummarizeJob)


class Asking:
    """The speech worker's side. A context manager; safe from several threads."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        """Connect. Raises `WrapupError`."""
        self._vault = vault
        self._producer: Any = connection.open(
            KafkaProducer,
            acks="all",
            linger_ms=2,
            max_block_ms=2_000,
            delivery_timeout_ms=SENT_MS,
            request_timeout_ms=5_000,
        )

    def close(self) -> None:
        """Ask nothing more."""
        self._producer.close(timeout=SENT_MS / 1000)

    def in_front_of(self, workers: Workers, call_id: str) -> Desks:
        """The workers, but for notes of the chosen summarizer."""
        return _InFront(workers, lambda job, failed: self._ask(call_id, job, failed))

    def _ask(self, call_id: str, job: SummarizeJob, failed: Callable[[], None]) -> None:
        wrapped = self._vault.new_key(call_id)
        # Its deadline is on a clock of this machine alone.
        data = _JOB.dump_json(replace(job, deadline_s=0.0))
        value = self._vault.cipher(call_id, wrapped).seal(data, job.id).data
        headers = [("schema", SCHEMA.encode()), ("job", job.id.encode()), ("key", wrapped)]
        try:
            sent = self._producer.send(NOTES_TOPIC, value, call_id.encode(), headers)
        except faults.KafkaError:
            failed()
        else:
            sent.add_errback(lambda _: failed())


class _InFront:
    def __init__(self, workers: Workers, ask: Callable[[SummarizeJob, Callable[[], None]], None]) -> None:
        self._workers = workers
        self._ask = ask

    def desk(self, deliver: Deliver, aside: bool = False) -> Desk:
        """See `Desks`."""
        return _AskingDesk(self._workers, deliver, aside, self._ask)


class _AskingDesk(Desk):
    def __init__(
        self,
        workers: Workers,
        deliver: Deliver,
        aside: bool,
        ask: Callable[[SummarizeJob, Callable[[], None]], None],
    ) -> None:
        super().__init__(workers, deliver, aside)
        self._ask = ask

    def summarize(self, job: SummarizeJob) -> None:
        """See `Desk`. The embedded summarizer's notes are written here: they cost next to nothing."""
        if job.by != "chosen":
            super().summarize(job)
            return
        self._ask(job, lambda: self.deliver(Result(job.id, Failure("not asked"))))


def decode_job(
    key: bytes | None, headers: Headers, value: bytes | None, vault: Vault
) -> tuple[str, SummarizeJob]:
    """The call and the job of a record. Raises `RecordError`."""
    named = dict(headers)
    if named.get("schema") != SCHEMA.encode():
        raise RecordError(f"schema: expected {SCHEMA}")
    call_id = (key or b"").decode(errors="replace")
    place = named.get("job", b"").decode(errors="replace")
    try:
        data = vault.cipher(call_id, named.get("key", b"")).open(Sealed(value or b""), place)
        return call_id, _JOB.validate_json(data)
    except UnreadableError as error:
        raise RecordError("value: does not open with this master key") from error
    except ValidationError as error:
        raise RecordError("value: no job") from error

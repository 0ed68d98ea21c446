"""A worker that writes notes alone, so that language models scale apart from speech."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka import errors as faults
from kafka.structs import OffsetAndMetadata

from models.errors import WrapupError
from pipeline.core.events import Result, SummarizeJob
from pipeline.kafka.connection import Connection, KafkaError
from pipeline.kafka.note_jobs import decode_job
from pipeline.kafka.records import (
    AUDIO_TOPIC,
    NOTES_TOPIC,
    Answered,
    RecordError,
    StreamRecord,
    encode,
)
from pipeline.kafka.teller import Teller
from pipeline.kafka.worker import HEARTBEAT_MS, POLL_MS, SESSION_MS, Standing, is_refused
from pipeline.store.packing import pack_value
from pipeline.store.vault import Vault
from pipeline.workers import Workers

log = logging.getLogger(__name__)

GROUP = "wrapup-notes"
STREAM = "notes"
AT_ONCE = 64
"""Notes that are under way; more are left on the topic, for others."""
AGAIN_S = 0.5
PATIENCE_S = 10.0


class NotesWorker:
    """Reads until `stop`. A context manager. A note whose worker died is written by another one."""

    def __init__(self, connection: Connection, workers: Workers, vault: Vault) -> None:
        """Connect and join the group. Raises `WrapupError`."""
        self.standing = Standing()
        self._workers = workers
        self._vault = vault
        self._teller = Teller(connection)
        self._producer: Any = connection.open(KafkaProducer, acks="all", linger_ms=2)
        self._stopped = threading.Event()
        # Of each partition, in order: an offset, and whether its answer is on the topic.
        self._under_way: dict[TopicPartition, deque[tuple[int, Future[None]]]] = {}
        self._consumer: Any = connection.open(
            KafkaConsumer,
            group_id=GROUP,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=AT_ONCE,
            reconnect_backoff_max_ms=1_000,
        )
        self._consumer.subscribe([NOTES_TOPIC])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close(autocommit=False)
        self._producer.close(timeout=PATIENCE_S)
        self._teller.__exit__(kind, error, trace)

    @property
    def waiting(self) -> int:
        """Notes that are under way."""
        return sum(len(one) for one in self._under_way.values())

    def stop(self) -> None:
        """Write what is under way no further; from any thread."""
        self._stopped.set()

    def run(self) -> None:
        """Write notes, until `stop`. Raises `WrapupError` where Kafka refuses this worker."""
        while not self._stopped.is_set():
            try:
                self._step()
            except WrapupError as error:
                if not error.retryable:
                    raise
                log.warning("the worker waits: %s", error)
                self._stopped.wait(AGAIN_S)

    def _step(self) -> None:
        assigned = self._consumer.assignment()
        self.standing.ready = bool(assigned)
        self.standing.calls = self.waiting
        change = self._consumer.pause if self.waiting >= AT_ONCE else self._consumer.resume
        change(*assigned)
        try:
            polled = self._consumer.poll(timeout_ms=POLL_MS)
        except faults.KafkaError as error:
            if is_refused(error):
                raise KafkaError(f"Kafka takes this worker no more: {type(error).__name__}") from error
            return
        for place, records in polled.items():
            for record in records:
                self._take(place, record)
        # As it is now: a rebalance may have come with the records.
        self._commit(self._consumer.assignment())

    def _take(self, place: TopicPartition, record: Any) -> None:
        done: Future[None] = Future()
        try:
            call_id, job = decode_job(record.key, record.headers, record.value, self._vault)
        except Exception as error:  # noqa: BLE001 - whatever it is, it lies in the way of all others
            why = (
                str(error)
                if isinstance(error, RecordError)
                else f"a fault of our own: {type(error).__name__}"
            )
            came_from = f"{NOTES_TOPIC}/{place.partition}/{record.offset}"
            self._teller.bury(record.key, record.headers, record.value, why, came_from)
            self.standing.buried += 1
            done.set_result(None)
        else:
            self._write(call_id, job, done)
        self._under_way.setdefault(place, deque()).append((record.offset, done))

    def _write(self, call_id: str, job: SummarizeJob, done: Future[None]) -> None:
        self._workers.desk(partial(self._answer, call_id, done)).summarize(job)

    def _answer(self, call_id: str, done: Future[None], result: Result) -> None:
        """On a thread of the workers: the note goes to whoever has the call by now."""
        answer = Answered(result.job_id, pack_value(result.value))
        wrapped = self._vault.new_key(call_id)
        record = StreamRecord(call_id, STREAM, 0, answer)
        key, headers, value = encode(record, self._vault.cipher(call_id, wrapped), wrapped)
        while not self._stopped.is_set():
            try:
                self._producer.send(AUDIO_TOPIC, value, key, headers).get(timeout=PATIENCE_S)
            except faults.KafkaError as error:
                log.warning("a note waits for Kafka: %s", type(error).__name__)
                time.sleep(AGAIN_S)
            else:
                done.set_result(None)
                return

    def _commit(self, assigned: set[TopicPartition]) -> None:
        """Up to the first note that is still under way."""
        offsets: dict[TopicPartition, OffsetAndMetadata] = {}
        for place, entries in list(self._under_way.items()):
            if place not in assigned:
                del self._under_way[place]
                continue
            last = None
            while entries and entries[0][1].done():
                last = entries.popleft()[0]
            if last is not None:
                offsets[place] = OffsetAndMetadata(last + 1, "", -1)
        if offsets:
            self._consumer.commit_async(offsets)

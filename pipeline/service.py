"""A live server's engines, store and calls, put together; what `wrapup serve` runs behind its sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import JsonValue

from models.machine import cores
from models.ports import Diarizer
from pipeline.app import OpenEngines, Pipeline, open_engines
from pipeline.call import Stopped, never
from pipeline.config import Config
from pipeline.core.events import CallClosed, EndCode, SpanResolved, UtteranceFinal
from pipeline.core.session import Session, SessionSettings
from pipeline.document import version_of
from pipeline.doors.messages import CallInfo, Started
from pipeline.formats.call_json import CallDocument
from pipeline.live.admission import Admission, AdmissionSettings
from pipeline.live.call import Ground, LiveCall
from pipeline.live.journal import Journal
from pipeline.live.metrics import Metrics
from pipeline.live.restoring import Restoring
from pipeline.live.state import LiveState, restored
from pipeline.live.streams import TRY_AGAIN, StreamRefused
from pipeline.live.switchboard import Switchboard
from pipeline.load import Clock, LatencyWindow
from pipeline.shell import CallEngines, Value
from pipeline.store.errors import StoreError
from pipeline.store.records import CallRecord
from pipeline.store.spool import Spool
from pipeline.store.store import Store
from pipeline.store.vault import Vault, open_vault
from pipeline.store.writer import StoreWriter
from pipeline.workers import Workers

WAITING_BLOCKS = 4_000
"""Blocks that may wait for a live call's diarizer, which must never hold up its call: minutes of audio."""

ALL_FINALS = 1_000_000

FILES_AT_ONCE = 2
MOST_FILES = 16
"""Recordings that are read, or wait for that, beside the live calls."""


class Service:
    """Everything behind the sockets. A context manager: on leaving, what is kept reaches the store."""

    def __init__(
        self, config: Config, engines: OpenEngines | None = None, clock: Clock = time.monotonic
    ) -> None:
        """Open the engines, the spool and the store. Raises `WrapupError`."""
        self.config = config
        self.metrics = Metrics()
        self._clock = clock
        self._engines = engines or open_engines(config)
        vault = open_vault(config.store.key_file, config.store.encrypt)
        self._store = _open_alone(config.store.url, vault)
        spool_bytes = config.store.spool_mb * 1_000_000
        self._spool = Spool(config.store.spool, spool_bytes, vault)
        self._writer = StoreWriter(self._spool, lambda: self._store)
        self._writer.flush(config.store.patience_s)
        self.journal = Journal(self._spool, self._writer, self._store, self.metrics, clock=clock)
        self._workers = Workers(self._engines.for_jobs(), cores(), clock)
        self._pool = ThreadPoolExecutor(cores(), thread_name_prefix="wrapup-ear")
        self._files = Pipeline(config, engines=self._engines, beside=self._workers)
        self._readers = ThreadPoolExecutor(FILES_AT_ONCE, thread_name_prefix="wrapup-file")
        self._reading = threading.BoundedSemaphore(MOST_FILES)
        self.limits = config.live.limits()
        self._latency = LatencyWindow(clock, under_way=self._workers.final_ages_s)
        admission = Admission(self._admission(), self._latency, self._workers.meter.load, clock)
        self.switchboard = Switchboard(self, admission, self.metrics)
        self._restoring = Restoring(self._spool, self._store, self._go_on, self._give_up)
        self.metrics.watch(self._workers, self.journal.backlog)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restoring.close()
        self.stop_files()
        self._readers.shutdown()
        self._pool.shutdown()
        self._workers.__exit__(kind, error, trace)
        self.journal.close()
        self._writer.close(self.config.store.patience_s)
        self._spool.close()
        self._store.close()

    def begin(self, started: Started) -> LiveCall:
        """See `Beginnings`."""
        info = started.info
        self.journal.opened(info, self._provenance(info))
        return self._call(info, Session(self._session_settings(info, started.hang_ms)))

    def is_over(self, call_id: str) -> bool:
        """See `Beginnings`."""
        if self._restoring.awaits(call_id):
            raise StreamRefused(TRY_AGAIN, "the call goes on in a moment; try again in 1 s")
        return self.journal.is_over(call_id)

    def stop_files(self) -> None:
        """Give up the files that are read, with `Stopped`, and those that wait, which are cancelled."""
        self._files.stop()
        self._readers.shutdown(wait=False, cancel_futures=True)

    def transcribe(
        self, path: Path, call_id: str, unwanted: Callable[[], bool] = never
    ) -> Future[CallDocument] | None:
        """A file's document, without a note, by the engines of the live calls and behind all of these.

        Nothing of it is stored. None where too many files wait. The future fails as `Pipeline.process` does,
        which explains `unwanted` too.
        """
        if not self._reading.acquire(blocking=False):
            return None
        try:
            reading = self._readers.submit(
                lambda: self._files.process(path, call_id, unwanted=unwanted).document
            )
        except RuntimeError:
            # No more files are read.
            reading = Future()
            reading.set_exception(Stopped())
        reading.add_done_callback(lambda _: self._reading.release())
        return reading

    def restore(self) -> int:
        """Go on with the calls that were in progress when a server before this one died; how many.

        Each waits for its client as after a lost connection, and is closed as "interrupted" without one, as
        "failed" where what was stored of it cannot be read. See `Restoring.begin` for a slow store, and for
        what it raises.
        """
        return self._restoring.begin()

    def _go_on(self, record: CallRecord) -> None:
        self.journal.adopt(record)
        self.switchboard.adopt(self._call_again(record))

    def _give_up(self, record: CallRecord) -> None:
        self.journal.adopt(record)
        end = CallClosed("closed", "failed", self._told_until(record.call_id), "und")
        self.journal.event(record.call_id, end)
        self.journal.closed(record.call_id)
        self.metrics.calls_ended.labels(end.code).inc()

    def _told_until(self, call_id: str) -> int:
        """Samples up to the end of the last final that can be read."""
        try:
            return max((final.end_samples for final in self._finals(call_id)), default=0)
        except StoreError as error:
            if error.retryable:
                raise
            return 0

    def _finals(self, call_id: str) -> list[UtteranceFinal]:
        return self._told(call_id)[0]

    def _told(self, call_id: str) -> tuple[list[UtteranceFinal], list[SpanResolved]]:
        events = [kept.event for kept in self._store.events(call_id, 0, ALL_FINALS)]
        finals = [event for event in events if isinstance(event, UtteranceFinal)]
        return finals, [event for event in events if isinstance(event, SpanResolved)]

    def _call_again(self, record: CallRecord) -> LiveCall:
        info = CallInfo(record.call_id, record.roles, site=record.site, queue=record.queue)
        state: LiveState | None = None
        snapshot = self._store.snapshot(record.call_id)
        if snapshot is None:
            session = Session(self._session_settings(info))
        else:
            session, state = restored(snapshot, *self._told(record.call_id))
        known = self._store.job_results(record.call_id)
        return self._call(info, session, alone="interrupted", known=known, state=state)

    def _call(
        self,
        info: CallInfo,
        session: Session,
        alone: EndCode = "disconnected",
        known: Mapping[str, Value] | None = None,
        state: LiveState | None = None,
    ) -> LiveCall:
        diarizer = self._diarizer(info)
        listens = diarizer if diarizer is not None and diarizer.needs_audio else None
        engines = CallEngines(self._engines.voice, listens, patience_s=0.0, waiting_blocks=WAITING_BLOCKS)
        call = LiveCall(info, session, engines, self._ground(), known=known, alone=alone, state=state)
        call.done.add_done_callback(lambda _: self.journal.closed(info.call_id))
        return call

    def _ground(self) -> Ground:
        return Ground(self._workers, self._pool, self.journal, self.limits, self._clock, self._late)

    def _late(self, seconds: float) -> None:
        self._latency.observe(seconds)
        self.metrics.final_s.observe(seconds)

    def _session_settings(self, info: CallInfo, hang_ms: int | None = None) -> SessionSettings:
        diarizer = self._diarizer(info)
        endpoint = self.config.endpoint.settings()
        return SessionSettings(
            channels=len(info.roles),
            roles=() if _is_mixed(info) else info.roles,
            diarize=diarizer is not None and diarizer.needs_audio,
            endpoint=endpoint if hang_ms is None else replace(endpoint, hang_ms=hang_ms),
            partial_ms=self.config.live.partial_ms or None,
            label_ms=(self.config.live.label_ms or None)
            if diarizer is not None and diarizer.online
            else None,
            early=True,
        )

    def _diarizer(self, info: CallInfo) -> Diarizer | None:
        """Who tells the speakers of a call with one mixed channel apart; None where channels do."""
        if not _is_mixed(info):
            return None
        return self._files.diarizer(1)

    def _provenance(self, info: CallInfo) -> dict[str, JsonValue]:
        diarizer = self._diarizer(info)
        summarizer = self._engines.summarizer.version
        return {
            "wrapup": version("wrapup"),
            "asr": self._engines.asr,
            "diarizer": "channels" if diarizer is None else diarizer.version,
            "summarizer": summarizer,
            "version": version_of(summarizer),
        }

    def _admission(self) -> AdmissionSettings:
        live = self.config.live
        return AdmissionSettings(promise_s=live.promise_ms / 1000, calls=live.max_calls)


def _open_alone(url: str, vault: Vault) -> Store:
    store = Store.open(url, vault)
    try:
        store.claim()
    except StoreError:
        store.close()
        raise
    return store


def _is_mixed(info: CallInfo) -> bool:
    return info.roles == ("unknown",)

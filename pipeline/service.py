"""A live server's engines, store and calls, put together; what `wrapup serve` runs behind its sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.app import OpenEngines, open_engines
from pipeline.call import Stopped, never
from pipeline.callmaker import CallMaker
from pipeline.config import Config
from pipeline.core.events import CallClosed, DurableEvent, EndCode, UtteranceFinal
from pipeline.core.session import Session
from pipeline.doors.messages import CallInfo, Started
from pipeline.formats.call_json import CallDocument
from pipeline.live.admission import Admission, AdmissionSettings
from pipeline.live.archive import Archive
from pipeline.live.call import LiveCall
from pipeline.live.journal import Journal, Publish
from pipeline.live.metrics import Metrics
from pipeline.live.restoring import Restoring
from pipeline.live.state import LiveState, restored
from pipeline.live.streams import TRY_AGAIN, StreamRefused
from pipeline.live.switchboard import Switchboard
from pipeline.load import Clock
from pipeline.shell import Value
from pipeline.store.errors import StoreError
from pipeline.store.records import CallRecord
from pipeline.store.spool import Spool
from pipeline.store.store import Store
from pipeline.store.vault import Vault, open_vault
from pipeline.store.writer import StoreWriter

ALL_EVENTS = 1_000_000

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
        engines = engines or open_engines(config)
        vault = open_vault(config.store.key_file, config.store.encrypt)
        self._store = _open_alone(config.store.url, vault)
        spool_bytes = config.store.spool_mb * 1_000_000
        self._spool = Spool(config.store.spool, spool_bytes, vault)
        self._writer = StoreWriter(self._spool, lambda: self._store)
        self._writer.flush(config.store.patience_s)
        self.journal = Journal(self._spool, self._writer, self._store, self.metrics, clock=clock)
        self._readers = ThreadPoolExecutor(FILES_AT_ONCE, thread_name_prefix="wrapup-file")
        self._reading = threading.BoundedSemaphore(MOST_FILES)
        self._maker = CallMaker(config, self.metrics, engines, clock)
        self.limits = self._maker.limits
        workers = self._maker.workers
        admission = Admission(self._admission(), self._maker.latency, workers.meter.load, clock)
        self.switchboard = Switchboard(self, admission, self.metrics)
        self._restoring = Restoring(self._spool, self._store, self._go_on, self._give_up)
        self.metrics.watch(workers, self.journal.backlog)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restoring.close()
        self.stop_files()
        self._readers.shutdown()
        self._maker.__exit__(kind, error, trace)
        self.journal.close()
        self._writer.close(self.config.store.patience_s)
        self._spool.close()
        self._store.close()

    @property
    def archive(self) -> Archive:
        """See `Served`."""
        return self.journal

    @property
    def takes_files(self) -> bool:
        """See `Served`."""
        return True

    def publish_to(self, publish: Publish) -> None:
        """See `Served`."""
        self.journal.publish_to(publish)

    def begin(self, started: Started) -> LiveCall:
        """See `Beginnings`."""
        info = started.info
        self.journal.opened(info, self._maker.provenance(info))
        return self._call(info, Session(self._maker.settings(info, started.hang_ms)))

    def is_over(self, call_id: str) -> bool:
        """See `Beginnings`."""
        if self._restoring.awaits(call_id):
            raise StreamRefused(TRY_AGAIN, "the call goes on in a moment; try again in 1 s")
        return self.journal.is_over(call_id)

    def stop_files(self) -> None:
        """Give up the files that are read, with `Stopped`, and those that wait, which are cancelled."""
        self._maker.files.stop()
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
                lambda: self._maker.files.process(path, call_id, unwanted=unwanted).document
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
            told = self._told(call_id)
            return max((event.end_samples for event in told if isinstance(event, UtteranceFinal)), default=0)
        except StoreError as error:
            if error.retryable:
                raise
            return 0

    def _told(self, call_id: str) -> list[DurableEvent]:
        return [kept.event for kept in self._store.events(call_id, 0, ALL_EVENTS)]

    def _call_again(self, record: CallRecord) -> LiveCall:
        info = CallInfo(record.call_id, record.roles, site=record.site, queue=record.queue)
        state: LiveState | None = None
        snapshot = self._store.snapshot(record.call_id)
        if snapshot is None:
            session = Session(self._maker.settings(info))
        else:
            session, state = restored(snapshot, self._told(record.call_id))
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
        maker = self._maker
        engines, ground = maker.call_engines(info), maker.ground(self.journal)
        call = LiveCall(info, session, engines, ground, known=known, alone=alone, state=state)
        call.done.add_done_callback(lambda _: self.journal.closed(info.call_id))
        return call

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

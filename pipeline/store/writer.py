"""The thread that takes records from the spool to the store, in order, whenever the store is there."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from models.errors import WrapupError
from pipeline.store.errors import UnreadableError
from pipeline.store.packing import unpack
from pipeline.store.spool import Batch, Spool, told_fate
from pipeline.store.store import Store

T = TypeVar("T")

log = logging.getLogger(__name__)

BATCH_RECORDS = 200
"""Records of one transaction: enough to keep up, few enough to be read again soon."""


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long to wait before the next try: twice as long each time, up to the longest."""

    first_s: float = 0.1
    longest_s: float = 10.0


DEFAULT_BACK_OFF = BackOff()


class StoreWriter:
    """Writes what waits in a spool. The store need not be there at the start, nor all the time."""

    def __init__(
        self, spool: Spool, open_store: Callable[[], Store], back_off: BackOff = DEFAULT_BACK_OFF
    ) -> None:
        """`open_store` is called, from the writer's thread, until it gives a store."""
        self._spool = spool
        self._open_store = open_store
        self._back_off = back_off
        self._store: Store | None = None
        self._reachable = False
        self._rejected = 0
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wrapup-store", daemon=True)
        self._thread.start()

    @property
    def reachable(self) -> bool:
        """Whether the last try reached the store."""
        return self._reachable and self._thread.is_alive()

    @property
    def store(self) -> Store | None:
        """The store, once it was reached."""
        return self._store

    @property
    def rejected(self) -> int:
        """Records that the store refused for good, since the start; see `Rejects`."""
        return self._rejected

    def flush(self, timeout_s: float) -> bool:
        """Whether all that was appended is in the store, within this time."""
        return self._spool.wait_until_written(timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Write what waits, for so long at most; whether nothing is left. What is left stays in the spool."""
        self._spool.drain()
        self._thread.join(timeout_s)
        self._given_up.set()
        self._thread.join(self._back_off.longest_s)
        return self._spool.waiting_records == 0

    def _run(self) -> None:
        store = self._store = self._try(self._open_store)
        if store is not None:
            while self._try(lambda: self._write_next(store)):
                pass

    def _write_next(self, store: Store) -> bool:
        """Wait for a batch and write it; False when there will be no more. Raises `WrapupError`."""
        try:
            batch = self._spool.next_batch(BATCH_RECORDS)
        except UnreadableError as error:
            lost = self._spool.set_damaged_aside()
            self._rejected += lost
            log.error("%s; it was set aside, and %d records with it", error, lost)
            return True
        if batch is None:
            return False
        try:
            store.write([unpack(content) for content in batch.contents])
        except WrapupError as error:
            if error.retryable:
                raise
            self._write_singly(store, batch)
        self._spool.written(batch)
        return True

    def _write_singly(self, store: Store, batch: Batch) -> None:
        """One record that is refused must not hold back the others: it is set aside."""
        for content in batch.contents:
            try:
                store.write([unpack(content)])
            except WrapupError as error:
                if error.retryable:
                    raise
                kept = self._spool.reject(content)
                self._rejected += 1
                log.error("the store refused a record; %s: %s", told_fate(kept), error)

    def _try(self, step: Callable[[], T]) -> T | None:
        """What `step` gives, however many tries that takes; None when the writer was told to give up."""
        wait_s = self._back_off.first_s
        while not self._given_up.is_set():
            try:
                done = step()
            except WrapupError as error:
                if wait_s == self._back_off.first_s:
                    log.warning("the store cannot be reached; records wait in the spool: %s", error)
                self._reachable = False
            else:
                self._reachable = True
                return done
            self._given_up.wait(wait_s)
            wait_s = min(2 * wait_s, self._back_off.longest_s)
        return None

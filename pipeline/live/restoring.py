"""Calls that were in progress when a server before this one died: each goes on once the store has it all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from models.errors import WrapupError
from pipeline.store.errors import StoreError
from pipeline.store.records import CallRecord
from pipeline.store.spool import Spool
from pipeline.store.store import Store

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""How often the thread looks whether it is to stop."""
RETRY_S = 5.0

UNUSABLE = (StoreError, AttributeError, LookupError, TypeError, ValueError)
"""What is raised where the state that was stored of a call cannot be read, or does not fit together."""

Do = Callable[[CallRecord], None]


class Restoring:
    """The calls of the server before. `begin` is called once; `awaits` from any thread."""

    def __init__(self, spool: Spool, store: Store, go_on: Do, give_up: Do) -> None:
        """Before anything new is appended to `spool`.

        `go_on` lets a call go on, or raises one of `UNUSABLE`: then `give_up` closes it. Raises `StoreError`.
        """
        self._spool = spool
        self._store = store
        self._go_on = go_on
        self._give_up = give_up
        self._mark = spool.mark()
        # The spool is read first: what moves meanwhile is then in both, and never in neither.
        self._awaited = spool.call_ids()
        self._awaited |= {record.call_id for record in store.open_calls()}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._later, name="wrapup-restore", daemon=True)

    def awaits(self, call_id: str) -> bool:
        """Whether a call may yet go on, so that no new one may have its id."""
        return call_id in self._awaited

    def begin(self) -> int:
        """Let the calls go on; how many did.

        Where the spool holds records of the server before, none does: they go on later, from a thread,
        once these are in the store. Raises `StoreError`.
        """
        if self._spool.wait_until_written(0, self._mark):
            return self._all_go_on()
        log.warning("calls of the server before go on once the store has what waits in the spool")
        self._thread.start()
        return 0

    def close(self) -> None:
        """Restore nothing more."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _later(self) -> None:
        while not self._closed.is_set():
            if not self._spool.wait_until_written(LOOK_S, self._mark):
                continue
            try:
                log.warning("%d calls of a server that died go on", self._all_go_on())
                return
            except WrapupError as error:
                log.warning("calls of the server before cannot go on yet: %s", error)
                self._closed.wait(RETRY_S)

    def _all_go_on(self) -> int:
        records = [record for record in self._store.open_calls() if self.awaits(record.call_id)]
        count = 0
        for record in records:
            count += self._one_goes_on(record)
            self._awaited.discard(record.call_id)
        self._awaited.clear()
        return count

    def _one_goes_on(self, record: CallRecord) -> bool:
        """Whether a call goes on; one that cannot be read is closed, and keeps no other from going on."""
        try:
            self._go_on(record)
        except UNUSABLE as error:
            if isinstance(error, StoreError) and error.retryable:
                raise
            log.error("call %s cannot go on and is closed: %s", record.call_id, type(error).__name__)
            self._give_up(record)
            return False
        return True

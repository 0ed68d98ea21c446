"""What calls of a worker's partitions leave behind: first into the store, then onto the topic of events.

One transaction holds results, events with their numbers, and the snapshot that follows from them. So a call
that another worker makes again from the store goes on behind exactly what was stored, and what was stored is
published, sooner or later: until that is confirmed the store knows which events are untold. A worker that
lost a partition cannot write for it any more, however late it notices.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.errors import WrapupError
from pipeline.core.events import CallClosed, EphemeralEvent, Event, Result
from pipeline.live.feed import Envelope
from pipeline.live.journal import utc_now
from pipeline.store.errors import PartitionLostError
from pipeline.store.records import (
    CallRecord,
    EventRecord,
    JobResultRecord,
    Record,
    SnapshotRecord,
)

log = logging.getLogger(__name__)

BATCH = 400
"""Records of one transaction: enough to keep up, few enough to be seen soon."""

MANY = 4_000
"""Entries that may wait: with more, partials are not told, and no more records are read."""


class Keeper(Protocol):
    """The store, as far as a ledger needs it. Each method raises `WrapupError`."""

    def keep(
        self, claims: Mapping[int, int], records: Sequence[tuple[int, Record]], told: Sequence[int]
    ) -> list[EventRecord]:
        """See `Store.keep`."""
        ...

    def untold(self, partition: int) -> list[EventRecord]:
        """See `Store.untold`."""
        ...


class Teller(Protocol):
    """Who publishes events."""

    def tell(self, envelopes: Sequence[Envelope]) -> None:
        """Publish durable events, in order; returns once all are confirmed. Raises `WrapupError`."""
        ...

    def show(self, envelope: Envelope) -> None:
        """Publish an ephemeral event, or do not: nobody waits for it. Never raises."""
        ...


Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of a call; a snapshot `needs` the topic from an offset on."""

    book: PartitionBook
    record: Record
    needs: int | None = None


class PartitionBook:
    """The facts of one partition's calls on their way, and what of the topic they still need.

    Any thread may write; see `Book`.
    """

    def __init__(self, ledger: Ledger, partition: int, epoch: int, start: int, now: Now = utc_now) -> None:
        """`start`: the offset that was committed when this worker got the partition."""
        self.partition = partition
        self.epoch = epoch
        self.lost = False
        self._ledger = ledger
        self._now = now
        self._sites: dict[str, str | None] = {}
        self._needs: dict[str, int] = {}
        self._taken = start
        self._waiting = 0
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """Facts that are not stored yet."""
        with self._lock:
            return self._waiting

    def needs_from(self, call_id: str, offset: int) -> None:
        """An open call needs the topic from here on, until a stored snapshot says otherwise."""
        with self._lock:
            self._needs.setdefault(call_id, offset)

    def taken(self, offset: int) -> None:
        """All records up to this one were given to their calls."""
        with self._lock:
            self._taken = offset + 1

    def committable(self) -> int:
        """The first offset that any call still needs, whoever goes on with it."""
        with self._lock:
            return min([self._taken, *self._needs.values()])

    def begun(self, record: CallRecord) -> None:
        """A call begins, or goes on."""
        self._sites[record.call_id] = record.site
        self._put(record)

    def goes_on(self, record: CallRecord) -> None:
        """A call that the store knows goes on here."""
        self._sites[record.call_id] = record.site

    def event(self, call_id: str, event: Event) -> None:
        """See `Recorder`."""
        if isinstance(event, EphemeralEvent):
            self._ledger.show(Envelope(None, call_id, self._now(), event, self._sites.get(call_id)))
        else:
            self._put(EventRecord(0, call_id, self._now(), event))

    def result(self, call_id: str, result: Result) -> None:
        """See `Recorder`."""
        self._put(JobResultRecord(call_id, result.job_id, result.value))

    def snapshot(self, call_id: str, data: bytes) -> None:
        """See `Recorder`: of a call that needs no more than what it was begun with."""
        self._put(SnapshotRecord(call_id, data))

    def snapshot_from(self, call_id: str, data: bytes, needs: int, wanted_from: int) -> None:
        """See `Book`."""
        self._put(SnapshotRecord(call_id, data, wanted_from), needs)

    def envelope(self, record: EventRecord) -> Envelope:
        """An event as it is published."""
        site = self._sites.get(record.call_id)
        return Envelope(record.seq, record.call_id, record.at, record.event, site)

    def stored(self, entry: Entry) -> None:
        """An entry is in the store."""
        record = entry.record
        with self._lock:
            self._waiting -= 1
            if isinstance(record, SnapshotRecord) and entry.needs is not None:
                if record.call_id in self._needs:
                    self._needs[record.call_id] = max(self._needs[record.call_id], entry.needs)
            elif isinstance(record, EventRecord) and isinstance(record.event, CallClosed):
                self._needs.pop(record.call_id, None)
                self._sites.pop(record.call_id, None)

    def give_up(self, call_id: str) -> None:
        """Nothing of a call can be stored: it must not keep the topic from going on."""
        with self._lock:
            self._needs.pop(call_id, None)

    def refused(self, entries: int) -> None:
        """So many facts will never be stored."""
        with self._lock:
            self._waiting -= entries

    def _put(self, record: Record, needs: int | None = None) -> None:
        if self.lost:
            return
        with self._lock:
            self._waiting += 1
        self._ledger.put(Entry(self, record, needs))


class Ledger:
    """Takes entries of all partitions to the store and to who follows. One thread calls `step`."""

    def __init__(self, keeper: Keeper, teller: Teller) -> None:
        self._keeper = keeper
        self._teller = teller
        self._entries: deque[Entry] = deque()
        self._batch: list[Entry] = []
        self._untold: list[Envelope] = []
        self._told: list[int] = []
        self._in_doubt: set[PartitionBook] = set()
        self._came = threading.Condition()
        self.refused = 0

    @property
    def waiting(self) -> int:
        """Entries that are not stored and told yet."""
        with self._came:
            return len(self._entries) + len(self._batch) + len(self._untold)

    @property
    def behind(self) -> bool:
        """Whether nothing more should be read for now."""
        return self.waiting > MANY

    def put(self, entry: Entry) -> None:
        """An entry, from any thread; those of a call come from one thread at a time."""
        with self._came:
            self._entries.append(entry)
            self._came.notify()

    def show(self, envelope: Envelope) -> None:
        """An ephemeral event: it is not told while others wait for long."""
        if not self.behind:
            self._teller.show(envelope)

    def tell_again(self, envelopes: Sequence[Envelope]) -> None:
        """Events that a worker before stored, and perhaps did not publish; before anything of the book."""
        with self._came:
            self._untold += envelopes
            self._came.notify()

    def wait(self, seconds: float) -> bool:
        """Whether something waits, after so long at most."""
        with self._came:
            return self._came.wait_for(lambda: bool(self._entries or self._batch or self._untold), seconds)

    def step(self) -> bool:
        """Store and tell some of what waits; False where nothing does.

        Raises `WrapupError` where the store or Kafka is away: nothing is lost, and it is to be called again.
        """
        with self._came:
            # More may be added while these are published.
            telling = list(self._untold)
        if telling:
            self._teller.tell(telling)
            self._told += [one.id for one in telling if one.id is not None]
            with self._came:
                del self._untold[: len(telling)]
        self._take()
        if not self._batch and not self._told:
            return False
        self._store()
        return True

    def _take(self) -> None:
        with self._came:
            while self._entries and len(self._batch) < BATCH:
                self._batch.append(self._entries.popleft())
            self._batch = [entry for entry in self._batch if not entry.book.lost]

    def _store(self) -> None:
        """The batch in one transaction; where that is refused for good, the calls one by one."""
        try:
            self._store_batch()
        except WrapupError:
            # What was stored, and what not, is not known: the answer may have been lost.
            self._in_doubt |= {entry.book for entry in self._batch}
            raise
        with self._came:
            self._batch = []

    def _store_batch(self) -> None:
        try:
            self._keep(self._batch)
        except PartitionLostError as error:
            self._forget(error.partitions)
        except WrapupError as error:
            if error.retryable or not self._batch:
                raise
            self._store_by_call()

    def _keep(self, batch: Sequence[Entry]) -> None:
        books = {entry.book.partition: entry.book for entry in batch}
        claims = {partition: book.epoch for partition, book in books.items()}
        new = self._keeper.keep(claims, [(one.book.partition, one.record) for one in batch], self._told)
        self._told = []
        by_call = {entry.record.call_id: entry.book for entry in batch}
        envelopes = [by_call[record.call_id].envelope(record) for record in new]
        if self._in_doubt:
            envelopes = self._all_untold(self._in_doubt | set(books.values()))
        with self._came:
            self._untold += envelopes
        for entry in batch:
            entry.book.stored(entry)

    def _all_untold(self, books: Iterable[PartitionBook]) -> list[Envelope]:
        """What was stored by a transaction whose answer was lost is not new to the next one, and was told to
        nobody."""
        found = [book.envelope(one) for book in books for one in self._keeper.untold(book.partition)]
        self._in_doubt = set()
        return sorted(found, key=lambda one: one.id or 0)

    def _forget(self, partitions: frozenset[int]) -> None:
        """Partitions that others have by now; the rest of the batch is tried again."""
        for entry in self._batch:
            entry.book.lost = entry.book.lost or entry.book.partition in partitions
        log.warning("another worker has the partitions %s", sorted(partitions))
        with self._came:
            rest = [entry for entry in self._batch if not entry.book.lost]
            self._entries.extendleft(reversed(rest))

    def _store_by_call(self) -> None:
        """A call with a record that the store does not take must not hold back the others."""
        by_call: dict[str, list[Entry]] = {}
        for entry in self._batch:
            by_call.setdefault(entry.record.call_id, []).append(entry)
        for call_id, entries in by_call.items():
            try:
                self._keep(entries)
                # What is stored must not be stored again where a later one has to wait.
                self._batch = [entry for entry in self._batch if entry.record.call_id != call_id]
            except PartitionLostError as error:
                entries[0].book.lost = entries[0].book.partition in error.partitions
            except WrapupError as error:
                if error.retryable:
                    raise
                self.refused += len(entries)
                entries[0].book.give_up(call_id)
                entries[0].book.refused(len(entries))
                log.error("the store refused %d records of call %s: %s", len(entries), call_id, error)

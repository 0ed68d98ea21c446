"""Bugs on purpose, each a small change of the real code: what finds none of them is too weak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from pipeline.core.events import UtteranceFinal
from pipeline.kafka.call import LoggedCall
from pipeline.kafka.ledger import Ledger, PartitionBook
from pipeline.kafka.making import WorkerCalls
from pipeline.kafka.partition import Partition
from pipeline.kafka.records import Answered, Begun, Heard, Lost
from pipeline.kafka.rereading import Rereading
from pipeline.kafka.worker import Worker
from pipeline.store.errors import StoreAwayError
from pipeline.store.records import EventRecord, SnapshotRecord
from tests.simulation.store import StoreModel

_AUDIO = (Answered, Begun, Heard, Lost)

Bug = Callable[[], Any]
"""A context manager: the bug is there within it."""


def _put(owner: type, name: str, bug: Callable[[Any], Any]) -> Bug:
    """A method of the real code in place of which there is what `bug` makes of it."""
    return lambda: patch.object(owner, name, bug(getattr(owner, name)))


def _next_offset(_: Any) -> Any:
    return lambda self: self._taken


def _before_stored(real: Any) -> Any:
    def snapshot_from(self: Any, call_id: str, data: bytes, needs: int, wanted_from: int) -> None:
        real(self, call_id, data, needs, wanted_from)
        with self._lock:
            self._needs[call_id] = max(self._needs.get(call_id, needs), needs)

    return snapshot_from


def _drops_tail(real: Any) -> Any:
    def keep(self: Any, batch: Any) -> None:
        try:
            real(self, batch)
        except StoreAwayError:
            del self._batch[len(self._batch) // 2 :]
            raise

    return keep


def _another_id(real: Any) -> Any:
    """A call that goes on gives its finals other ids."""

    def emit(self: Any, event: Any) -> None:
        if isinstance(event, UtteranceFinal) and self._alone == "interrupted":
            event = replace(event, id=f"{event.id}-again")
        real(self, event)

    return emit


def _no_fence(_: Any) -> Any:
    return lambda self, claims: None


def _forgets_untold(_: Any) -> Any:
    return lambda self, envelopes: None


def _no_doubt(_: Any) -> Any:
    """What a transaction stored whose answer was lost is told to nobody."""
    return lambda self, books: []


def _without_results(real: Any) -> Any:
    def go_on(self: Any, *args: Any) -> Any:
        with patch.object(type(self._store), "job_results", lambda *_: {}):
            return real(self, *args)

    return go_on


def _snapshot_first(real: Any) -> Any:
    """Snapshots go to the store before the events that they follow from."""

    def take(self: Any) -> None:
        real(self)
        cut = [one for one in self._batch if isinstance(one.record, SnapshotRecord)]
        if cut and len(cut) < len(self._batch):
            rest = [one for one in self._batch if not isinstance(one.record, SnapshotRecord)]
            self._batch = cut
            self._entries.extendleft(reversed(rest))

    return take


def _deaf_to_repeats(_: Any) -> Any:
    return lambda self, channel, rate_hz, at, samples: None


def _words_again(real: Any) -> Any:
    def take_record(self: Any, offset: int, record: Any, refuse: Any) -> None:
        place = self._place_of(record.stream)
        if place is not None and not isinstance(record.content, _AUDIO):
            place.next = min(place.next, record.number)
        real(self, offset, record, refuse)

    return take_record


def _publishes_first(real: Any) -> Any:
    def keep(self: Any, batch: Any) -> None:
        events = [one for one in batch if isinstance(one.record, EventRecord)]
        self._teller.tell([one.book.envelope(replace(one.record, seq=10_000)) for one in events])
        real(self, batch)

    return keep


def _goes_on_when_lost(_: Any) -> Any:
    """A worker that lost a partition claims it anew for what its calls say."""

    def forget(self: Any, partitions: Any) -> None:
        for book in {id(entry.book): entry.book for entry in self._batch}.values():
            if book.partition in partitions:
                book.epoch = self._keeper.claim_partition(book.partition)
        self._entries.extendleft(reversed(self._batch))

    return forget


def _waiting_need_nothing(real: Any) -> Any:
    def init(self: Any, *args: Any) -> None:
        real(self, *args)
        self.book._needs.clear()

    return init


def _told_too_early(real: Any) -> Any:
    """Events count as told before Kafka has them."""

    def step(self: Any) -> bool:
        untold = [one.id for one in self._untold]
        try:
            done: bool = real(self)
        except BaseException:
            if self._untold:
                self._told += untold
                self._untold.clear()
            raise
        return done

    return step


def _gives_up_audio(real: Any) -> Any:
    """Whatever was not read again by the first tick is lost."""
    return lambda self, caught_up: real(self, True)


def _keeps_no_places(real: Any) -> Any:
    def dumped(self: Any) -> Any:
        streams, self._state.streams = self._state.streams, []
        try:
            return real(self)
        finally:
            self._state.streams = streams

    return dumped


def _buries_nothing(_: Any) -> Any:
    return lambda self, number, message, why: None


def _old_records(real: Any) -> Any:
    """Records that were polled before a partition was claimed stay, and the offset is not sought."""

    def partition(self: Any, number: int) -> Any:
        with patch.object(type(self._consumer), "seek", lambda *_: None):
            return real(self, number)

    return partition


def _whole_again(real: Any) -> Any:
    """A call that goes on knows nothing of its state but its results."""

    def go_on(self: Any, *args: Any) -> Any:
        with patch.object(type(self._store), "snapshot", lambda *_: None):
            return real(self, *args)

    return go_on


BUGS: Mapping[str, Bug] = {
    "commits the next offset": _put(PartitionBook, "committable", _next_offset),
    "commits before the snapshot is stored": _put(PartitionBook, "snapshot_from", _before_stored),
    "drops the tail of a batch when the store is away": _put(Ledger, "_keep", _drops_tail),
    "gives a final another id after a restart": _put(LoggedCall, "_emit", _another_id),
    "has no fence": _put(StoreModel, "check", _no_fence),
    "forgets what is untold": _put(Ledger, "tell_again", _forgets_untold),
    "forgets what a lost answer stored": _put(Ledger, "_all_untold", _no_doubt),
    "stores a snapshot without its events": _put(Ledger, "_take", _snapshot_first),
    "is deaf to audio that comes again": _put(Rereading, "hear", _deaf_to_repeats),
    "takes words again": _put(LoggedCall, "_take_record", _words_again),
    "publishes before it stores": _put(Ledger, "_keep", _publishes_first),
    "goes on with a lost partition": _put(Ledger, "_forget", _goes_on_when_lost),
    "registers no needs of waiting calls": _put(Partition, "__init__", _waiting_need_nothing),
    "counts events as told too early": _put(Ledger, "step", _told_too_early),
    "gives up audio at the first tick": _put(Partition, "tick", _gives_up_audio),
    "keeps no places of streams": _put(LoggedCall, "_dumped", _keeps_no_places),
    "buries nothing": _put(Worker, "_bury", _buries_nothing),
    "seeks nothing": _put(Worker, "_partition", _old_records),
    "restores without the snapshot": _put(WorkerCalls, "go_on", _whole_again),
    "restores without results": _put(WorkerCalls, "go_on", _without_results),
}

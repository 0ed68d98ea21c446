"""The store as workers see it: whole transactions, epochs, numbers without holes, first results that stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.core.events import CallClosed
from pipeline.store.errors import PartitionLostError, StoreAwayError, StoreError
from pipeline.store.records import (
    CallRecord,
    EventRecord,
    JobResultRecord,
    Record,
    ResultValue,
    SnapshotRecord,
    StoredCall,
)

Tap = Callable[[], None]
"""Between two steps of a thread: others go on, and what stands for it may die."""
LoseAnswer = Callable[[], bool]


@dataclass
class StoreModel:
    """What `Store` keeps. `keep` and `claim_partition` are transactions; everything here is one step."""

    calls: dict[str, CallRecord] = field(default_factory=dict)
    closed: dict[str, EventRecord] = field(default_factory=dict)
    events: list[EventRecord] = field(default_factory=list)
    by_call: dict[str, list[EventRecord]] = field(default_factory=dict)
    stored: set[tuple[str, str]] = field(default_factory=set)
    results: dict[str, dict[str, ResultValue]] = field(default_factory=dict)
    snapshots: dict[str, SnapshotRecord] = field(default_factory=dict)
    untold: dict[int, int] = field(default_factory=dict)
    """Number of an event -> partition."""
    epochs: dict[int, int] = field(default_factory=dict)
    away: bool = False
    on_keep: Callable[[Mapping[int, int]], None] = lambda _: None
    """Told the claims of each transaction once it is through."""

    def claim_partition(self, partition: int) -> int:
        """See `Store`."""
        self.epochs[partition] = self.epochs.get(partition, 0) + 1
        return self.epochs[partition]

    def keep(
        self, claims: Mapping[int, int], records: Sequence[tuple[int, Record]], told: Sequence[int]
    ) -> list[EventRecord]:
        """See `Store`."""
        self.check(claims)
        opened = set(self.calls) | {one.call_id for _, one in records if isinstance(one, CallRecord)}
        for _, record in records:
            if record.call_id not in opened:
                raise StoreError(f"{type(record).__name__} of a call that nobody has opened")
        for seq in told:
            self.untold.pop(seq, None)
        for _, record in records:
            if isinstance(record, CallRecord):
                self.calls.setdefault(record.call_id, record)
        self._keep_states([record for _, record in records])
        new = self._keep_events(records)
        self.on_keep(claims)
        return new

    def check(self, claims: Mapping[int, int]) -> None:
        """Raises `PartitionLostError`."""
        lost = frozenset(one for one, epoch in claims.items() if self.epochs.get(one) != epoch)
        if lost:
            raise PartitionLostError(lost)

    def _keep_states(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.call_id in self.closed:
                continue
            if isinstance(record, JobResultRecord):
                self.results.setdefault(record.call_id, {}).setdefault(record.job_id, record.value)
            elif isinstance(record, SnapshotRecord):
                self.snapshots[record.call_id] = record

    def _keep_events(self, records: Sequence[tuple[int, Record]]) -> list[EventRecord]:
        new: list[EventRecord] = []
        for partition, record in records:
            if not isinstance(record, EventRecord) or (record.call_id, record.event.id) in self.stored:
                continue
            numbered = replace(record, seq=len(self.events) + 1)
            self.stored.add((record.call_id, record.event.id))
            self.events.append(numbered)
            self.by_call.setdefault(record.call_id, []).append(numbered)
            self.untold[numbered.seq] = partition
            new.append(numbered)
            if isinstance(record.event, CallClosed):
                self.closed.setdefault(record.call_id, numbered)
        for record in new:
            if isinstance(record.event, CallClosed):
                self.snapshots.pop(record.call_id, None)
                self.results.pop(record.call_id, None)
        return new


class StoreView:
    """The store from one worker: it may be away, and an answer may be lost."""

    def __init__(self, model: StoreModel, tap: Tap, loses_answer: LoseAnswer) -> None:
        self._model = model
        self._tap = tap
        self._loses_answer = loses_answer
        self.known: dict[str, set[str]] = {}
        """Jobs whose results were there when a call went on here."""

    def claim_partition(self, partition: int) -> int:
        """See `Store`."""
        self._ask()
        epoch = self._model.claim_partition(partition)
        self._answer()
        return epoch

    def keep(
        self, claims: Mapping[int, int], records: Sequence[tuple[int, Record]], told: Sequence[int]
    ) -> list[EventRecord]:
        """See `Store`."""
        records, told = list(records), list(told)
        self._ask()
        new = self._model.keep(claims, records, told)
        self._answer()
        return new

    def untold(self, partition: int) -> list[EventRecord]:
        """See `Store`."""
        self._ask()
        return [
            self._model.events[seq - 1] for seq, of in sorted(self._model.untold.items()) if of == partition
        ]

    def open_call_ids(self) -> list[str]:
        """See `Store`."""
        self._ask()
        return [one for one in self._model.calls if one not in self._model.closed]

    def events(self, call_id: str, after_seq: int, limit: int) -> list[EventRecord]:
        """See `Store`."""
        self._ask()
        return [one for one in self._model.by_call.get(call_id, []) if one.seq > after_seq][:limit]

    def snapshot(self, call_id: str) -> bytes | None:
        """See `Store`."""
        self._ask()
        found = self._model.snapshots.get(call_id)
        self.known[call_id] = set(self._model.results.get(call_id, ()))
        return None if found is None else found.data

    def call(self, call_id: str) -> StoredCall | None:
        """See `Store`."""
        self._ask()
        record, closed = self._model.calls.get(call_id), self._model.closed.get(call_id)
        if record is None:
            return None
        if closed is None or not isinstance(closed.event, CallClosed):
            return StoredCall(record, (), None, None, None, None, None)
        event = closed.event
        return StoredCall(record, (), closed.at, event.code, event.duration_samples, event.language, None)

    def job_results(self, call_id: str) -> dict[str, ResultValue]:
        """See `Store`."""
        self._ask()
        return dict(self._model.results.get(call_id, {}))

    def _ask(self) -> None:
        self._tap()
        if self._model.away:
            raise StoreAwayError("the store is away")

    def _answer(self) -> None:
        if self._loses_answer():
            raise StoreAwayError("the store went away before it answered")
        self._tap()

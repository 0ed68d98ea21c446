"""Several workers over one database. Each has partitions of the calls, and each partition one of them.

A claim of a partition has an epoch, one more than the claim before it. Who writes under an older one was
replaced, whether or not it has noticed, and writes nothing. Numbers of events are given in the transaction
that stores them, under a lock that it holds to its end: no lower number can be seen after a higher one, and
there are no holes, so that a reader who goes on behind the last number misses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, case, delete, func, select, update

from pipeline.store.errors import PartitionLostError
from pipeline.store.records import EventRecord, Record
from pipeline.store.tables import events, feed_numbers, partition_claims, untold_events
from pipeline.store.vault import Vault
from pipeline.store.writing import call_states, insert, write_records

Owned = tuple[int, Record]
"""A record, and the partition of its call."""


def claim_partition(connection: Connection, partition: int) -> int:
    """The epoch of a new claim. Waits for who is writing under the last one."""
    statement = insert(connection, partition_claims).values(partition=partition, epoch=1)
    statement = statement.on_conflict_do_update(
        index_elements=[partition_claims.c.partition], set_={"epoch": partition_claims.c.epoch + 1}
    )
    connection.execute(statement)
    connection.execute(insert(connection, feed_numbers).on_conflict_do_nothing(), {"id": 1, "last": 0})
    epoch: int = connection.execute(
        select(partition_claims.c.epoch).where(partition_claims.c.partition == partition)
    ).scalar_one()
    return epoch


def end_claims(connection: Connection) -> None:
    """Nobody has any partition."""
    connection.execute(update(partition_claims).values(epoch=partition_claims.c.epoch + 1))


def keep(
    connection: Connection,
    vault: Vault,
    claims: Mapping[int, int],
    records: Sequence[Owned],
    told: Sequence[int],
) -> list[EventRecord]:
    """See `Store.keep`."""
    _check(connection, claims)
    if told:
        connection.execute(delete(untold_events).where(untold_events.c.seq.in_(told)))
    new = _numbered(connection, vault, records)
    others = [record for _, record in records if not isinstance(record, EventRecord)]
    write_records(connection, vault, [*others, *(record for _, record in new)])
    if new:
        connection.execute(
            untold_events.insert(),
            [
                {
                    "seq": record.seq,
                    "partition": partition,
                    "call_id": record.call_id,
                    "event_id": record.event.id,
                }
                for partition, record in new
            ],
        )
    return [record for _, record in new]


def numbers_given(connection: Connection) -> int:
    """The highest number of an event."""
    last = connection.scalar(select(feed_numbers.c.last)) or 0
    return max(last, connection.scalar(select(func.max(events.c.seq))) or 0)


def _check(connection: Connection, claims: Mapping[int, int]) -> None:
    """Raises `PartitionLostError`. The claims stay as they are until the transaction ends."""
    found = connection.execute(
        select(partition_claims.c.partition, partition_claims.c.epoch)
        .where(partition_claims.c.partition.in_(sorted(claims)))
        .with_for_update(read=True)
    )
    epochs = {row.partition: row.epoch for row in found}
    lost = frozenset(partition for partition, epoch in claims.items() if epochs.get(partition) != epoch)
    if lost:
        raise PartitionLostError(lost)


def _numbered(
    connection: Connection, vault: Vault, records: Sequence[Owned]
) -> list[tuple[int, EventRecord]]:
    """The events that are not stored yet, with their numbers; those of forgotten calls are left out."""
    found = [(partition, record) for partition, record in records if isinstance(record, EventRecord)]
    if not found:
        return []
    ids = {record.call_id for _, record in found}
    stored = _stored(connection, ids, {record.event.id for _, record in found})
    # A call that is forgotten once its events have numbers would leave holes.
    states = call_states(connection, vault, ids, hold=True)
    forgotten = {call_id for call_id, state in states.items() if state.cipher is None}
    new: dict[tuple[str, str], tuple[int, EventRecord]] = {}
    for partition, record in found:
        key = record.call_id, record.event.id
        if key not in stored and record.call_id not in forgotten:
            new.setdefault(key, (partition, record))
    if not new:
        return []
    last = _take_numbers(connection, len(new))
    first = last - len(new) + 1
    return [
        (partition, replace(record, seq=first + place))
        for place, (partition, record) in enumerate(new.values())
    ]


def _stored(
    connection: Connection, call_ids: Iterable[str], event_ids: Iterable[str]
) -> set[tuple[str, str]]:
    rows = connection.execute(
        select(events.c.call_id, events.c.event_id).where(
            events.c.call_id.in_(sorted(call_ids)), events.c.event_id.in_(sorted(event_ids))
        )
    )
    return {(row.call_id, row.event_id) for row in rows}


def _take_numbers(connection: Connection, count: int) -> int:
    """So many numbers; the last of them. Others wait for theirs until this transaction ends.

    They go on behind those that a server gave while it was alone with the database, be it before the claim or
    after it, between two sessions of this worker.
    """
    highest = select(func.coalesce(func.max(events.c.seq), 0)).scalar_subquery()
    kept = feed_numbers.c.last
    connection.execute(update(feed_numbers).values(last=case((kept < highest, highest), else_=kept) + count))
    last: int = connection.execute(select(feed_numbers.c.last)).scalar_one()
    return last

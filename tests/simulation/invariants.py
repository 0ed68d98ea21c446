"""What has to be true after a run, whatever went wrong in it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from models.types import RATE_HZ
from pipeline.core.events import AudioGap, CallClosed, DraftReady, DurableEvent, UtteranceFinal, UtteranceLost
from pipeline.kafka.call import AGAIN_SAMPLES
from pipeline.kafka.records import DEAD_TOPIC, EVENTS_TOPIC, Begun, Heard, Lost, StreamRecord
from pipeline.kafka.told import decode_envelope, encode_envelope
from pipeline.kafka.worker import partition_of
from pipeline.live.feed import Envelope
from pipeline.live.restoring import UNUSABLE
from pipeline.live.state import LiveState, restored
from pipeline.shell import wanted_again
from tests.simulation.calls import STRANGER, CallScript, script
from tests.simulation.world import PARTITIONS, QUIET, World, scripts_for

KEPT_SHARE = 0.1
COMMITTED_SHARE = 0.5
"""Of the transactions and of the commits, after how many it is looked at what a restart would need."""


class BrokenInvariant(AssertionError):
    """What was not true."""


def require(holds: bool, what: str) -> None:
    """Raises `BrokenInvariant`."""
    if not holds:
        raise BrokenInvariant(what)


@lru_cache(maxsize=512)
def reference(seed: int) -> tuple[DurableEvent, ...]:
    """The events of a call where nothing goes wrong."""
    call = script(seed)
    world = World(0, [call], QUIET)
    world.run()
    return tuple(one.event for one in world.store.by_call[call.call_id])


def run_seed(seed: int) -> World:
    """Run a seed. Raises `AssertionError`."""
    scripts = scripts_for(seed, script)
    references = {one.call_id: reference(int(one.call_id.removeprefix("call-"))) for one in scripts}
    world = World(seed, scripts)
    look = random.Random(seed)

    def kept(claims: Mapping[int, int]) -> None:
        if look.random() < KEPT_SHARE:
            for partition in claims:
                check_commit(world, partition)

    def committed(partition: int) -> None:
        if look.random() < COMMITTED_SHARE:
            check_commit(world, partition)

    world.broker.on_commit = committed
    world.store.on_keep = kept
    world.run()
    check(world, references)
    return world


def check(world: World, references: Mapping[str, tuple[DurableEvent, ...]]) -> None:
    """All of it, once a run is quiet."""
    require(not world.broken, "; ".join(world.broken[:1]))
    for call in world.scripts:
        _check_call(world, call, references[call.call_id])
    _check_numbers(world)
    _check_told(world)
    _check_buried(world)


def _check_call(world: World, call: CallScript, expected: tuple[DurableEvent, ...]) -> None:
    found = [one.event for one in world.store.by_call.get(call.call_id, [])]
    ours, theirs = _by_id(call, found), _by_id(call, expected)
    for event_id in theirs:
        require(event_id in ours, f"{call.call_id}: {theirs[event_id]} is missing")
    for event_id in ours:
        require(event_id in theirs, f"{call.call_id}: {ours[event_id]} is too much")
        same = ours[event_id] == theirs[event_id]
        require(same, f"{call.call_id}: {ours[event_id]} is not {theirs[event_id]}")
    require(isinstance(found[-1], CallClosed), f"{call.call_id}: something follows the close")
    require(sum(isinstance(one, DraftReady) for one in found) == 1, f"{call.call_id}: not one draft")
    for channel in range(2):
        starts = [
            one.start_samples
            for one in found
            if isinstance(one, UtteranceFinal | UtteranceLost | AudioGap) and one.channel == channel
        ]
        require(starts == sorted(starts), f"{call.call_id}: channel {channel} is out of order")


def _by_id(call: CallScript, events: Any) -> dict[str, DurableEvent]:
    """Events by id; the code of a call to which nobody came back says whether it was restored meanwhile."""
    counts = Counter(one.id for one in events)
    require(not counts or max(counts.values()) == 1, f"{call.call_id}: an id is there twice")
    return {one.id: _told_alike(one) for one in events}


def _told_alike(event: DurableEvent) -> DurableEvent:
    if isinstance(event, CallClosed) and event.code == "interrupted":
        return CallClosed(event.id, "disconnected", event.duration_samples, event.language)
    return event


def _check_numbers(world: World) -> None:
    numbers = [one.seq for one in world.store.events]
    require(numbers == list(range(1, len(numbers) + 1)), "numbers have holes")


def _check_told(world: World) -> None:
    """Each event was published, the same each time, in order by call, and nothing else was."""
    stored = {}
    for record in world.store.events:
        site = world.store.calls[record.call_id].site
        stored[record.seq] = encode_envelope(
            Envelope(record.seq, record.call_id, record.at, record.event, site)
        )
    told: set[int] = set()
    last: dict[str, int] = {}
    for key, headers, value in world.broker.topics.get(EVENTS_TOPIC, []):
        envelope = decode_envelope(headers, value)
        assert envelope.id is not None
        require(envelope.id in stored, f"{envelope.call_id}: {envelope.event} was published, and not stored")
        require(stored[envelope.id] == (key, headers, value), f"{envelope.event} was published otherwise")
        if envelope.id not in told:
            require(envelope.id > last.get(envelope.call_id, 0), f"{envelope.event} was published too late")
            last[envelope.call_id] = envelope.id
        told.add(envelope.id)
    require(told == set(stored), f"events were never published: {sorted(set(stored) - told)}")


def _check_buried(world: World) -> None:
    places = {dict(headers)["from"] for _, headers, _ in world.broker.topics.get(DEAD_TOPIC, [])}
    for partition, offset in world.poisoned:
        where = f"wrapup.audio.v1/{partition}/{offset}".encode()
        require(where in places, f"poison {where.decode()} was not buried")


def check_commit(world: World, partition: int) -> None:
    """What was committed is past nothing that an open call, made again from the store now, would read."""
    committed = world.broker.committed.get(partition, 0)
    read = world.broker.partitions[partition][:committed]
    by_call: dict[str, list[StreamRecord]] = {}
    for message in read:
        value: Any = message.value
        if isinstance(value, StreamRecord) and STRANGER not in value.stream:
            by_call.setdefault(value.call_id, []).append(value)
    for call in world.scripts:
        if partition_of(call.call_id, PARTITIONS) == partition and call.call_id not in world.store.closed:
            try:
                _check_needs(world, call.call_id, by_call.get(call.call_id, []))
            except BrokenInvariant as error:
                # Where a call asked for this step, what is raised here would end that call alone.
                world.broken.append(str(error))
                raise


def _check_needs(world: World, call_id: str, behind: list[StreamRecord]) -> None:
    """`behind`: records before the committed offset, which nobody will read again."""
    kept = world.store.snapshots.get(call_id)
    if kept is None:
        require(not behind, f"{call_id}: its beginning is committed, and there is no snapshot")
        return
    events = [one.event for one in world.store.by_call.get(call_id, [])]
    try:
        session, state = restored(kept.data, events)
    except UNUSABLE as error:
        raise BrokenInvariant(f"{call_id}: its snapshot cannot be used: {error}") from error
    wanted = [wanted_again(session, channel, AGAIN_SAMPLES) for channel in range(2)]
    for record in behind:
        _check_record(call_id, record, state, wanted, session.open)


def _check_record(
    call_id: str, record: StreamRecord, state: LiveState, wanted: list[int], is_open: bool
) -> None:
    place = next((one for one in state.streams if one.name == record.stream), None)
    what = f"{call_id}: record {record.number} of {record.stream}"
    if place is None:
        require(not is_open or not isinstance(record.content, Begun), f"{what} is committed, and not known")
        return
    if record.number >= place.next:
        require(not is_open or place.over, f"{what} is committed, and not heard")
    elif isinstance(record.content, Heard | Lost):
        content = record.content
        count = content.count if isinstance(content, Lost) else content.samples.shape[1]
        end = (place.base + content.at + count) * RATE_HZ // place.rate_hz
        needed = min(wanted[one] for one in content.channels)
        require(not is_open or end <= needed, f"{what} is committed, and wanted again")

"""What a gateway writes is what lies on the topic: in order, whole, and with gaps where Kafka was away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from kafka import KafkaConsumer, TopicPartition

from models.types import Samples
from pipeline.doors.messages import Away, Back, CallInfo, Chunk, Ended, Started
from pipeline.kafka.connection import Connection
from pipeline.kafka.outbox import Outbox
from pipeline.kafka.records import AUDIO_TOPIC, Begun, CutOff, Heard, Lost, Said, StreamRecord, decode
from pipeline.kafka.topics import TopicSettings, make_topics
from pipeline.store.vault import Vault, open_vault
from tests.services.brokers import Brokers, brokers
from tests.services.marks import SERVICES

pytestmark = SERVICES

RATE_HZ = 8_000
FRAME = 160
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return open_vault(tmp_path_factory.mktemp("vault") / "key")


@pytest.fixture
def own_broker() -> Iterator[Brokers]:
    """One that a test may kill."""
    with brokers() as running:
        yield running


def connected(running: Brokers) -> Connection:
    connection = Connection(tuple(running.bootstrap))
    make_topics(connection, TopicSettings(partitions=3))
    return connection


def lying(connection: Connection, vault: Vault, calls: set[str]) -> dict[str, list[StreamRecord]]:
    """All records of these calls on the topic, in order."""
    consumer = connection.open(KafkaConsumer, auto_offset_reset="earliest", enable_auto_commit=False)
    with closing(consumer):
        return _read(consumer, vault, calls)


def _read(consumer: Any, vault: Vault, calls: set[str]) -> dict[str, list[StreamRecord]]:
    partitions = [
        TopicPartition(AUDIO_TOPIC, number) for number in consumer.partitions_for_topic(AUDIO_TOPIC)
    ]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(partitions)
    found: dict[str, list[StreamRecord]] = {call: [] for call in calls}
    while any(consumer.position(one) < ends[one] for one in partitions):
        for records in consumer.poll(timeout_ms=500).values():
            for one in records:
                if one.key.decode() in calls:
                    record = decode(one.key, one.headers, one.value, vault)
                    found[record.call_id].append(record)
    return found


def started(call_id: str, placed: bool = False) -> Started:
    return Started(CallInfo(call_id, ("agent", "customer")), (0, 1), RATE_HZ, placed=placed)


def speech(seconds: float, seed: int) -> Samples:
    values = np.random.default_rng(seed).integers(-9_000, 9_000, (2, round(seconds * RATE_HZ)))
    return (values / 32_768).astype(np.float32)


def until(held: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not held():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def test_calls_lie_on_the_topic_as_they_came(broker: Brokers, vault: Vault) -> None:
    connection = connected(broker)
    spoken = {f"call-{number}": speech(3.0, number) for number in range(5)}
    with Outbox(connection, vault) as outbox:
        writers = {call: outbox.write_stream(f"{call}/1", started(call)) for call in spoken}
        for at in range(0, 3 * RATE_HZ, FRAME):
            for call, samples in spoken.items():
                assert writers[call].hear(Chunk((0, 1), samples[:, at : at + FRAME]))
                if at == RATE_HZ:
                    writers[call].say(Away("hold"))
                    writers[call].say(Back())
        for call, writer in writers.items():
            writer.end(hung_up=call != "call-4")
    for call, records in lying(connection, vault, set(spoken)).items():
        assert [record.number for record in records] == list(range(len(records)))
        assert records[0].content == Begun(started(call))
        assert records[-1].content == (CutOff() if call == "call-4" else Said(Ended()))
        heard = [one.content for one in records if isinstance(one.content, Heard)]
        assert all(0 < one.samples.shape[1] <= 0.32 * RATE_HZ for one in heard)
        assert [one.at for one in heard] == np.cumsum([0, *(one.samples.shape[1] for one in heard)])[
            :-1
        ].tolist()
        assert np.array_equal(np.concatenate([one.samples for one in heard], axis=1), spoken[call])
        words = [one.content for one in records if isinstance(one.content, Said)]
        assert words[:2] == [Said(Away("hold")), Said(Back())]


def test_what_kafka_was_away_for_is_a_gap_of_that_length(own_broker: Brokers, vault: Vault) -> None:
    connection = connected(own_broker)
    samples = speech(4.0, 1)
    taken = []
    with Outbox(connection, vault, keeps_s=1.0) as outbox:
        writer = outbox.write_stream("call-1/1", started("call-1", placed=True))
        for at in range(0, 4 * RATE_HZ, FRAME):
            if at == RATE_HZ:
                until(lambda: outbox.waiting_s("call-1") < 0.35)
                own_broker.kill()
            if at == 3 * RATE_HZ:
                own_broker.start()
                own_broker.wait()
                until(lambda: outbox.has_room("call-1"))
                until(lambda: outbox.waiting_s("call-1") == 0)
            taken.append(writer.hear(Chunk((0, 1), samples[:, at : at + FRAME], at)))
        writer.end(hung_up=True)
    records = lying(connection, vault, {"call-1"})["call-1"]
    assert [record.number for record in records] == list(range(len(records)))
    audio = [one.content for one in records if isinstance(one.content, Heard | Lost)]
    (lost,) = [one for one in audio if isinstance(one, Lost)]
    assert lost.count == FRAME * taken.count(False)
    assert 0.5 < lost.count / RATE_HZ < 1.5
    heard = np.zeros_like(samples)
    place = 0
    for one in audio:
        assert one.at == place
        place += one.count if isinstance(one, Lost) else one.samples.shape[1]
        if isinstance(one, Heard):
            heard[:, one.at : place] = one.samples
    assert place == samples.shape[1]
    kept = np.ones(samples.shape[1], bool)
    kept[lost.at : lost.at + lost.count] = False
    assert np.array_equal(heard[:, kept], samples[:, kept])


def test_a_chunk_that_comes_again_or_after_a_hole_keeps_its_place(broker: Brokers, vault: Vault) -> None:
    connection = connected(broker)
    samples = speech(1.0, 2)
    with Outbox(connection, vault) as outbox:
        writer = outbox.write_stream("holes/1", started("holes", placed=True))
        for at in (0, FRAME, FRAME, 10 * FRAME):
            writer.hear(Chunk((0, 1), samples[:, at : at + FRAME], at))
        writer.end(hung_up=False)
    records = lying(connection, vault, {"holes"})["holes"]
    heard = [one.content for one in records if isinstance(one.content, Heard)]
    assert [(one.at, one.samples.shape[1]) for one in heard] == [(0, 320), (160, 160), (1_600, 160)]


def test_channels_that_come_in_turn_are_written_each_for_itself(broker: Brokers, vault: Vault) -> None:
    connection = connected(broker)
    samples = speech(1.0, 3)
    with Outbox(connection, vault) as outbox:
        writer = outbox.write_stream("turns/1", started("turns"))
        for at in range(0, RATE_HZ, FRAME):
            for channel in (0, 1):
                writer.hear(Chunk((channel,), samples[channel : channel + 1, at : at + FRAME]))
        writer.end(hung_up=True)
    records = lying(connection, vault, {"turns"})["turns"]
    for channel in (0, 1):
        heard = [
            one.content
            for one in records
            if isinstance(one.content, Heard) and one.content.channels == (channel,)
        ]
        assert np.array_equal(np.concatenate([one.samples for one in heard], axis=1)[0], samples[channel])

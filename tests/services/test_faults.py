"""What may lie on the audio topic, and what becomes of it: poison, repeats, holes, calls without an end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from models.types import Samples
from pipeline.doors.messages import CallInfo, Chunk, Ended, Started
from pipeline.kafka.connection import Connection
from pipeline.kafka.outbox import Outbox
from pipeline.kafka.records import AUDIO_TOPIC, DEAD_TOPIC, Begun, Content, Heard, Said, StreamRecord, encode
from pipeline.kafka.worker import GROUP
from pipeline.store.vault import Vault, open_vault
from tests.services.marks import SERVICES
from tests.services.site import Site, site, spoken
from tests.services.test_site import lying

pytestmark = SERVICES

RATE_HZ = 8_000
RECORD_S = 0.3


def call_audio(seconds: float) -> Samples:
    """Both channels of a sample call, shape (2, n)."""
    recording = spoken("call", "01-overdraft-refund", seconds)
    assert recording.rate_hz == RATE_HZ
    return np.ascontiguousarray(recording.samples.T).astype(np.float32) / 32_768


def begun(call_id: str) -> Begun:
    return Begun(Started(CallInfo(call_id, ("agent", "customer")), (0, 1), RATE_HZ, placed=True))


def contents(call_id: str, samples: Samples) -> list[Content]:
    """A whole call."""
    step = round(RECORD_S * RATE_HZ)
    heard = [
        Heard((0, 1), RATE_HZ, at, True, samples[:, at : at + step])
        for at in range(0, samples.shape[1], step)
    ]
    return [begun(call_id), *heard, Said(Ended())]


class Writer:
    """Puts records on the audio topic as they are told, right or wrong."""

    def __init__(self, here: Site) -> None:
        self._vault: Vault = open_vault(here.folder / "key")
        self._producer = KafkaProducer(bootstrap_servers=here.kafka.bootstrap)
        self._keys: dict[str, bytes] = {}

    def write(self, call_id: str, numbered: Iterable[tuple[int, Content]], **sent: Any) -> None:
        """Records of one stream, each with its number."""
        wrapped = self._keys.setdefault(call_id, self._vault.new_key(call_id))
        cipher = self._vault.cipher(call_id, wrapped)
        for number, content in numbered:
            record = StreamRecord(call_id, f"{call_id}/1", number, content)
            key, headers, value = encode(record, cipher, wrapped)
            self._producer.send(AUDIO_TOPIC, value, key, headers, **sent)
        self._producer.flush()

    def poison(self, call_id: str) -> None:
        """What is no record."""
        self._producer.send(AUDIO_TOPIC, b"no such thing", call_id.encode(), [("schema", b"other/1")])
        self._producer.flush()

    def close(self) -> None:
        self._producer.close()


def test_poison_repeats_and_clocks_change_nothing_and_holes_are_gaps(tmp_path: Path) -> None:
    samples = call_audio(20.0)
    with site(tmp_path) as here:
        here.worker()
        writer = Writer(here)
        told = list(enumerate(contents("plain", samples)))
        writer.write("plain", told)
        told = list(enumerate(contents("poisoned", samples)))
        writer.write("poisoned", told[:20])
        writer.poison("poisoned")
        writer.write("poisoned", told[20:])
        told = list(enumerate(contents("repeated", samples)))
        writer.write("repeated", [*told[:30], *told[10:30], told[12], *told[28:]])
        told = list(enumerate(contents("skewed", samples)))
        for place, one in enumerate(told):
            writer.write("skewed", [one], timestamp_ms=1_000 + (10**13 if place % 2 else 0))
        told = list(enumerate(contents("swapped", samples)))
        writer.write("swapped", [*told[:40], told[41], told[40], *told[42:]])
        writer.write("unknown", list(enumerate(contents("unknown", samples)))[1:3])
        here.until_closed(["plain", "poisoned", "repeated", "skewed", "swapped"])
        plain = here.events("plain")
        assert sum(one["type"] == "utterance_final" for one in plain) > 3
        for name in ("poisoned", "repeated", "skewed"):
            assert here.events(name) == plain
        gaps = [one for one in here.events("swapped") if one["type"] == "audio_gap"]
        assert {(one["channel"], one["reason"]) for one in gaps} == {(0, "lost"), (1, "lost")}
        assert all(abs(one["end_s"] - one["start_s"] - RECORD_S) < 0.01 for one in gaps)
        dead = lying(here, DEAD_TOPIC)
        assert sorted((one.key, dict(one.headers)["reason"]) for one in dead) == [
            (b"poisoned", b"schema: expected wrapup.audio/1"),
            (b"unknown", b"a stream of which the beginning is not here"),
            (b"unknown", b"a stream of which the beginning is not here"),
        ]
        assert all(dict(one.headers)["from"].startswith(AUDIO_TOPIC.encode()) for one in dead)
        writer.close()


def test_a_call_whose_end_never_comes_is_closed_with_its_code(tmp_path: Path) -> None:
    with site(tmp_path, WRAPUP_LIVE__IDLE_S="2") as here:
        here.worker()
        writer = Writer(here)
        writer.write("left", list(enumerate(contents("left", call_audio(10.0))))[:-1])
        here.until_closed(["left"])
        events = here.events("left")
        assert [one["code"] for one in events if one["type"] == "call_closed"] == ["idle"]
        assert sum(one["type"] == "draft_ready" for one in events) == 1
        writer.close()


def test_a_call_of_three_hours_pins_nothing(tmp_path: Path) -> None:
    hours = 3
    speech = call_audio(20.0)
    quiet = np.zeros((2, 10 * 60 * RATE_HZ), np.float32)
    quiet[:, : speech.shape[1]] = speech
    with site(tmp_path, partitions=1) as here:
        here.worker()
        connection = Connection(tuple(here.kafka.bootstrap))
        writer = Writer(here)
        block = contents("long", quiet)[1:-1]
        writer.write("long", [(0, begun("long"))])
        number, behind = 1, []
        for place in range(hours * 6):
            moved = [_moved(one, place * quiet.shape[1]) for one in block]
            writer.write("long", list(enumerate(moved, number)))
            number += len(moved)
            behind.append(_uncommitted(connection, number))
        writer.write("long", [(number, Said(Ended()))])
        here.until_closed(["long"], 300.0)
        (closed,) = [one for one in here.events("long") if one["type"] == "call_closed"]
        assert closed["duration_s"] == hours * 3_600
        assert closed["code"] == "hangup"
        # Between two stretches of speech nothing of the past is needed.
        assert min(behind[2:]) < 2.5 * len(block)
        writer.close()


def _moved(content: Content, by: int) -> Content:
    assert isinstance(content, Heard)
    return Heard(content.channels, content.rate_hz, content.at + by, True, content.samples)


def _uncommitted(connection: Connection, end: int) -> int:
    """Records that another worker would have to read."""
    admin = connection.open(KafkaAdminClient)
    try:
        found = admin.list_group_offsets(GROUP)
        offsets = found.get(GROUP, found)
        place = TopicPartition(AUDIO_TOPIC, 0)
        return end - (offsets[place].offset if place in offsets else 0)
    finally:
        admin.close()


def test_many_open_calls_after_an_outage(tmp_path: Path) -> None:
    """Nobody read for long: more calls lie there than are ever heard at once, and all of them end."""
    calls = 10_000
    silence = np.zeros((2, round(RECORD_S * RATE_HZ)), np.float32)
    with site(tmp_path, WRAPUP_LIVE__IDLE_S="2") as here:
        vault = open_vault(here.folder / "key")
        here.worker().stop()
        with Outbox(Connection(tuple(here.kafka.bootstrap)), vault, keeps_s=600.0) as outbox:
            for number in range(calls):
                call_id = f"open-{number}"
                started = Started(CallInfo(call_id, ("agent", "customer")), (0, 1), RATE_HZ, placed=True)
                stream = outbox.write_stream(f"{call_id}/1", started)
                stream.hear(Chunk((0, 1), silence, 0))
            while outbox.late_s:
                time.sleep(0.1)
        here.worker()
        here.until_closed([f"open-{number}" for number in range(calls)], 900.0)
        codes = here.rows("SELECT end_code, count(*) FROM calls GROUP BY end_code")
        assert codes == [("idle", calls)]

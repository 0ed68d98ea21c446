"""A site as it is meant to be: calls in at a gateway, heard by workers, the same as anywhere else."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
from kafka import KafkaConsumer, TopicPartition

from pipeline.app import Pipeline
from pipeline.client import Sending, Target, read_recording
from pipeline.config import load_config
from pipeline.kafka.records import EVENTS_TOPIC, REVIEWS_TOPIC
from pipeline.web.background import running, temporary_service
from tests.conftest import ROOT
from tests.pipeline.live_server import by_id, read_feed
from tests.services.marks import SERVICES
from tests.services.site import Site, send_all, site, spoken

pytestmark = SERVICES

SAMPLES = ("12-hang-up", "01-overdraft-refund", "09-card-number")


def recording(name: str) -> Any:
    return read_recording(ROOT / "sample_calls" / f"{name}.flac", name, {})


def lying(here: Site, topic: str) -> list[Any]:
    """All records of a topic."""
    consumer = KafkaConsumer(bootstrap_servers=here.kafka.bootstrap, auto_offset_reset="earliest")
    places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    consumer.assign(places)
    ends, found = consumer.end_offsets(places), []
    while any(consumer.position(place) < ends[place] for place in places):
        found += [record for records in consumer.poll(timeout_ms=500).values() for record in records]
    consumer.close()
    return found


def test_sample_calls_are_the_same_over_kafka_as_over_the_socket_and_as_files(tmp_path: Path) -> None:
    with temporary_service(load_config()) as service, running(service) as address:
        sent = [Sending(Target(f"ws://{address}"), recording(name), 8.0).run() for name in SAMPLES]

        async def all_of_them() -> dict[str, Any]:
            await asyncio.gather(*sent)
            feeds = {name: await read_feed(address, f"/v1/calls/{name}/events") for name in SAMPLES}
            return {name: by_id([one for one in feed if one["id"]]) for name, feed in feeds.items()}

        alone = asyncio.run(all_of_them())
    with site(tmp_path) as here:
        gateway = here.gateway()
        here.worker(asr=None)
        asyncio.run(send_all([gateway.address], [recording(name) for name in SAMPLES], 4.0))
        here.until_closed(SAMPLES)
        for name in SAMPLES:
            assert here.events(name) == alone[name]
    with Pipeline(load_config()) as pipeline:
        document = pipeline.process(ROOT / "sample_calls" / "12-hang-up.flac", "12-hang-up").document
    finals = [one for one in alone["12-hang-up"] if one["type"] == "utterance_final"]
    assert {one["id"] for one in finals} == {one.id for one in document.utterances}
    (draft,) = [one for one in alone["12-hang-up"] if one["type"] == "draft_ready"]
    noted = [one.text for one in document.summary.statements]
    assert [one["text"] for one in draft["summary"]["statements"]] == noted


def test_browsers_topics_and_the_store_have_the_same_events_and_reviews_go_out(tmp_path: Path) -> None:
    with site(tmp_path) as here:
        gateways = [here.gateway(), here.gateway()]
        workers = [here.worker(), here.worker()]
        recordings = [spoken(f"call-{number}", "01-overdraft-refund", 30.0) for number in range(4)]
        codes = asyncio.run(send_all([one.address for one in gateways], recordings, 2.0))
        assert codes == ["hangup"] * 4
        told = [json.loads(record.value) for record in lying(here, EVENTS_TOPIC)]
        for name in (one.call_id for one in recordings):
            stored = here.events(name)
            for gateway in gateways:
                feed = asyncio.run(read_feed(gateway.address, f"/v1/calls/{name}/events"))
                assert by_id([one for one in feed if one["id"]]) == stored
            assert by_id([one for one in told if one["call_id"] == name]) == stored
        assert sorted(one["id"] for one in told) == list(range(1, len(told) + 1))
        _review(here, f"http://{gateways[1].address}")
        assert [process.stop() for process in [*workers, *gateways]] == [0, 0, 0, 0]


def _review(here: Site, gateway: str) -> None:
    note = httpx2.get(f"{gateway}/api/v1/calls/call-1/note").json()
    (draft,) = note["drafts"]
    saved = {
        "review_id": "review-1",
        "leg": 1,
        "associate": "ann",
        "final": draft["text"],
        "used": True,
        "edited": False,
        "saved_at": "2026-03-02T10:00:00Z",
    }
    answers = [
        httpx2.post(f"{gateway}/api/v1/notes/{draft['note_id']}/reviews", json=saved) for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [201, 200]
    told = lying(here, REVIEWS_TOPIC)
    assert {json.loads(one.value)["final"] for one in told} == {draft["text"]}
    assert len({dict(one.headers)["id"] for one in told}) == 1


def test_notes_are_written_by_workers_of_their_own(tmp_path: Path) -> None:
    with site(tmp_path, WRAPUP_NOTE__CHUNK_WORDS="30") as here:
        gateway = here.gateway()
        here.worker("--role", "speech", asr=None)
        writer = here.worker("--role", "notes")
        call = recording("01-overdraft-refund")
        asyncio.run(send_all([gateway.address], [call], 4.0))
        writer.kill()
        here.until_closed([call.call_id])
        notes = [one for one in here.events(call.call_id) if one["type"] in ("chunk_noted", "draft_ready")]
        assert len(notes) >= 2
        assert all(one["summary"]["stand_in"] is None for one in notes)

"""The same audio as a file and over the socket gives the same durable events, with the embedded engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.types import RATE_HZ
from pipeline.app import Pipeline
from pipeline.client import Sending, Target, read_recording
from pipeline.config import load_config
from pipeline.formats.call_json import CallDocument
from pipeline.service import Service
from pipeline.web.background import running, temporary_service
from tests.pipeline.live_server import read_feed, run

pytestmark = pytest.mark.sample_calls

CALLS = ["12-hang-up.flac", "03-disputed-transfer.mono.flac"]


@pytest.mark.parametrize("name", CALLS)
def test_a_sample_call_live_is_the_call_as_a_file(sample_calls: Path, name: str) -> None:
    path = sample_calls / name
    config = load_config(diarizer="none") if "mono" in name else load_config()
    with Pipeline(config) as pipeline:
        document = pipeline.process(path, "call").document
    with temporary_service(config) as service, running(service) as address:
        live = run(lambda: _sent(service, address, path))
    spoken = [event for event in live if event["type"] == "utterance_final"]
    spans = {event["token"]: event for event in live if event["type"] == "span_resolved"}
    spoken.sort(key=lambda event: (event["start_s"], event["channel"]))
    assert [_of_event(event, spans) for event in spoken] == _of_document(document)
    (draft,) = (event for event in live if event["type"] == "draft_ready")
    statements = [
        (one["section"], one["text"], tuple(one["evidence"])) for one in draft["summary"]["statements"]
    ]
    noted = [(one.section, one.text, one.evidence) for one in document.summary.statements]
    assert statements == noted
    assert live[-1]["type"] == "call_closed"
    assert abs(live[-1]["duration_s"] - document.duration_s) < 2 / RATE_HZ


async def _sent(service: Service, address: str, path: Path) -> list[dict]:
    recording = read_recording(path, "call", {})
    await Sending(Target(f"ws://{address}"), recording, 8.0).run()
    return [one["event"] for one in await read_feed(address, "/v1/calls/call/events")]


def _of_event(event: dict, spans: dict[str, dict]) -> tuple:
    """An utterance of the feed, with what is known of its masks in their place."""
    return (
        event["id"],
        event["channel"],
        event["start_s"],
        event["end_s"],
        [text for word in event["words"] for text in _known(word["text"], spans)],
    )


def _known(word: str, spans: dict[str, dict]) -> list[str]:
    token, bracket, stops = word.partition("]")
    span = spans.get(token + bracket)
    if span is None:
        return [word]
    return span["text"].split() if span["kind"] == "revealed" else [span["text"] + stops]


def _of_document(document: CallDocument) -> list[tuple]:
    return [
        (one.id, one.channel, one.start_s, one.end_s, [word.text for word in one.words])
        for one in document.utterances
    ]

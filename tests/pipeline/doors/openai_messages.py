"""What a client of OpenAI's realtime transcription sends, and events of calls to answer it with."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from models.types import RATE_HZ, Word
from pipeline.core.events import Event, Flushed, Partial, UtteranceFinal, UtteranceLost
from pipeline.core.transcript import utterance_id
from pipeline.doors.messages import Answer, DoorOutput, Opened, Reply, Upgrade
from pipeline.doors.metadata import DoorSettings
from pipeline.doors.openai import OpenAIDoor, OpenAIGate

TRANSCRIPTION = "conversation.item.input_audio_transcription"
SESSION_SEGMENTS = "item.input_audio_transcription.segments"


def upgrade(query: str = "", site: str | None = None, **headers: str) -> Upgrade:
    """An opening request; names of headers with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"ws://localhost:8080/v1/realtime{'?' + query if query else ''}"
    return Upgrade(url, named, 0.0, site)


def opened(query: str = "intent=transcription", **headers: str) -> Opened:
    """A connection whose call gets the id `made`."""
    found = OpenAIGate(DoorSettings(), lambda: "made").open(upgrade(query, **headers))
    assert isinstance(found, Opened)
    return found


def door(query: str = "intent=transcription", **headers: str) -> OpenAIDoor:
    """The door of a connection."""
    found = opened(query, **headers).door
    assert isinstance(found, OpenAIDoor)
    return found


def hearing(**audio_input: Any) -> str:
    """An update with these members of `audio.input`."""
    return client("session.update", session={"type": "transcription", "audio": {"input": audio_input}})


def client(kind: str, **members: Any) -> str:
    """An event of the client."""
    return json.dumps({"type": kind, **members})


def append(audio: bytes, **members: Any) -> str:
    """Audio."""
    return client("input_audio_buffer.append", audio=base64.b64encode(audio).decode(), **members)


def commit(event_id: str | None = None) -> str:
    """A commit."""
    return client("input_audio_buffer.commit", event_id=event_id)


def said(outputs: Sequence[DoorOutput | Answer]) -> list[dict[str, Any]]:
    """The server's events among these."""
    return [json.loads(output.message) for output in outputs if isinstance(output, Reply)]


def types(outputs: Sequence[DoorOutput | Answer]) -> list[str]:
    """Their types, without the long beginning that most share."""
    return [event["type"].replace(TRANSCRIPTION, "text") for event in said(outputs)]


def words(text: str, start: int, end: int) -> tuple[Word, ...]:
    """A text's words, evenly from start to end."""
    texts = text.split()
    step = (end - start) // max(len(texts), 1)
    return tuple(Word(one, start + i * step, start + (i + 1) * step) for i, one in enumerate(texts))


def final(start_s: float, end_s: float, text: str) -> UtteranceFinal:
    """An utterance."""
    start, end = round(start_s * RATE_HZ), round(end_s * RATE_HZ)
    return UtteranceFinal(utterance_id(0, start), 0, "S1", start, end, words(text, start, end), "en", ())


def lost(start_s: float, end_s: float) -> UtteranceLost:
    """An utterance without a text."""
    start, end = round(start_s * RATE_HZ), round(end_s * RATE_HZ)
    return UtteranceLost(utterance_id(0, start), 0, start, end, "failed")


def partial(start_s: float, end_s: float, committed: str, tail: str = "") -> Partial:
    """Text of an utterance that goes on."""
    return Partial(0, round(start_s * RATE_HZ), round(end_s * RATE_HZ), committed, tail)


def flushed(until_s: float) -> Flushed:
    """What was said before is out."""
    return Flushed(round(until_s * RATE_HZ))


def told(one: OpenAIDoor, *events: Event) -> list[dict[str, Any]]:
    """What the door says to events of its call."""
    return [message for event in events for message in said(one.event(event))]

"""What an event means in the tables: itself, and an utterance, a note, or what is known of speakers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table

from pipeline.core.events import (
    ChunkNoted,
    DraftReady,
    DurableEvent,
    RolesAssigned,
    SpanResolved,
    SpeakerRevised,
    TurnsFound,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.formats.event_json import encode_event, type_name
from pipeline.store.records import EventRecord
from pipeline.store.tables import events, notes, revisions, span_resolutions, utterances
from pipeline.store.vault import Cipher, Sealed

Row = dict[str, Any]
Rows = Iterable[tuple[Table, Row]]


@dataclass(frozen=True, slots=True)
class CallState:
    """What a writer must know of a call. `cipher` is None where it was forgotten."""

    opened_at: datetime
    closed: bool
    version: str | None
    cipher: Cipher | None


def place(table: Table, column: str, key: str) -> str:
    """Where a sealed text lies; see `Cipher.seal`."""
    return f"{table.name}.{column}/{key}"


def event_rows(record: EventRecord, state: CallState) -> Rows:
    """The event, and what it means in other tables; nothing where the call was forgotten."""
    cipher = state.cipher
    if cipher is None:
        return
    event, key = record.event, {"call_id": record.call_id}
    yield (
        events,
        {
            **key,
            "event_id": event.id,
            "seq": record.seq,
            "at": record.at,
            "type": type_name(type(event)),
            "event": cipher.seal(json.dumps(encode_event(event)).encode(), place(events, "event", event.id)),
        },
    )
    if isinstance(event, UtteranceFinal | UtteranceLost):
        yield utterances, key | _utterance(event, cipher)
    elif isinstance(event, DraftReady | ChunkNoted):
        yield notes, key | _note(event, cipher) | {"at": record.at, "version": note_version(event, state)}
    elif isinstance(event, SpanResolved):
        sealed = cipher.seal(event.text.encode(), place(span_resolutions, "text", event.token))
        told = {"token": event.token, "event_id": event.id, "kind": event.kind, "text": sealed}
        yield span_resolutions, key | told
    elif (facts := _facts(event)) is not None:
        yield revisions, key | {"event_id": event.id, "revision": 1, "utterance_id": None} | facts


def note_version(event: DraftReady | ChunkNoted, state: CallState) -> str | None:
    """All that made a note, hashed; before notes said it themselves, what made all of the call's text."""
    return event.version or state.version


def _utterance(event: UtteranceFinal | UtteranceLost, cipher: Cipher) -> Row:
    heard = event if isinstance(event, UtteranceFinal) else None
    text: Sealed | None = None
    if heard is not None:
        spoken = " ".join(word.text for word in heard.words)
        text = cipher.seal(spoken.encode(), place(utterances, "text", event.id))
    return {
        "utterance_id": event.id,
        "channel": event.channel,
        "speaker": heard and heard.speaker,
        "start_samples": event.start_samples,
        "end_samples": event.end_samples,
        "language": heard and heard.language,
        "lost": event.reason if isinstance(event, UtteranceLost) else None,
        "text": text,
    }


def _note(event: DraftReady | ChunkNoted, cipher: Cipher) -> Row:
    chunk = event if isinstance(event, ChunkNoted) else None
    statements = json.dumps(encode_event(event)["summary"]["statements"]).encode()
    return {
        "note_id": event.id,
        "code": event.summary.code,
        "statements": cipher.seal(statements, place(notes, "statements", event.id)),
        "kind": "draft" if chunk is None else "chunk",
        "number": chunk and chunk.number,
        "revision": event.revision,
        "stand_in": event.summary.stand_in,
    }


def _facts(event: DurableEvent) -> Row | None:
    """What is known of the speakers; there are no words in it."""
    found = encode_event(event)
    match event:
        case TurnsFound():
            return {"kind": "turns", "revision": event.revision, "facts": found["turns"]}
        case SpeakerRevised():
            told = {"utterance_id": event.utterance_id, "revision": event.revision}
            return told | {"kind": "parts", "facts": found["parts"]}
        case RolesAssigned():
            return {"kind": "roles", "facts": found["roles"]}
    return None

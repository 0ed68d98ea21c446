"""Events as records: durable ones, which nobody hears twice who goes by their ids, and partials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from models.errors import InputError
from pipeline.formats.event_json import decode_event, encode_event
from pipeline.kafka.records import Headers, RecordError
from pipeline.live.feed import Envelope
from pipeline.store.records import ReviewRecord

EVENT_SCHEMA = "wrapup.event/1"
REVIEW_SCHEMA = "wrapup.review/1"

_REVIEW = TypeAdapter(ReviewRecord)

Told = tuple[bytes, list[tuple[str, bytes]], bytes]
"""Key, headers and value of a record."""


def encode_envelope(envelope: Envelope) -> Told:
    """An event as a record. The header `id` is the same however often it is published."""
    event = envelope.event
    identity = f"{envelope.call_id}/{event.id}" if envelope.id is not None and hasattr(event, "id") else ""
    headers = [("schema", EVENT_SCHEMA.encode()), ("id", identity.encode())]
    body: dict[str, Any] = {
        "id": envelope.id,
        "call_id": envelope.call_id,
        "at": envelope.at.isoformat(),
        "site": envelope.site,
        "event": encode_event(event),
    }
    return envelope.call_id.encode(), headers, json.dumps(body).encode()


def encode_review(record: ReviewRecord) -> Told:
    """A review as a record. The header `id` is the same however often it is published."""
    headers = [("schema", REVIEW_SCHEMA.encode()), ("id", record.review_id.encode())]
    return record.call_id.encode(), headers, _REVIEW.dump_json(record)


def decode_envelope(headers: Headers, value: bytes | None) -> Envelope:
    """The event of a record. Raises `RecordError`, which holds nothing of it."""
    if dict(headers).get("schema") != EVENT_SCHEMA.encode():
        raise RecordError(f"schema: expected {EVENT_SCHEMA}")
    try:
        body: Mapping[str, Any] = json.loads(value or b"")
        number, call_id, site = body["id"], body["call_id"], body["site"]
        if not (_is_number(number) and isinstance(call_id, str) and (site is None or isinstance(site, str))):
            raise RecordError("value: expected a number, a call and a site")
        at = datetime.fromisoformat(body["at"])
        return Envelope(number, call_id, at, decode_event(body["event"]), site)
    except RecordError:
        raise
    except InputError as error:
        raise RecordError(str(error)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError("value: no event") from error


def _is_number(value: object) -> bool:
    return value is None or (type(value) is int and value > 0)

"""A stored call as the JSON object that leaves Wrapup. Times of a call are seconds since its start."""

from __future__ import annotations

from typing import Any

from pipeline.core.clock import seconds
from pipeline.store.records import StoredCall, StoredLeg

EXPORT_SCHEMA = "wrapup.export/1"


def exported(call: StoredCall, told: list[dict[str, Any]]) -> dict[str, Any]:
    """One call, with its legs and its events, each an `encode_event` with its seq and moment."""
    record = call.record
    return {
        "schema": EXPORT_SCHEMA,
        "call_id": record.call_id,
        "opened_at": record.opened_at.isoformat(),
        "closed_at": call.closed_at and call.closed_at.isoformat(),
        "end_code": call.end_code,
        "duration_s": None if call.duration_samples is None else seconds(call.duration_samples),
        "spoken_language": call.spoken_language,
        "forgotten_at": call.forgotten_at and call.forgotten_at.isoformat(),
        "roles": list(record.roles),
        "queue": record.queue,
        "direction": record.direction,
        "language": record.language,
        "site": record.site,
        "tenant": record.tenant,
        "provenance": record.provenance,
        "legs": [_exported_leg(leg) for leg in call.legs],
        "events": told,
    }


def _exported_leg(leg: StoredLeg) -> dict[str, Any]:
    return {
        "leg": leg.record.leg,
        "associate": leg.record.associate,
        "queue": leg.record.queue,
        "channel": leg.record.channel,
        "from_s": seconds(leg.record.from_samples),
        "to_s": None if leg.to_samples is None else seconds(leg.to_samples),
    }

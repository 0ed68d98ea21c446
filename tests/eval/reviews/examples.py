"""Reviews for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from eval.reviews.review import Review

STARTED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DRAFT = "Reason:\nCard fee of $35.\nActions:\nRefunded the fee.\nOutcome:\nSolved."


def review(call_id: str = "call-1", **values: Any) -> Review:
    """A review of a draft that was saved as it was, ten minutes after the call began."""
    facts: dict[str, Any] = {
        "leg": 1,
        "associate": "a-1",
        "started_at": STARTED,
        "drafted_at": STARTED + timedelta(minutes=8),
        "opened_at": STARTED + timedelta(minutes=9),
        "saved_at": STARTED + timedelta(minutes=10),
        "draft": DRAFT,
        "final": DRAFT,
    }
    facts.update(values)
    facts.setdefault("mature", facts["final"])
    return Review(call_id=call_id, **facts)

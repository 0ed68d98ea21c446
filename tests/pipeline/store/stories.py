"""Calls as the shell would hand them over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from models.types import Statement, Summary, Transcription, Turn, Word
from pipeline.core.events import (
    AudioGap,
    CallClosed,
    DraftReady,
    DurableEvent,
    Failure,
    LegStarted,
    RolesAssigned,
    SpeakerPart,
    SpeakerRevised,
    TurnsFound,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.store.records import (
    CallRecord,
    EventRecord,
    JobResultRecord,
    LegRecord,
    Record,
    SnapshotRecord,
)

OPENED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SPOKEN = ("heliotrope", "marmalade", "periwinkle", "quagmire")
"""Words that stand nowhere else, so that a search for them in files means something."""


def opened(call_id: str, day: int = 0, associate: str = "ann") -> list[Record]:
    """A call and its first leg."""
    provenance = {"wrapup": "0.1.0", "version": "abc123"}
    at = OPENED + timedelta(days=day)
    return [
        CallRecord(call_id, at, ("agent", "customer"), "cards", "inbound", "en", "leeds", "bank", provenance),
        LegRecord(call_id, 1, associate, "cards", 0, 0),
    ]


def final(start: int, text: Sequence[str] = SPOKEN, channel: int = 0) -> UtteranceFinal:
    """An utterance of one second."""
    words = tuple(Word(word, start + 100 * i, start + 100 * i + 90, 0.5) for i, word in enumerate(text))
    return UtteranceFinal(
        f"u{channel}-{start}", channel, f"S{channel + 1}", start, start + 16_000, words, "en", ()
    )


def told() -> list[DurableEvent]:
    """Every kind of event, the last of them the end of the call."""
    note = Summary("ok", (Statement("reason", "A marmalade matter.", ("u0-0",), "supported"),))
    return [
        final(0),
        UtteranceLost("u1-16000", 1, 16_000, 20_000, "deadline"),
        AudioGap("gap0-20000", 0, 20_000, 24_000),
        LegStarted("leg-2", 2, "bob", "loans", 30_000),
        final(32_000, channel=1),
        TurnsFound("turns-1", 1, 0, (Turn(0, 16_000, "S1"),)),
        SpeakerRevised("u0-0-speaker-1", "u0-0", 1, (SpeakerPart(0, 4, "S2"),)),
        RolesAssigned("roles-1", (("S1", "agent"), ("S2", "customer"))),
        DraftReady("draft-1", note),
        CallClosed("closed", "hangup", 48_000, "en"),
    ]


def numbered(call_id: str, events: Sequence[DurableEvent], first_seq: int = 1) -> list[Record]:
    """Events as records, a second apart."""
    return [
        EventRecord(first_seq + i, call_id, OPENED + timedelta(seconds=i), event)
        for i, event in enumerate(events)
    ]


def results(call_id: str) -> list[Record]:
    """A result of every kind of job."""
    heard = Transcription((Word("quagmire", 0, 100, None, True),), "en")
    note = Summary("ok", (Statement("reason", "A quagmire.", ("u0-0",)),))
    return [
        JobResultRecord(call_id, "u0-0", heard),
        JobResultRecord(call_id, "u1-16000", Failure("deadline")),
        JobResultRecord(call_id, "diarize", (Turn(0, 16_000, "S1"),)),
        JobResultRecord(call_id, "summarize", note),
    ]


def whole_call(call_id: str, first_seq: int = 1, day: int = 0) -> list[Record]:
    """All of a call in the order in which the shell hands it over."""
    events = numbered(call_id, told(), first_seq)
    return [
        *opened(call_id, day),
        *results(call_id),
        *events[:3],
        SnapshotRecord(call_id, b'{"state": "periwinkle"}'),
        *events[3:],
    ]

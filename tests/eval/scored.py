"""Segments and documents that the tests of the harness share."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.formats.call_json import (
    CallDocument,
    Channel,
    End,
    Note,
    Provenance,
    Redaction,
    Speaker,
    Timing,
    Utterance,
)
from pipeline.formats.segments import Segment


def said(speaker: str, text: str | None, start_s: float | None, channel: int | None = None) -> Segment:
    """One second of a speaker."""
    return Segment(speaker, start_s, None if start_s is None else start_s + 1, text, channel)


def call(call_id: str, segments: Sequence[Segment], channels: int = 1, masked: int = 0) -> CallDocument:
    """A document with these utterances."""
    return CallDocument(
        call_id=call_id,
        language="en",
        duration_s=60.0,
        channels=tuple(Channel(index=index, role="unknown") for index in range(channels)),
        speakers=tuple(Speaker(id=name, role="unknown") for name in sorted({s.speaker for s in segments})),
        utterances=tuple(
            Utterance(
                id=f"u{place}",
                speaker=segment.speaker,
                channel=segment.channel or 0,
                start_s=segment.start_s or 0.0,
                end_s=segment.end_s or 0.0,
                text=segment.text or "",
            )
            for place, segment in enumerate(segments)
        ),
        redactions=tuple(
            Redaction(kind="number", start_s=0, end_s=1, channel=0, token=f"[NUMBER_{place}]")
            for place in range(masked)
        ),
        summary=Note(code="too_short"),
        end=End(code="hangup"),
        provenance=Provenance(wrapup="0.1.0", asr="scripted:1", diarizer="channels:1"),
        timing=Timing(audio_s=60.0, wall_s=1.0),
    )

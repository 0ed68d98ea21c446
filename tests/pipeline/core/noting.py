"""Notes that tell what they were made of, for tests of what depends on what."""

from __future__ import annotations

from dataclasses import replace

from models.types import Statement, Summary, Usage
from pipeline.core.events import ChunkNoted, DraftReady, DurableEvent, Job, SummarizeJob
from pipeline.core.session import NoteSettings, SessionSettings
from tests.pipeline.core.driving import Driver, Reply, answer

COST = Usage(1, 100, 10)

CHUNKED = NoteSettings(chunk_words=5, chunk_pause_ms=300, chunk_rest_ms=600)
STANDS_IN = replace(CHUNKED, stands_in=True)
STEREO = SessionSettings(channels=2, roles=("agent", "customer"), note=CHUNKED)
STEREO_STANDS_IN = replace(STEREO, note=STANDS_IN)
MONO = SessionSettings(channels=1, diarize=True, note=CHUNKED)
LIVE = replace(STEREO_STANDS_IN, partial_ms=200, early=True)
LIVE_MONO = replace(MONO, partial_ms=200, label_ms=300, early=True)


def note(job: Job) -> Summary:
    """A statement of all that the job was given, which rests on the first and the last of its lines."""
    assert isinstance(job, SummarizeJob)
    request = job.request
    lines = (*request.cited, *request.lines)
    told = " ".join(f"{line.id}:{line.role}:{line.text}" for line in request.lines)
    earlier = " ".join(f"{one.number}:{row.text}" for one in request.earlier for row in one.statements)
    evidence = tuple(dict.fromkeys((lines[0].id, lines[-1].id)))
    text = f"{job.by} {request.purpose} of {told} after {earlier}"
    return Summary("ok", (Statement("reason", text, evidence),), usage=COST)


def noted(job: Job) -> Reply:
    """As `answer`, with such notes."""
    return note(job) if isinstance(job, SummarizeJob) else answer(job)


def chunks(driven: Driver) -> list[ChunkNoted]:
    """The notes of chunks that are out."""
    return [event for event in driven.events if isinstance(event, ChunkNoted)]


def drafts(driven: Driver) -> list[DraftReady]:
    """The drafts that are out."""
    return [event for event in driven.events if isinstance(event, DraftReady)]


def without_chunks(events: list[DurableEvent]) -> list[DurableEvent]:
    """All but notes of chunks."""
    return [event for event in events if not isinstance(event, ChunkNoted)]


def asked(driven: Driver) -> list[SummarizeJob]:
    """The notes that are asked for and not answered."""
    return [job for job in driven.jobs if isinstance(job, SummarizeJob)]

"""What a session is told at its start, and all that it remembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from models.types import (
    Claim,
    Disagreement,
    Line,
    MemberNote,
    Role,
    Statement,
    Summary,
    Transcription,
    Turn,
    Usage,
    Word,
)
from pipeline.core import snapshot
from pipeline.core.announcing import Topic
from pipeline.core.endpointing import EndpointSettings, EndpointState, Span
from pipeline.core.events import (
    AudioGap,
    ChunkNoted,
    DurableEvent,
    EndCode,
    Failure,
    SpanResolved,
    UtteranceFinal,
)
from pipeline.core.naming import Piece
from pipeline.core.note_state import ChunkState, NoteState
from pipeline.core.partials import PartialState
from pipeline.core.redaction import MaskedSpan, MaskState
from pipeline.core.resolving import HiddenSpan, Known, ResolvingState, Said
from pipeline.core.transcript import Pending, TranscriptState
from pipeline.core.vault import Issued, VaultState

Stage = Literal["open", "ended", "drafting", "closed"]


@dataclass(frozen=True, slots=True)
class DeadlineSettings:
    """When a job's result no longer counts: `base_s` plus a factor of its audio and of the backlog."""

    base_s: float = 60.0
    per_audio_s: float = 20.0
    per_backlog_s: float = 20.0


@dataclass(frozen=True, slots=True)
class NoteSettings:
    """How notes come about.

    `due_s` after hang-up the note of the embedded summarizer stands in for a chosen one that is not there;
    until `give_up_s` after hang-up that may still come, and is offered. `seconds` and `tokens`: what notes of
    one call may cost, None for no bound. A chunk of the call is noted once it has `chunk_words` words, or
    half of them and a pause of `chunk_pause_ms`; None for `chunk_words`: not before hang-up.
    `drop_unsupported` leaves out statements that the call does not support, which else are flagged.
    `restore`: kinds of secrets that the draft names in clear. A call with fewer than
    `least_words`, or one party, gets a code in place of a note; None: the summarizer decides. `versions` are
    those of notes by the chosen and by the embedded summarizer. `stands_in`: the embedded summarizer is to be
    asked beside the chosen one. A chunk that ended less than `chunk_rest_ms` before hang-up is not noted by
    itself, so that no draft waits for notes that were just asked for; they are asked for after half of that.
    `earlier_words` is what notes of chunks, and the lines that they rest on, may have in a draft.
    """

    stands_in: bool = False
    due_s: float = 10.0
    give_up_s: float = 60.0
    seconds: float | None = None
    tokens: int | None = None
    chunk_words: int | None = None
    chunk_pause_ms: int = 2_000
    chunk_rest_ms: int = 20_000
    earlier_words: int = 2_000
    drop_unsupported: bool = False
    least_words: int | None = None
    versions: tuple[str, str] = ("", "")
    restore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """What a session is told at its start.

    `roles`: one a channel; on mono calls by first heard, or empty: told by what is said. `diarize` asks
    for the turns of a mono call at its end. `partial_ms` is the cadence of partials, None for none.
    `label_ms`, on mono calls with `diarize`, asks who spoke after finals came out, once in so much audio at
    most; None for not before the end. For diarizers that are `online`. `early` asks for the text of an
    utterance once its end is likely, before the silence was long enough to end it; durable events are the
    same with and without. `mask_secrets` is False only for scoring against references, in memory.
    """

    channels: int
    roles: tuple[Role, ...] = ()
    diarize: bool = False
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    deadline: DeadlineSettings = field(default_factory=DeadlineSettings)
    partial_ms: int | None = None
    label_ms: int | None = None
    early: bool = False
    mask_secrets: bool = True
    note: NoteSettings = field(default_factory=NoteSettings)


@dataclass(slots=True)
class ChannelState:
    """One channel: its clock, endpointer and transcript.

    `early` is the utterance that was asked for before it ended; `gaps` wait for the utterances before them.
    """

    transcript: TranscriptState
    endpoint: EndpointState = field(default_factory=EndpointState)
    heard: int = 0
    partial: PartialState = field(default_factory=PartialState)
    early: Pending | None = None
    gaps: list[AudioGap] = field(default_factory=list)


@dataclass(slots=True)
class SessionState:
    """All that a session remembers; `turns` are None until asked for.

    `finals`, `resolved` and notes of chunks that are out are left out of snapshots, since they are stored
    as events: `final_count` and `resolved_count` say how many belong.
    """

    settings: SessionSettings
    channels: list[ChannelState]
    stage: Stage = "open"
    code: EndCode = "hangup"
    finals: list[UtteranceFinal] = field(default_factory=list)
    final_count: int = 0
    resolving: ResolvingState = field(default_factory=ResolvingState)
    resolved: list[SpanResolved] = field(default_factory=list)
    resolved_count: int = 0
    legs: int = 0
    turns: tuple[Turn, ...] | None = None
    turns_due_s: float | None = None
    lines: tuple[Line, ...] = ()
    notes: NoteState = field(default_factory=NoteState)


_CLASSES = {
    kind.__name__: kind
    for kind in (
        AudioGap,
        ChannelState,
        ChunkState,
        Claim,
        DeadlineSettings,
        Disagreement,
        EndpointSettings,
        EndpointState,
        Failure,
        HiddenSpan,
        Issued,
        Known,
        Line,
        MaskState,
        MaskedSpan,
        MemberNote,
        NoteSettings,
        NoteState,
        PartialState,
        Pending,
        Piece,
        ResolvingState,
        Said,
        SessionSettings,
        SessionState,
        Span,
        Statement,
        Summary,
        Topic,
        TranscriptState,
        Transcription,
        Turn,
        Usage,
        UtteranceFinal,
        VaultState,
        Word,
    )
}


def dump(state: SessionState) -> bytes:
    """A session's state as versioned bytes, without the events that are out and needed again."""
    chunks = [
        replace(chunk, summary=None) if chunk.summary is not None and chunk.shown == chunk.noted else chunk
        for chunk in state.notes.chunks
    ]
    left = replace(state, finals=[], final_count=len(state.finals), resolved=[])
    left.resolved_count = len(state.resolved)
    left.notes = replace(state.notes, chunks=chunks)
    return snapshot.dump(left)


def load(data: bytes, events: Sequence[DurableEvent]) -> SessionState:
    """The state again, with the events that were given out before. Raises `SnapshotError`."""
    state: SessionState = snapshot.load(data, _CLASSES)
    finals = [event for event in events if isinstance(event, UtteranceFinal)]
    if len(finals) < state.final_count:
        raise snapshot.SnapshotError(f"{len(finals)} finals for a snapshot taken after {state.final_count}")
    resolved = [event for event in events if isinstance(event, SpanResolved)]
    if len(resolved) < state.resolved_count:
        raise snapshot.SnapshotError(f"{len(resolved)} spans for a snapshot after {state.resolved_count}")
    state.finals = finals[: state.final_count]
    state.resolved = resolved[: state.resolved_count]
    noted = {
        (event.number, event.revision): event.summary for event in events if isinstance(event, ChunkNoted)
    }
    for chunk in state.notes.chunks:
        if chunk.shown and chunk.shown == chunk.noted:
            chunk.summary = noted.get((chunk.number, chunk.noted))
            if chunk.summary is None:
                raise snapshot.SnapshotError(f"the note of chunk {chunk.number} is not there")
    return state

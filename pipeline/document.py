"""The durable events of a call folded into its document."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from models.types import SECTIONS, Role, Statement, Summary, Word
from pipeline.core.clock import seconds
from pipeline.core.events import (
    AudioGap,
    CallClosed,
    DraftReady,
    DurableEvent,
    RolesAssigned,
    SpeakerPart,
    SpeakerRevised,
    TurnsFound,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.core.redaction import REDACTION_VERSION
from pipeline.core.revealing import REVEALED, Spans, spans_of, with_spans
from pipeline.core.transcript import utterance_id
from pipeline.formats.call_json import (
    CallDocument,
    CallWord,
    Channel,
    End,
    Gap,
    Note,
    NoteClaim,
    NoteDisagreement,
    NoteMember,
    NoteStatement,
    NoteTold,
    NoteUsage,
    NoteValue,
    Provenance,
    Redaction,
    Speaker,
    Timing,
    TurnOfSpeaker,
    Utterance,
    shown,
)


def section_title(section: str) -> str:
    """A section's name as people read it: "follow_ups" is "Follow ups"."""
    return section.replace("_", " ").capitalize()


def version_of(summarizer: str, asr: str | None) -> str:
    """The version that wrote a note: a hash over all that its words depend on.

    `summarizer` as the engine names itself, with model, prompt, examples and decoding; the redaction; `asr`
    as the transcriber names itself, None for a transcript whose words nobody here heard.
    """
    parts = json.dumps([summarizer, REDACTION_VERSION, asr])
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


def made_by(provenance: Provenance, summarizer: str) -> Provenance:
    """The provenance of a note by `summarizer`, as it names itself."""
    version = version_of(summarizer, provenance.asr)
    return provenance.model_copy(update={"summarizer": summarizer, "version": version})


@dataclass(frozen=True, slots=True)
class Frame:
    """What a document says beside the events: where the call came from and what made it.

    `stand_in` is the summarizer that wrote a note which stands in, as it names itself.
    """

    call_id: str
    channel_roles: tuple[Role, ...]
    started_at: datetime | None
    provenance: Provenance
    wall_s: float
    stand_in: str | None = None


def document(events: Sequence[DurableEvent], frame: Frame) -> CallDocument:
    """The document of a closed call; utterances are sorted by start, then channel.

    On a call in a language that the engine lacks, the few clips that passed for its own are gaps too: their
    words are nonsense.
    """
    closed = next(event for event in events if isinstance(event, CallClosed))
    draft = next(event for event in events if isinstance(event, DraftReady))
    roles = next((event.roles for event in events if isinstance(event, RolesAssigned)), ())
    spans = spans_of(events)
    revised = {event.utterance_id: event.parts for event in events if isinstance(event, SpeakerRevised)}
    finals = [event for event in events if isinstance(event, UtteranceFinal)]
    foreign = draft.summary.code == "unsupported_language"
    read = [] if foreign else finals
    utterances = [part for final in read for part in _utterances(final, revised.get(final.id, ()), spans)]
    utterances.sort(key=lambda utterance: (utterance.start_s, utterance.channel))
    duration_s = seconds(closed.duration_samples)
    return CallDocument(
        call_id=frame.call_id,
        language=None if foreign or closed.language == "und" else closed.language,
        started_at=frame.started_at,
        duration_s=duration_s,
        channels=tuple(Channel(index=index, role=role) for index, role in enumerate(frame.channel_roles)),
        speakers=tuple(Speaker(id=speaker, role=role) for speaker, role in roles),
        utterances=tuple(utterances),
        turns=_turns(events),
        gaps=_gaps(events, foreign),
        redactions=_redactions(read, spans),
        summary=note(draft.summary),
        end=End(code=closed.code),
        provenance=_provenance(draft.summary, frame),
        timing=Timing(audio_s=duration_s, wall_s=frame.wall_s),
    )


def _provenance(summary: Summary, frame: Frame) -> Provenance:
    if summary.stand_in is None or frame.stand_in is None:
        return frame.provenance
    return made_by(frame.provenance, frame.stand_in)


def note(summary: Summary) -> Note:
    """A summary as the document shows it: the text has a line a section, then one a field of the site's."""
    lines = []
    for section in SECTIONS:
        texts = [shown(row.text, row.flags) for row in summary.statements if row.section == section]
        if texts:
            lines.append(f"{section_title(section)}: {' '.join(texts)}")
    lines += [f"{section_title(name)}: {value}" for name, value in summary.fields]
    return Note(
        code=summary.code,
        text="\n".join(lines),
        statements=_statements(summary.statements),
        fields=tuple(NoteValue(name=name, value=value) for name, value in summary.fields),
        usage=NoteUsage(**asdict(summary.usage)),
        stand_in=summary.stand_in,
        members=tuple(
            NoteMember(
                summarizer=m.summarizer,
                statements=_statements(m.statements),
                fault=m.fault,
                version=m.version,
            )
            for m in summary.members
        ),
        disagreements=tuple(
            NoteDisagreement(
                kind=d.kind, told=tuple(NoteTold(summarizer=name, words=words) for name, words in d.told)
            )
            for d in summary.disagreements
        ),
    )


def _statements(rows: Sequence[Statement]) -> tuple[NoteStatement, ...]:
    return tuple(
        NoteStatement(
            section=row.section,
            text=row.text,
            evidence=row.evidence,
            support=row.support,
            claims=tuple(NoteClaim(**asdict(claim)) for claim in row.claims),
            flags=row.flags,
        )
        for row in rows
    )


def _utterances(final: UtteranceFinal, parts: Sequence[SpeakerPart], spans: Spans) -> list[Utterance]:
    whole = (SpeakerPart(0, len(final.words), final.speaker),)
    return [_utterance(final, part, spans) for part in parts or whole]


def _utterance(final: UtteranceFinal, part: SpeakerPart, spans: Spans) -> Utterance:
    words = final.words[part.first_word : part.end_word]
    start = words[0].start_samples if part.first_word else final.start_samples
    end = words[-1].end_samples if part.end_word < len(final.words) else final.end_samples
    shown = with_spans(words, spans)
    return Utterance(
        id=utterance_id(final.channel, start) if part.first_word else final.id,
        speaker=part.speaker,
        channel=final.channel,
        start_s=seconds(start),
        end_s=seconds(end),
        text=" ".join(word.text for word in shown),
        words=tuple(_word(word) for word in shown),
    )


def _word(word: Word) -> CallWord:
    return CallWord(
        text=word.text,
        start_s=seconds(word.start_samples),
        end_s=seconds(word.end_samples),
        confidence=word.confidence,
        estimated=word.estimated,
    )


def _turns(events: Sequence[DurableEvent]) -> tuple[TurnOfSpeaker, ...]:
    found = [event for event in events if isinstance(event, TurnsFound)]
    return tuple(
        TurnOfSpeaker(speaker=turn.speaker, channel=event.channel, **_span(turn))
        for event in found
        for turn in event.turns
    )


def _gaps(events: Sequence[DurableEvent], foreign: bool) -> tuple[Gap, ...]:
    kinds = (AudioGap, UtteranceLost, UtteranceFinal) if foreign else (AudioGap, UtteranceLost)
    lost = [event for event in events if isinstance(event, kinds)]
    lost.sort(key=lambda event: (event.start_samples, event.channel))
    return tuple(Gap(channel=event.channel, **_span(event)) for event in lost)


def _redactions(finals: Sequence[UtteranceFinal], spans: Spans) -> tuple[Redaction, ...]:
    """The masks that stay, by what they turned out to be."""
    masked = [(span, final.channel) for final in finals for span in final.redactions]
    masked.sort(key=lambda item: (item[0].start_samples, item[1]))
    found = []
    for span, channel in masked:
        known = spans.get(span.token)
        kind, token = (known.kind, known.text) if known else (span.kind, span.token)
        if kind != REVEALED:
            found.append(Redaction(kind=kind, token=token, channel=channel, **_span(span)))
    return tuple(found)


def _span(timed: Any) -> dict[str, float]:
    return {"start_s": seconds(timed.start_samples), "end_s": seconds(timed.end_samples)}

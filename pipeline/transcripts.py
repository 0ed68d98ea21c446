"""Transcripts that exist already, as calls without audio: masked, with roles, ready for a note."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from models.types import RATE_HZ, Line, Role, Summary, Word
from pipeline.core.events import SpanResolved, UtteranceFinal
from pipeline.core.redaction import MaskedSpan, MaskState, conceal, mask
from pipeline.core.resolving import Resolver, ResolvingState, said_of
from pipeline.core.revealing import REVEALED, Spans, with_spans
from pipeline.core.roles import assign_roles
from pipeline.core.vault import VaultState
from pipeline.document import note
from pipeline.formats.call_json import (
    CallDocument,
    CallWord,
    Channel,
    End,
    Provenance,
    Redaction,
    Speaker,
    Timing,
    Utterance,
    parse_call,
)
from pipeline.formats.fields import load_json
from pipeline.formats.plain import read_text
from pipeline.formats.readers import read_transcript
from pipeline.formats.segments import Segment
from pipeline.long_calls import TimedLine
from pipeline.notes import Said

MOST_DIGITS = 3
"""Digits that a speaker's label may have: "Speaker 12" is a label, a card number is not."""

WORD_S = 0.4
"""Length of a word where a transcript has no times: a calm 150 words a minute."""


@dataclass(frozen=True, slots=True)
class CallText:
    """A document whose note is still to be written, and what its masks stand for."""

    document: CallDocument
    vault: VaultState = field(default_factory=VaultState)


def read_call_text(path: Path, call_id: str, provenance: Provenance) -> CallText:
    """A transcript file. Raises `InputError`.

    Our own JSON stays as it is. In other forms speakers named "agent" or "customer" keep that role, else what
    they say decides; the text is masked as a live call is. Masks that are in it already stay, and stand for
    nothing that could be restored: ours take other numbers.
    """
    known = _our_own(path)
    if known is not None:
        made_by = known.provenance.model_copy(
            update={"summarizer": provenance.summarizer, "version": provenance.version}
        )
        return CallText(known.model_copy(update={"provenance": made_by}))
    segments = _timed(_safely_named([segment for segment in read_transcript(path) if segment.text]))
    utterances, redactions, vault = _masked(segments)
    roles = _roles(segments)
    duration_s = max((utterance.end_s for utterance in utterances), default=0.0)
    channels = sorted({utterance.channel for utterance in utterances})
    document = CallDocument(
        call_id=call_id,
        language="en" if utterances else None,
        duration_s=duration_s,
        channels=tuple(Channel(index=index, role="unknown") for index in channels),
        speakers=tuple(Speaker(id=speaker, role=role) for speaker, role in roles.items()),
        utterances=tuple(utterances),
        redactions=tuple(redactions),
        summary=note(Summary("no_speech")),
        end=End(code="hangup"),
        provenance=provenance,
        timing=Timing(audio_s=0.0, wall_s=0.0),
    )
    return CallText(document, vault)


def _our_own(path: Path) -> CallDocument | None:
    if path.suffix.lower() != ".json":
        return None
    text = read_text(path)
    found = load_json(text, str(path))
    return parse_call(text, str(path)) if isinstance(found, dict) and "schema" in found else None


def said_on(call: CallText) -> Said:
    """The utterances of a document as a summarizer reads them."""
    roles = {speaker.id: speaker.role for speaker in call.document.speakers}
    lines = tuple(
        TimedLine(
            Line(each.id, roles.get(each.speaker, "unknown"), each.speaker, each.text),
            round(each.start_s * RATE_HZ),
            round(each.end_s * RATE_HZ),
        )
        for each in call.document.utterances
    )
    return Said(lines, call.vault)


def _safely_named(segments: Sequence[Segment]) -> list[Segment]:
    """The segments, with S1, S2 ... for speakers whose name holds what the mask would hide."""
    labels: dict[str, str] = {}
    for segment in segments:
        words = [Word(text, 0, 0) for text in segment.speaker.split()]
        hidden = bool(mask(words, MaskState())[1]) or sum(c.isdigit() for c in segment.speaker) > MOST_DIGITS
        labels.setdefault(segment.speaker, f"S{len(labels) + 1}" if hidden else segment.speaker)
    return [replace(segment, speaker=labels[segment.speaker]) for segment in segments]


def _timed(segments: Sequence[Segment]) -> list[Segment]:
    """Every segment with times: those without follow the one before at the pace of calm speech."""
    timed: list[Segment] = []
    at_s = 0.0
    for segment in segments:
        start_s = at_s if segment.start_s is None else segment.start_s
        spoken_s = WORD_S * len((segment.text or "").split())
        end_s = start_s + spoken_s if segment.end_s is None else segment.end_s
        at_s = max(end_s, start_s)
        timed.append(Segment(segment.speaker, start_s, at_s, segment.text, segment.channel, segment.words))
    return timed


def _masked(segments: Sequence[Segment]) -> tuple[list[Utterance], list[Redaction], VaultState]:
    """The segments as utterances of which each speaker's are a channel, masked and then resolved."""
    speakers = list(dict.fromkeys(segment.speaker for segment in segments))
    count, highest = max(1, len(speakers)), _highest_token(segments)
    issued = -(-highest // count)
    states = {name: MaskState(channel=i, channels=count, issued=issued) for i, name in enumerate(speakers)}
    resolving = ResolvingState.new(count, issued=highest)
    resolver = Resolver(resolving)
    finals: list[UtteranceFinal] = []
    for number, segment in enumerate(segments):
        masked = conceal(_words(segment), states[segment.speaker])
        states[segment.speaker] = masked.state
        finals.append(_final(number, speakers.index(segment.speaker), segment, masked.words, masked.spans))
        resolver.add(said_of(finals[-1], masked.hidden))
    spans = {span.token: span for span in resolver.end()}
    utterances: list[Utterance] = []
    redactions: list[Redaction] = []
    for number, (segment, final) in enumerate(zip(segments, finals, strict=True)):
        channel = segment.channel or 0
        utterances.append(_utterance(f"u{channel}-{number}", segment, with_spans(final.words, spans)))
        redactions += _redactions(final, spans, channel)
    return utterances, redactions, resolving.vault


def _final(
    number: int, channel: int, segment: Segment, words: Sequence[Word], spans: Sequence[MaskedSpan]
) -> UtteranceFinal:
    start, end = round((segment.start_s or 0.0) * RATE_HZ), round((segment.end_s or 0.0) * RATE_HZ)
    return UtteranceFinal(
        f"u{channel}-{number}", channel, segment.speaker, start, end, tuple(words), "en", tuple(spans)
    )


def _highest_token(segments: Sequence[Segment]) -> int:
    """The highest number of a mask that the transcript holds already, so that none is issued twice."""
    text = " ".join(segment.text or "" for segment in segments)
    return max((int(number) for number in re.findall(r"\[[A-Z]+_(\d+)\]", text)), default=0)


def _words(segment: Segment) -> list[Word]:
    """Words on the sample clock; spread evenly where the transcript times only the segment."""
    if segment.words:
        return [
            Word(w.text, round(w.start_s * RATE_HZ), round(w.end_s * RATE_HZ), w.confidence, w.estimated)
            for w in segment.words
        ]
    texts = (segment.text or "").split()
    start_s, end_s = segment.start_s or 0.0, segment.end_s or 0.0
    step = (end_s - start_s) * RATE_HZ / max(1, len(texts))
    start = start_s * RATE_HZ
    return [
        Word(text, round(start + i * step), round(start + (i + 1) * step), None, True)
        for i, text in enumerate(texts)
    ]


def _utterance(utterance_id: str, segment: Segment, words: Sequence[Word]) -> Utterance:
    return Utterance(
        id=utterance_id,
        speaker=segment.speaker,
        channel=segment.channel or 0,
        start_s=segment.start_s or 0.0,
        end_s=segment.end_s or 0.0,
        text=" ".join(word.text for word in words),
        words=tuple(
            CallWord(
                text=word.text,
                start_s=word.start_samples / RATE_HZ,
                end_s=word.end_samples / RATE_HZ,
                confidence=word.confidence,
                estimated=word.estimated,
            )
            for word in words
        ),
    )


def _redactions(final: UtteranceFinal, spans: Spans, channel: int) -> list[Redaction]:
    known: list[SpanResolved] = [spans[span.token] for span in final.redactions]
    return [
        Redaction(
            kind=span.kind,
            token=span.text,
            channel=channel,
            start_s=span.start_samples / RATE_HZ,
            end_s=span.end_samples / RATE_HZ,
        )
        for span in known
        if span.kind != REVEALED
    ]


def _roles(segments: Sequence[Segment]) -> dict[str, Role]:
    named: dict[str, Role] = {"agent": "agent", "customer": "customer"}
    heard = dict.fromkeys(segment.speaker for segment in segments)
    if any(speaker.lower() in named for speaker in heard):
        return {speaker: named.get(speaker.lower(), "unknown") for speaker in heard}
    return assign_roles([(segment.speaker, segment.text or "") for segment in segments])

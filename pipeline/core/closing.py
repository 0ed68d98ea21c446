"""What hang-up turns the utterances of a call into: speakers, roles, lines for the note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from models.text.worth import too_little
from models.types import Line, Role, SummaryCode
from pipeline.core.events import SpeakerPart, UtteranceFinal
from pipeline.core.revealing import Spans, spans_of, with_spans
from pipeline.core.roles import assign_roles
from pipeline.core.speakers import PROVISIONAL
from pipeline.core.state import SessionSettings, SessionState
from pipeline.core.transcript import utterance_id

FOREIGN_SHARE = 0.3
"""A call with more than this share of its speech in a language the engine lacks gets a code, not a note."""

Parts = Mapping[str, tuple[SpeakerPart, ...]]


def spoken_lines(finals: Sequence[UtteranceFinal], parts: Parts, spans: Spans) -> list[Line]:
    """Every utterance in order of time, masks resolved, one line a speaker; the roles are still unknown.

    An utterance that was found to hold two speakers gives a line each. A line's id is that of an
    utterance that begins with its first word, so it is the utterance's own id for the first part.
    """
    timed: list[tuple[int, int, Line]] = []
    for final in finals:
        whole = (SpeakerPart(0, len(final.words), final.speaker),)
        for part in parts.get(final.id, whole):
            words = final.words[part.first_word : part.end_word]
            start = words[0].start_samples if part.first_word else final.start_samples
            line_id = utterance_id(final.channel, start) if part.first_word else final.id
            text = " ".join(word.text for word in with_spans(words, spans))
            timed.append((start, final.channel, Line(line_id, "unknown", part.speaker, text)))
    return [line for _, _, line in sorted(timed, key=lambda item: item[:2])]


def roles_of_mono(lines: Sequence[Line], given: Sequence[Role]) -> dict[str, Role]:
    """Roles of diarized speakers: `given` by first heard, else by what they say."""
    heard = list(dict.fromkeys(line.speaker for line in lines))
    if given:
        return {speaker: given[i] if i < len(given) else "unknown" for i, speaker in enumerate(heard)}
    return assign_roles([(line.speaker, line.text) for line in lines])


def with_roles(lines: Sequence[Line], roles: Mapping[str, Role]) -> tuple[Line, ...]:
    """The lines, each with its speaker's role."""
    return tuple(Line(line.id, roles.get(line.speaker, "unknown"), line.speaker, line.text) for line in lines)


def channel_speaker(settings: SessionSettings, index: int) -> str:
    """Who is taken to speak on a channel before anybody is told apart."""
    return PROVISIONAL if settings.channels == 1 else f"S{index + 1}"


def lines_of_call(state: SessionState, parts: Parts, until: int | None = None) -> tuple[Line, ...]:
    """All lines of the call so far with the role of who said them.

    With `until` only those of utterances that begin before that sample, and roles by what these say.
    """
    settings = state.settings
    finals = [final for final in state.finals if until is None or final.start_samples < until]
    lines = spoken_lines(finals, parts, spans_of(state.resolved))
    if settings.channels == 1:
        return with_roles(lines, roles_of_mono(lines, settings.roles))
    by_channel = {channel_speaker(settings, index): role for index, role in enumerate(settings.roles)}
    return with_roles(lines, by_channel)


def count_lines(finals: Iterable[UtteranceFinal], parts: Parts, until: int) -> int:
    """How many of the call's lines are of utterances that begin before this sample: they come first."""
    return sum(len(parts.get(final.id, (None,))) for final in finals if final.start_samples < until)


def code_without_note(state: SessionState) -> SummaryCode | None:
    """Why this call gets no note, or None when a note can be written."""
    transcripts = [channel.transcript for channel in state.channels]
    spoken = sum(transcript.spoken for transcript in transcripts)
    foreign = sum(transcript.foreign for transcript in transcripts)
    if foreign > FOREIGN_SHARE * spoken:
        return "unsupported_language"
    least_words = state.settings.note.least_words
    if least_words is None:
        return None if state.lines else "no_speech"
    return too_little(state.lines, least_words)


def language_of(finals: Sequence[UtteranceFinal]) -> str:
    """The language that most of the words are in; "und" without words."""
    counts: dict[str, int] = {}
    for final in finals:
        counts[final.language] = counts.get(final.language, 0) + len(final.words)
    return max(sorted(counts), key=lambda language: counts[language]) if counts else "und"

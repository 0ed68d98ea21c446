"""A call whose words are known, put through the real core: which of them can be read, and where."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from models.ports import VAD_WINDOW_SAMPLES
from models.types import RATE_HZ, Summary, Transcription, Word
from pipeline.core.events import (
    CallClosed,
    DiarizeJob,
    Heard,
    Output,
    Partial,
    Result,
    SpanResolved,
    SummarizeJob,
    TranscribeJob,
    UtteranceFinal,
)
from pipeline.core.redaction import MaskedSpan
from pipeline.core.session import Session, SessionSettings

WORD_SAMPLES = 11 * VAD_WINDOW_SAMPLES
"""Length of a word: 170 words a minute."""
CHUNK_WINDOWS = 16
PARTIAL_MS = 1_000
TOKEN = re.compile(r"\[[A-Z]+(?:_[A-Z]+)*(?:_\d+)?\]\W*")
_TAIL_S = 1.0
_REVEALED = "revealed"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said on one channel in one breath, after `pause_s` of silence on the whole call."""

    channel: int
    words: tuple[str, ...]
    pause_s: float = 0.6


@dataclass(frozen=True, slots=True)
class Stretch:
    """A row of words behind one token; its kind is the last that was said of it."""

    kind: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """What of a call could be read. Words are (turn, place) of what was put in.

    `readable` in any durable event; `live` in a partial, as texts that no harmless word accounts for.
    """

    readable: frozenset[tuple[int, int]]
    live: frozenset[tuple[int, int]]
    stretches: tuple[Stretch, ...]


@dataclass(slots=True)
class Track:
    """One channel: its words on the call's clock, and where each came from."""

    words: list[Word] = field(default_factory=list)
    sources: list[tuple[int, int]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    speech: list[tuple[int, int]] = field(default_factory=list)

    def add(self, word: Word, source: tuple[int, int]) -> None:
        """A word after those that are here."""
        self.words.append(word)
        self.sources.append(source)
        self.starts.append(word.start_samples)

    def between(self, start: int, end: int) -> range:
        """Indices of the words that begin in [start, end)."""
        return range(bisect_left(self.starts, start), bisect_left(self.starts, end))


def play(spoken: Sequence[Spoken], channels: int = 2) -> Played:
    """Say it all to a session, answer what it asks with the very words, and look at what comes out."""
    tracks, length = _placed(spoken, channels)
    call = Watcher(tracks)
    session = Session(SessionSettings(channels=channels, partial_ms=PARTIAL_MS))
    scores = [_scores(track, length) for track in tracks]
    for at in range(0, length // VAD_WINDOW_SAMPLES, CHUNK_WINDOWS):
        for channel in range(channels):
            chunk = scores[channel][at : at + CHUNK_WINDOWS]
            call.take(session, session.push(Heard(channel, len(chunk) * VAD_WINDOW_SAMPLES, chunk), 0.0))
    call.take(session, session.end("hangup", 0.0))
    if not session.closed:
        raise RuntimeError("the session waits for something after all jobs were answered")
    return call.played()


class Watcher:
    """Answers jobs and remembers what could be read."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        self._tracks = tracks
        self._readable: set[tuple[int, int]] = set()
        self._live: set[tuple[int, int]] = set()
        self._spans: dict[tuple[int, str], tuple[MaskedSpan, str]] = {}

    def take(self, session: Session, outputs: Sequence[Output]) -> None:
        """Look at each event and answer each job, and what comes of the answer."""
        waiting = list(outputs)
        while waiting:
            item = waiting.pop(0)
            if isinstance(item, TranscribeJob):
                waiting += session.push(Result(item.id, self._heard(item)), 0.0)
            elif isinstance(item, DiarizeJob):
                waiting += session.push(Result(item.id, ()), 0.0)
            elif isinstance(item, SummarizeJob):
                waiting += session.push(Result(item.id, Summary("too_short")), 0.0)
            elif not isinstance(item, CallClosed):
                self.look(item)

    def played(self) -> Played:
        """The findings."""
        stretches = [
            Stretch(
                kind, tuple(track.words[i].text for i in track.between(span.start_samples, span.end_samples))
            )
            for (channel, _), (span, kind) in sorted(self._spans.items(), key=lambda pair: pair[0])
            if kind != _REVEALED
            for track in [self._tracks[channel]]
        ]
        return Played(frozenset(self._readable), frozenset(self._live), tuple(stretches))

    def _heard(self, job: TranscribeJob) -> Transcription:
        track = self._tracks[job.channel]
        words = (track.words[i] for i in track.between(job.start_samples, job.end_samples))
        return Transcription(
            tuple(
                Word(word.text, word.start_samples - job.start_samples, word.end_samples - job.start_samples)
                for word in words
                if job.kind != "partial" or word.end_samples <= job.end_samples
            )
        )

    def look(self, event: Output) -> None:
        """One event: which words it shows."""
        if isinstance(event, UtteranceFinal):
            self._look_at_final(event)
        elif isinstance(event, SpanResolved):
            self._look_at_resolved(event)
        elif isinstance(event, Partial):
            self._look_at_partial(event)

    def _look_at_final(self, final: UtteranceFinal) -> None:
        track = self._tracks[final.channel]
        shown = {word.start_samples: word.text for word in final.words}
        for i in track.between(final.start_samples, final.end_samples):
            text = shown.get(track.starts[i])
            if text is not None and not TOKEN.fullmatch(text):
                self._readable.add(track.sources[i])
        for span in final.redactions:
            self._spans[final.channel, span.token] = (span, span.kind)

    def _look_at_resolved(self, event: SpanResolved) -> None:
        track = self._tracks[event.channel]
        inside = track.between(event.start_samples, event.end_samples)
        for i in _told([track.words[i].text for i in inside], event.text.split()):
            self._readable.add(track.sources[inside[i]])
        known = self._spans.get((event.channel, event.token))
        if known is not None:
            self._spans[event.channel, event.token] = (known[0], event.kind)

    def _look_at_partial(self, partial: Partial) -> None:
        track = self._tracks[partial.channel]
        inside = track.between(partial.start_samples, partial.end_samples)
        for i in _told([track.words[i].text for i in inside], partial.text.split()):
            self._live.add(track.sources[inside[i]])


def _told(words: Sequence[str], shown: Sequence[str]) -> Iterator[int]:
    """Places of the words that a text shows, which has them in order and tokens in place of some."""
    at = 0
    for text in shown:
        if TOKEN.fullmatch(text):
            continue
        place = next((i for i in range(at, len(words)) if words[i] == text), None)
        if place is not None:
            yield place
            at = place + 1


def _placed(spoken: Sequence[Spoken], channels: int) -> tuple[list[Track], int]:
    """Words on the call's clock, one turn after the other, and the length of the call in whole windows."""
    tracks = [Track() for _ in range(channels)]
    at = 0
    for number, turn in enumerate(spoken):
        at += _windows(turn.pause_s)
        track = tracks[turn.channel]
        track.speech.append((at, at + len(turn.words) * WORD_SAMPLES))
        for place, text in enumerate(turn.words):
            track.add(Word(text, at, at + WORD_SAMPLES), (number, place))
            at += WORD_SAMPLES
    return tracks, at + _windows(_TAIL_S)


def _windows(seconds: float) -> int:
    """Samples of so many seconds in whole windows."""
    return round(seconds * RATE_HZ / VAD_WINDOW_SAMPLES) * VAD_WINDOW_SAMPLES


def _scores(track: Track, length: int) -> tuple[float, ...]:
    scores = [0.0] * (length // VAD_WINDOW_SAMPLES)
    for start, end in track.speech:
        first, after = start // VAD_WINDOW_SAMPLES, end // VAD_WINDOW_SAMPLES
        scores[first:after] = [1.0] * (after - first)
    return tuple(scores)

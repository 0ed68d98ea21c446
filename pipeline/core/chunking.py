"""Where a call is cut into chunks that are noted one by one: a live one while it goes on, a transcript that
is longer than its summarizer reads.

A chunk ends at a change of speaker: once it has its number of words, or half of them and nobody spoke for a
while, or another topic begins. Never inside a turn, unless the turn would make it twice as long. Where nobody
knows yet who speaks, on mono calls, any silence may be a change of speaker.

What is cut where is decided by what was said when, in order of time over all channels; so an utterance
counts once no channel can have an earlier one any more.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from models.types import RATE_HZ
from pipeline.core.events import UtteranceFinal

NEW_TOPIC = (
    "anything else",
    "something else",
    "another question",
    "another thing",
    "one more thing",
    "one more question",
    "other question",
    "next question",
)
"""What people say when one matter is done and another may begin."""

LONGEST = 2
"""A turn is cut where the chunk has so many times its words: nothing said may outgrow a summarizer."""

WINDOW_PARTS = 5
"""A chunk may have this part of what a summarizer reads. A long turn makes it twice as long, and at the end
of a call it lies beside notes of the chunks before it, which take half."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The utterances that begin in [start_samples, end_samples); the last word was over at `spoken_until`.

    Chunks follow one another without a hole from the start of the call.
    """

    start_samples: int
    end_samples: int
    spoken_until: int


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """What counts of an utterance; `speaker` is None where nobody knows yet who speaks."""

    start_samples: int
    channel: int
    end_samples: int
    speaker: str | None
    words: int
    opens_topic: bool


def piece_of(final: UtteranceFinal, mono: bool) -> Piece:
    """What counts of an utterance; on mono calls nobody knows yet who speaks."""
    return Piece(
        start_samples=final.start_samples,
        channel=final.channel,
        end_samples=final.end_samples,
        speaker=None if mono else final.speaker,
        words=len(final.words),
        opens_topic=opens_topic(" ".join(word.text for word in final.words)),
    )


def opens_topic(text: str) -> bool:
    """Whether what is said leads from one matter to the next."""
    lowered = text.lower()
    return any(cue in lowered for cue in NEW_TOPIC)


class Chunker:
    """Utterances in, in any order; chunks out, each as soon as its end is decided."""

    def __init__(self, words: int, pause_ms: int, start_samples: int = 0, spoken_until: int = 0) -> None:
        """`start_samples`: where the first chunk begins; what lies before is cut already, and was over at
        `spoken_until`."""
        self._budget = words
        self._pause = pause_ms * RATE_HZ // 1000
        self._start = start_samples
        self._waiting: list[Piece] = []
        self._last: Piece | None = None
        self._words = 0
        self._spoken_until = spoken_until

    def push(self, pieces: Iterable[Piece]) -> None:
        """More utterances."""
        for piece in pieces:
            if piece.start_samples >= self._start:
                heapq.heappush(self._waiting, piece)

    def settle(self, until_samples: int) -> list[Chunk]:
        """No utterance that begins before this sample is still to come: the chunks that this decides."""
        out: list[Chunk] = []
        while self._waiting and self._waiting[0].start_samples < until_samples:
            piece = heapq.heappop(self._waiting)
            if self._last is not None and self._ends(self._last, piece):
                out.append(Chunk(self._start, piece.start_samples, self._spoken_until))
                self._start, self._words = piece.start_samples, 0
            self._last = piece
            self._words += piece.words
            self._spoken_until = max(self._spoken_until, piece.end_samples)
        return out

    def _ends(self, last: Piece, piece: Piece) -> bool:
        """Whether the chunk ends before this utterance. Those that begin together stay together."""
        if piece.start_samples == last.start_samples:
            return False
        if self._words >= LONGEST * self._budget:
            return True
        if _same_turn(last, piece):
            return False
        if self._words >= self._budget:
            return True
        paused = piece.start_samples - self._spoken_until >= self._pause
        return 2 * self._words >= self._budget and (paused or piece.opens_topic)


def _same_turn(last: Piece, piece: Piece) -> bool:
    """Whether one speaker goes on; where nobody knows who speaks, whether there was no silence."""
    if piece.speaker is None:
        return piece.start_samples <= last.end_samples
    return piece.speaker == last.speaker

"""Where a call is cut into stretches that are noted one by one while it goes on.

A stretch ends at a change of speaker: once it has its number of words, or half of them and nobody spoke for a
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
"""A turn is cut where the stretch has so many times its words: nothing said may outgrow a summarizer."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The utterances that begin in [start_samples, end_samples); the last word was over at `spoken_until`.

    Stretches follow one another without a hole from the start of the call.
    """

    start_samples: int
    end_samples: int
    spoken_until: int


@dataclass(frozen=True, slots=True, order=True)
class _Piece:
    """What counts of an utterance; `speaker` is None where nobody knows yet who speaks."""

    start_samples: int
    channel: int
    end_samples: int
    speaker: str | None
    words: int
    opens_topic: bool


class Chunker:
    """Utterances in, in any order; stretches out, each as soon as its end is decided."""

    def __init__(
        self, words: int, pause_ms: int, mono: bool, start_samples: int = 0, spoken_until: int = 0
    ) -> None:
        """`start_samples`: where the first stretch begins; what lies before is cut already, and was over at
        `spoken_until`."""
        self._budget = words
        self._pause = pause_ms * RATE_HZ // 1000
        self._mono = mono
        self._start = start_samples
        self._waiting: list[_Piece] = []
        self._last: _Piece | None = None
        self._words = 0
        self._spoken_until = spoken_until

    def push(self, finals: Iterable[UtteranceFinal]) -> None:
        """More utterances."""
        for final in finals:
            if final.start_samples >= self._start:
                heapq.heappush(self._waiting, self._piece(final))

    def settle(self, until_samples: int) -> list[Stretch]:
        """No utterance that begins before this sample is still to come: the stretches that this decides."""
        out: list[Stretch] = []
        while self._waiting and self._waiting[0].start_samples < until_samples:
            piece = heapq.heappop(self._waiting)
            if self._last is not None and self._ends(self._last, piece):
                out.append(Stretch(self._start, piece.start_samples, self._spoken_until))
                self._start, self._words = piece.start_samples, 0
            self._last = piece
            self._words += piece.words
            self._spoken_until = max(self._spoken_until, piece.end_samples)
        return out

    def _piece(self, final: UtteranceFinal) -> _Piece:
        text = " ".join(word.text for word in final.words).lower()
        return _Piece(
            start_samples=final.start_samples,
            channel=final.channel,
            end_samples=final.end_samples,
            speaker=None if self._mono else final.speaker,
            words=len(final.words),
            opens_topic=any(cue in text for cue in NEW_TOPIC),
        )

    def _ends(self, last: _Piece, piece: _Piece) -> bool:
        """Whether the stretch ends before this utterance. Those that begin together stay together."""
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


def _same_turn(last: _Piece, piece: _Piece) -> bool:
    """Whether one speaker goes on; where nobody knows who speaks, whether there was no silence."""
    if piece.speaker is None:
        return piece.start_samples <= last.end_samples
    return piece.speaker == last.speaker

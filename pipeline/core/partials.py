"""Text of speech that goes on: what of it may be relied on already.

Two readings in a row that begin with the same words commit these words (local agreement, Macháček et al.
2023): later readings of the utterance add to them and do not take them back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from models.types import Transcription
from pipeline.core.endpointing import Span
from pipeline.core.events import Partial
from pipeline.core.redaction import hide_partial
from pipeline.core.transcript import in_call_time


@dataclass(slots=True)
class PartialState:
    """What one channel showed of its open utterance.

    `start` is where that utterance begins (-1: nothing shown yet), `asked_until` where the newest job ended,
    `read_until` where the newest reading did. `words` are that reading's, `committed` those agreed upon,
    `tokens` the engine's own, for the next reading.
    """

    start: int = -1
    asked_until: int = 0
    read_until: int = 0
    words: tuple[str, ...] = ()
    committed: tuple[str, ...] = ()
    tokens: tuple[int, ...] = ()

    def begin(self, start: int) -> None:
        """Forget the utterance before, if `start` is that of another one."""
        if self.start != start:
            self.start, self.asked_until, self.read_until = start, start, start
            self.words, self.committed, self.tokens = (), (), ()

    def take(self, channel: int, span: Span, heard: Transcription) -> list[Partial]:
        """A reading of the open utterance came; one that is older than what is shown changes nothing."""
        self.begin(span.start_samples)
        if span.end_samples <= self.read_until:
            return []
        self.read_until = span.end_samples
        self.tokens = heard.tokens
        words = tuple(word.text for word in hide_partial(in_call_time(heard.words, span)))
        self.committed += _same_beginning(self.words, words)[len(self.committed) :]
        self.words = words
        return [self._shown(channel, span)] if words or self.committed else []

    def _shown(self, channel: int, span: Span) -> Partial:
        tail = " ".join(self.words[len(self.committed) :])
        return Partial(channel, span.start_samples, span.end_samples, " ".join(self.committed), tail)


def _same_beginning(before: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(before, now, strict=False))
    return tuple(word for word, _ in pairs)

"""The masks that are compared: Wrapup's own on a live call, and redactors that read one utterance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from eval.secrets.patterns import RegexRedactor
from eval.secrets.playing import Spoken, Stretch, play
from models import registry
from models.ports import FoundSpan, Redactor

OWN = "wrapup"
REGEX = "regex"


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be read, as (turn, place): for good, and in partials; and the rows of words that cannot."""

    readable: frozenset[tuple[int, int]]
    live: frozenset[tuple[int, int]] = frozenset()
    stretches: tuple[Stretch, ...] = ()


Mask: TypeAlias = Callable[[Sequence[Spoken]], Seen]


@cache
def open_mask(name: str) -> Mask:
    """A mask by name: our own, "regex", or a redactor of the registry; opened once in a process.

    Raises `UnknownEngineError`, `MissingExtraError` or `EngineError`.
    """
    if name == OWN:
        return own_mask
    redactor: Redactor = RegexRedactor() if name == REGEX else registry.engine("redactor", name)
    return text_mask(redactor)


def own_mask(spoken: Sequence[Spoken]) -> Seen:
    """Wrapup's, as on a live call."""
    channels = max((turn.channel + 1 for turn in spoken), default=1)
    played = play(spoken, channels)
    return Seen(played.readable, played.live, played.stretches)


def text_mask(redactor: Redactor) -> Mask:
    """A redactor that is given one utterance at a time, as one beside a live transcriber is."""

    def mask(spoken: Sequence[Spoken]) -> Seen:
        readable: set[tuple[int, int]] = set()
        stretches: list[Stretch] = []
        for number, turn in enumerate(spoken):
            found = redactor.find(" ".join(turn.words))
            covered = [list(_covered(turn.words, span)) for span in found]
            hidden = {place for places in covered for place in places}
            readable |= {(number, place) for place in range(len(turn.words)) if place not in hidden}
            stretches += [
                Stretch(span.kind, tuple(turn.words[place] for place in places))
                for span, places in zip(found, covered, strict=True)
            ]
        return Seen(frozenset(readable), stretches=tuple(stretches))

    return mask


def _covered(words: Sequence[str], span: FoundSpan) -> Iterator[int]:
    """Places of the words that a span touches in the words joined by single spaces."""
    start = 0
    for place, word in enumerate(words):
        end = start + len(word)
        if start < span.end and span.start < end:
            yield place
        start = end + 1

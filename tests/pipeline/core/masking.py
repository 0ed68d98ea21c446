"""Utterances by hand, and what the mask makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from models.types import RATE_HZ, Word
from pipeline.core.events import SpanResolved, UtteranceFinal
from pipeline.core.redaction import MaskState, conceal, mask
from pipeline.core.resolving import Resolver, ResolvingState, said_of
from pipeline.core.revealing import spans_of, with_spans


def at(texts: Sequence[str], start_s: float = 0.0, word_s: float = 0.3) -> list[Word]:
    """Words one after another."""
    step = round(word_s * RATE_HZ)
    start = round(start_s * RATE_HZ)
    return [Word(text, start + i * step, start + (i + 1) * step, 0.9) for i, text in enumerate(texts)]


def masked(text: str, state: MaskState | None = None, start_s: float = 0.0) -> str:
    """One utterance after the mask."""
    words, _, _ = mask(at(text.split(), start_s), state or MaskState())
    return " ".join(word.text for word in words)


def conversation(utterances: Sequence[Sequence[str]], state: MaskState | None = None) -> list[str]:
    """Utterances of one channel, a second apart, after the mask."""
    state = state or MaskState()
    said, now_s = [], 0.0
    for texts in utterances:
        words, _, state = mask(at(texts, now_s), state)
        said.append(" ".join(word.text for word in words))
        now_s += 0.3 * len(texts) + 1.0
    return said


def resolved(turns: Sequence[tuple[int, str]], channels: int = 2, pause_s: float = 0.8) -> list[str]:
    """What (channel, text) turns, one after another, read like once every mask is resolved."""
    return [" ".join(word.text for word in words) for words in resolve(turns, channels, pause_s)[0]]


def resolve(
    turns: Sequence[tuple[int, str]], channels: int = 2, pause_s: float = 0.8
) -> tuple[list[tuple[Word, ...]], list[SpanResolved], Resolver]:
    """The same as words, with the events that say it and the resolver that gave them."""
    states = [MaskState(channel=index, channels=channels) for index in range(channels)]
    resolver = Resolver(ResolvingState.new(channels))
    finals: list[UtteranceFinal] = []
    events: list[SpanResolved] = []
    now_s = 0.0
    for channel, text in turns:
        words = at(text.split(), now_s)
        now_s += 0.3 * len(words) + pause_s
        heard = conceal(words, states[channel])
        states[channel] = heard.state
        start = words[0].start_samples
        end = words[-1].end_samples
        finals.append(
            UtteranceFinal(f"u{channel}-{start}", channel, "S", start, end, heard.words, "en", heard.spans)
        )
        resolver.add(said_of(finals[-1], heard.hidden))
        events += resolver.advance(start)
    events += resolver.end()
    spans = spans_of(events)
    return [with_spans(final.words, spans) for final in finals], events, resolver

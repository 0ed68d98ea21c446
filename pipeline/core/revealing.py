"""The words of an utterance as they are known once its masks are resolved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from models.types import Word
from pipeline.core.events import SpanResolved

REVEALED = "revealed"
"""Kind of a span that was no secret."""

Spans = Mapping[str, SpanResolved]
"""What is known of the masks of a call, by token."""

_TOKEN = re.compile(r"(\[NUMBER_\d+\])(\W*)")


def spans_of(events: Iterable[object]) -> dict[str, SpanResolved]:
    """The masks of a call that its events resolve, by token."""
    return {event.token: event for event in events if isinstance(event, SpanResolved)}


def with_spans(words: Sequence[Word], spans: Spans) -> tuple[Word, ...]:
    """The words with masks as what they stood for: names of secrets, or the words that were heard."""
    out: list[Word] = []
    for word in words:
        found = _TOKEN.fullmatch(word.text)
        span = spans.get(found[1]) if found else None
        if found is None or span is None:
            out.append(word)
        elif span.kind == REVEALED:
            out += span.words or [replace(word, text=text) for text in span.text.split()]
        else:
            out.append(replace(word, text=span.text + found[2]))
    return tuple(out)

"""What masks stood for, in the text of stored utterances: on both databases, in any order and grouping."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from models.types import Word
from pipeline.core.events import DurableEvent, SpanResolved, UtteranceFinal
from pipeline.core.redaction import MaskedSpan
from pipeline.store.store import Store
from pipeline.store.tables import span_resolutions, utterances
from pipeline.store.vault import Vault, open_vault
from tests.pipeline.store.stories import SPOKEN, final, numbered, opened


def masked(start: int, *texts: str) -> UtteranceFinal:
    """An utterance in which some words are tokens."""
    said = final(start, texts)
    spans = [
        MaskedSpan("number", word.text.rstrip("."), word.start_samples, word.end_samples)
        for word in said.words
        if word.text.startswith("[")
    ]
    return UtteranceFinal(
        said.id, 0, said.speaker, start, said.end_samples, said.words, "en", redactions=tuple(spans)
    )


def resolved(said: UtteranceFinal, number: int, kind: str, text: str) -> SpanResolved:
    words = tuple(Word(word, 0, 1) for word in text.split()) if kind == "revealed" else ()
    token = f"[NUMBER_{number}]"
    return SpanResolved(f"{said.id}-NUMBER_{number}", 0, said.id, token, kind, text, 0, 1, words)


FIRST = masked(0, "card", "[NUMBER_1]", "since", "[NUMBER_2].")
SECOND = masked(32_000, "and", "[NUMBER_3]")
EVENTS: list[DurableEvent] = [
    FIRST,
    SECOND,
    resolved(FIRST, 1, "card", "[CARD_1]"),
    resolved(FIRST, 2, "revealed", "nineteen ninety."),
]
KNOWN = {FIRST.id: "card [CARD_1] since nineteen ninety.", SECOND.id: "and [NUMBER_3]"}


def texts_of(url: str, call_id: str = "one") -> dict[str, bytes | None]:
    """The sealed texts of utterances as they lie there."""
    engine = create_engine(url)
    columns = select(utterances.c.utterance_id, utterances.c.text).where(utterances.c.call_id == call_id)
    with engine.connect() as connection:
        found = {key: sealed and sealed.data for key, sealed in connection.execute(columns)}
    engine.dispose()
    return found


def read(data: bytes | None) -> str:
    """A text that was sealed without encryption: a mark, then the text."""
    assert data is not None
    return data[1:].decode()


@pytest.fixture
def vault() -> Vault:
    """Seals that hide nothing, so that a test can read what lies there."""
    return Vault(None)


def test_the_text_of_an_utterance_follows_what_is_known_of_its_masks(store: Store, url: str) -> None:
    store.write([*opened("one"), *numbered("one", EVENTS[:2])])
    assert read(texts_of(url)[FIRST.id]) == "card [NUMBER_1] since [NUMBER_2]."
    store.write(numbered("one", EVENTS[2:], 3))
    assert {key: read(data) for key, data in texts_of(url).items()} == KNOWN
    # The event is what it was: an utterance's words never change.
    assert [record.event for record in store.events("one", 0, 10)] == EVENTS


def test_neither_order_nor_grouping_counts(store: Store, url: str) -> None:
    for number, order in enumerate(itertools.permutations(EVENTS)):
        call_id = f"call-{number}"
        records = numbered(call_id, order, 10 * number + 1)
        cut = number % 4
        for group in (opened(call_id), records[:cut], records[cut:], records):
            store.write(group)
        assert {key: read(data) for key, data in texts_of(url, call_id).items()} == KNOWN


def test_spans_of_one_call_say_nothing_of_another(store: Store, url: str) -> None:
    store.write([*opened("one"), *opened("two")])
    store.write([*numbered("one", [FIRST]), *numbered("two", EVENTS, 20)])
    assert read(texts_of(url)[FIRST.id]) == "card [NUMBER_1] since [NUMBER_2]."


def rows(url: str) -> Sequence[tuple[Any, ...]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(select(span_resolutions))]
    engine.dispose()
    return found


class TestSealed:
    """The same with a key."""

    @pytest.fixture
    def vault(self, tmp_path: Path) -> Vault:
        return open_vault(tmp_path / "master.key")

    def test_what_was_revealed_is_sealed_and_goes_with_its_call(self, store: Store, url: str) -> None:
        said = masked(0, "[NUMBER_1]")
        told = [said, resolved(said, 1, "revealed", SPOKEN[0])]
        store.write([*opened("one"), *numbered("one", told)])
        before = texts_of(url)
        assert SPOKEN[0].encode() not in (before[said.id] or b"") + repr(rows(url)).encode()
        store.write(numbered("one", told))
        assert texts_of(url) == before
        store.forget("one")
        store.write(numbered("one", told))
        assert texts_of(url) == {said.id: None}
        assert [row[-1] for row in rows(url)] == [None]

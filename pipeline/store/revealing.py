"""The text of stored utterances, once it is known what their masks stood for.

The event of an utterance never changes; its row's text does. That is a function of the utterance and of the
spans that are stored of its call, so that neither the order of records nor their grouping counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, select, update

from models.types import Word
from pipeline.core.events import SpanResolved, UtteranceFinal
from pipeline.core.revealing import with_spans
from pipeline.store.projections import CallState, Row, place
from pipeline.store.records import EventRecord
from pipeline.store.tables import span_resolutions, utterances
from pipeline.store.vault import Cipher


def reveal(connection: Connection, states: Mapping[str, CallState], records: Iterable[EventRecord]) -> None:
    """Put what their masks stood for into the utterances that these events, already written, are about."""
    touched: dict[str, set[str]] = {}
    for record in records:
        event = record.event
        if isinstance(event, SpanResolved):
            touched.setdefault(record.call_id, set()).add(event.utterance_id)
        elif isinstance(event, UtteranceFinal) and event.redactions:
            touched.setdefault(record.call_id, set()).add(event.id)
    for call_id, ids in sorted(touched.items()):
        cipher = states[call_id].cipher
        assert cipher is not None, "events of a call that was forgotten are not written"
        _reveal(connection, call_id, ids, cipher)


def _reveal(connection: Connection, call_id: str, ids: set[str], cipher: Cipher) -> None:
    texts = _texts(connection, call_id, ids, cipher)
    words = {word for text in texts.values() for word in text.split(" ") if word.startswith("[")}
    spans = _spans(connection, call_id, {word[: word.find("]") + 1] for word in words}, cipher)
    changed: list[Row] = []
    for utterance_id, text in texts.items():
        told = with_spans([Word(word, 0, 0) for word in text.split(" ")], spans)
        known = " ".join(word.text for word in told)
        if known != text:
            sealed = cipher.seal(known.encode(), place(utterances, "text", utterance_id))
            changed.append({"known_call": call_id, "known_id": utterance_id, "known_text": sealed})
    if changed:
        connection.execute(
            update(utterances)
            .where(utterances.c.call_id == bindparam("known_call"))
            .where(utterances.c.utterance_id == bindparam("known_id"))
            .values(text=bindparam("known_text")),
            changed,
        )


def _texts(connection: Connection, call_id: str, ids: set[str], cipher: Cipher) -> dict[str, str]:
    """The texts as they are now; nobody else changes them before the end of the transaction."""
    found = connection.execute(
        select(utterances.c.utterance_id, utterances.c.text)
        .where(utterances.c.call_id == call_id, utterances.c.utterance_id.in_(sorted(ids)))
        .where(utterances.c.text.is_not(None))
        .order_by(utterances.c.utterance_id)
        .with_for_update()
    )
    return {key: cipher.open(text, place(utterances, "text", key)).decode() for key, text in found}


def _spans(connection: Connection, call_id: str, tokens: set[str], cipher: Cipher) -> dict[str, SpanResolved]:
    """What is stored of these masks of a call, by token; without times."""
    columns = (span_resolutions.c.token, span_resolutions.c.event_id, span_resolutions.c.kind)
    found = connection.execute(
        select(*columns, span_resolutions.c.text)
        .where(span_resolutions.c.call_id == call_id)
        .where(span_resolutions.c.token.in_(sorted(tokens)))
    )
    return {
        token: SpanResolved(
            event_id,
            0,
            "",
            token,
            kind,
            cipher.open(text, place(span_resolutions, "text", token)).decode(),
            0,
            0,
        )
        for token, event_id, kind, text in found
    }

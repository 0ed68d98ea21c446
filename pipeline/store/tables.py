"""The tables. Times of a call are samples at 16 kHz since its start; moments are UTC.

Whatever holds words of a call is `SealedText`. Its column may be null: that is what is left of a call that
was forgotten. Changes here need a migration; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from pipeline.store.columns import SealedText, UtcDateTime

metadata = MetaData()


def _call_id(primary_key: bool = True) -> Column[str]:
    return Column("call_id", Text, ForeignKey("calls.call_id"), primary_key=primary_key, nullable=False)


calls = Table(
    "calls",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("queue", Text),
    Column("direction", Text),
    Column("language", Text),
    Column("site", Text),
    Column("tenant", Text),
    Column("provenance", JSON, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("end_code", Text),
    Column("duration_samples", BigInteger),
    Column("spoken_language", Text),
    Column("forgotten_at", UtcDateTime),
    Index("ix_calls_opened_at", "opened_at", "call_id"),
    Index("ix_calls_closed_at", "closed_at"),
)

call_keys = Table("call_keys", metadata, _call_id(), Column("wrapped", LargeBinary, nullable=False))

vault_proof = Table(
    "vault_proof",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("encrypted", Boolean, nullable=False),
    Column("proof", LargeBinary, nullable=False),
)

legs = Table(
    "legs",
    metadata,
    _call_id(),
    Column("leg", Integer, primary_key=True, autoincrement=False),
    Column("associate", Text),
    Column("queue", Text),
    Column("channel", Integer),
    Column("from_samples", BigInteger, nullable=False),
    Column("to_samples", BigInteger),
    Index("ix_legs_associate", "associate"),
)

associates = Table(
    "associates",
    metadata,
    Column("associate", Text, primary_key=True),
    Column("first_call_at", UtcDateTime, nullable=False),
)

events = Table(
    "events",
    metadata,
    _call_id(),
    Column("event_id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("type", Text, nullable=False),
    Column("event", SealedText),
    Index("ix_events_seq", "seq"),
    Index("ix_events_call_id", "call_id", "seq"),
)

utterances = Table(
    "utterances",
    metadata,
    _call_id(),
    Column("utterance_id", Text, primary_key=True),
    Column("channel", Integer, nullable=False),
    Column("speaker", Text),
    Column("start_samples", BigInteger, nullable=False),
    Column("end_samples", BigInteger, nullable=False),
    Column("language", Text),
    Column("lost", Text),
    Column("text", SealedText),
)

revisions = Table(
    "revisions",
    metadata,
    _call_id(),
    Column("event_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("utterance_id", Text),
    Column("facts", JSON, nullable=False),
)

span_resolutions = Table(
    "span_resolutions",
    metadata,
    _call_id(),
    Column("token", Text, primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", SealedText),
)

notes = Table(
    "notes",
    metadata,
    _call_id(),
    Column("note_id", Text, primary_key=True),
    Column("version", Text),
    Column("at", UtcDateTime, nullable=False),
    Column("code", Text, nullable=False),
    Column("statements", SealedText),
    Column("kind", Text, nullable=False, server_default="draft"),
    Column("number", Integer),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("stand_in", Text),
)

note_openings = Table(
    "note_openings",
    metadata,
    _call_id(),
    Column("leg", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
)

job_results = Table(
    "job_results",
    metadata,
    _call_id(),
    Column("job_id", Text, primary_key=True),
    Column("value", SealedText),
)

snapshots = Table(
    "snapshots",
    metadata,
    _call_id(),
    Column("data", SealedText),
    Column("wanted_from", BigInteger),
)

reviews = Table(
    "reviews",
    metadata,
    Column("review_id", Text, primary_key=True),
    _call_id(primary_key=False),
    Column("leg", Integer),
    Column("associate", Text),
    Column("note_id", Text),
    Column("note_version", Text),
    Column("final_text", SealedText),
    Column("used", Boolean, nullable=False),
    Column("edited", Boolean, nullable=False),
    Column("focus_s", Double),
    Column("opened_at", UtcDateTime),
    Column("first_key_at", UtcDateTime),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("amends", Text, ForeignKey("reviews.review_id")),
    Column("team", Text),
    Index("ix_reviews_call_id", "call_id"),
    Index("ix_reviews_saved_at", "saved_at"),
    Index("ix_reviews_associate", "associate"),
)

sites = Table(
    "sites",
    metadata,
    Column("site", Text, primary_key=True),
    Column("rollout_at", UtcDateTime),
    Column("zone", Text, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("version", Text, primary_key=True),
    Column("released_at", UtcDateTime, nullable=False),
)

partition_claims = Table(
    "partition_claims",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
)

feed_numbers = Table(
    "feed_numbers",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)

untold_events = Table(
    "untold_events",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("partition", Integer, nullable=False),
    _call_id(primary_key=False),
    Column("event_id", Text, nullable=False),
)

"""Calls, what was heard on them, and what was made of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.store.columns import SealedText, UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From an empty database."""
    _calls()
    _people()
    _transcript()
    _results()


def _call_id() -> sa.Column[str]:
    return sa.Column("call_id", sa.Text, sa.ForeignKey("calls.call_id"), primary_key=True)


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("queue", sa.Text),
        sa.Column("direction", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("site", sa.Text),
        sa.Column("tenant", sa.Text),
        sa.Column("provenance", sa.JSON, nullable=False),
        sa.Column("closed_at", UtcDateTime),
        sa.Column("end_code", sa.Text),
        sa.Column("duration_samples", sa.BigInteger),
        sa.Column("spoken_language", sa.Text),
        sa.Column("forgotten_at", UtcDateTime),
    )
    op.create_index("ix_calls_opened_at", "calls", ["opened_at", "call_id"])
    op.create_index("ix_calls_closed_at", "calls", ["closed_at"])
    op.create_table("call_keys", _call_id(), sa.Column("wrapped", sa.LargeBinary, nullable=False))
    op.create_table(
        "vault_proof",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("encrypted", sa.Boolean, nullable=False),
        sa.Column("proof", sa.LargeBinary, nullable=False),
    )


def _people() -> None:
    op.create_table(
        "legs",
        _call_id(),
        sa.Column("leg", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("associate", sa.Text),
        sa.Column("queue", sa.Text),
        sa.Column("channel", sa.Integer),
        sa.Column("from_samples", sa.BigInteger, nullable=False),
        sa.Column("to_samples", sa.BigInteger),
    )
    op.create_index("ix_legs_associate", "legs", ["associate"])
    op.create_table(
        "associates",
        sa.Column("associate", sa.Text, primary_key=True),
        sa.Column("first_call_at", UtcDateTime, nullable=False),
    )


def _transcript() -> None:
    op.create_table(
        "events",
        _call_id(),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("event", SealedText),
    )
    op.create_index("ix_events_seq", "events", ["seq"])
    op.create_index("ix_events_call_id", "events", ["call_id", "seq"])
    op.create_table(
        "utterances",
        _call_id(),
        sa.Column("utterance_id", sa.Text, primary_key=True),
        sa.Column("channel", sa.Integer, nullable=False),
        sa.Column("speaker", sa.Text),
        sa.Column("start_samples", sa.BigInteger, nullable=False),
        sa.Column("end_samples", sa.BigInteger, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("lost", sa.Text),
        sa.Column("text", SealedText),
    )
    op.create_table(
        "revisions",
        _call_id(),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("utterance_id", sa.Text),
        sa.Column("facts", sa.JSON, nullable=False),
    )
    op.create_table(
        "span_resolutions",
        _call_id(),
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", SealedText),
    )


def _results() -> None:
    op.create_table(
        "notes",
        _call_id(),
        sa.Column("note_id", sa.Text, primary_key=True),
        sa.Column("version", sa.Text),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("statements", SealedText),
    )
    op.create_table(
        "job_results",
        _call_id(),
        sa.Column("job_id", sa.Text, primary_key=True),
        sa.Column("value", SealedText),
    )
    op.create_table("snapshots", _call_id(), sa.Column("data", SealedText))

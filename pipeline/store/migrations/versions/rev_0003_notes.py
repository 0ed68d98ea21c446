"""Notes of stretches of a call, drafts that stand in or are offered, and which draft a review began with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.store.columns import UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """From 0002."""
    op.add_column("notes", sa.Column("kind", sa.Text, nullable=False, server_default="draft"))
    op.add_column("notes", sa.Column("number", sa.Integer))
    op.add_column("notes", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    op.add_column("notes", sa.Column("stand_in", sa.Text))
    op.create_table(
        "note_openings",
        sa.Column("call_id", sa.Text, sa.ForeignKey("calls.call_id"), primary_key=True),
        sa.Column("leg", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
    )

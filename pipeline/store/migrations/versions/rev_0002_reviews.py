"""What associates did with the notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.store.columns import SealedText, UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """From 0001."""
    op.create_table(
        "reviews",
        sa.Column("review_id", sa.Text, primary_key=True),
        sa.Column("call_id", sa.Text, sa.ForeignKey("calls.call_id"), nullable=False),
        sa.Column("leg", sa.Integer),
        sa.Column("associate", sa.Text),
        sa.Column("note_id", sa.Text),
        sa.Column("note_version", sa.Text),
        sa.Column("final_text", SealedText),
        sa.Column("used", sa.Boolean, nullable=False),
        sa.Column("edited", sa.Boolean, nullable=False),
        sa.Column("focus_s", sa.Double),
        sa.Column("opened_at", UtcDateTime),
        sa.Column("first_key_at", UtcDateTime),
        sa.Column("saved_at", UtcDateTime, nullable=False),
        sa.Column("amends", sa.Text, sa.ForeignKey("reviews.review_id")),
    )
    op.create_index("ix_reviews_call_id", "reviews", ["call_id"])
    op.create_index("ix_reviews_saved_at", "reviews", ["saved_at"])

"""Sites and when they began, versions of drafts and when each came out, the team of a review."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.store.columns import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """From 0003."""
    op.add_column("reviews", sa.Column("team", sa.Text))
    op.create_index("ix_reviews_associate", "reviews", ["associate"])
    op.create_table(
        "sites",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("rollout_at", UtcDateTime),
        sa.Column("zone", sa.Text, nullable=False),
    )
    op.create_table(
        "versions",
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("released_at", UtcDateTime, nullable=False),
    )
    op.execute(
        "INSERT INTO versions (version, released_at) SELECT version, MIN(at) FROM notes"
        " WHERE kind = 'draft' AND version IS NOT NULL GROUP BY version"
    )

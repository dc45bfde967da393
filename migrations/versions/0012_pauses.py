"""Pauses that are over are looked for by their end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index what is paused: little of all there is, so reading everything for it would cost the most."""
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_consent_paused_until", "consent", ["paused_until"], unique=False, if_not_exists=True,
            postgresql_where=sa.text("paused_until IS NOT NULL"), postgresql_concurrently=True,
        )  # fmt: skip


def downgrade() -> None:
    """Drop it."""
    with op.get_context().autocommit_block():
        op.drop_index("ix_consent_paused_until", table_name="consent", postgresql_concurrently=True, if_exists=True)

"""Consents that run out are looked for by their end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index what will run out: little of all there is, so reading everything for it would cost the most."""
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_consent_expires_at", "consent", ["expires_at"], unique=False, if_not_exists=True,
            postgresql_where=sa.text("status = 'granted' AND expires_at IS NOT NULL"), postgresql_concurrently=True,
        )  # fmt: skip


def downgrade() -> None:
    """Drop it."""
    with op.get_context().autocommit_block():
        op.drop_index("ix_consent_expires_at", table_name="consent", postgresql_concurrently=True, if_exists=True)

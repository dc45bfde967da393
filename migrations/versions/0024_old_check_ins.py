"""Check-ins that are over are looked for by when they ended, to be purged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index those that are over."""
    downgrade()  # an interrupted run leaves an index that doesn't serve
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_check_in_closed_at", "check_in", ["closed_at"], unique=False, if_not_exists=True,
            postgresql_where=sa.text("closed_at IS NOT NULL"), postgresql_concurrently=True,
        )  # fmt: skip


def downgrade() -> None:
    """Drop it."""
    with op.get_context().autocommit_block():
        op.drop_index("ix_check_in_closed_at", table_name="check_in", postgresql_concurrently=True, if_exists=True)

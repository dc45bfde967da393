"""Each epoch of the feed says up to where it is the same as the one before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was restored yet: the first epoch begins at the start."""
    op.add_column("feed_state", sa.Column("position", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    """Keep the newest epoch alone, as there was but one row."""
    op.execute("DELETE FROM feed_state WHERE epoch < (SELECT max(epoch) FROM feed_state)")
    op.drop_column("feed_state", "position")

"""What is to be forgotten is found by its age: words of people who left, and deliveries to webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index both: the purge would read all there ever was, each hour. Ids of deliveries begin with their time."""
    downgrade()  # an interrupted run leaves indexes that don't serve
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_leaving_reason_kept", "leaving_reason", ["occurred_at"], unique=False, if_not_exists=True,
            postgresql_where=sa.text("sealed IS NOT NULL"), postgresql_concurrently=True,
        )  # fmt: skip
        op.create_index(
            "ix_webhook_delivery_id", "webhook_delivery", ["id"], unique=False, if_not_exists=True,
            postgresql_concurrently=True,
        )  # fmt: skip


def downgrade() -> None:
    """Drop them."""
    with op.get_context().autocommit_block():
        for name, table in (
            ("ix_webhook_delivery_id", "webhook_delivery"),
            ("ix_leaving_reason_kept", "leaving_reason"),
        ):
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)

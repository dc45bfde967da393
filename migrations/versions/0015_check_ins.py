"""People who were asked whether what they agreed to is still right."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; nobody was asked yet."""
    op.create_table(
        "check_in",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("item_ids", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("after_sequence", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_check_in")),
    )
    is_open = sa.text("outcome = 'open'")
    op.create_index("uq_check_in_open", "check_in", ["account_id"], unique=True, postgresql_where=is_open)
    op.create_index("ix_check_in_next_at", "check_in", ["next_at", "account_id"], postgresql_where=is_open)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON check_in TO {_application_role()}")


def downgrade() -> None:
    """Drop it, and with it who was asked."""
    op.drop_table("check_in")


def _application_role() -> str:
    role = context.config.attributes.get("application_role", "parley_app")
    return '"' + role.replace('"', '""') + '"'

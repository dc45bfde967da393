"""Answers to requests that may be asked again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; nothing was asked yet."""
    op.create_table(
        "answered_request",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "key", name=op.f("pk_answered_request")),
    )
    op.create_index("ix_answered_request_created_at", "answered_request", ["created_at"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON answered_request TO {_application_role()}")


def downgrade() -> None:
    """Drop it; what is asked again is then done again."""
    op.drop_table("answered_request")


def _application_role() -> str:
    role = context.config.attributes.get("application_role", "parley_app")
    return '"' + role.replace('"', '""') + '"'

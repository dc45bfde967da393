"""Quotas of clients, and how much each used the API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and room for a quota of a client's own; none has one yet."""
    op.create_table(
        "api_usage",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "client_id", "operation", name=op.f("pk_api_usage")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON api_usage TO {_application_role()}")
    op.add_column("oauth_client", sa.Column("quota", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Drop both; everybody has the quota of the settings again."""
    op.drop_column("oauth_client", "quota")
    op.drop_table("api_usage")


def _application_role() -> str:
    role = context.config.attributes.get("application_role", "parley_app")
    return '"' + role.replace('"', '""') + '"'

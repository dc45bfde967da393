"""Changes of address, which wait for a press in both mailboxes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table: one pending change an account; found by its id, and by the address it would move to."""
    op.create_table(
        "address_change",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_digest", sa.LargeBinary(), nullable=False),
        sa.Column("to_digest", sa.LargeBinary(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provenance", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_provenance", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proved_provenance", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome_provenance", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_address_change")),
    )
    pending = sa.text("outcome = 'pending'")
    op.create_index("uq_address_change_pending", "address_change", ["account_id"], unique=True, postgresql_where=pending)
    op.create_index("ix_address_change_id", "address_change", ["id"])
    op.create_index("ix_address_change_to_digest", "address_change", ["to_digest"], postgresql_where=pending)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON address_change TO {_application_role()}")


def downgrade() -> None:
    """Drop it. Changes that wait for a press would never be made."""
    op.drop_table("address_change")


def _application_role() -> str:
    role = context.config.attributes.get("application_role", "parley_app")
    return '"' + role.replace('"', '""') + '"'

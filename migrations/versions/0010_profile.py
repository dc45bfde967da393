"""What people tell about themselves, and when they did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; nobody has told anything yet."""
    op.create_table(
        "profile_field",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_profile_field")),
    )
    op.create_index(
        "ix_profile_field_address", "profile_field", ["account_id"], postgresql_where=sa.text("kind = 'address'")
    )
    op.create_table(
        "profile_change",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provenance", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_profile_change")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON profile_field, profile_change TO {_application_role()}")


def downgrade() -> None:
    """Drop it all. What people told is lost, and nothing may come by post any more."""
    op.drop_table("profile_change")
    op.drop_table("profile_field")


def _application_role() -> str:
    role = context.config.attributes.get("application_role", "parley_app")
    return '"' + role.replace('"', '""') + '"'

"""What other systems know people by, what was asked through them, and suppressions by their id and brand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0021"
down_revision = "0018"
branch_labels = None
depends_on = None

INDEXES = {"ix_suppression_id": "suppression (id)", "ix_suppression_brand_id": "suppression (brand, id)"}


def upgrade() -> None:
    """Create the indexes while everybody goes on reading and writing, and then the tables, all at once.

    In this order it can be run again from wherever it stopped.
    """
    with op.get_context().autocommit_block():
        for name, on in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {on}")
    op.create_table(
        "external_id",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "client", "system", name=op.f("pk_external_id")),
    )
    op.create_index("uq_external_id_client_system_value", "external_id", ["client", "system", "value"], unique=True)
    op.create_table(
        "privacy_referral",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("through", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_privacy_referral")),
    )
    op.create_index("ix_privacy_referral_id", "privacy_referral", ["id"])
    for table in ("external_id", "privacy_referral"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {_application_role()}")


def downgrade() -> None:
    """Drop them; subjects by the ids of other systems are then unknown."""
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.drop_table("privacy_referral")
    op.drop_table("external_id")


def _application_role() -> str:
    role = context.config.attributes.get("application_role", "parley_app")
    return '"' + role.replace('"', '""') + '"'

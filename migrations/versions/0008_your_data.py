"""What people ask about their own data; and sessions that have shown once more whose they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BY_ACCOUNT = "ix_opt_in_request_account_id"
STEP_UP = ("stepped_up_at", "code_expires_at")


def upgrade() -> None:
    """Create the tables; sessions opened before have not been stepped up.

    First, while everybody goes on writing, the index by which a person's requests are found; one that was interrupted
    would not be valid.
    """
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {BY_ACCOUNT}")
        op.execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {BY_ACCOUNT} ON opt_in_request (account_id) "
            "WHERE account_id IS NOT NULL"
        )
    op.create_table(
        "privacy_request",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_privacy_request")),
    )
    still_open = sa.text("state = 'open'")
    op.create_index(
        "uq_privacy_request_open", "privacy_request", ["account_id", "kind"], unique=True, postgresql_where=still_open
    )
    op.create_index("ix_privacy_request_id", "privacy_request", ["id"])
    op.create_index("ix_privacy_request_due_at", "privacy_request", ["due_at"], postgresql_where=still_open)
    op.create_table(
        "privacy_export",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "request_id", name=op.f("pk_privacy_export")),
    )
    op.create_index("ix_privacy_export_expires_at", "privacy_export", ["expires_at"])
    for name in STEP_UP:
        op.add_column("session", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("session", sa.Column("code_digest", sa.LargeBinary(), nullable=True))
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON privacy_request, privacy_export TO {_application_role()}")


def downgrade() -> None:
    """Drop it all. Erasures that wait would never be done: see to them before."""
    for name in ("code_digest", *STEP_UP):
        op.drop_column("session", name)
    op.drop_table("privacy_export")
    op.drop_table("privacy_request")
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {BY_ACCOUNT}")


def _application_role() -> str:
    role = context.config.attributes.get("application_role", "parley_app")
    return '"' + role.replace('"', '""') + '"'

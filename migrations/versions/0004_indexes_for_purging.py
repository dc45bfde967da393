"""Indexes by which the purge finds what is old. Built while everybody goes on reading and writing."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_address_created_at": "address (created_at)",
    "ix_opt_in_request_unconfirmed": "opt_in_request (created_at) WHERE outcome <> 'confirmed'",
}


def upgrade() -> None:
    """Create each anew: one that was interrupted leaves an index of that name which is not valid."""
    with op.get_context().autocommit_block():
        for name, on in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {on}")


def downgrade() -> None:
    """Drop them."""
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")

"""Files are counted by the client that sent them: only so many of one may wait."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index them by client."""
    downgrade()  # an interrupted run leaves an index that doesn't serve
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_import_job_client_id", "import_job", ["client_id"], unique=False, if_not_exists=True,
            postgresql_concurrently=True,
        )  # fmt: skip


def downgrade() -> None:
    """Drop it."""
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_import_job_client_id", table_name="import_job", postgresql_concurrently=True, if_exists=True
        )  # fmt: skip

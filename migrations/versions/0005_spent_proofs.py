"""Proofs of work that were spent on a sign-up, so that none is taken twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, with the index by which the purge finds what has expired, and let the application use it."""
    op.create_table(
        "spent_proof",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_spent_proof")),
    )
    op.create_index("ix_spent_proof_expires_at", "spent_proof", ["expires_at"])
    op.execute(f"GRANT SELECT, INSERT, DELETE ON spent_proof TO {_application_role()}")


def downgrade() -> None:
    """Drop it. Proofs that are not yet expired could then be spent once more."""
    op.drop_table("spent_proof")


def _application_role() -> str:
    role = context.config.attributes.get("application_role", "parley_app")
    return '"' + role.replace('"', '""') + '"'

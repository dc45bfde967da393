"""Who was mailed that a document changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; nobody was mailed yet."""
    op.create_table(
        "reconsent_request",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "site", "document", "version", name=op.f("pk_reconsent_request")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON reconsent_request TO {_application_role()}")


def downgrade() -> None:
    """Drop it; a newer release would mail people again."""
    op.drop_table("reconsent_request")


def _application_role() -> str:
    role = context.config.attributes.get("application_role", "parley_app")
    return '"' + role.replace('"', '""') + '"'

"""Which addresses belonged to somebody who was erased, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table. Whom the erasure journal names is put into it by `parley erasures replay`."""
    op.create_table(
        "erased_address",
        sa.Column("address_digest", sa.LargeBinary(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_digest", name=op.f("pk_erased_address")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON erased_address TO {_application_role()}")


def downgrade() -> None:
    """Drop it; the journal still knows."""
    op.drop_table("erased_address")


def _application_role() -> str:
    role = context.config.attributes.get("application_role", "parley_app")
    return '"' + role.replace('"', '""') + '"'

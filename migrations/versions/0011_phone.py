"""Phone numbers: the codes that prove them are waited for here; a proved number is a contact point like any other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; nobody has been sent a code yet."""
    op.create_table(
        "phone_proof",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("address_digest", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries_left", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_phone_proof")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON phone_proof TO {_application_role()}")


def downgrade() -> None:
    """Drop it: whoever waits to type a code asks for another."""
    op.drop_table("phone_proof")


def _application_role() -> str:
    role = context.config.attributes.get("application_role", "parley_app")
    return '"' + role.replace('"', '""') + '"'

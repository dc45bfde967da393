"""The job queue's own tables, as procrastinate ships them.

A later release of procrastinate that brings SQL of its own gets a migration here that runs it.
"""

from __future__ import annotations

from alembic import context, op
from procrastinate.schema import SchemaManager

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("procrastinate_jobs", "procrastinate_events", "procrastinate_periodic_defers", "procrastinate_workers")
TYPES = ("procrastinate_job_to_defer_v1", "procrastinate_job_event_type", "procrastinate_job_status")


def upgrade() -> None:
    """Create the queue and let the application use it."""
    if context.is_offline_mode():
        return  # Printed SQL is for reading and linting our own changes.
    role = context.config.attributes.get("application_role", "parley_app").replace('"', '""')
    connection = op.get_bind().connection.cursor()
    connection.execute(SchemaManager.get_schema())
    tables = ", ".join(TABLES)
    op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO "{role}"')
    op.execute(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{role}"')


def downgrade() -> None:
    """Drop the queue with all its functions."""
    if context.is_offline_mode():
        return
    op.execute(f"DROP TABLE {', '.join(TABLES)} CASCADE")
    op.execute("""
        DO $$ DECLARE routine regprocedure; BEGIN
          FOR routine IN SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'procrastinate\\_%' LOOP
            EXECUTE 'DROP FUNCTION ' || routine || ' CASCADE';
          END LOOP; END $$""")
    op.execute(f"DROP TYPE {', '.join(TYPES)} CASCADE")

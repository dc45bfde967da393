"""What the application's role may do: everything it needs, but never change the ledger."""

from __future__ import annotations

from alembic import context, op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

READ_WRITE = ("account", "address", "consent", "contact_point", "development_mail", "feed_pending", "item", "message",
              "oauth_client", "opt_in_item", "opt_in_request", "session", "signing_key", "suppression", "tally")  # fmt: skip
APPEND_ONLY = ("consent_event", "event_feed", "notice")
APPEND_AND_DELETE = ("event_detail",)


def upgrade() -> None:
    """Grant, and refuse changes of ledger lines and their positions even to the owner."""
    role = _application_role()
    op.execute("INSERT INTO feed_state (id, epoch) VALUES (1, 1)")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(READ_WRITE)} TO {role}")
    op.execute(f"GRANT SELECT, INSERT ON {', '.join(APPEND_ONLY)} TO {role}")
    op.execute(f"GRANT SELECT, INSERT, DELETE ON {', '.join(APPEND_AND_DELETE)} TO {role}")
    op.execute(f"GRANT SELECT ON feed_state, alembic_version TO {role}")
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'lines of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$""")
    for table in ("consent_event", "event_feed"):
        op.execute(f"""
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")


def downgrade() -> None:
    """Take the triggers and rights away again."""
    role = _application_role()
    for table in ("consent_event", "event_feed"):
        op.execute(f"DROP TRIGGER append_only ON {table}")
    op.execute("DROP FUNCTION refuse_change")
    op.execute("DELETE FROM feed_state")
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
    op.execute(f"REVOKE USAGE ON SCHEMA public FROM {role}")


def _application_role() -> str:
    role = context.config.attributes.get("application_role", "parley_app")
    return '"' + role.replace('"', '""') + '"'

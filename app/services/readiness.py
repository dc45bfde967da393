"""Is this Parley fit to serve: database there, records of the right form, ledger safe from our own role."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import text

from app.db import Session

MAY_READ = text("SELECT has_table_privilege(to_regclass('alembic_version'), 'SELECT')")
"""NULL where there is no such table."""

MAY_CHANGE_LEDGER = text("""
    SELECT bool_or(has_table_privilege(id, 'UPDATE, DELETE, TRUNCATE') OR has_any_column_privilege(id, 'UPDATE')
                   OR pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = id), 'MEMBER'))
      FROM unnest(ARRAY[to_regclass('consent_event'), to_regclass('event_feed')]) AS guarded (id)
""")
VERSION = text("SELECT version_num FROM alembic_version")


def obstacles(session: Session, expected_version: str, older: Collection[str]) -> list[str]:
    """List what stands against serving, in words for an operator; empty when ready.

    `older` are the versions that this code migrates from. Any other is one of a newer release, which this code can
    work with: its workers run on until they are replaced. A role that could change ledger lines or their places is an
    obstacle (invariant 4). Raises when the database can't be reached.
    """
    may_read = session.scalar(MAY_READ)
    if may_read is None:
        return ["The database has no tables that this role can see: run `parley db upgrade`."]
    if not may_read:
        return ["The application's role was granted nothing: run `parley db upgrade`, or end `parley restore`."]
    found = []
    version = session.scalar(VERSION)
    if version is None or version in older:
        found.append(
            f"The database is at version {version}, this code needs {expected_version}: run `parley db upgrade`."
        )
    if session.scalar(MAY_CHANGE_LEDGER):
        found.append("The application's database role could change the ledger: give it a role that owns no tables.")
    return found

"""A database into which a backup is put back: empty, then closed to the application, and open once all is done."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from psycopg import sql
from sqlalchemy import text

from app.db import Session


class Stage(StrEnum):
    """How far a restore came."""

    EMPTY = "empty"
    CLOSED = "closed"
    """The records are there, and the application's role may not read them yet."""
    OPEN = "open"
    """In use, or by somebody else."""


def stage(session: Session, role: str) -> Stage:
    """Tell how far a restore into this database came, for the application's role."""
    if not session.scalar(_HOLDS_TABLES):
        return Stage.EMPTY
    # NULL where there is no such table: what is there is not ours.
    return Stage.CLOSED if session.scalar(_MAY_READ, {"role": role}) is False else Stage.OPEN


def open_to(session: Session, role: str, grants: Iterable[str]) -> None:
    """Let the application's role in; each of `grants` is a statement up to the name of the role.

    Tables are looked over as well, since PostgreSQL plans queries of new ones badly until it has done so by itself.
    """
    session.execute(text("SET LOCAL statement_timeout = 0"))
    connection = session.connection()
    for grant in grants:
        connection.exec_driver_sql(f"{grant} {sql.Identifier(role).as_string()}")
    session.execute(text("ANALYZE"))


_HOLDS_TABLES = text("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')")
_MAY_READ = text("SELECT has_table_privilege(:role, to_regclass('public.consent_event'), 'SELECT')")

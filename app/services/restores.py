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
    OTHER = "other"
    """The same, but the records are those of another backup."""
    OPEN = "open"
    """In use, or by somebody else."""


def stage(session: Session, role: str, digest: str) -> Stage:
    """Tell how far a restore of the file with this digest came in this database, for the application's role."""
    if not session.scalar(_HOLDS_TABLES):
        return Stage.EMPTY
    # NULL where there is no such table: what is there is not ours, nor is it without the mark.
    if session.scalar(_MAY_READ, {"role": role}) is not False or not session.scalar(_IS_MARKED):
        return Stage.OPEN
    return Stage.CLOSED if session.scalar(text("SELECT digest FROM restoring")) == digest else Stage.OTHER


def begin(session: Session, digest: str) -> None:
    """Mark an empty database with the digest of the file that is about to be put into it, until it is open."""
    forget(session)
    session.execute(text("CREATE TABLE restoring (digest text NOT NULL)"))
    session.execute(text("INSERT INTO restoring VALUES (:digest)"), {"digest": digest})


def forget(session: Session) -> None:
    """Take the mark away."""
    session.execute(text("DROP TABLE IF EXISTS restoring"))


def open_to(session: Session, role: str, grants: Iterable[str]) -> None:
    """Let the application's role in; each of `grants` is a statement up to the name of the role.

    Tables are looked over as well, since PostgreSQL plans queries of new ones badly until it has done so by itself.
    """
    session.execute(text("SET LOCAL statement_timeout = 0"))
    connection = session.connection()
    for grant in grants:
        connection.exec_driver_sql(f"{grant} {sql.Identifier(role).as_string()}")
    forget(session)
    session.execute(text("ANALYZE"))


_HOLDS_TABLES = text("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'restoring')")
_IS_MARKED = text("SELECT to_regclass('public.restoring') IS NOT NULL")
_MAY_READ = text("SELECT has_table_privilege(:role, to_regclass('public.consent_event'), 'SELECT')")

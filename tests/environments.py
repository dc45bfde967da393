"""Environments for tests: one whose writes are rolled back, and one on a database of committed rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.orm import sessionmaker

from app.branding.models import SiteGroup
from app.config import KEY_LISTS, Settings
from app.db import Database, Session
from app.environment import _KEY, Environment
from app.kit.hashing import Hasher

BRANDS = Path(__file__).parents[1] / "brands"
QUICK = Hasher(parallel=1, memory_kib=64)
"""Hashes in no time; that real ones are as costly as they should be is tested apart."""
NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:9/none"
"""A database that is not there."""
GUARDED = ("consent_event", "event_feed")


def settings_for(tmp_path: Path, **changes: Any) -> Settings:
    """Make settings with keys of their own; forms may come back at once."""
    keys = {name: (f"{name} for tests, long enough to pass",) for name in KEY_LISTS}
    return Settings(**{"instance_path": tmp_path, "brands_dir": BRANDS, "minimum_form_seconds": 0,
                       "signups_per_ip": "100000 per minute", **keys, **changes})  # fmt: skip


class RolledBack(Database):
    """A database whose sessions and readers share one connection inside a transaction that never commits."""

    def __init__(self, url: str, info: dict[str, Any]) -> None:
        """Begin the outer transaction, on a connection that knows the statements of earlier tests."""
        super().__init__(url, info=info)
        self.engine = _kept(url).engine
        self.connection = self.engine.connect()
        self._outer = self.connection.begin()
        # What an earlier test prepared is gone, for psycopg too; `Database.read` counts from the start.
        self.connection.execute(text("DEALLOCATE ALL"))
        # Psycopg gives up all it has prepared, and with it what `Database.read` has, when a savepoint is rolled back.
        self.reader().prepare_threshold = None
        self._sessions = sessionmaker(
            self.connection, expire_on_commit=False, info=info, join_transaction_mode="create_savepoint"
        )

    def reader(self) -> Any:
        """Read inside the outer transaction, where the test's rows are."""
        return self.connection.connection.driver_connection

    def close(self) -> None:
        """Forget everything."""
        self._outer.rollback()
        self.connection.close()


@cache
def _kept(url: str) -> Database:
    return Database(url)


@contextmanager
def rolled_back(settings: Settings, url: str, group: SiteGroup) -> Iterator[Environment]:
    """Yield an environment that leaves nothing behind."""
    environment = Environment.build(settings, url, group)
    info: dict[str, Any] = {}
    environment = replace(environment, database=RolledBack(url, info), hasher=QUICK)
    info[_KEY] = environment
    try:
        yield environment
    finally:
        environment.database.close()


@contextmanager
def committing(settings: Settings, url: str, owner_url: str, group: SiteGroup) -> Iterator[Environment]:
    """Yield an environment on an emptied database, for tests with several threads or processes."""
    empty(owner_url)
    environment = Environment.build(settings, url, group)
    try:
        yield environment
    finally:
        environment.database.close()
        empty(owner_url)


def empty(owner_url: str) -> None:
    """Delete all rows, as the owner, with the guards of the ledger down for the moment.

    Only tables that hold some are truncated, since TRUNCATE makes each of their files anew.
    """
    engine = create_engine(owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        if filled := _filled(connection):
            for table in GUARDED:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER append_only"))
            connection.execute(text(f"TRUNCATE {', '.join(filled)} CASCADE"))
            for table in GUARDED:
                connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER append_only"))


def _filled(connection: Connection) -> list[str]:
    tables = connection.scalars(text(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        " AND tablename NOT IN ('alembic_version', 'feed_state')"
    )).all()  # fmt: skip
    questions = [f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables]
    return list(connection.scalars(text(" UNION ALL ".join(questions))))


__all__ = ["Session", "committing", "empty", "rolled_back", "settings_for"]

"""Runs the migrations as the owner of the tables, patiently never: a lock that isn't free fails the upgrade fast."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

from app.models import Base

QUEUE_PREFIX = "procrastinate_"
LOCK_TIMEOUT = "SET lock_timeout = '5s'"


def run_offline() -> None:
    """Print the SQL, for review and for the migration linter."""
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, as_sql=True)
    with context.begin_transaction():
        context.execute(LOCK_TIMEOUT)
        context.run_migrations()


def run_online() -> None:
    """Upgrade the database that the caller names, one transaction a migration."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _migrate(connection)
        return
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        raise RuntimeError("No database to migrate: use `parley db upgrade`.")
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        _migrate(connection)


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Leave the job queue's tables out of comparisons with our models."""
    return not (kind == "table" and (name or "").startswith(QUEUE_PREFIX))


def _migrate(connection: Connection) -> None:
    connection.execute(text(LOCK_TIMEOUT))
    connection.commit()
    context.configure(
        connection=connection, target_metadata=Base.metadata, transaction_per_migration=True, include_name=is_ours
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()

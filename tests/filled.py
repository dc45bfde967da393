"""A database as full as that of a busy house, so that PostgreSQL plans as it would there."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from app.branding.models import SiteGroup
from app.config import Settings
from app.environment import Environment
from app.services import population

PEOPLE = 1_000
ROWS = 4_000
"""In every table that the invented people do not fill."""
BIG = 2_000
"""From so many rows on, reading a whole table is too much."""
OF_A_FEW = {
    "alembic_version", "api_usage", "development_mail", "feed_state", "item", "notice", "oauth_client", "phone_proof",
    "procrastinate_periodic_defers", "procrastinate_workers", "signing_key", "webhook_endpoint",
}  # fmt: skip
"""Tables that grow with brands, clients and workers, not with people; and codes by text, which last for minutes."""

STATES = {("procrastinate_jobs", "status"): "'succeeded'", ("message", "state"): "'sent'"}
"""What most rows are, where it is not just any word."""
VALUES = {
    "uuid": "gen_random_uuid()", "bytea": "sha256(random()::text::bytea)", "text": "'x' || n", "bigint": "n",
    "integer": "n", "boolean": "false", "jsonb": "'{}'", "ARRAY": "'{}'", "date": "current_date - n % 700",
    "double precision": "n", "smallint": "1", "interval": "NULL", "character varying": "'x' || n",
}  # fmt: skip
PAST, FUTURE = "now() - random() * interval '20 hours'", "now() + random() * interval '30 days'"
"""What was, was lately, since what is older is purged; and what ends, ends in a while."""


def fill(settings: Settings, group: SiteGroup, url: str, superuser_url: str) -> Environment:
    """Fill the database at `url` and give an environment on it. Every table is filled that is not of a few rows."""
    environment = Environment.build(settings, url, group)
    with environment.database.transaction() as session:
        population.fill(session, PEOPLE)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # which skips triggers and foreign keys
        for table in _tables(connection):
            if table not in OF_A_FEW and _count(connection, table) < BIG:
                _multiply(connection, table)
        connection.execute("VACUUM ANALYZE")
    return environment


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    return [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(found[0]) if found else 0


def _multiply(connection: psycopg.Connection[Any], table: str) -> None:
    columns = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
        " AND table_name = %s AND is_generated = 'NEVER' AND column_default IS NULL",
        [table],
    ).fetchall()
    values = sql.SQL(", ").join(sql.SQL(_value(table, name, kind)) for name, kind in columns)  # type: ignore[arg-type]
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM generate_series(1, {}) AS n").format(
            sql.Identifier(table), names, values, sql.Literal(ROWS)
        )
    )


def _value(table: str, name: str, kind: str) -> str:
    if kind.startswith("timestamp"):
        return FUTURE if "expires" in name or "until" in name else PAST
    return STATES.get((table, name)) or VALUES.get(kind) or "NULL"

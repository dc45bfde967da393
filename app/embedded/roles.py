"""Roles and databases of an embedded cluster, set apart: what serves people never owns what it stores.

`postgres` only bootstraps, `parley_owner` owns the database and migrates it, `parley_app` is granted table by table
by the migrations. Everything here may be interrupted and run again.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

OWNER = "parley_owner"
APPLICATION = "parley_app"
DATABASE = "parley"


def ensure(server: str, passwords: Mapping[str, str]) -> None:
    """Create the missing roles and the database. `server` is the superuser's connection string without a database."""
    with _connect(server, "postgres") as connection:
        for role in (OWNER, APPLICATION):
            if not _exists(connection, "pg_roles", "rolname", role):
                _create_role(connection, role, passwords[role])
        connection.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
    create_database(server, DATABASE)


def create_database(server: str, name: str, template: str | None = None) -> None:
    """Create a database of the owner's, unless it exists, and open it to the application's role only.

    Privileges on a database are not part of its template, hence they are set every time.
    """
    database = sql.Identifier(name)
    with _connect(server, "postgres") as connection:
        if not _exists(connection, "pg_database", "datname", name):
            source = sql.Identifier(template or "template1")
            statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
            connection.execute(statement.format(database, sql.Identifier(OWNER), source))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        grant = sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}")
        connection.execute(grant.format(database, sql.Identifier(APPLICATION)))
    with _connect(server, name) as connection:
        connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(OWNER)))
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(APPLICATION)))


def drop_database(server: str, name: str) -> None:
    """Drop a database, also under those still connected to it."""
    with _connect(server, "postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def rename_database(server: str, old: str, new: str) -> None:
    """Rename a database nobody is connected to."""
    with _connect(server, "postgres") as connection:
        statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        connection.execute(statement.format(sql.Identifier(old), sql.Identifier(new)))


def exists(server: str, name: str) -> bool:
    """Tell whether a database exists."""
    with _connect(server, "postgres") as connection:
        return _exists(connection, "pg_database", "datname", name)


def _connect(server: str, database: str) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(server, dbname=database, autocommit=True)


def _exists(connection: psycopg.Connection[tuple[Any, ...]], table: str, column: str, name: str) -> bool:
    statement = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
    return connection.execute(statement, [name]).fetchone() is not None


def _create_role(connection: psycopg.Connection[tuple[Any, ...]], role: str, password: str) -> None:
    """Create a role that may log in and nothing more; the password is digested here, so that no log can hold it."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    statement = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(verifier.decode())))

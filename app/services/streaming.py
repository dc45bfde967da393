"""Reads a whole table's worth of rows in constant memory, without the ORM."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any, cast

from psycopg import Connection

from app.db import Session

BATCH = 500
"""Rows that are taken from PostgreSQL at a time, while it goes on making more."""


def driver(session: Session) -> Connection[Any]:
    """Give the psycopg connection under a session, inside its transaction."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, Connection)  # noqa: S101 - the engine has no other driver
    return connection


@contextmanager
def rows(session: Session, query: str) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Stream the rows of `query`: PostgreSQL goes on making them while the first are read.

    If they are left early it is told to stop, and the transaction has come to its end.
    """
    with driver(session).cursor() as cursor:
        found = cast("Generator[tuple[Any, ...]]", cursor.stream(query.encode(), size=BATCH))
        with closing(found):
            yield found

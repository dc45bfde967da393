"""A database on which everything can be tried and nothing stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import sessionmaker

from app.db import Connection, Database


class Rehearsal(Database):
    """One connection inside a transaction that never commits; not for several threads at once."""

    def __init__(self, url: str, pool_size: int = 1, info: dict[str, Any] | None = None) -> None:
        """Connect to `url` and begin."""
        self.info = {} if info is None else info
        super().__init__(url, pool_size, self.info)
        self._only = self.engine.connect()
        # With each rollback psycopg would drop all prepared statements, those of `read` too.
        self.reader().prepare_threshold = None
        self._outer = self._only.begin()
        self._sessions = sessionmaker(
            self._only, expire_on_commit=False, info=self.info, join_transaction_mode="create_savepoint"
        )

    @contextmanager
    def scene(self) -> Iterator[None]:
        """Take everything back at the end that was written since the beginning."""
        savepoint = self._only.begin_nested()
        try:
            yield
        finally:
            savepoint.rollback()

    def reader(self) -> Connection:
        """Read inside the transaction, where the rows are."""
        found: Connection = self._only.connection.driver_connection  # type: ignore[assignment]
        return found

    def close(self) -> None:
        """Forget everything."""
        self._outer.rollback()
        self._only.close()
        super().close()

"""The database: engine, sessions and the one place that commits."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from app.errors import StaleLocks
from app.kit import clock

__all__ = ["Database", "OperationalError", "Session", "is_unavailable"]

T = TypeVar("T")
Connection = psycopg.Connection[TupleRow]

STATEMENT_TIMEOUT_MS = 15_000
LOCK_TIMEOUT_MS = 10_000
OPTIONS = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC"
ATTEMPTS = 5
TRUSTED_IDLE = timedelta(seconds=1)

_RETRIED = frozenset({"40P01", "40001"})  # deadlock, serialization failure


class Database:
    """One PostgreSQL database, as one role."""

    def __init__(self, url: str, pool_size: int = 4, info: dict[str, Any] | None = None) -> None:
        """Prepare connections to `url`; none is opened before the first use. Each session carries `info`."""
        self._url = make_url(url).set(drivername="postgresql+psycopg")
        self.engine = create_engine(
            self._url,
            pool_size=pool_size,
            max_overflow=4,
            pool_timeout=10,
            hide_parameters=True,  # they would end up in logs with the error
            connect_args={
                "connect_timeout": 5,
                "application_name": "parley",
                "options": f"{OPTIONS} -c lock_timeout={LOCK_TIMEOUT_MS}",
            },
        )
        _replace_stale(self.engine)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, info={} if info is None else info)
        self._local = threading.local()
        self._prepared: weakref.WeakKeyDictionary[Connection, dict[bytes, bytes]] = weakref.WeakKeyDictionary()

    @property
    def dsn(self) -> str:
        """The address as libpq and psycopg write it."""
        return self._url.set(drivername="postgresql").render_as_string(hide_password=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a READ COMMITTED transaction; commit at the end, roll back when anything is raised."""
        with self._sessions() as session:
            yield session
            session.commit()

    def write(self, act: Callable[[Session], T]) -> T:
        """Run `act` in a transaction, again from the start where that is safe and may help.

        So after stale locks or a deadlock that PostgreSQL broke, and once when the connection was lost before the
        commit was asked for. A connection lost during the commit leaves open what became of it, and is raised.
        """
        for attempt in range(ATTEMPTS):
            acted = False
            try:
                with self.transaction() as session:
                    result = act(session)
                    acted = True
            except (StaleLocks, DBAPIError, psycopg.Error) as problem:
                was_lost = attempt == 0 and not acted and is_unavailable(problem)
                if attempt == ATTEMPTS - 1 or not (was_lost or _is_passing(problem)):
                    raise
                if was_lost:
                    self.engine.dispose()
            else:
                return result
        raise AssertionError("unreachable")

    def reader(self) -> Connection:
        """Give this thread's own autocommit connection, for the hot single-statement reads.

        It skips the pool and the ORM and keeps its prepared statements; a broken one is replaced.
        """
        connection: Connection | None = getattr(self._local, "reader", None)
        if connection is None or connection.closed:
            connection = psycopg.connect(
                self.dsn, autocommit=True, connect_timeout=5, prepare_threshold=0, application_name="parley reader",
                options=OPTIONS,
            )  # fmt: skip
            self._local.reader = connection
        return connection

    def read(self, query: bytes, values: Sequence[bytes | None]) -> list[bytes | None] | None:
        """Run a statement for one row on this thread's reader; give its values as PostgreSQL writes them.

        `values` are the parameters $1, $2, … in PostgreSQL's text form. The statement is prepared at its first use, and
        goes straight to libpq, since it is the one that everything else waits for. A connection that was lost is
        replaced once.
        """
        reader = self.reader()
        try:
            return self._read(reader, query, values)
        except psycopg.OperationalError:
            if reader.pgconn.status == ConnStatus.OK:
                raise
            reader.close()
            return self._read(self.reader(), query, values)

    def _read(self, reader: Connection, query: bytes, values: Sequence[bytes | None]) -> list[bytes | None] | None:
        prepared = self._prepared.setdefault(reader, {})
        name = prepared.get(query)
        if name is None:
            name = b"parley_%d" % len(prepared)
            _check(reader, reader.pgconn.prepare(name, query), ExecStatus.COMMAND_OK)
            prepared[query] = name
        result = reader.pgconn.exec_prepared(name, values)  # type: ignore[arg-type] # None is NULL, unlike its type says
        _check(reader, result, ExecStatus.TUPLES_OK)
        return [result.get_value(0, column) for column in range(result.nfields)] if result.ntuples else None

    def close(self) -> None:
        """Close pooled connections and this thread's reader."""
        reader: Connection | None = getattr(self._local, "reader", None)
        if reader is not None:
            reader.close()
        self.engine.dispose()


def is_unavailable(problem: BaseException) -> bool:
    """Tell whether `problem` means that the database can't be reached just now, rather than a fault of ours."""
    if isinstance(problem, OperationalError):
        return True
    return isinstance(problem, psycopg.OperationalError)


def run(session: Session, query: LiteralString, parameters: Mapping[str, Any]) -> psycopg.Cursor[TupleRow]:
    """Run a statement on the session's own connection, past SQLAlchemy.

    For hot ways only: there SQLAlchemy costs several times what the statement itself does. What the session has not
    written yet is written first. Raises psycopg's own errors, which `Database.write` knows as well.
    """
    session.flush()
    connection: Connection = session.connection().connection.driver_connection  # type: ignore[assignment]
    return connection.execute(query, parameters, prepare=True)


@contextmanager
def pipelined(session: Session) -> Iterator[None]:
    """Send statements without waiting for those before, until a result is read: most of a hot way is waiting.

    They still run one after the other, each with a snapshot of its own. A failure shows when the next result is read.
    Inside, only `run` may be used: SQLAlchemy asks for the columns of a result before it came.
    """
    connection: Connection = session.connection().connection.driver_connection  # type: ignore[assignment]
    with connection.pipeline():
        yield


def _replace_stale(engine: Engine) -> None:
    """Try a connection that lay idle before it is used, since PostgreSQL may have been restarted meanwhile.

    SQLAlchemy's own check asks before each use, which costs a busy server a round trip for each transaction.
    """

    @event.listens_for(engine, "checkin")
    def _remember(_connection: Connection, record: ConnectionPoolEntry) -> None:
        record.info["idle_since"] = clock.now()

    @event.listens_for(engine, "checkout")
    def _try(connection: Connection, record: ConnectionPoolEntry, _proxy: object) -> None:
        idle_since = record.info.get("idle_since")
        if idle_since is None or abs(clock.now() - idle_since) < TRUSTED_IDLE:
            return
        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except psycopg.OperationalError as problem:
            raise DisconnectionError from problem


def _check(reader: Connection, result: PGresult, wanted: ExecStatus) -> None:
    if reader.pgconn.status != ConnStatus.OK:
        raise psycopg.OperationalError("the connection was lost")
    if result.status != wanted:
        raise psycopg.errors.error_from_result(result)


def _is_passing(problem: Exception) -> bool:
    return isinstance(problem, StaleLocks) or getattr(getattr(problem, "orig", problem), "sqlstate", None) in _RETRIED

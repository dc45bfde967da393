"""The database: what is tried again, and what is not."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db import ATTEMPTS, Database, is_unavailable, pipelined, run
from app.errors import StaleLocks


@pytest.fixture
def database(database_urls):
    database = Database(database_urls.application)
    yield database
    database.close()


def drop_connection(session):
    """End this session's own connection from the server's side."""
    session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


def test_stale_locks_are_tried_again_but_not_for_ever(database):
    tries = []

    def act(_session):
        tries.append(1)
        raise StaleLocks

    with pytest.raises(StaleLocks):
        database.write(act)
    assert len(tries) == ATTEMPTS


def test_a_connection_lost_before_the_commit_is_replaced_once(database):
    tries = []

    def act(session):
        tries.append(1)
        if len(tries) == 1:
            drop_connection(session)
        return session.scalar(text("SELECT 7"))

    assert database.write(act) == 7
    assert len(tries) == 2


def test_a_connection_lost_during_the_commit_is_told(database, monkeypatch):
    tries = []

    def act(session):
        tries.append(1)
        monkeypatch.setattr(session, "commit", lambda: drop_connection(session))

    with pytest.raises(OperationalError):
        database.write(act)
    assert len(tries) == 1


def test_a_fault_is_not_tried_again(database):
    tries = []

    def act(session):
        tries.append(1)
        run(session, "SELECT 1 / 0", {})

    with pytest.raises(psycopg.errors.DivisionByZero):
        database.write(act)
    assert len(tries) == 1


def test_an_idle_connection_that_died_is_replaced_before_its_use(database, monkeypatch):
    monkeypatch.setattr("app.db.TRUSTED_IDLE", timedelta(0))
    with database.transaction() as session:
        own = session.scalar(text("SELECT pg_backend_pid()"))
    with psycopg.connect(database.dsn) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (int(own),))
    with database.transaction() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != own


def test_the_reader_is_renewed_once(database):
    own = database.read(b"SELECT pg_backend_pid()", [])[0]
    with psycopg.connect(database.dsn) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (int(own),))
    assert database.read(b"SELECT pg_backend_pid()", [])[0] != own


def test_statements_in_a_pipeline_see_those_before(database):
    with database.transaction() as session, pipelined(session):
        run(session, "CREATE TEMPORARY TABLE seen (n int) ON COMMIT DROP", {})
        run(session, "INSERT INTO seen VALUES (%(n)s)", {"n": 3})
        assert run(session, "SELECT n FROM seen", {}).fetchone() == (3,)


def test_a_failure_in_a_pipeline_rolls_all_of_it_back(database):
    def act(session):
        with pipelined(session):
            run(session, "SELECT 1 / 0", {})

    with pytest.raises(psycopg.errors.DivisionByZero):
        database.write(act)
    assert database.write(lambda session: session.scalar(text("SELECT 1"))) == 1


def test_only_a_lost_database_counts_as_unavailable():
    assert is_unavailable(psycopg.OperationalError())
    assert not is_unavailable(ValueError())

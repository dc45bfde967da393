"""A job exists if and only if its cause was committed."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError

from app.kit.ids import new_id
from app.services import outbox
from tests.post import jobs_for


def test_a_committed_cause_has_its_job(committing_env):
    message = new_id()
    with committing_env.database.transaction() as session:
        outbox.enqueue(session, outbox.DELIVER, message_id=message)
        assert jobs_for(committing_env, message) == []
    assert len(jobs_for(committing_env, message)) == 1


def test_a_rolled_back_cause_has_none(committing_env):
    message = new_id()

    def fail(session):
        outbox.enqueue(session, outbox.DELIVER, message_id=message)
        raise LookupError

    with pytest.raises(LookupError):
        committing_env.database.write(fail)
    assert jobs_for(committing_env, message) == []


def test_a_job_can_wait(committing_env):
    message = new_id()
    with committing_env.database.transaction() as session:
        outbox.enqueue(session, outbox.DELIVER, schedule_in_seconds=600, message_id=message)
    (job,) = jobs_for(committing_env, message)
    assert timedelta(seconds=590) < job.scheduled_at - datetime.now(UTC) < timedelta(seconds=610)


def test_a_failing_database_is_told_as_the_driver_tells_it(committing_env):
    def act():
        with committing_env.database.transaction() as session:
            with pytest.raises(SQLAlchemyError):
                session.execute(text("SELECT 1 / 0"))
            outbox.enqueue(session, outbox.DELIVER, message_id=new_id())

    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        act()


def test_a_job_costs_one_statement(committing_env, monkeypatch):
    statements = []
    execute = psycopg.Cursor.execute
    monkeypatch.setattr(
        psycopg.Cursor, "execute", lambda *args, **options: statements.append(args[1]) or execute(*args, **options)
    )
    with committing_env.database.transaction() as session:
        event.listen(session.connection(), "before_cursor_execute", lambda *args: statements.append(args[2]))
        statements.clear()
        outbox.enqueue(session, outbox.DELIVER, message_id=new_id())
        assert len(statements) == 1

"""The application's role and the owner's are apart, in a migrated database."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.engine import make_url


@pytest.fixture
def application(database_urls):
    with connect(database_urls.application) as connection:
        yield connection


@pytest.fixture
def owner(database_urls):
    with connect(database_urls.owner) as connection:
        yield connection


def connect(url: str) -> psycopg.Connection:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def test_the_application_creates_no_tables(application):
    with pytest.raises(errors.InsufficientPrivilege):
        application.execute("CREATE TABLE stray (id int)")


def test_the_application_creates_no_schema(application):
    with pytest.raises(errors.InsufficientPrivilege):
        application.execute("CREATE SCHEMA stray")


def test_the_application_does_not_become_the_owner(application):
    with pytest.raises(errors.InsufficientPrivilege):
        application.execute("SET ROLE parley_owner")


def test_the_application_changes_no_table_of_the_owner(owner, application):
    owner.execute("CREATE TABLE kept (id int)")
    try:
        for statement in (
            "ALTER TABLE kept ADD COLUMN x int",
            "DROP TABLE kept",
            "TRUNCATE kept",
            "SELECT * FROM kept",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                application.execute(statement)
    finally:
        owner.execute("DROP TABLE kept")


def test_the_application_owns_nothing(application):
    owned = application.execute("SELECT relname FROM pg_class WHERE relowner = 'parley_app'::regrole").fetchall()
    assert owned == []


def test_neither_role_is_more_than_a_role_that_logs_in(owner):
    rows = owner.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'parley%' "
        "AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)"
    ).fetchall()
    assert rows == []


def test_a_wrong_password_is_refused(database_urls):
    wrong = make_url(database_urls.application).set(password="guess").render_as_string(hide_password=False)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(wrong)


def test_other_databases_of_the_cluster_stay_apart(cluster):
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(cluster.url("parley_app", "postgres", scheme="postgresql"))

"""`parley backup` and `parley restore`: what comes back is what was there, fit to serve, and nobody erased is in it."""

from __future__ import annotations

import os
import stat
import uuid
from functools import partial

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from app.commands import backups
from app.embedded import DatabaseUrls
from app.environment import Environment
from app.models import FeedPending
from app.services import checkpoints, erasure_journal, feed, feed_pages, readiness
from app.services.feed_pages import Cursor
from tests import journeys, restoring
from tests.environments import settings_for
from tests.erasing import ANA, BEA, join, owner, verify
from tests.services import ledgers

SERVER = 18
LEFT_OUT = {"feed_state"}
"""The epoch is another one."""


@pytest.fixture
def elsewhere(cluster, worker_id):
    """Give the URLs of an empty database."""
    with restoring.empty_database(cluster, f"parley_elsewhere_{worker_id}") as urls:
        yield urls


@pytest.fixture
def command(committing_env):
    """Give `parley` as an operator types it, on any database, with the keys of `committing_env`."""
    return partial(restoring.command, committing_env)


@pytest.fixture
def backed_up(committing_env, database_urls, command, tmp_path):
    """Write a backup of a database with a few people, of whom not all have a place in the feed yet; give the file."""
    for email in (ANA, BEA):
        join(committing_env, email)
    ledgers.place(committing_env)
    ledgers.account_with_lines(committing_env, 3)
    done = command(database_urls, "backup", tmp_path / "parley.dump")
    assert done.exit_code == 0, done.output
    return tmp_path / "parley.dump"


@pytest.fixture
def restored(elsewhere, tmp_path, group):
    """Give the Parley on the other database."""
    environment = Environment.build(settings_for(tmp_path), elsewhere.application, group)
    yield environment
    environment.database.close()


def everything(urls):
    """Read all rows of all tables."""
    engine = create_engine(urls.owner)
    with engine.connect() as connection:
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        rows = {table: sorted(map(str, connection.execute(text(f'SELECT * FROM "{table}"')))) for table in tables}
    engine.dispose()
    return {table: found for table, found in rows.items() if table not in LEFT_OUT}


def obstacles(env):
    with env.database.transaction() as session:
        return readiness.obstacles(session, "", ())


def test_what_comes_back_is_what_was_there_and_it_serves_and_is_left_alone_from_then_on(
    committing_env, database_urls, command, backed_up, elsewhere, restored
):  # fmt: skip
    assert stat.S_IMODE(backed_up.stat().st_mode) == 0o600
    before = everything(database_urls)
    done = command(elsewhere, "restore", backed_up)
    assert done.exit_code == 0, done.output
    assert "erasure.jsonl: whom it names is back" in done.output
    after = everything(elsewhere)
    assert (len(before.pop("event_feed")), len(after.pop("event_feed"))) == (2, 5)
    assert (len(before.pop("feed_pending")), len(after.pop("feed_pending"))) == (3, 0)
    assert after == before
    assert verify(restored) == []
    assert obstacles(restored) == []
    assert journeys.decision(restored, ANA) == "granted"
    with pytest.raises(ProgrammingError, match="permission denied"), restored.database.transaction() as session:
        session.execute(text("DELETE FROM consent_event"))
    join(restored, "new@example.com")
    before = everything(elsewhere)
    again = command(elsewhere, "restore", backed_up)
    assert (again.exit_code, again.output) == (1, "Error: The database is in use; restore into an empty one.\n")
    assert everything(elsewhere) == before


def test_the_owner_is_needed(database_urls, command, tmp_path):
    done = command(DatabaseUrls(None, database_urls.application), "backup", tmp_path / "parley.dump")
    assert (done.exit_code, "PARLEY_OWNER_DATABASE_URL is not set" in done.output) == (1, True)


def test_nobody_who_was_erased_is_back_and_a_restore_that_was_interrupted_lets_nobody_in(
    committing_env, command, backed_up, elsewhere, restored, monkeypatch
):  # fmt: skip
    erasure_journal.intend(committing_env.settings, owner(committing_env, ANA), [])
    with monkeypatch.context() as patch:
        patch.setattr(backups.erasures, "replay", lambda _: 1 / 0)
        assert isinstance(command(elsewhere, "restore", backed_up).exception, ZeroDivisionError)
    assert "end `parley restore`" in obstacles(restored)[0]
    with pytest.raises(ProgrammingError, match="permission denied"):
        journeys.decision(restored, ANA)
    done = command(elsewhere, "restore", backed_up)
    assert (done.exit_code, "was interrupted; going on with it" in done.output) == (0, True), done.output
    assert "The journal knows 1 erasures; erased once more: 1." in done.output
    assert (owner(restored, ANA), owner(restored, BEA)) == (None, owner(committing_env, BEA))
    assert verify(restored) == []


def test_the_application_may_have_another_name(cluster, command, backed_up, elsewhere, group, tmp_path):
    name = f"Other-{uuid.uuid4().hex}"
    cluster_roles(cluster, f"CREATE ROLE \"{name}\" LOGIN PASSWORD 'secret'")
    url = of_role(elsewhere, name)
    urls = DatabaseUrls(elsewhere.owner, url)
    cluster_roles(cluster, f'GRANT CONNECT ON DATABASE "{make_url(url).database}" TO "{name}"')
    assert command(urls, "restore", backed_up).exit_code == 0
    env = Environment.build(settings_for(tmp_path), urls.application, group)
    assert (obstacles(env), journeys.decision(env, ANA)) == ([], "granted")
    env.database.close()


def cluster_roles(cluster, statement):
    engine = create_engine(cluster.url("postgres", "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_nobody_but_the_application_gets_back_what_they_were_granted(
    database_urls, command, backed_up, elsewhere, restored, cluster
):  # fmt: skip
    """`pg_monitor` stands for the role of an administrator, who may do what the application must not."""
    engine = create_engine(database_urls.owner, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("GRANT ALL ON consent_event TO pg_monitor WITH GRANT OPTION"))
        try:
            assert command(database_urls, "backup", backed_up).exit_code == 0
        finally:
            connection.execute(text("REVOKE ALL ON consent_event FROM pg_monitor"))
    engine.dispose()
    cluster_roles(cluster, 'CREATE ROLE "other"')
    try:
        unknown = command(DatabaseUrls(elsewhere.owner, of_role(elsewhere, "other")), "restore", backed_up)
        assert "The backup knows no role “other”. Name the application's: parley_app, pg_monitor." in unknown.output
    finally:
        cluster_roles(cluster, 'DROP ROLE "other"')
    assert command(elsewhere, "restore", "--application-role", "parley_app", backed_up).exit_code == 0
    may = "SELECT has_table_privilege(:role, 'consent_event', :right)"
    with restored.database.transaction() as session:
        rights = {(role, right) for role in ("parley_app", "pg_monitor")
                  for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER")
                  if session.scalar(text(may), {"role": role, "right": right})}  # fmt: skip
    assert rights == {("parley_app", "SELECT"), ("parley_app", "INSERT")}
    assert obstacles(restored) == []


def test_an_interrupted_restore_goes_on_with_its_own_file_alone(
    committing_env, database_urls, command, backed_up, elsewhere, restored, monkeypatch
):  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(backups.restores, "open_to", lambda *_: 1 / 0)
        assert isinstance(command(elsewhere, "restore", backed_up).exception, ZeroDivisionError)
    join(committing_env, "new@example.com")
    newer = backed_up.with_name("newer.dump")
    assert command(database_urls, "backup", newer).exit_code == 0
    refused = command(elsewhere, "restore", newer)
    assert (refused.exit_code, "of another file was interrupted here" in refused.output) == (1, True)
    assert command(elsewhere, "restore", backed_up).exit_code == 0
    assert owner(restored, "new@example.com") is None
    assert "restoring" not in everything(elsewhere)


def of_role(urls, name):
    """Give the URL of the application of another role."""
    return make_url(urls.application).set(username=name, password="secret").render_as_string(hide_password=False)


def test_a_folder_that_is_not_there_is_told_in_a_line(database_urls, command, tmp_path):
    done = command(database_urls, "backup", tmp_path / "nowhere" / "parley.dump")
    assert (done.exit_code, "No such file or directory" in done.output) == (1, True)
    assert command(database_urls, "restore", tmp_path / "nowhere.dump").exit_code == 2


def test_a_backup_that_fails_leaves_the_one_before(database_urls, command, backed_up):
    kept = backed_up.read_bytes()
    nowhere = make_url(database_urls.owner).set(database="nowhere").render_as_string(hide_password=False)
    lost = DatabaseUrls(nowhere, database_urls.application)
    assert command(lost, "backup", backed_up).exit_code == 1
    assert backed_up.read_bytes() == kept
    assert [each.name for each in backed_up.parent.glob("*.part")] == []


@pytest.mark.parametrize(("version", "asked"), [("9.6", {"--version"}), (f"{SERVER}.99", {"--version", "--dbname"})])
def test_programs_of_the_servers_own_version_come_first(
    database_urls, command, tmp_path, monkeypatch, version, asked
):  # fmt: skip
    program, notes = tmp_path / "pg_dump", tmp_path / "notes"
    program.write_text(f'#!/bin/sh\necho "pg_dump (PostgreSQL) {version}"; echo "${{1%%=*}}" >> {notes}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.defpath}")
    assert command(database_urls, "backup", tmp_path / "parley.dump").exit_code == 0
    assert set(notes.read_text().split()) == asked, "else the wheel's took its place"


def test_a_file_that_is_no_backup_is_told_in_a_line(command, backed_up, elsewhere):
    backed_up.write_bytes(backed_up.read_bytes()[:-1])
    done = command(elsewhere, "restore", backed_up)
    assert done.exit_code == 1
    assert done.output.startswith("Error: pg_restore: error:")
    assert "Traceback" not in done.output
    assert everything(elsewhere) == {}


def test_what_came_after_the_backup_is_expected_by_nobody(
    committing_env, database_urls, command, backed_up, elsewhere, restored
):  # fmt: skip
    join(committing_env, "later@example.com")
    ledgers.place(committing_env)
    with committing_env.database.transaction() as session:
        assert checkpoints.take(session).position == 6
    command(elsewhere, "restore", backed_up)
    with restored.database.transaction() as session:
        assert checkpoints.check(session) == []
        assert session.scalars(select(FeedPending)).all() == []
        now = feed_pages.epoch(session)
        found = {old: feed_pages.resumed(session, Cursor(1, old)).position for old in (0, 1, 2, 3, 6)}
        assert feed_pages.resumed(session, Cursor(now - 1, 2)) == Cursor(now, 0), "an epoch nobody here knows of"
    assert found == {0: 0, 1: 1, 2: 2, 3: 2, 6: 2}, "two places are the same in both"


def test_two_restores_of_one_backup_begin_two_epochs(committing_env, database_urls):
    as_owner = Environment.build(committing_env.settings, database_urls.owner, committing_env.group)
    with as_owner.database.transaction() as session:
        first, second = feed.begin_epoch(session), feed.begin_epoch(session)
        assert 1_700_000_000 < first.epoch < second.epoch
        session.rollback()
    as_owner.database.close()

"""The commands that start, watch and migrate: what an operator types, and what a stop must not leave behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import psycopg
import pytest
from click import ClickException
from click.testing import CliRunner
from psycopg import sql
from sqlalchemy.exc import OperationalError

from app import cli
from app.commands import database, serve, up
from app.embedded import databases, embedded_cluster, roles

ROOT = Path(__file__).parents[2]
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def settings(tmp_path: Path, **more: object) -> SimpleNamespace:
    fields = {"database_url": None, "owner_database_url": None, "instance_path": tmp_path, "port": 8000}
    return SimpleNamespace(**fields | more)


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Let `Settings.load()` see nothing but what a test says."""
    for name in list(os.environ):
        if name.startswith("PARLEY_") or name in {"DATABASE_URL", "PORT"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("PARLEY_INSTANCE", str(tmp_path))
    return monkeypatch


def run(*words: str):
    return CliRunner().invoke(cli.main, words)


def test_the_help_names_the_commands():
    said = run("--help").output
    assert all(name in said for name in ("serve", "db", "up"))


def test_a_server_that_ends_by_itself_gives_its_code():
    assert serve.supervise(python("raise SystemExit(3)"), os.environ, lambda: False) == 3


def test_a_stop_that_was_asked_for_is_a_success():
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    assert serve.supervise(python("import time; time.sleep(60)"), os.environ, stop.is_set) == 0


def test_a_server_that_ignores_term_is_killed_with_its_children(tmp_path):
    child = tmp_path / "child"
    program = (
        "import subprocess, sys, time, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"worker = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}])\n"
        f"open({str(child)!r}, 'w').write(str(worker.pid)); time.sleep(60)"
    )
    stop = threading.Event()
    threading.Timer(1.5, stop.set).start()
    started = time.monotonic()
    serve.supervise(python(program), os.environ, stop.is_set, stop_seconds=0.5)
    assert time.monotonic() - started < 10
    await_end(int(child.read_text()))


SUPERVISING = """
import os, sys
from contextlib import nullcontext
from app.commands import serve
if {is_broken}:
    serve.guarded = lambda group: nullcontext()
program = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
serve.supervise([sys.executable, "-c", program], os.environ, lambda: False)
"""


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_server_dies_with_the_process_that_watches_it_and_only_by_the_guard(is_broken):
    watching = subprocess.Popen(
        python(SUPERVISING.format(is_broken=is_broken)), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    server = int(watching.stdout.readline())
    time.sleep(0.3)
    watching.kill()
    watching.wait()
    watching.stdout.close()
    if is_broken:
        time.sleep(1)
        assert b"python" in cmdline(server)
        os.kill(server, signal.SIGKILL)
    await_end(server)


def await_end(process_id: int) -> None:
    deadline = time.monotonic() + 5
    while b"python" in cmdline(process_id):
        assert time.monotonic() < deadline, "still running"
        time.sleep(0.05)


def cmdline(process_id: int) -> bytes:
    try:
        return Path(f"/proc/{process_id}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def test_granian_accepts_our_options():
    words = serve.granian({"--host": "127.0.0.1", "--port": 8000, "--workers": 2, "--blocking-threads": 2})
    outcome = subprocess.run([*words, "--help"], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert words[-1] == "wsgi:app"


def test_a_named_database_leaves_no_embedded_one(tmp_path):
    named = settings(tmp_path, database_url="postgresql://app@/x", owner_database_url="postgresql://owner@/x")
    assert embedded_cluster(named) is None
    with databases(named) as urls:
        assert urls == ("postgresql://owner@/x", "postgresql://app@/x")
    assert list(tmp_path.iterdir()) == []


def test_without_a_database_the_embedded_one_runs_for_the_duration(tmp_path):
    with databases(settings(tmp_path)) as urls:
        assert urls.owner.startswith("postgresql+psycopg://parley_owner:")
        with psycopg.connect(urls.application.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not embedded_cluster(settings(tmp_path)).is_running()


def test_there_is_no_embedded_database_to_run_beside_a_named_one(environment):
    environment.setenv("DATABASE_URL", "postgresql://app@/x")
    outcome = run("db", "run")
    assert outcome.exit_code == 1
    assert "there is no embedded one" in outcome.output


def test_an_upgrade_needs_the_owner(environment):
    environment.setenv("DATABASE_URL", "postgresql://app@/x")
    outcome = run("db", "upgrade")
    assert outcome.exit_code == 1
    assert "PARLEY_OWNER_DATABASE_URL is not set" in outcome.output


def test_a_setting_that_is_wrong_is_told_without_a_traceback(environment):
    environment.setenv("PARLEY_ENV", "production")
    outcome = run("db", "upgrade")
    assert outcome.exit_code == 1
    assert outcome.output.startswith("Error: ")


def test_an_upgrade_makes_the_tables_and_may_be_repeated(environment, cluster):
    name = "parley_upgrade"
    roles.create_database(cluster.server, name)
    environment.setenv("DATABASE_URL", cluster.url(roles.APPLICATION, name))
    environment.setenv("PARLEY_OWNER_DATABASE_URL", cluster.url(roles.OWNER, name))
    try:
        for _ in range(2):
            outcome = run("db", "upgrade")
            assert outcome.exit_code == 0, outcome.output
        with psycopg.connect(cluster.url(roles.OWNER, name, scheme="postgresql")) as connection:
            assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    finally:
        roles.drop_database(cluster.server, name)


def test_a_client_is_created_and_its_secret_told_once(environment, database_urls):
    environment.setenv("DATABASE_URL", database_urls.application)
    outcome = run("clients", "create", "Newsletter tool", "--scope", "consents:read", "--brand", "camille")
    assert outcome.exit_code == 0, outcome.output
    assert set(json.loads(outcome.output)) == {"client_id", "client_secret"}


def test_a_client_of_an_unknown_brand_is_refused(environment, database_urls):
    environment.setenv("DATABASE_URL", database_urls.application)
    outcome = run("clients", "create", "Newsletter tool", "--scope", "consents:read", "--brand", "nobody")
    assert outcome.exit_code == 1
    assert "There is no brand “nobody”" in outcome.output


def test_an_upgrade_grants_the_role_that_the_application_logs_in_as(cluster, worker_id):
    name, role = f"parley_role_{worker_id}", f'shop "{worker_id}"'
    roles.create_database(cluster.server, name)
    with psycopg.connect(cluster.server, dbname="postgres", autocommit=True) as server:
        server.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        try:
            database.upgrade(cluster.url(roles.OWNER, name), f"postgresql://{quote(role)}@nowhere/{name}")
            assert may_insert(cluster, name, role, "consent", "procrastinate_jobs") == [True, True]
            assert may_insert(cluster, name, roles.APPLICATION, "consent", "procrastinate_jobs") == [False, False]
        finally:
            roles.drop_database(cluster.server, name)
            server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def may_insert(cluster, name, role, *tables):
    with psycopg.connect(cluster.url(roles.OWNER, name, scheme="postgresql")) as connection:
        asked = [connection.execute("SELECT has_table_privilege(%s, %s, 'INSERT')", (role, table)) for table in tables]
        return [answer.fetchone()[0] for answer in asked]


def test_an_upgrade_must_know_whom_to_grant():
    with pytest.raises(ClickException, match="names no role"):
        database.migration_config("postgresql://owner@/x", "postgresql:///x")
    assert database.migration_config("postgresql://o@/x", "postgresql:///x?user=app").attributes == {
        "application_role": "app"
    }


def test_patience_with_an_absent_database_ends(tmp_path):
    with pytest.raises(OperationalError):
        database.await_database(f"postgresql+psycopg://x@/x?host={tmp_path}", patience_seconds=0.6)


def test_the_welcome_shows_every_place(tmp_path):
    house = tmp_path / "luxe" / "camille"
    house.mkdir(parents=True)
    (tmp_path / "luxe" / "group.toml").touch()
    (house / "brand.toml").touch()
    places = up._places(tmp_path, has_mailbox=True)
    shown = ["/", "/luxe/preferences", "/camille/preferences", "/api/docs", "/dev/mailbox"]
    assert [path for _, path in places] == shown
    said = up._welcome([(name, f"http://127.0.0.1:8000{path}") for name, path in places], 1.25)
    assert all(f"http://127.0.0.1:8000{path}\n" in said for _, path in places)
    assert "ready after 1.2 seconds" in said


def test_the_welcome_names_no_mailbox_where_mails_go_out(tmp_path):
    assert ("Development mailbox", "/dev/mailbox") not in up._places(tmp_path, has_mailbox=False)


def test_a_server_that_never_gets_ready_is_not_announced(monkeypatch):
    monkeypatch.setattr(up, "READY_SECONDS", 0.5)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert not up._await_ready(f"http://127.0.0.1:{unused.getsockname()[1]}/readyz")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_database_command_stops_what_it_started(environment, tmp_path, number):
    command = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main()", "db", "run"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert "answers" in command.stdout.readline()
    command.send_signal(number)
    assert "stopped" in command.communicate(timeout=30)[0]
    assert command.returncode == 0
    assert not embedded_cluster(settings(tmp_path)).is_running()

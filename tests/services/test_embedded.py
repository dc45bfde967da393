"""The embedded PostgreSQL comes up, survives kills, and is shared without quarrel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from app.embedded import Cluster, EmbeddedDatabaseError, programs, roles
from app.embedded.home import Home

ROOT = Path(__file__).parents[2]
SMALL = {"shared_buffers": "16MB", "max_connections": "30", "fsync": "off"}


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory):
    """One folder for the tests that need a cluster with a life of its own; making one takes a second."""
    home = tmp_path_factory.mktemp("cluster")
    yield home
    small(home).stop("immediate")


@pytest.fixture
def home(shared_home):
    yield shared_home
    small(shared_home).stop()


def small(home: Path) -> Cluster:
    return Cluster(home, settings=SMALL)


def ask(cluster: Cluster, question: str = "SELECT 1") -> object:
    with psycopg.connect(cluster.url(roles.OWNER, scheme="postgresql")) as connection:
        return connection.execute(question).fetchone()[0]


def run_python(home: Path, body: str) -> subprocess.Popen[str]:
    """Run `body` with `cluster` in a process of its own; read what it prints from its output."""
    program = "\n".join(
        [
            "from pathlib import Path",
            "from app.embedded import Cluster",
            f"cluster = Cluster(Path({str(home)!r}), settings={SMALL!r})",
            body,
        ]
    )
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def await_true(claim, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_it_starts_answers_and_stops(home):
    cluster = small(home)
    cluster.start()
    assert ask(cluster, "SELECT current_user") == "parley_owner"
    cluster.stop()
    assert not cluster.is_running()


def test_it_keeps_what_was_promised(home):
    with Cluster(home).running() as cluster:
        for setting, value in {"fsync": "on", "synchronous_commit": "on", "data_checksums": "on"}.items():
            assert ask(cluster, f"SHOW {setting}") == value
        assert ask(cluster, "SHOW listen_addresses") == ""
        assert ask(cluster, "SHOW server_encoding") == "UTF8"


def test_it_recovers_when_its_server_is_killed(home):
    with small(home).running() as cluster:
        ask_and_create(cluster, "after_a_kill")
        os.kill(cluster.home.postmaster(), signal.SIGKILL)
        cluster.start()
        assert ask(cluster, "SELECT count(*) FROM after_a_kill") == 0


def test_it_waits_for_backends_that_outlive_a_killed_server(home):
    with small(home).running() as cluster:
        busy = psycopg.connect(cluster.url(roles.OWNER, scheme="postgresql"), autocommit=True)
        backend = busy.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        os.kill(cluster.home.postmaster(), signal.SIGKILL)
        thaw = subprocess.Popen(["sh", "-c", f"sleep 2; kill -CONT {backend}"])
        cluster.start()
        assert ask(cluster) == 1
        thaw.wait()
        busy.close()


def test_a_lock_file_that_names_another_program_is_no_obstacle(home):
    cluster = small(home)
    cluster.start()
    lock_file = cluster.home.data / "postmaster.pid"
    text = lock_file.read_text()
    cluster.stop()
    lock_file.write_text(text.replace(text.split("\n", 1)[0], str(os.getpid()), 1))
    assert not cluster.is_running()
    with cluster.running():
        assert ask(cluster) == 1


def test_the_server_of_a_killed_owner_is_adopted(home):
    owner = run_python(home, "cluster.start(); print('up', flush=True); import time; time.sleep(60)")
    assert owner.stdout.readline() == "up\n"
    owner.kill()
    owner.communicate()
    cluster = small(home)
    before = cluster.home.postmaster()
    assert before is not None
    with cluster.running():
        assert cluster.home.postmaster() == before
        assert ask(cluster) == 1
    assert not cluster.is_running()


def test_a_supervisor_restarts_its_server_and_stops_it_on_term(home):
    supervisor = run_python(home, "cluster.supervise(lambda words: print(words, flush=True))")
    assert "answers" in supervisor.stdout.readline()
    cluster = small(home)
    before = cluster.home.postmaster()
    os.kill(before, signal.SIGKILL)
    await_true(lambda: cluster.home.postmaster() not in {before, None})
    await_true(lambda: answers(cluster))
    supervisor.terminate()
    said, _ = supervisor.communicate(timeout=30)
    assert said.splitlines() == ["PostgreSQL died; starting it again", "PostgreSQL stopped"]
    assert not cluster.is_running()


def test_a_killed_supervisor_is_succeeded_by_another(home):
    first = run_python(home, "cluster.supervise(lambda words: print(words, flush=True))")
    first.stdout.readline()
    first.kill()
    first.communicate()
    second = run_python(home, "cluster.supervise(lambda words: print(words, flush=True))")
    assert "answers" in second.stdout.readline()
    assert ask(small(home)) == 1
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=30)
    assert not small(home).is_running()


def test_many_who_start_at_once_share_one_server(tmp_path):
    body = "with cluster.running():\n    print(cluster.home.postmaster(), flush=True)\n    input()"
    starters = [run_python_with_input(tmp_path, body) for _ in range(3)]
    servers = {starter.stdout.readline() for starter in starters}
    assert len(servers) == 1
    for starter in starters:
        assert small(tmp_path).is_running()
        starter.communicate("\n", timeout=30)
    assert not small(tmp_path).is_running()


def test_an_interrupted_creation_is_begun_again(tmp_path):
    draft = tmp_path / "data.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("half")
    with small(tmp_path).running() as cluster:
        assert ask(cluster) == 1
    assert not draft.exists()


def test_missing_roles_and_database_are_made_up_for(home):
    with small(home).running() as cluster:
        roles.drop_database(cluster.server, "parley")
        with psycopg.connect(cluster.server, autocommit=True) as connection:
            connection.execute("DROP ROLE parley_app")
        cluster.start()
        assert psycopg.connect(cluster.url(roles.APPLICATION, scheme="postgresql")).close() is None


def test_a_setting_that_makes_no_sense_is_told_at_once(home):
    with pytest.raises(EmbeddedDatabaseError, match="unrecognized configuration parameter"):
        Cluster(home, settings={"nonsense": "1"}).start()


def test_nobody_else_reads_its_files(home):
    with small(home).running() as cluster:
        for path in (cluster.home.path / "passwords.json", cluster.home.data, cluster.home.socket_folder):
            assert path.stat().st_mode & 0o077 == 0


def test_a_deep_home_gets_a_short_socket(tmp_path):
    deep = Home(tmp_path.joinpath(*["deeper"] * 20))
    assert len(os.fsencode(deep.socket_folder / ".s.PGSQL.5432")) <= 107
    deep.prepare()
    deep.socket_folder.rmdir()


def test_a_socket_folder_open_to_others_is_refused(tmp_path):
    deep = Home(tmp_path.joinpath(*["deeper"] * 20))
    deep.socket_folder.mkdir(mode=0o755)
    try:
        with pytest.raises(EmbeddedDatabaseError, match="not a private folder"):
            deep.prepare()
    finally:
        deep.socket_folder.rmdir()


def test_lost_passwords_are_an_error_not_a_reason_for_new_ones(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(EmbeddedDatabaseError, match=r"passwords.json is missing"):
        small(tmp_path).start()


def test_root_without_namespaces_or_users_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(programs, "_works", lambda _: False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(EmbeddedDatabaseError, match="Start Parley as an ordinary user"):
        programs.identity.__wrapped__()


def test_a_long_log_is_set_aside(tmp_path, monkeypatch):
    monkeypatch.setattr("app.embedded.home.LOG_LIMIT_BYTES", 3)
    home = Home(tmp_path)
    home.log.write_text("long")
    home.open_log().close()
    assert (tmp_path / "log.1").read_text() == "long"
    assert home.log.read_text() == ""


def ask_and_create(cluster: Cluster, table: str) -> None:
    with psycopg.connect(cluster.url(roles.OWNER, scheme="postgresql")) as connection:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (id int)")


def answers(cluster: Cluster) -> bool:
    try:
        return ask(cluster) == 1
    except psycopg.OperationalError:
        return False


def run_python_with_input(home: Path, body: str) -> subprocess.Popen[str]:
    program = (
        f"from pathlib import Path\nfrom app.embedded import Cluster\ncluster = Cluster(Path({str(home)!r}))\n{body}"
    )
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdin=pipe, stdout=pipe, text=True)

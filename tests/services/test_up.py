"""`parley up` brings everything up, says where it is, and leaves nothing behind."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from app.commands import lifeline
from app.embedded import Cluster
from tests.environments import BRANDS

ROOT = Path(__file__).parents[2]
# The server and the courier of these tests are stand-ins: what is tested is that they are started, watched and stopped.
PROGRAM = """
from pathlib import Path
from app.commands import up
up.ROOT = Path({folder!r})
up.up()
"""
# As every command of Parley does, the stand-ins end with `parley up`.
FOLLOWING = "from app.commands import lifeline; lifeline.follow(); "


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start(tmp_path):
    """Start `parley up` in a session of its own, as a terminal would, with the given lines after the database's."""
    started = []
    port = free_port()

    def begin(*lines: str, **more: str) -> subprocess.Popen[str]:
        (tmp_path / "readyz").touch()
        first = f"database: exec {sys.executable} -c 'from app.cli import main; main()' db run"
        words = ["http.server", "--bind", "127.0.0.1", "--directory", str(tmp_path), str(port)]
        run = f"import runpy, sys; sys.argv = {words}; runpy.run_module(sys.argv[0], run_name='__main__')"
        web = following("web", run)
        (tmp_path / "Procfile").write_text("\n".join([first, web, *lines, ""]))
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment |= {
            "PARLEY_BRANDS_DIR": str(BRANDS),
            "PARLEY_INSTANCE": str(tmp_path / "instance"),
            "PORT": str(port),
            "PYTHONPATH": str(ROOT),
            **more,
        }
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(folder=str(tmp_path))],
            cwd=ROOT, env=environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)
    Cluster(tmp_path / "instance" / "postgres").stop("immediate")


def following(name: str, program: str) -> str:
    return f"{name}: exec {sys.executable} -c {shlex.quote(FOLLOWING + program)}"


def read_until(process: subprocess.Popen[str], words: str) -> str:
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(said)


def processes_of(folder: Path) -> list[str]:
    listing = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listing.splitlines() if str(folder) in line]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_comes_up_and_leaves_nothing_behind(start, tmp_path, number):
    process = start(f"courier: exec {sys.executable} -c 'import time; time.sleep(120)' {tmp_path}")
    said = read_until(process, "Ctrl-C stops everything")
    assert "Preference centre, camille" in said
    assert "/dev/mailbox" in said
    assert len(processes_of(tmp_path)) > 3
    os.killpg(process.pid, number)
    process.communicate(timeout=40)
    assert process.returncode == 0
    assert processes_of(tmp_path) == []


def test_a_process_that_fails_ends_the_others_and_is_a_failure(start, tmp_path):
    process = start("courier: sleep 2; exit 7")
    said, _ = process.communicate(timeout=60)
    assert "courier stopped (rc=7)" in said
    assert process.returncode == 7
    assert processes_of(tmp_path) == []


def test_a_stop_during_the_start_leaves_nothing_behind(start, tmp_path):
    process = start()
    deadline = time.monotonic() + 20
    while not processes_of(tmp_path / "instance"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=40)
    assert processes_of(tmp_path) == []


def test_a_named_database_is_migrated_and_not_supervised(start, tmp_path, database_urls):
    process = start(DATABASE_URL=database_urls.application, PARLEY_OWNER_DATABASE_URL=database_urls.owner)
    said = read_until(process, "Ctrl-C stops everything")
    assert "database started" not in said
    assert not (tmp_path / "instance" / "postgres").exists()


def test_a_kill_ends_what_it_started_and_the_next_start_works(start, tmp_path):
    sleeper = f"import time; time.sleep(120)  # {tmp_path}"
    first = start(following("courier", sleeper))
    read_until(first, "Ctrl-C stops everything")
    before = processes_of(tmp_path)
    first.kill()
    second = start(following("courier", sleeper))
    said = read_until(second, "Ctrl-C stops everything")
    assert "PostgreSQL died" not in said
    assert len(processes_of(tmp_path)) == len(before)


def test_a_process_that_does_not_follow_survives_the_kill(start, tmp_path):
    process = start(f"courier: exec {sys.executable} -c 'import time; time.sleep(8)' {tmp_path}")
    read_until(process, "Ctrl-C stops everything")
    process.kill()
    time.sleep(2)
    left = processes_of(tmp_path)
    assert not any("http.server" in line for line in left)
    assert any("time.sleep(8)" in line for line in left)


def test_a_port_that_is_taken_is_told_before_anything_starts(start, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = start(PORT=str(port))
        said, _ = process.communicate(timeout=30)
    assert f"Port {port} of 127.0.0.1 is taken" in said
    assert process.returncode == 1
    assert not (tmp_path / "instance" / "postgres").exists()


def test_a_second_one_in_the_same_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(lifeline, "FAMILY_SECONDS", 0.3)
    with lifeline.held(tmp_path), pytest.raises(click.ClickException, match="runs already"), lifeline.held(tmp_path):
        pass

"""`parley serve`: the web application behind granian."""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import click

from app.commands.lifeline import guarded
from app.config import Settings
from app.embedded import databases
from app.environment import read_group
from app.kit.stopping import stop_requests

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 10.0
POLL_SECONDS = 0.1


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on.  [default: the setting PORT]")
@click.option("--backlog", type=click.IntRange(128), default=1024, show_default=True, help="Connections that may wait.")
def serve(host: str, port: int | None, backlog: int) -> None:
    """Serve pages and API. In development it starts the embedded database unless that runs already."""
    settings = Settings.load()
    port = settings.port if port is None else port
    require_free(host, port)
    read_group(settings)  # else the workers would fail on its mistakes one after the other, for ever
    options: dict[str, str | int] = {
        "--host": host,
        "--port": port,
        "--workers": settings.workers,
        "--blocking-threads": settings.threads_per_worker,
        "--backlog": backlog,
    }
    # The handlers come first: a TERM while the database starts must not leave it behind.
    with stop_requests() as is_told_to_stop, databases(settings) as urls:
        environment = {**os.environ, "DATABASE_URL": urls.application}
        sys.exit(supervise(granian(options), environment, is_told_to_stop))


def require_free(host: str, port: int) -> None:
    """Raise `click.ClickException` when something listens there already.

    Granian's workers share their port (SO_REUSEPORT), so a second server would start beside the first without a
    word, and get half of its requests.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            message = f"Port {port} of {host} is taken. Stop what listens there, or set PORT to another."
            raise click.ClickException(message) from problem
        raise click.ClickException(f"Cannot listen on port {port} of {host}: {problem.strerror}.") from problem


def granian(options: Mapping[str, str | int]) -> list[str]:
    """Command line of granian for our application."""
    words = [str(word) for pair in options.items() for word in pair]
    fixed = ["--interface", "wsgi", "--no-ws", "--respawn-failed-workers"]
    return [sys.executable, "-m", "granian", *fixed, *words, "wsgi:app"]


def supervise(
    command: Sequence[str],
    environment: Mapping[str, str],
    is_told_to_stop: Callable[[], bool],
    stop_seconds: float = STOP_SECONDS,
) -> int:
    """Run a server until it ends or we are told to stop; then end its whole process group and return its code.

    Nor does the group survive this process, however that ends (see `lifeline`). Granian was seen to hang when TERM
    reaches it while its workers start, so what is still there after `stop_seconds` is killed. A stop that was asked
    for counts as success.
    """
    child = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        with guarded(child.pid):
            while child.poll() is None and not is_told_to_stop():
                time.sleep(POLL_SECONDS)
            code = child.poll()
            _end(child, stop_seconds)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    return 0 if code is None else code


def _end(child: subprocess.Popen[bytes], stop_seconds: float) -> None:
    if child.poll() is None:
        child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(stop_seconds)

"""The stage of all benchmarks: a PostgreSQL of their own with its data in memory, people in it, and a client."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from rich.console import Console

from app.commands.database import upgrade
from app.config import Settings
from app.embedded import Cluster
from app.environment import Environment
from app.services import access_tokens, oauth

ROOT = Path(__file__).parents[1]
POSTGRES = {"shared_buffers": "3GB", "max_connections": "100", "max_wal_size": "8GB"}
"""Larger than the data: on a small machine the page cache is dropped under load, which measures the disk instead."""

UNLIMITED = 1_000_000_000
"""Requests a minute."""


@dataclass(frozen=True)
class Row:
    """A line of the table, in words."""

    what: str
    ours: str
    baseline: str
    ratio: str
    goal: str


@dataclass(frozen=True)
class Stage:
    """What a benchmark may use."""

    cluster: Cluster
    environment: Environment
    variables: Mapping[str, str]
    people: int

    def grown(self, people: int, console: Console) -> Stage:
        """Give the same stage with so many people more, all of them in memory."""
        console.print(f"Filling the database with {people:,} people …")
        subprocess.run(
            [sys.executable, "-c", "from app.cli import main; main()", "demo", "--people", str(people)],
            check=True, env=self.variables, cwd=ROOT,
        )  # fmt: skip
        _warm(self.cluster)
        return replace(self, people=self.people + people)

    def token(self) -> str:
        """Issue an access token for a client that may ask about Camille."""
        with self.environment.database.transaction() as session:
            client_id, secret = oauth.create(session, "Benchmark", ["consents:read"], ["camille"], quota=UNLIMITED)
            client = oauth.authenticate(session, client_id, secret)
        if client is None:
            raise RuntimeError("the client that was just made is not known")
        return access_tokens.issue(self.environment, client, "consents:read")

    @contextmanager
    def server(self, application: str, workers: int = 2) -> Iterator[tuple[int, int]]:
        """Serve a WSGI application as `parley serve` would; yield its port and its process id."""
        port = _free_port()
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "error",
                   "--workers", str(workers), "--blocking-threads", "2", "--port", str(port), application]  # fmt: skip
        process = subprocess.Popen(command, env=self.variables, cwd=ROOT, start_new_session=True)
        try:
            _await(port)
            yield port, process.pid
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:  # granian was seen to hang
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _free_port() -> int:
    # granian shares a port with whoever else listens on it, so a fixed one could measure somebody else's server.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"nothing listens on {port}")


@contextmanager
def stage(folder: Path, people: int, console: Console) -> Iterator[Stage]:
    """Yield the stage; everything on it is stopped and deleted afterwards."""
    cluster = Cluster(folder / "postgres", settings=POSTGRES)
    cluster.start()
    try:
        upgrade(cluster.owner_url, cluster.application_url)
        variables = {
            **os.environ,
            "PARLEY_INSTANCE": str(folder / "instance"),
            "DATABASE_URL": cluster.application_url,
            "PARLEY_MINIMUM_FORM_SECONDS": "0",
            "PARLEY_SIGNUPS_PER_IP": "1000000 per minute",
        }
        settings = Settings.load(variables)
        environment = Environment.build(settings, cluster.application_url)
        yield Stage(cluster, environment, variables, 0).grown(people, console)
        environment.database.close()
    finally:
        cluster.stop()


def _warm(cluster: Cluster) -> None:
    """Read all tables and indexes into PostgreSQL's own memory."""
    with psycopg.connect(cluster.server, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
        connection.execute("ANALYZE")
        connection.execute(
            "SELECT pg_prewarm(oid) FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"
        )

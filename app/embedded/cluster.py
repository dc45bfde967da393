"""One embedded PostgreSQL: start, stop, share and watch it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Literal
from urllib.parse import quote

import psycopg

from app.embedded import programs, roles
from app.embedded.failure import EmbeddedDatabaseError
from app.embedded.home import Home
from app.kit.stopping import stop_requests

Mode = Literal["smart", "fast", "immediate"]

SIGNALS: Mapping[str, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}
# For a small machine. What is acknowledged must be on disk: fsync and synchronous_commit stay on.
SETTINGS: Mapping[str, str] = {
    "checkpoint_completion_target": "0.9",
    "fsync": "on",
    "lc_messages": "C",
    "listen_addresses": "",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "256MB",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "unix_socket_permissions": "0700",
    "wal_compression": "on",
}
POLL_SECONDS = 0.05
RETRY_SECONDS = 0.5
WATCH_SECONDS = 0.2
LEAVE_SECONDS = 15.0
# PostgreSQL says so while the processes of a killed server are still letting go.
PASSING_TROUBLES = ("is still in use", "already exists", "Is another postmaster")


class Cluster:
    """A PostgreSQL in a folder of its own, reached through a private socket.

    Any number of processes may hold a `Cluster` of the same folder: a lock lets one at a time start or stop the
    server, and the others adopt what runs. `settings` override `SETTINGS` for the server this object starts.
    """

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None, patience_seconds: float = 60) -> None:
        """Name the folder; nothing happens until `start`."""
        self.home = Home(home)
        self.settings = {**SETTINGS, **(settings or {})}
        self.patience_seconds = patience_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._membership: IO[bytes] | None = None
        self._log_start = 0

    @property
    def owner_url(self) -> str:
        """SQLAlchemy URL of the role that owns the database and migrates it."""
        return self.url(roles.OWNER)

    @property
    def application_url(self) -> str:
        """SQLAlchemy URL of the role the application logs in as."""
        return self.url(roles.APPLICATION)

    def url(self, role: str, database: str = roles.DATABASE, scheme: str = "postgresql+psycopg") -> str:
        """URL of a database for a role; with the scheme `postgresql` it suits psycopg and the command-line tools."""
        folder = quote(str(self.home.socket_folder), safe="")
        return f"{scheme}://{role}:{quote(self.home.passwords[role], safe='')}@/{database}?host={folder}"

    @property
    def server(self) -> str:
        """Superuser's connection string, for `roles`; nothing else should need it."""
        return self.url("postgres", "postgres", scheme="postgresql")

    def is_running(self) -> bool:
        """Tell whether the server process lives. Says nothing about its readiness; `start` waits for that."""
        return self._server_id() is not None

    def start(self) -> None:
        """Start the server, or adopt the one that runs, and return once it answers and its roles exist.

        Creates the cluster on first use. After a kill it waits for the remains of the old server to let go.
        Raises `EmbeddedDatabaseError`, with the end of the log, when it does not answer in `patience_seconds`.
        """
        self.home.prepare()
        self._join()
        try:
            with self.home.locked():
                self._initialise()
                self._bring_up()
                roles.ensure(self.server, self.home.passwords)
        except BaseException:
            self.leave()
            raise

    def stop(self, mode: Mode = "fast") -> None:
        """Stop the server, whoever started or uses it, and wait until it is gone."""
        self._leave_circle()
        if not self.home.path.exists():
            return
        with self.home.locked():
            self._bring_down(mode)

    def leave(self) -> None:
        """Give up using the server; the last one to leave stops it."""
        self._leave_circle()
        with self.home.locked():
            if not self.home.is_used():
                self._bring_down("fast")
        self._let_go()

    def detach(self) -> None:
        """Give up using the server and let it run, for somebody else to adopt."""
        self._leave_circle()
        self._let_go()

    def _let_go(self) -> None:
        if self._process is not None:
            # It runs on for others; without a return code Popen would warn that a child was forgotten.
            self._process.returncode = 0
            self._process = None

    @contextmanager
    def running(self) -> Iterator["Cluster"]:
        """Use the server for the duration: start it unless it runs, stop it at the end unless others use it."""
        self.start()
        try:
            yield self
        finally:
            self.leave()

    def supervise(self, say: Callable[[str], None] = print) -> None:
        """Keep the server alive in the foreground until SIGTERM or SIGINT, then stop it.

        At the end its other users get a few seconds to finish first. Only the main thread may call this.
        """
        with stop_requests() as is_told_to_stop:
            self.start()
            say(f"PostgreSQL answers in {self.home.socket_folder}")
            try:
                while not is_told_to_stop():
                    self._revive(say)
                    time.sleep(WATCH_SECONDS)
            finally:
                self._await_leaving()
                self.stop()
                say("PostgreSQL stopped")

    def _revive(self, say: Callable[[str], None]) -> None:
        if not self.is_running():
            say("PostgreSQL died; starting it again")
            self.start()

    def _join(self) -> None:
        if self._membership is None:
            self._membership = self.home.join()

    def _leave_circle(self) -> None:
        if self._membership is not None:
            self._membership.close()
            self._membership = None

    def _await_leaving(self) -> None:
        self._leave_circle()
        _wait_until(lambda: not self.home.is_used(), LEAVE_SECONDS)

    def _initialise(self) -> None:
        """Create the data directory beside its place and move it there, so that half of one is never used."""
        if self.home.data.exists():
            return
        draft, password = self.home.base / "data.new", self.home.base / "password.new"
        if draft.exists():
            shutil.rmtree(draft)
        who = programs.identity()
        password.touch(mode=0o600)
        password.write_text(self.home.passwords["postgres"], encoding="utf-8")
        who.own(password)
        outcome = programs.run(who, _initdb(draft, password))
        password.unlink()
        if outcome.returncode != 0:
            message = f"initdb failed: {outcome.stderr.strip() or outcome.stdout.strip()}"
            raise EmbeddedDatabaseError(message)
        draft.rename(self.home.data)

    def _bring_up(self) -> None:
        deadline = time.monotonic() + self.patience_seconds
        while not self._answers():
            if time.monotonic() > deadline:
                raise EmbeddedDatabaseError(self._trouble("PostgreSQL does not answer"))
            if not self.is_running():
                self._launch()
            time.sleep(POLL_SECONDS)

    def _launch(self) -> None:
        if self._process is not None:
            self._judge(self._process.wait())
        self.home.forget_foreign_postmaster()
        with self.home.open_log() as log:
            self._log_start = log.tell()
            self._process = programs.launch(programs.identity(), self._command(), log)

    def _judge(self, return_code: int) -> None:
        """Give up on a server that will not start for a reason that does not pass; wait a moment otherwise."""
        self._process = None
        said = self._said()
        ended_at_start = return_code > 0 and "ready to accept connections" not in said
        if ended_at_start and not any(trouble in said for trouble in PASSING_TROUBLES):
            raise EmbeddedDatabaseError(self._trouble("PostgreSQL does not start"))
        time.sleep(RETRY_SECONDS)

    def _command(self) -> list[str]:
        settings = {**self.settings, "unix_socket_directories": str(self.home.socket_folder)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [programs.program("postgres"), "-D", str(self.home.data), *options]

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.server, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _bring_down(self, mode: Mode) -> None:
        for attempt, patience_seconds in ((mode, self.patience_seconds), ("immediate", 10.0)):
            process_id = self._server_id()
            if process_id is None:
                break
            with suppress(ProcessLookupError):
                os.kill(process_id, SIGNALS[attempt])
            _wait_until(lambda: not self.is_running(), patience_seconds)
        if self.is_running():
            raise EmbeddedDatabaseError(self._trouble("PostgreSQL does not stop"))
        self._process = None

    def _server_id(self) -> int | None:
        """Process id of the server; the lock file does not name one yet that was started just now."""
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        return self.home.postmaster()

    def _said(self) -> str:
        with suppress(OSError), self.home.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")
        return ""

    def _trouble(self, summary: str) -> str:
        ending = "\n".join(self._said().splitlines()[-8:])
        return f"{summary}; the end of {self.home.log}:\n{ending}"


def _initdb(data: Path, password: Path) -> list[str]:
    return [
        programs.program("initdb"),
        f"--pgdata={data}",
        "--username=postgres",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
    ]


def _wait_until(is_so: Callable[[], bool], patience_seconds: float) -> None:
    deadline = time.monotonic() + patience_seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)

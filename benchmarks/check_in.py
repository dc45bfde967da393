"""A check-in over very many accounts, killed part-way and resumed: `python -m benchmarks.check_in`.

On a PostgreSQL of its own. Everybody did what they did three years ago, so that all who agreed to something and can be
mailed are due. `PARLEY_BENCH_PEOPLE` is how many there are; 100,000 without it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from app.commands.database import upgrade
from app.config import Settings
from app.embedded import Cluster
from app.environment import Environment
from app.kit import clock
from app.services import population

ROOT = Path(__file__).parents[1]
PEOPLE = int(os.environ.get("PARLEY_BENCH_PEOPLE", "100000"))
LONG_AGO = timedelta(days=3 * 366)
ALL = "100000000"
COMMAND = (sys.executable, "-c", "from app.cli import main; main()", "check-in")
SENT = "UPDATE message SET state = 'sent' WHERE kind LIKE 'check_in%'"
DUE = "UPDATE check_in SET next_at = now() - interval '1 minute' WHERE outcome = 'open'"
TWICE = "SELECT count(*) FROM (SELECT FROM message WHERE kind = %s GROUP BY account_id HAVING count(*) > 1) AS twice"


def main() -> None:
    """Ask, kill, resume, remind and let run out; print what each took."""
    console = Console(width=120)
    with tempfile.TemporaryDirectory(prefix="parley-check-in-") as folder, _filled(Path(folder), console) as found:
        cluster, variables = found
        table = Table("step", "done", "seconds", "a second", "peak memory", title=f"Check-in over {PEOPLE:,} accounts")
        with psycopg.connect(cluster.owner_url.replace("+psycopg", ""), autocommit=True) as database:
            console.print(subprocess.check_output([*COMMAND, "--dry-run"], env=variables, cwd=ROOT, text=True))
            _tell(console, table, "ask, killed with -9", _killed(variables, database))
            _tell(console, table, "ask, resumed", _run(variables, database))
            for step in ("remind", "let run out"):
                database.execute(SENT)
                database.execute(DUE)
                _tell(console, table, step, _run(variables, database))
                _count(console, database)
        console.print(table)


def _tell(console: Console, table: Table, step: str, figures: Iterable[str]) -> None:
    """Put a step into the table, and say it at once: the last one takes long."""
    row = (step, *figures)
    console.print(", ".join(row))
    table.add_row(*row)


def _count(console: Console, database: psycopg.Connection) -> None:
    asked, people = database.execute("SELECT count(*), count(DISTINCT account_id) FROM check_in").fetchone() or (0, 0)
    console.print(f"Asked: {asked:,}, of them twice: {asked - people:,}")
    for kind in ("check_in", "check_in_reminder"):
        sent = database.execute("SELECT count(*) FROM message WHERE kind = %s", [kind]).fetchone()
        twice = database.execute(TWICE, [kind]).fetchone()
        console.print(
            f"Mails of kind {kind}: {sent[0] if sent else 0:,}, twice to one account: {twice[0] if twice else 0}"
        )
    ended = database.execute("SELECT count(*) FROM consent_event WHERE attributes ->> 'cause' = 'check_in'").fetchone()
    console.print(f"Consents that ran out: {ended[0] if ended else 0:,}")


def _killed(variables: Mapping[str, str], database: psycopg.Connection) -> tuple[str, ...]:
    """Run until about a third of all were asked, and kill it."""
    began, process = time.monotonic(), subprocess.Popen([*COMMAND, "--at-most", ALL], env=variables, cwd=ROOT)
    asked = 0
    while asked < PEOPLE // 4 and process.poll() is None:
        time.sleep(0.2)
        asked = _asked(database)
    memory = _peak(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return _figures(_asked(database), time.monotonic() - began, memory)


def _run(variables: Mapping[str, str], database: psycopg.Connection) -> tuple[str, ...]:
    before, began = _steps(database), time.monotonic()
    process = subprocess.Popen([*COMMAND, "--at-most", ALL], env=variables, cwd=ROOT)
    memory = 0.0
    while process.poll() is None:
        memory = max(memory, _peak(process.pid))
        time.sleep(0.2)
    if process.returncode:
        raise RuntimeError("the round failed")
    return _figures(_steps(database) - before, time.monotonic() - began, memory)


def _figures(done: int, seconds: float, memory: float) -> tuple[str, ...]:
    return f"{done:,}", f"{seconds:,.1f}", f"{done / seconds:,.0f}", f"{memory:,.0f} MB"


def _asked(database: psycopg.Connection) -> int:
    row = database.execute("SELECT count(*) FROM check_in").fetchone()
    return row[0] if row else 0


def _steps(database: psycopg.Connection) -> int:
    """Count what was done to check-ins so far: asking, reminding, closing."""
    row = database.execute("SELECT count(*) + count(reminded_at) + count(closed_at) FROM check_in").fetchone()
    return row[0] if row else 0


def _peak(process: int) -> float:
    """Give the most memory that a process had so far, in MB; nothing when it has just ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


@contextmanager
def _filled(folder: Path, console: Console) -> Iterator[tuple[Cluster, Mapping[str, str]]]:
    cluster = Cluster(folder / "postgres", settings={"shared_buffers": "1GB", "max_wal_size": "4GB"})
    cluster.start()
    try:
        upgrade(cluster.owner_url, cluster.application_url)
        variables = {
            **os.environ, "PARLEY_INSTANCE": str(folder / "instance"), "DATABASE_URL": cluster.application_url
        }  # fmt: skip
        console.print(f"Filling the database with {PEOPLE:,} people …")
        _fill(Environment.build(Settings.load(variables), cluster.application_url))
        with psycopg.connect(cluster.owner_url.replace("+psycopg", ""), autocommit=True) as database:
            database.execute("ANALYZE")
        yield cluster, variables
    finally:
        cluster.stop()


def _fill(environment: Environment) -> None:
    """Let everybody live three years before now."""
    now = clock.now
    clock.now = lambda: now() - LONG_AGO
    try:
        with environment.database.transaction() as session:
            population.fill(session, PEOPLE)
    finally:
        clock.now = now
        environment.database.close()


if __name__ == "__main__":
    main()

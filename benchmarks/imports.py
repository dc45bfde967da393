"""An import of consents with their evidence, against `COPY` of the same rows.

`python -m benchmarks.imports` shows besides what a run costs that is killed with -9 and resumed, and the same file
taken in again. `PARLEY_BENCH_IMPORTED` is how many consents there are; without it 100,000 in `make bench`, and
1,000,000 here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psycopg
from rich.console import Console

from app.commands.database import upgrade
from app.embedded import Cluster, roles
from app.services.crowds import COLUMNS
from benchmarks.stage import POSTGRES, ROOT, Row, Stage

IMPORTED = int(os.environ.get("PARLEY_BENCH_IMPORTED", "100000"))
TABLES = ("address", *COLUMNS)
COMMAND = (sys.executable, "-c", "from app.cli import main; main()", "import")
ITEMS = ("--brand", "camille", "--topic", "newsletter", "--channel", "email")


class Run(NamedTuple):
    """What a run took, and what it said at its end."""

    seconds: float
    megabytes: float
    said: str


def measure(stage: Stage, seconds: float, rounds: int) -> Iterator[Row]:
    """Import and copy in turn, into fresh databases each time, and compare the medians."""
    del seconds
    with tempfile.TemporaryDirectory(prefix="parley-import-") as name:
        folder, taken, copied = Path(name), list[Run](), list[float]()
        file = write_file(folder, IMPORTED)
        for _round in range(rounds):
            with _database(stage.cluster, "parley_import") as application:
                taken.append(import_file({**stage.variables, "DATABASE_URL": application}, file))
                _dump(stage.cluster, folder)
            copied.append(_copy(stage.cluster, folder))
    yield Row(
        f"import of {IMPORTED:,} consents, at most {max(each.megabytes for each in taken):,.0f} MB",
        f"{IMPORTED / median(each.seconds for each in taken):,.0f}/s", f"COPY {IMPORTED / median(copied):,.0f}/s",
        f"{median(copied) / median(each.seconds for each in taken):.2f}", ">= 0.15",
    )  # fmt: skip


def main() -> None:
    """Import, import again, and import once more killed part-way; print what each took."""
    console, count = Console(width=120), int(os.environ.get("PARLEY_BENCH_IMPORTED", "1000000"))
    with tempfile.TemporaryDirectory(prefix="parley-import-") as name:
        folder = Path(name)
        cluster = Cluster(folder / "postgres", settings=POSTGRES)
        cluster.start()
        try:
            file = write_file(folder, count)
            console.print(f"{count:,} rows, {file.stat().st_size / 1e6:,.0f} MB")
            with _database(cluster, "parley_import") as application:
                variables = _variables(folder, application)
                _tell(console, "imported", count, import_file(variables, file))
                _tell(console, "the same file again", count, import_file(variables, file))
                _dump(cluster, folder)
            copied = _copy(cluster, folder)
            console.print(f"COPY of the same rows: {copied:,.1f} s, {count / copied:,.0f} a second")
            with _database(cluster, "parley_import") as application:
                variables = _variables(folder, application)
                killed = import_file(variables, file, lambda: _done(application) > file.stat().st_size // 3)
                _tell(console, "killed with -9", count, killed)
                _tell(console, "resumed", count, import_file(variables, file))
        finally:
            cluster.stop()


def write_file(folder: Path, count: int) -> Path:
    """Write a file of so many consents of so many people, each with evidence."""
    file = folder / "list.csv"
    with file.open("w", encoding="utf-8") as written:
        written.write("email,status,occurred_at,ip,page,locale,evidence.form,evidence.campaign\n")
        for number in range(count):
            day, ip = 1 + number % 28, f"192.0.2.{number % 250}"
            written.write(
                f"customer-{number:07}@example.com,granted,2024-0{1 + number % 9}-{day:02}T10:00:00Z,{ip},"
                f"https://shop.example.com/join,fr,F{number},autumn-2024\n"
            )
    return file


def import_file(variables: Mapping[str, str], file: Path, is_enough: Callable[[], bool] | None = None) -> Run:
    """Take a file in by the command; kill it once it has done enough."""
    began, megabytes = time.monotonic(), 0.0
    command = [*COMMAND, str(file), *ITEMS]
    process = subprocess.Popen(command, env=variables, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    while process.poll() is None:
        megabytes = max(megabytes, _peak(process.pid))
        if is_enough is not None and is_enough():
            process.send_signal(signal.SIGKILL)
        time.sleep(0.2)
    said = process.stdout.read() if process.stdout else ""
    if is_enough is None and process.returncode:
        raise RuntimeError(said)
    return Run(time.monotonic() - began, megabytes, said)


def _tell(console: Console, what: str, count: int, run: Run) -> None:
    rate, said = count / run.seconds, " ".join(run.said.split())
    console.print(f"{what}: {run.seconds:,.1f} s ({rate:,.0f} of all a second), {run.megabytes:,.0f} MB. {said}")


def _variables(folder: Path, application: str) -> dict[str, str]:
    return {**os.environ, "PARLEY_INSTANCE": str(folder / "instance"), "DATABASE_URL": application}


@contextmanager
def _database(cluster: Cluster, name: str) -> Iterator[str]:
    """Yield a fresh database, migrated."""
    roles.drop_database(cluster.server, name)
    roles.create_database(cluster.server, name)
    owner, application = cluster.url(roles.OWNER, name), cluster.url(roles.APPLICATION, name)
    upgrade(owner, application)
    try:
        yield application
    finally:
        roles.drop_database(cluster.server, name)


def _dump(cluster: Cluster, folder: Path) -> None:
    """Copy all that the import wrote into files."""
    with psycopg.connect(_plain(cluster.url(roles.OWNER, "parley_import"))) as connection:
        for table in TABLES:
            with (folder / table).open("wb") as file, connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                for block in copy:
                    file.write(block)


def _copy(cluster: Cluster, folder: Path) -> float:
    """Copy these files into a fresh database, in one transaction; give the seconds."""
    with _database(cluster, "parley_copy") as application, psycopg.connect(_plain(application)) as connection:
        connection.execute("SET statement_timeout = 0")
        began = time.monotonic()
        for table in TABLES:
            with (folder / table).open("rb") as file, connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                while block := file.read(1 << 20):
                    copy.write(block)
        connection.commit()
        return time.monotonic() - began


def _done(application: str) -> int:
    """Tell how many bytes of the file are done."""
    with psycopg.connect(_plain(application)) as connection:
        row = connection.execute("SELECT coalesce(max(position), 0) FROM import_job").fetchone()
    return int(row[0]) if row else 0


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")


def _peak(process: int) -> float:
    """Give the most memory that a process had so far, in MB; nothing when it has just ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


if __name__ == "__main__":
    main()

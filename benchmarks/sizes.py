"""What the database weighs, line by line: `python -m benchmarks.sizes` prints the figures of docs/scaling.md.

On a PostgreSQL of its own, with `PARLEY_BENCH_PEOPLE` invented people (20,000 without it), of which a backup is made.
Then `PARLEY_BENCH_SIGN_UPS` sign up by the flow (2,000) and a courier mails them, into the mailbox page.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from benchmarks.sign_ups import sign_up
from benchmarks.stage import ROOT, Stage, stage

PEOPLE = int(os.environ.get("PARLEY_BENCH_PEOPLE", "20000"))
SIGN_UPS = int(os.environ.get("PARLEY_BENCH_SIGN_UPS", "2000"))
MILLIONS = (1, 10, 100)
PARLEY = (sys.executable, "-c", "from app.cli import main; main()")

LASTING = ("address", "contact_point", "account", "consent", "consent_event", "event_detail", "event_feed")
"""Grow with people and what they do."""
REQUESTS = ("opt_in_request", "opt_in_item")
"""Of a sign-up, for as long as the account once it is confirmed, else for 30 days."""
MAILS = ("message",)
"""Kept for 90 days. All other tables stay small or are purged."""

WAITING = "SELECT count(*) FROM message WHERE state = 'queued'"


@dataclass(frozen=True)
class Size:
    """What a table holds and weighs, with its indexes."""

    name: str
    table_bytes: int
    index_bytes: int
    rows: int

    @property
    def total(self) -> int:
        """All bytes of the table, its TOAST and its indexes."""
        return self.table_bytes + self.index_bytes


def main() -> None:
    """Fill, weigh, sign up, weigh, back up; print it all."""
    console = Console(width=120)
    with tempfile.TemporaryDirectory(prefix="parley-sizes-") as name, stage(Path(name), PEOPLE, console) as set_up:
        lasting = weigh(set_up, LASTING)
        print_sizes(console, f"What stays, of {PEOPLE:,} people", lasting, PEOPLE)
        back_up(console, set_up, Path(name, "backup"))
        mail(console, set_up)
        requests = weigh(set_up, REQUESTS)
        print_sizes(console, f"What stays besides when confirmed, of {SIGN_UPS:,} sign-ups", requests, SIGN_UPS)
        print_sizes(console, f"What is kept for 90 days, of {SIGN_UPS:,} mails", weigh(set_up, MAILS), SIGN_UPS)
        each = _bytes(lasting) / PEOPLE + _bytes(requests) / SIGN_UPS
        for millions in MILLIONS:
            console.print(f"{millions:>4} million accounts, each confirmed: {each * millions / 1000:,.0f} GB")


def weigh(stage: Stage, tables: tuple[str, ...]) -> list[Size]:
    """Give the sizes of some tables, in this order."""
    with psycopg.connect(stage.cluster.server, dbname="parley") as connection:
        return [_weigh(connection, table) for table in tables]


def _weigh(connection: psycopg.Connection, table: str) -> Size:
    measured = sql.SQL("SELECT pg_table_size({0}), pg_indexes_size({0}), (SELECT count(*) FROM {1})")
    row = connection.execute(measured.format(sql.Literal(table), sql.Identifier(table))).fetchone()
    return Size(table, *row) if row else Size(table, 0, 0, 0)


def print_sizes(console: Console, title: str, sizes: list[Size], people: int) -> None:
    """Print bytes by row and by person."""
    table = Table("table", title=title)
    for column in ("rows", "rows a person", "table, bytes a row", "indexes, bytes a row", "bytes a person"):
        table.add_column(column, justify="right")
    for size in sizes:
        by_row = (f"{part / size.rows:,.0f}" for part in (size.table_bytes, size.index_bytes))
        table.add_row(size.name, f"{size.rows:,}", f"{size.rows / people:.2f}", *by_row, f"{size.total / people:,.0f}")
    table.add_row("all", "", "", "", "", f"{_bytes(sizes) / people:,.0f}")
    console.print(table)


def _bytes(sizes: list[Size]) -> int:
    return sum(size.total for size in sizes)


def mail(console: Console, stage: Stage) -> None:
    """Sign people up and let one courier mail them, into the mailbox page: what Parley itself costs."""
    for number in range(SIGN_UPS):
        sign_up(stage.environment, f"size-{number}@example.com")
    quiet = subprocess.DEVNULL  # a line of the log for each mail
    courier = subprocess.Popen([*PARLEY, "courier"], env=stage.variables, cwd=ROOT, stdout=quiet, stderr=quiet)
    try:
        with psycopg.connect(stage.cluster.server, dbname="parley", autocommit=True) as connection:
            first = _await_queue(connection, SIGN_UPS - 1)
            began = time.perf_counter()
            _await_queue(connection, 0)
            seconds = time.perf_counter() - began
    finally:
        courier.terminate()
        courier.wait()
    console.print(f"One courier mailed {first:,} in {seconds:.0f} s: {first / seconds:,.0f} mails a second.")


def _await_queue(connection: psycopg.Connection, most: int) -> int:
    while True:
        row = connection.execute(WAITING).fetchone()
        if row is None or row[0] <= most:
            return row[0] if row else 0
        time.sleep(0.05)


def back_up(console: Console, stage: Stage, file: Path) -> None:
    """Make a backup and tell how long it took and what it weighs."""
    variables = {**stage.variables, "PARLEY_OWNER_DATABASE_URL": stage.cluster.owner_url}
    began = time.perf_counter()
    subprocess.run([*PARLEY, "backup", str(file)], check=True, env=variables, cwd=ROOT, stdout=subprocess.DEVNULL)
    seconds, size = time.perf_counter() - began, file.stat().st_size
    with psycopg.connect(stage.cluster.server, dbname="parley") as connection:
        row = connection.execute("SELECT pg_database_size('parley')").fetchone()
    whole = row[0] if row else 0
    console.print(
        f"A backup of {whole / 1e6:,.0f} MB took {seconds:.1f} s ({whole / 1e6 / seconds:,.0f} MB/s) and has "
        f"{size / 1e6:,.0f} MB ({size / whole:.0%})."
    )


if __name__ == "__main__":
    main()

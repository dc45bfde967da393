"""`make bench`: fill a database of its own, measure, print the table."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import batch, centre, decisions, growth, imports, memory, sign_ups
from benchmarks.stage import Row, stage

PEOPLE = int(os.environ.get("PARLEY_BENCH_PEOPLE", "200000"))
SECONDS = float(os.environ.get("PARLEY_BENCH_SECONDS", "6"))
GROWN = int(os.environ.get("PARLEY_BENCH_GROWN", "1000000"))
"""So many people a database is grown to, from a tenth of them."""
ROUNDS = int(os.environ.get("PARLEY_BENCH_ROUNDS", "3"))


def main() -> None:
    """Run all benchmarks; `PARLEY_BENCH_PEOPLE`, `_GROWN`, `_SECONDS` and `_ROUNDS` change their size."""
    console = Console(width=150)
    table = Table("what", "ours", "baseline", "ratio", "goal", title=f"{PEOPLE:,} people, medians of {ROUNDS} rounds")
    for row in _rows(console):
        console.print(f"{row.what}: {row.ours} against {row.baseline}, {row.ratio}")
        table.add_row(row.what, row.ours, row.baseline, row.ratio, row.goal)
    console.print(table)


def _rows(console: Console) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder, stage(Path(folder), PEOPLE, console) as set_up:
        for each in (decisions, batch, centre, sign_ups, imports, memory):
            yield from each.measure(set_up, SECONDS, ROUNDS)
    yield from growth.measure(GROWN // 10, GROWN, SECONDS, ROUNDS, console)


if __name__ == "__main__":
    main()

"""`make bench`: fill a database of its own, measure, print the table."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import centre, decisions, memory, sign_ups
from benchmarks.stage import stage

PEOPLE = int(os.environ.get("PARLEY_BENCH_PEOPLE", "200000"))
SECONDS = float(os.environ.get("PARLEY_BENCH_SECONDS", "6"))
ROUNDS = int(os.environ.get("PARLEY_BENCH_ROUNDS", "3"))


def main() -> None:
    """Run all benchmarks; `PARLEY_BENCH_PEOPLE`, `_SECONDS` and `_ROUNDS` change their size."""
    console = Console(width=150)
    table = Table("what", "ours", "baseline", "ratio", "goal", title=f"{PEOPLE:,} people, medians of {ROUNDS} rounds")
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder, stage(Path(folder), PEOPLE, console) as set_up:
        for measure in (decisions.measure, centre.measure, sign_ups.measure, memory.measure):
            for row in measure(set_up, SECONDS, ROUNDS):
                console.print(f"{row.what}: {row.ours} against {row.baseline}, {row.ratio}")
                table.add_row(row.what, row.ours, row.baseline, row.ratio, row.goal)
    console.print(table)


if __name__ == "__main__":
    main()

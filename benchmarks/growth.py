"""What a decision and the proof of the ledger cost among many people, against the same among fewer."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console

from app.services import verification
from benchmarks import load
from benchmarks.stage import Row, Stage, stage

WARM_SECONDS = 2.0


@dataclass(frozen=True)
class Seen:
    """Decisions: medians of the rounds, in milliseconds. Ledger: its lines, and how many of them a second."""

    half: float
    most: float
    lines: int
    rate: float


def measure(few: int, many: int, seconds: float, rounds: int, console: Console) -> Iterator[Row]:
    """Fill a database with `few` people and ask; go on to `many` and ask again."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder, stage(Path(folder), few, console) as small:
        before = _look(small, seconds, rounds)
        after = _look(small.grown(many - few, console), seconds, rounds)
    sizes = f"{many:,} people against {few:,}"
    for name, ours, theirs in (("p50", after.half, before.half), ("p99", after.most, before.most)):
        yield Row(f"{name} of a decision, {sizes}", f"{ours:.2f} ms", f"{theirs:.2f} ms", f"{ours / theirs:.2f}",
                  "<= 1.30")  # fmt: skip
    yield Row(
        f"fold and verify {after.lines:,} lines of the ledger", f"{after.rate:,.0f}/s",
        f"{before.lines:,} lines {before.rate:,.0f}/s", f"{after.rate / before.rate:.2f}", "linear, >= 50,000/s",
    )  # fmt: skip


def _look(stage: Stage, seconds: float, rounds: int) -> Seen:
    token = stage.token()
    with stage.server("wsgi:app") as (port, _):
        load.ask(port, token, stage.people, WARM_SECONDS)
        asked = [load.ask(port, token, stage.people, seconds) for _ in range(rounds)]
    started = time.perf_counter()
    with stage.environment.database.transaction() as session:
        report = verification.verify(session)
    if report.faults:
        raise RuntimeError(report.faults[0])
    half, most = (median(each.percentile(share) for each in asked) for share in (0.5, 0.99))
    return Seen(half, most, report.lines, report.lines / (time.perf_counter() - started))

"""Memory of one web worker after many requests, against itself after few."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks import load
from benchmarks.stage import Row, Stage

FEW, MANY = 1_000, 100_000
SLICE_SECONDS = 5.0


def measure(stage: Stage, _seconds: float, _rounds: int) -> Iterator[Row]:
    """Serve with one worker until it answered many requests; resident memory in MB."""
    with stage.server("wsgi:app", workers=1) as (port, parent):
        first = _until(stage, port, FEW)
        early = _resident(parent)
        answered = first + _until(stage, port, MANY - first)
        late = _resident(parent)
    yield Row(f"memory of a worker after {answered:,} requests", f"{late:.0f} MB", f"after {first:,}: {early:.0f} MB",
              f"{late / early:.2f}", "<= 1.10, <= 150 MB")  # fmt: skip


def _until(stage: Stage, port: int, requests: int) -> int:
    token, answered = stage.token(), 0
    while answered < requests:
        some = min(SLICE_SECONDS, 0.5 if requests <= FEW else SLICE_SECONDS)
        answered += sum(load.ask(port, token, stage.people, some).statuses.values())
    return answered


def _resident(parent: int) -> float:
    """Give the resident memory of the largest process of a server in MB: its worker."""
    return max(_rss(process) for process in [parent, *_children(parent)])


def _children(parent: int) -> list[int]:
    return [
        child
        for path in Path(f"/proc/{parent}/task").glob("*/children")
        for child in map(int, path.read_text().split())
    ]


def _rss(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))

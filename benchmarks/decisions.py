"""One authenticated decision over HTTP, against a bare Flask route on the same server."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks import load
from benchmarks.stage import Row, Stage

WARM_SECONDS = 2.0


def measure(stage: Stage, seconds: float, rounds: int) -> Iterator[Row]:
    """Alternate both for `rounds` rounds and compare the medians."""
    ours, bare, latencies = [], [], []
    token = stage.token()
    with stage.server("wsgi:app") as (parley, _), stage.server("benchmarks.bare:app") as (flask, _):
        for port in (parley, flask):
            load.ask(port, token, stage.people, WARM_SECONDS)
        for _ in range(rounds):
            bare.append(load.ask(flask, token, stage.people, seconds).rate)
            answered = load.ask(parley, token, stage.people, seconds)
            ours.append(answered.rate)
            latencies.append((answered.percentile(0.5), answered.percentile(0.99)))
    yield Row(
        "decision over HTTP, granian 2 x 2", f"{median(ours):,.0f}/s", f"bare Flask POST {median(bare):,.0f}/s",
        f"{median(ours) / median(bare):.2f}", ">= 0.50",
    )  # fmt: skip
    half, most = (median(each) for each in zip(*latencies, strict=True))
    yield Row(f"latency of a decision under that load ({load.CONNECTIONS} connections)",
              f"p50 {half:.1f} ms, p99 {most:.1f} ms", "-", "-", "-")  # fmt: skip

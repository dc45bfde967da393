"""The preference centre of all houses, of many people in turn, against a bare Jinja page of the same size."""

from __future__ import annotations

import random
from collections.abc import Iterator
from statistics import median
from urllib.request import Request, urlopen

from app.db import Session
from app.services import accounts, sessions
from app.services.biographies import address
from app.services.locks import known_digest, owner_of
from benchmarks import load
from benchmarks.stage import Row, Stage

PATH = "/luxe/preferences"
WARM_SECONDS = 2.0
VISITORS = 1_000
"""What is alike for many is written once; with one visitor alone, that would be the whole page."""


def measure(stage: Stage, seconds: float, rounds: int) -> Iterator[Row]:
    """Alternate both for `rounds` rounds and compare the medians."""
    cookies, ours, bare, latencies = _open(stage), [], [], []
    with stage.server("wsgi:app") as (parley, _), stage.server("benchmarks.bare:app") as (flask, _):
        weighed = [_weigh(parley, cookie) for cookie in cookies[:50]]
        count, size = (round(median(each)) for each in zip(*weighed, strict=True))
        same = f"/page?items={count}&bytes={size}"
        for port, path in ((parley, PATH), (flask, same)):
            load.get(port, path, cookies, WARM_SECONDS)
        for _ in range(rounds):
            bare.append(load.get(flask, same, cookies, seconds).rate)
            answered = load.get(parley, PATH, cookies, seconds)
            ours.append(answered.rate)
            latencies.append((answered.percentile(0.5), answered.percentile(0.99)))
    half, most = (median(each) for each in zip(*latencies, strict=True))
    yield Row(
        f"preference centre of all houses, {count} switches, {size // 1000} kB", f"{median(ours):,.0f}/s",
        f"bare Jinja page {median(bare):,.0f}/s", f"{median(ours) / median(bare):.2f}", ">= 0.30",
    )  # fmt: skip
    yield Row(f"latency of it under that load ({load.CONNECTIONS} connections)",
              f"p50 {half:.0f} ms, p99 {most:.0f} ms", "-", "-", "-")  # fmt: skip


def _open(stage: Stage) -> list[str]:
    """Open sessions of people, each with a story of their own; give their cookies."""
    env, numbers = stage.environment, random.Random(1).sample(range(1, stage.people + 1), VISITORS)

    def act(session: Session) -> list[str]:
        owners = [owner_of(session, known_digest(session, address(number))) for number in numbers]
        known = [owner for owner in owners if owner is not None and accounts.find(session, owner) is not None]
        return [f"parley={sessions.open_preference(session, owner, None)}" for owner in known]

    return env.database.write(act)


def _weigh(port: int, cookie: str) -> tuple[int, int]:
    """Give the number of switches on the page, and its bytes."""
    request = Request(f"http://127.0.0.1:{port}{PATH}", headers={"Cookie": cookie})
    with urlopen(request) as answer:
        page = answer.read()
    return page.count(b'role="switch"'), len(page)

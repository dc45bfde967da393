"""The preference centre of somebody who gets everything by e-mail, against a bare Jinja page of the same size."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from statistics import median
from urllib.request import Request, urlopen

from app.db import Session
from app.flows import preferences
from app.kit.addresses import parse_email
from app.kit.provenance import PERSON, Provenance, Source
from app.services import accounts, sessions
from app.services.ages import Told
from app.services.items import items
from app.services.locks import lock_address
from benchmarks import load
from benchmarks.stage import Row, Stage

PATH = "/luxe/preferences"
WARM_SECONDS = 2.0
CENTRE = Provenance(PERSON, Source.CENTRE)
GROWN_UP = Told(born=date(1970, 1, 1))


def measure(stage: Stage, seconds: float, rounds: int) -> Iterator[Row]:
    """Alternate both for `rounds` rounds and compare the medians."""
    cookie, ours, bare, latencies = f"parley={_open(stage)}", [], [], []
    with stage.server("wsgi:app") as (parley, _), stage.server("benchmarks.bare:app") as (flask, _):
        count, size = _weigh(parley, cookie)
        same = f"/page?items={count}&bytes={size}"
        for port, path in ((parley, PATH), (flask, same)):
            load.get(port, path, cookie, WARM_SECONDS)
        for _ in range(rounds):
            bare.append(load.get(flask, same, cookie, seconds).rate)
            answered = load.get(parley, PATH, cookie, seconds)
            ours.append(answered.rate)
            latencies.append(answered.percentile(0.5))
    yield Row(
        f"preference centre of all houses, {count} switches, {size // 1000} kB", f"{median(ours):,.0f}/s",
        f"bare Jinja page {median(bare):,.0f}/s", f"{median(ours) / median(bare):.2f}", ">= 0.30",
    )  # fmt: skip
    yield Row(f"latency of it under that load ({load.CONNECTIONS} connections)", f"p50 {median(latencies):.0f} ms",
              "-", "-", "-")  # fmt: skip


def _open(stage: Stage) -> str:
    """Give the secret of a session of somebody who gets everything by e-mail."""
    env = stage.environment

    def act(session: Session) -> str:
        locked = lock_address(session, parse_email("centre@example.com"))
        account = accounts.create_lite(session, locked.digest, "en", verified_at=None)
        wanted = {item: True for item in items(session) if item.channel == "email" and not item.is_retired}
        preferences.change(session, account.id, wanted, CENTRE, told=GROWN_UP)
        return sessions.open_preference(session, account.id, None)

    return env.database.write(act)


def _weigh(port: int, cookie: str) -> tuple[int, int]:
    """Give the number of switches on the page, and its bytes."""
    request = Request(f"http://127.0.0.1:{port}{PATH}", headers={"Cookie": cookie})
    with urlopen(request) as answer:
        page = answer.read()
    return page.count(b'role="switch"'), len(page)

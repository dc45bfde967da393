"""PostgreSQL dies under load, by `immediate` stop and by kill -9. It must come back by itself, with everything."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from app.db import is_unavailable
from app.embedded import Cluster
from app.models import ContactPoint, Message, OptInRequest
from tests import journeys
from tests.reliability import ledger_check
from tests.reliability.figures import tell
from tests.reliability.installation import Installation, Visitor, await_true, installed

THREADS = 6
CONFIRM_EVERY = 4
BEFORE_SECONDS = 2.0
RECOVERY_SECONDS = 10.0
PATIENCE_SECONDS = 60.0
BLOWS = {"stop -m immediate": signal.SIGQUIT, "kill -9": signal.SIGKILL}


@dataclass(slots=True)
class Load:
    """What visitors asked for, and what they were told when."""

    parley: Installation
    acknowledged: set[str] = field(default_factory=set)
    confirmed: set[str] = field(default_factory=set)
    answers: list[tuple[float, int, bytes]] = field(default_factory=list)
    silent: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, seat: int) -> None:
        """Sign up again and again, new addresses each time; press the button in some mails."""
        visitor, number = self.parley.visitor(seat), 0
        while not self.over.is_set():
            number += 1
            email = f"storm-{seat}-{number}@example.com"
            try:
                if self.note(self.acknowledged, email, "/camille/", visitor) and number % CONFIRM_EVERY == 0:
                    path = self.link(email)
                    self.note(self.confirmed, email, path, visitor)
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.silent += 1
        visitor.close()

    def note(self, promised: set[str], email: str, path: str, visitor: Visitor) -> bool:
        """Post, keep the answer, and tell whether it was a promise."""
        form = self.parley.sign_up_form(email) if path == "/camille/" else {}
        answer = visitor.post(path, form)
        with self.lock:
            self.answers.append((time.monotonic(), answer.status, answer.body))
            if answer.status == 303:
                promised.add(email)
        return answer.status == 303

    def link(self, email: str) -> str:
        """Make the link of the mail, patiently: the database may be away for this process too."""
        found: list[str] = []

        def is_found() -> bool:
            try:
                found.append(journeys.confirmation_path(self.parley.environment, email))
            except Exception as problem:
                if not is_unavailable(problem):
                    raise
                return False
            return True

        assert await_true(is_found, PATIENCE_SECONDS)
        return found[0]

    def first_promise_after(self, moment: float) -> float | None:
        """Give the time of the first acknowledged post that came after the last refused one since `moment`."""
        with self.lock:
            answers = [each for each in self.answers if each[0] > moment]
        refused = [at for at, status, _ in answers if status >= 500]
        since = max(refused, default=moment)
        return next((at for at, status, _ in sorted(answers) if status == 303 and at > since), None)


@pytest.fixture
def parley(tmp_path, group):
    """Give a Parley with its own PostgreSQL, which waits for the disk as in production."""
    with installed(tmp_path, group, None, workers=2, threads_per_worker=4) as parley:
        database = parley.start("db run")
        cluster = Cluster(tmp_path / "postgres")
        assert await_true(lambda: "answers" in database.said(), PATIENCE_SECONDS), database.said()
        upgrade = parley.start("db upgrade")
        assert await_true(lambda: not upgrade.is_alive, PATIENCE_SECONDS), upgrade.said()
        parley.await_ready(parley.start("serve"))
        parley.database_url = cluster.application_url
        yield parley


def strike(parley: Installation, load: Load, number: signal.Signals) -> float:
    """Bring PostgreSQL down under load, and give the seconds until posts were accepted again."""
    time.sleep(BEFORE_SECONDS)
    cluster = Cluster(parley.folder / "postgres")
    victim = cluster.home.postmaster()
    assert victim, "PostgreSQL does not run"
    moment = time.monotonic()
    os.kill(victim, number)
    assert await_true(lambda: load.first_promise_after(moment) is not None, PATIENCE_SECONDS), "it did not recover"
    # Some posts were under way when it came back, so what counts is settled a moment later.
    time.sleep(BEFORE_SECONDS)
    assert cluster.home.postmaster() not in {None, victim}
    assert await_true(lambda: load.first_promise_after(moment) is not None, PATIENCE_SECONDS), "it fell back"
    back = load.first_promise_after(moment)
    assert back is not None
    return back - moment


def kept(parley: Installation, table: type, emails: set[str]) -> set[str]:
    """Choose the addresses that `table` knows."""
    digests = {journeys.digest(parley.environment, email): email for email in emails}
    with parley.environment.database.transaction() as session:
        return {digests[digest] for digest in session.scalars(select(table.address_digest)) if digest in digests}


def is_kind(body: bytes) -> bool:
    """Tell whether a page speaks to people, and of nothing that only we should know."""
    return b"</html>" in body and not any(word in body for word in (b"Traceback", b"psycopg", b"sqlalchemy"))


def test_postgresql_comes_back_by_itself_with_all_that_was_acknowledged(parley):
    load = Load(parley)
    threads = [threading.Thread(target=load.run, args=(seat,), daemon=True) for seat in range(THREADS)]
    for thread in threads:
        thread.start()
    seconds = {name: round(strike(parley, load, number), 1) for name, number in BLOWS.items()}
    load.over.set()
    for thread in threads:
        thread.join()
    refusals = [(status, body) for _, status, body in load.answers if status >= 500]
    lost = load.acknowledged - (
        kept(parley, OptInRequest, load.acknowledged) & kept(parley, Message, load.acknowledged)
    )
    lost_confirms = load.confirmed - kept(parley, ContactPoint, load.confirmed)
    after = ledger_check.judge(parley.environment)
    tell(
        "PostgreSQL killed under load",
        answers=dict(Counter(status for _, status, _ in load.answers)), unanswered=load.silent,
        acknowledged=len(load.acknowledged), lost=len(lost), acknowledged_confirms=len(load.confirmed),
        lost_confirms=len(lost_confirms), seconds_to_recover=seconds, ledger_lines=after.lines,
        breaches=after.breaches,
    )  # fmt: skip
    assert {status for status, _ in refusals} == {503}
    assert all(is_kind(body) for _, body in refusals)
    assert load.silent == 0
    assert load.acknowledged
    assert load.confirmed
    assert (lost, lost_confirms, after.breaches) == (set(), set(), ())
    assert max(seconds.values()) < RECOVERY_SECONDS

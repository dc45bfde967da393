"""Opt-in, leave and leave-everything for the same addresses at the same time, through the real server."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from app.kit.signing import Purpose
from tests import journeys
from tests.reliability import ledger_check
from tests.reliability.figures import scaled, tell
from tests.reliability.installation import Answer, Installation, Visitor

THREADS = 64
ACTORS = 4
"""People who act on one address at once, so that sixteen addresses are fought for at any time."""
ROUNDS = 2
ADDRESSES = scaled(1000, 64)
ADDRESSES_WITHOUT_LOCKS = 32
PATIENCE_SECONDS = 120
POOL = {"workers": 2, "threads_per_worker": 16}


@dataclass(slots=True)
class Tally:
    """What all threads got, by act."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, act: str, answer: Answer) -> Answer:
        """Note an answer."""
        with self.lock:
            self.answers[act, answer.status] += 1
        return answer

    def of(self, act: str, status: int) -> int:
        """Tell how many got `status`."""
        return self.answers[act, status]

    @property
    def server_errors(self) -> int:
        """Answers of 500 and more."""
        return sum(count for (_, status), count in self.answers.items() if status >= 500)


class Table:
    """One address, and the four who sit around it: two join, two leave."""

    def __init__(self, parley: Installation, tally: Tally, number: int) -> None:
        self.parley, self.tally, self.number = parley, tally, number
        self.email = f"racer-{number}@example.com"
        self.cookie = ""
        self.pace = 0.05
        self.start = threading.Barrier(ACTORS)

    def seats(self) -> list[Callable[[], None]]:
        """List what the four do."""
        leave_most = self.leave_everything if self.number % 2 else self.leave_brand
        return [
            lambda: self.sit(0, lambda who: self.join(who, "camille"), lambda who: self.join(who, "camille")),
            lambda: self.sit(1, lambda who: self.join(who, "folie-douze"), lambda who: self.join(who, "camille")),
            lambda: self.sit(2, lambda _: None, self.leave_item),
            lambda: self.sit(3, lambda _: None, leave_most),
        ]

    def sit(self, seat: int, first: Callable[[Visitor], None], then: Callable[[Visitor], None]) -> None:
        """Act in the first round, where nobody is known yet, and in those that follow."""
        visitor = self.parley.visitor(self.number * ACTORS + seat)
        try:
            for act in (first, *[then] * ROUNDS):
                self.start.wait(PATIENCE_SECONDS)
                act(visitor)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the others must not wait for ever
            self.start.abort()
            with self.tally.lock:
                self.tally.failures.append(f"{self.email}, seat {seat}: {problem!r}")
        finally:
            visitor.close()

    def join(self, visitor: Visitor, brand: str) -> None:
        """Sign up and press the button of the mail, whose link is minted as the courier would."""
        began = time.monotonic()
        topic = "newsletter:email" if brand == "camille" else "drops:email"
        form = self.parley.sign_up_form(self.email, topic, site=brand)
        answer = self.tally.count("sign-up", visitor.post(f"/{brand}/", form))
        if answer.status != 303:
            return
        path = journeys.confirmation_path(self.parley.environment, self.email, brand)
        answer = self.tally.count("confirm", visitor.post(path, {}))
        self.pace = time.monotonic() - began
        if answer.status == 303:
            self.cookie = answer.header("set-cookie").partition(";")[0]

    def leave_item(self, visitor: Visitor) -> None:
        """Leave by one click, as a mail program does."""
        self.dawdle()
        path = journeys.unsubscribe_path(self.parley.environment, self.email, item="newsletter:email")
        self.tally.count("one-click", visitor.post(path, {"List-Unsubscribe": "One-Click"}))

    def leave_brand(self, visitor: Visitor) -> None:
        """Leave all mails of a house by the button of the page."""
        self.dawdle()
        path = journeys.unsubscribe_path(self.parley.environment, self.email)
        self.tally.count("leave brand", visitor.post(path, {"do": "leave"}))

    def leave_everything(self, visitor: Visitor) -> None:
        """Leave all houses, in the preference centre."""
        self.dawdle()
        cookie = self.cookie  # read once: the two who join replace it at any moment
        secret = cookie.partition("=")[2]
        subject = hashlib.sha256(secret.encode()).hexdigest()
        token = self.parley.environment.signer.sign(Purpose.CENTRE_FORM, subject)
        form = {"csrf_token": token, "leave": "all"}
        answer = visitor.post("/camille/preferences", form, cookie)
        if "preferences/link" in answer.header("location"):
            answer = replace(answer, status=401)
        self.tally.count("leave everything", answer)

    def dawdle(self) -> None:
        """Come at any moment of the others' journey."""
        time.sleep(random.random() * self.pace)


def race(parley: Installation, addresses: int) -> Tally:
    """Let all threads loose on `addresses`."""
    tally = Tally()
    with ThreadPoolExecutor(THREADS) as pool:
        for number in range(addresses):
            for seat in Table(parley, tally, number).seats():
                pool.submit(seat)
    return tally


def report(trial: str, tally: Tally, storm: ledger_check.Storm, seconds: float) -> None:
    tell(
        trial,
        accepted_sign_ups=tally.of("sign-up", 303),
        accepted_confirms=tally.of("confirm", 303),
        accepted_leaves=leaves(tally),
        all_answers={f"{act} {status}": count for (act, status), count in sorted(tally.answers.items())},
        accounts=storm.accounts,
        ledger_lines=storm.lines,
        breaches=len(storm.breaches),
        first_breaches=storm.breaches[:3],
        server_errors=tally.server_errors,
        seconds=round(seconds, 1),
    )


def leaves(tally: Tally) -> int:
    by_link = tally.of("one-click", 200) + tally.of("leave brand", 200)
    return by_link + tally.of("leave everything", 303)


def test_racing_acts_leave_every_promise_whole(install):
    with install(**POOL) as parley:
        parley.await_ready(parley.start("serve"))
        began = time.monotonic()
        tally = race(parley, ADDRESSES)
        storm = ledger_check.judge(parley.environment)
        report(f"Race of {THREADS} threads over {ADDRESSES} addresses", tally, storm, time.monotonic() - began)
        assert tally.failures == []
        assert tally.server_errors == 0
        assert storm.breaches == ()
        assert storm.accounts == ADDRESSES
        assert min(tally.of("confirm", 303), leaves(tally)) > ADDRESSES
        assert tally.of("leave everything", 401) == 0
        assert [answer for answer in tally.answers if answer[1] >= 400 and answer[0] != "confirm"] == []


def test_the_race_is_noticed_where_nothing_is_locked(install):
    with install(**POOL) as parley:
        parley.await_ready(parley.start_broken("locks"))
        began = time.monotonic()
        tally = race(parley, ADDRESSES_WITHOUT_LOCKS)
        storm = ledger_check.judge(parley.environment)
        report("The same without locks, which must fail", tally, storm, time.monotonic() - began)
        assert storm.breaches or tally.server_errors

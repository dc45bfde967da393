"""Rounds of check-ins at the same time, killed in between, and over somebody for whom they fail: nobody twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, local

import pytest
from sqlalchemy import func, select, update

from app.courier import check_ins as courier
from app.flows import check_in as flow
from app.kit import clock
from app.models import CheckIn, ConsentEvent, ContactPoint, Message
from app.services import check_in_rulings, locks_of_many, mailings, population, verification
from app.services.check_in_rulings import Ruling
from tests.services import ledgers
from tests.services.conftest import variables

PEOPLE = 60
LONG_AGO = timedelta(days=3 * 366)


@pytest.fixture
def people(committing_env, monkeypatch):
    """Let some people live three years before now; give the environment."""
    with monkeypatch.context() as earlier:
        earlier.setattr(clock, "now", lambda now=clock.now: now() - LONG_AGO)
        with committing_env.database.transaction() as session:
            population.fill(session, PEOPLE)
    return committing_env


def due(env):
    rulings, _ = courier.rehearse(env)
    return rulings.get(Ruling.DUE, 0)


def asked(env):
    """Give how often each account was asked, and how many mails it got."""
    with env.database.transaction() as session:
        rows = Counter(session.scalars(select(CheckIn.account_id)))
        mails = Counter(session.scalars(select(Message.account_id)))
    return rows, mails


def once(env, number):
    rows, mails = asked(env)
    assert rows == mails
    return len(rows) == number and set(rows.values()) == {1}


def test_a_round_that_is_killed_goes_on_and_asks_nobody_twice(people, database_urls, tmp_path):
    expected = due(people)
    assert expected > PEOPLE / 2
    command = [sys.executable, "-c", SLOWLY, "check-in"]
    process = subprocess.Popen(command, env=variables(people, database_urls, tmp_path), start_new_session=True)
    deadline = time.monotonic() + 30
    while not asked(people)[0] and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = len(asked(people)[0])
    assert 0 < before < expected, "it was killed in between"
    assert courier.run(people)["asked"] == expected - before
    assert once(people, expected)
    assert "asked" not in courier.run(people)


SLOWLY = """
import time
from app.courier import check_ins
from app.flows import check_in
check_ins.TOGETHER, ask = 10, check_in.ask
check_in.ask = lambda *some, **more: (ask(*some, **more), time.sleep(0.2))[0]
from app.cli import main
main()
"""
"""The command with small transactions and pauses, so that there is time to kill it."""


def rounds_at_once(env, monkeypatch):
    """Do three rounds that begin with the same people at the same moment; give the counts, and what went wrong."""
    start, problems, ask = Barrier(3, timeout=20), [], flow.ask
    begun = local()

    def together(session, account_ids):
        if not getattr(begun, "has_begun", False):
            begun.has_begun = True
            start.wait()
        try:
            return ask(session, account_ids)
        except Exception as problem:
            problems.append(problem)
            raise

    monkeypatch.setattr(courier, "TOGETHER", 10)
    monkeypatch.setattr(flow, "ask", together)
    with ThreadPoolExecutor(3) as workers:
        counted = [each.result() for each in [workers.submit(courier.run, env) for _ in range(3)]]
    return sum((Counter(dict(each)) for each in counted), Counter()), problems


def test_rounds_at_once_ask_everybody_once(people, monkeypatch):
    expected = due(people)
    counted, problems = rounds_at_once(people, monkeypatch)
    assert (counted["asked"], problems) == (expected, [])
    assert once(people, expected)


def test_without_locks_they_run_into_each_other_and_still_ask_nobody_twice(people, monkeypatch):
    """What is judged without a lock is not true any more when it is written: the index refuses it then."""
    expected = due(people)
    for name, harmless in (("ABUSES", "SELECT %(numbers)s"), ("ROWS", "SELECT %(digests)s")):
        monkeypatch.setattr(locks_of_many, f"_LOCK_{name}", harmless)
    monkeypatch.setattr(locks_of_many, "_LOCK_ACCOUNTS", "SELECT id FROM account WHERE id = ANY(%(accounts)s)")
    _counted, problems = rounds_at_once(people, monkeypatch)
    assert problems
    assert once(people, expected)


def test_what_runs_out_is_told_by_a_sound_ledger(people):
    expected = due(people)
    courier.run(people)
    for step in ("remind", "expire"):
        with people.database.transaction() as session:
            session.execute(update(Message).values(state="sent"))
            session.execute(update(CheckIn).values(next_at=clock.now() - timedelta(minutes=1)))
        assert courier.rehearse(people)[1] == {step: expected}
        assert courier.run(people)[step] == expected
    assert not {"asked", "remind", "expire"} & courier.run(people).keys()
    ledgers.place(people)
    with people.database.transaction() as session:
        assert verification.verify(session).faults == []
    with people.database.transaction() as session:
        ended = session.scalar(select(func.count()).where(ConsentEvent.attributes["cause"].astext == "check_in"))
        assert ended >= expected


def test_one_for_whom_it_fails_holds_up_no_other(people, monkeypatch):
    expected, queue_all = due(people), mailings.queue_all
    with people.database.transaction() as session:
        first = next(one for one, ruling in check_in_rulings.survey(session, courier.FIRST, 500) if ruling == "due")

    def fail_for_one(session, mails):
        if any(mail.to.account_id == first for mail in mails):
            raise RuntimeError("a fault of ours")
        queue_all(session, mails)

    monkeypatch.setattr(mailings, "queue_all", fail_for_one)
    counted = courier.run(people)
    assert (counted["asked"], counted["failed"]) == (expected - 1, 1)
    assert once(people, expected - 1)


def test_who_changes_the_address_meanwhile_is_met_again(people):
    with people.database.transaction() as session:
        account_id = session.scalars(select(ContactPoint.account_id)).first()
        found = iter([locks_of_many._points(session, [account_id]), {}])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(locks_of_many, "_points", lambda *_: next(found))
            assert flow.ask(session, [account_id]) == 0


def test_a_round_stops_when_it_is_told_to(people, monkeypatch):
    monkeypatch.setattr(courier, "TOGETHER", 10)
    told = iter([False, False, True, True, True])
    assert sum(courier.run(people, stopped=lambda: next(told)).values()) == 10


def test_the_command_counts_first_and_then_asks(people, parley):
    expected = due(people)
    told = parley("check-in", "--dry-run")
    assert f"{expected:>12,}  would be asked" in told.output
    assert not asked(people)[0], "it changed nothing"
    assert f"{5:>12,}  asked" in parley("check-in", "--at-most", "5").output
    told = parley("check-in").output
    assert f"{expected - 5:>12,}  asked" in told
    assert "MB of memory at most" in told
    assert f"{expected:>12,}  have time to answer" in parley("check-in", "--dry-run").output

"""Acts that come at the same moment as an erasure: one comes before the other, and nobody is erased by half."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.courier import erasures, exports
from app.errors import Conflict
from app.flows import check_in, confirm, download, erase, introduce, leave, preferences
from app.flows.introduce import Customer
from app.flows.subscribe import subscribe
from app.kit import clock
from app.kit.addresses import parse_email
from app.models import (
    Account,
    Consent,
    ConsentEvent,
    ContactPoint,
    EventDetail,
    OptInRequest,
)
from app.services import check_in_rulings, erasure_journal, feed, privacy_requests
from tests import journeys
from tests.erasing import (
    ANA,
    CAME,
    ask,
    counts,
    found,
    join,
    owner,
    verify,
)
from tests.reliability import ledger_check
from tests.services.test_import_races import take

ROUNDS = 8


@pytest.fixture
def env(committing_env):
    return committing_env


def at_once(env, *acts):
    """Run acts in threads of their own that start together."""
    start = threading.Barrier(len(acts))

    def run(act):
        start.wait(10)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [each.result(30) for each in [pool.submit(run, act) for act in acts]]


def race(env):
    """Erase people while they confirm, leave, sign up and change their mind in the centre."""
    camille = env.group.brands["camille"]
    for number in range(ROUNDS):
        email = f"ana-{number}@example.com"
        account = join(env, email)
        leaving = journeys.unsubscribe_path(env, email).rpartition("/")[2]
        env.database.write(lambda session, to=email: subscribe(session, camille, to, ["private-sales:email"], CAME))
        token = journeys.confirmation_path(env, email).rpartition("/")[2]
        ask(env, account)
        acts = (
            lambda session, token=token: confirm.confirm(session, camille, token, None, CAME),
            lambda session, token=leaving: leave.leave(session, token, CAME),
            lambda session, to=email: subscribe(session, camille, to, ["newsletter:email"], CAME),
            lambda session, account=account: preferences.leave(session, account, None, CAME),
        )
        at_once(env, lambda: erasures.run(env), lambda: erasures.run(env),
                *(lambda act=act: _tolerant(env, act) for act in acts))  # fmt: skip
        erasures.run(env)


def _tolerant(env, act):
    try:
        return env.database.write(act)
    except (erase.Gone, Conflict):
        return None


def test_racing_acts_leave_the_projection_the_fold_and_nobody_half_erased(env):
    race(env)
    storm = ledger_check.judge(env)
    assert storm.breaches == ()
    assert verify(env) == []
    with env.database.transaction() as session:
        assert session.scalars(select(Account.status).distinct()).all() == ["erased"]
        assert session.scalars(select(OptInRequest.account_id).distinct()).all() in ([], [None])
    assert counts(env, Consent, EventDetail, ContactPoint) == [0, 0, 0]
    assert erasure_journal.unfinished(env.settings) == []


def make_at_once(env, account, email, monkeypatch):
    """Erase somebody while a copy is made, a list and a purchase come in, a shop names them, and they are asked."""
    monkeypatch.setattr(check_in_rulings, "due", lambda _session, held: list(held))
    camille, day = env.group.brands["camille"], clock.now() - timedelta(days=30)
    env.database.write(lambda session: download.ask(session, env.group, account, CAME))
    with env.database.transaction() as session:
        request = privacy_requests.open_one(session, account, privacy_requests.Kind.EXPORT).id
    ask(env, account)
    customer = Customer(parse_email(email), "shop", f"peculiar {email}")
    at_once(
        env,
        lambda: erasures.run(env),
        lambda: exports.build(env, request),
        lambda: take(env, [email], "granted", f"{day:%Y-%m-%d}"),
        lambda: _tolerant(env, lambda session: check_in.ask(session, [account])),
        lambda: _tolerant(env, lambda session: introduce.introduce(
            session, camille, "camille-shop", customer, CAME, is_trusted=True)),
        lambda: _tolerant(env, feed.place),
    )  # fmt: skip
    erasures.run(env)


def test_what_others_do_meanwhile_leaves_nothing_of_whoever_is_erased(env, database_urls, monkeypatch):
    for number in range(ROUNDS):
        account = join(env, email := f"ana-{number}@example.com")
        make_at_once(env, account, email, monkeypatch)
        left = {table for table, _ in found(env, database_urls, account, [str(account)])}
        assert left <= {"account", "consent_event", "event_feed", "feed_pending", "privacy_request"}, left
        assert owner(env, email) is None
        with env.database.transaction() as session:
            assert session.scalars(select(Consent)).all() == [], "the list tells of before the erasure"
    assert verify(env) == []


def test_two_couriers_erase_once(env):
    account = join(env, ANA)
    ask(env, account)
    assert sorted(at_once(env, *[lambda: erasures.run(env)] * 3)) == [0, 0, 1]
    assert counts(env, ConsentEvent) == [2]


def test_stopping_and_erasing_at_once_end_in_one_of_the_two(env):
    for number in range(ROUNDS):
        account = join(env, email := f"ana-{number}@example.com")
        ask(env, account)
        erased, stopped = at_once(
            env, lambda: erasures.run(env),
            lambda account=account: env.database.write(lambda session: erase.stop(session, account)),
        )  # fmt: skip
        assert bool(erased) is not stopped
        assert (owner(env, email) is None) is bool(erased)

"""The feed skips nothing and keeps the order, whatever transactions do at the same time."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select, text

from app.models import Account, EventFeed, FeedPending
from app.services import feed, ledger
from app.services.folding import Action
from app.services.ledger import Entry
from tests.services.ledgers import FORM, account_with_lines, granted, open_account, place, tamper, write


@pytest.fixture
def env(committing_env):
    return committing_env


def try_to_place(env):
    with env.database.transaction() as session:
        return feed.place(session)


def placed(env):
    with env.database.transaction() as session:
        rows = session.execute(select(EventFeed).order_by(EventFeed.position)).scalars().all()
        assert [row.position for row in rows] == list(range(1, len(rows) + 1))
        return [(row.account_id, row.sequence) for row in rows]


def waiting(env):
    with env.database.transaction() as session:
        return len(session.scalars(select(FeedPending.sequence)).all())


@contextmanager
def unfinished(env, account_id: uuid.UUID) -> Iterator[None]:
    """Write a line to the account and commit only at the end of the block."""
    with env.database.transaction() as session:
        account = session.get(Account, account_id, with_for_update=True)
        ledger.append(session, account, [granted()], FORM)
        yield


def test_lines_are_placed_once_and_leave_the_queue(env):
    account = account_with_lines(env, 3)
    assert (place(env), try_to_place(env), waiting(env)) == (3, 0, 0)
    assert placed(env) == [(account, 1), (account, 2), (account, 3)]


def test_a_limit_leaves_the_rest_for_the_next_time(env):
    account = account_with_lines(env, 3)
    assert [place(env, limit=2), place(env, limit=2)] == [2, 1]
    assert placed(env) == [(account, 1), (account, 2), (account, 3)]


def late_commit(env):
    """Let one transaction write first and commit last; give the two accounts in the order they wrote."""
    slow, fast = open_account(env), open_account(env)
    with unfinished(env, slow):
        write(env, fast, granted())
        try_to_place(env)
    place(env)
    return [(slow, 1), (fast, 1)]


def test_a_line_waits_for_older_transactions_that_still_run(env):
    order = late_commit(env)
    assert placed(env) == order


def test_without_that_rule_a_late_line_comes_after_its_time(env, monkeypatch):
    monkeypatch.setattr(feed, "_PLACE", feed._PLACE_ALL)
    order = late_commit(env)
    assert placed(env) == order[::-1]


def test_a_transaction_that_only_reads_holds_nothing_up(env):
    with env.database.transaction() as reader:
        reader.execute(select(Account.id)).all()
        account_with_lines(env, 2)
        assert place(env) == 2


def test_a_transaction_numbered_early_may_write_late_to_an_account(env):
    account = open_account(env)
    with env.database.transaction() as session:
        session.execute(text("SELECT pg_current_xact_id()"))
        write(env, account, granted())
        ledger.append(session, session.get(Account, account, with_for_update=True), [granted()], FORM)
    assert place(env, limit=1) == 1
    assert place(env) == 1
    assert placed(env) == [(account, 1), (account, 2)]


def test_only_one_sequencer_works_at_a_time(env):
    account_with_lines(env, 2)
    with env.database.transaction() as other:
        feed.hold(other)
        assert try_to_place(env) == 0
    assert place(env) == 2


def test_a_line_without_its_predecessor_waits(env, database_urls):
    account = account_with_lines(env, 3)
    tamper(database_urls, "DELETE FROM feed_pending WHERE %L", account=account, sequence=2)
    assert place(env, limit=1) == 1
    assert try_to_place(env) == 0
    assert placed(env) == [(account, 1)]


def test_after_a_restore_everything_is_placed_whatever_its_transaction(env, database_urls):
    account = account_with_lines(env, 3)
    tamper(database_urls, "UPDATE feed_pending SET transaction_id = 1000000000000 + sequence")
    assert try_to_place(env) == 0
    with env.database.transaction() as session:
        assert feed.place_all(session) == 3
    assert placed(env) == [(account, 1), (account, 2), (account, 3)]


def test_nothing_is_skipped_or_put_out_of_order_under_concurrent_writers(env):
    people = [open_account(env) for _ in range(5)]
    over = threading.Event()

    def act(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(25):
            with unfinished(env, dice.choice(people)):
                over.wait(dice.random() * 0.01)

    def sequence() -> None:
        while not over.is_set():
            try_to_place(env)

    writers = [threading.Thread(target=act, args=(seed,)) for seed in range(4)]
    sequencers = [threading.Thread(target=sequence) for _ in range(2)]
    for thread in (*writers, *sequencers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in sequencers:
        thread.join()
    place(env)
    order = placed(env)
    assert len(order) == 100
    assert waiting(env) == 0
    for person in people:
        own = [sequence for account, sequence in order if account == person]
        assert own == list(range(1, len(own) + 1))


def test_withdrawals_are_lines_as_well(env):
    account = account_with_lines(env, 1)
    write(env, account, Entry(2, Action.WITHDRAWN))
    assert place(env) == 2

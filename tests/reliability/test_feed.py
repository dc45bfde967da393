"""The change feed under many writers with long transactions, for a follower who is killed: every event exactly once.

Also across a backup under load that is put back elsewhere.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select, text

from app.environment import Environment
from app.models import FeedState
from app.services import ledger, verification
from tests import database, restoring
from tests.environments import settings_for
from tests.reliability.feed_storm import WRITERS, Storm, breaches, following, read_all
from tests.reliability.figures import scaled, tell
from tests.reliability.follower import GONE
from tests.services.ledgers import owner

ACTS, ACTS_BY_NUMBERS, ACTS_BEFORE, ACTS_AFTER = scaled(40), scaled(30), scaled(20), scaled(20)
RUN_SECONDS, LEAST_KILLS = 0.4, 3
SPARE_CONNECTIONS = 8


@pytest.fixture(scope="module")
def cluster_alone(tmp_path_factory):
    """Give a PostgreSQL that nothing else uses: long transactions hold up the feeds of all databases beside theirs."""
    with database.cluster_in(tmp_path_factory.mktemp("storm")).running() as cluster:
        yield cluster


@pytest.fixture
def urls(cluster_alone, worker_id):
    """Give a database there."""
    with database.fresh_database(cluster_alone, f"parley_feed_{worker_id}") as urls:
        yield urls


@pytest.fixture
def storm(urls, group, tmp_path, untraced):
    """Give writers on that database."""
    with raging(urls, group, tmp_path) as storm:
        storm.prepare()
        yield storm


@contextmanager
def raging(urls, group, folder):
    settings = settings_for(folder, threads_per_worker=WRITERS + SPARE_CONNECTIONS)
    env = Environment.build(settings, urls.application, group)
    yield Storm(env)
    env.database.close()


def rage(storm, follower, acts, meanwhile=lambda: None):
    """Let everybody write while the follower is killed again and again, then let it read to the end."""
    with storm.writing(acts) as writers:
        meanwhile()
        while any(writer.is_alive() for writer in writers) or follower.killed < LEAST_KILLS:
            follower.run_and_kill(RUN_SECONDS)
    storm.settle()
    follower.run_to_the_end()
    assert storm.failures == []


def trial(storm, folder, acts):
    """Give what is wrong after a storm, and what was measured."""
    began = time.monotonic()
    with following(storm.env, folder / "follower") as follower:
        rage(storm, follower, acts)
        with storm.straggling():
            follower.run_to_the_end()
        storm.settle()
        follower.run_to_the_end()
        noted = follower.noted()
    feed = read_all(storm.env, random.Random(1))
    figures = {
        "writers": WRITERS, "events": len(storm.committed), "given_up_transactions": storm.given_up,
        "seconds": round(time.monotonic() - began, 1), "follower_killed": follower.killed,
        "events_it_got_again": len(noted) - len(set(noted)),
    }  # fmt: skip
    return breaches(storm.committed, feed, noted), figures


def test_every_event_comes_exactly_once_and_in_order(storm, tmp_path):
    found, figures = trial(storm, tmp_path, ACTS)
    tell("The change feed under load", **figures)
    assert found == []
    assert figures["given_up_transactions"]
    assert read_all(storm.env, random.Random(2), most=7) == read_all(storm.env, random.Random(3), most=1_000)


def test_the_loss_is_noticed_where_places_are_numbers_drawn_while_writing(storm, urls, tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "_PENDING", numbered(urls))
    found, figures = trial(storm, tmp_path, ACTS_BY_NUMBERS)
    never = [each for each in found if "never came" in each]
    tell("The same by sequence alone, which must lose something", **figures, never_came=len(never))
    assert never


def numbered(urls):
    """Let writers give each line its place themselves, as a follower of a mere column with numbers would have it."""
    with owner(urls) as connection:
        connection.execute(text("CREATE SEQUENCE naive"))
        connection.execute(text("GRANT USAGE ON SEQUENCE naive TO PUBLIC"))
    return text(
        "INSERT INTO event_feed (position, account_id, sequence) SELECT nextval('naive'), :account, number "
        "FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS number"
    )


def test_a_follower_goes_on_after_a_restore_and_misses_nothing_of_it(storm, urls, cluster_alone, group, tmp_path):
    file = tmp_path / "parley.dump"
    with following(storm.env, tmp_path / "follower") as follower:
        rage(storm, follower, 1)
        rage(storm, follower, ACTS_BEFORE, lambda: back_up(storm, urls, file))
        before, killed = follower.noted(), follower.killed
    old = dict(read_all(storm.env, random.Random(1)))
    with (
        restoring.empty_database(cluster_alone, "parley_feed_restored") as elsewhere,
        raging(elsewhere, group, tmp_path) as again,
    ):
        operate(storm, elsewhere, "restore", file)
        again.go_on(storm.people)
        in_the_backup = len(again.committed)
        with following(again.env, tmp_path / "follower") as follower:
            rage(again, follower, ACTS_AFTER)
            noted = follower.noted()
        feed = read_all(again.env, random.Random(2))
        with again.env.database.transaction() as session:
            common = session.scalar(select(func.max(FeedState.position)))
        with again.env.database.transaction() as session:
            faults = verification.verify(session).faults
    after = [each for each in noted[noted.index(GONE) :] if each != GONE]
    ids = [event_id for event_id, _ in feed]
    reused = [place for event_id, place in feed if event_id not in old and place in old.values()]
    tell(
        "The change feed across a restore", writers=WRITERS, events_before=len(old), in_the_backup=in_the_backup,
        events_after=len(feed), the_same_up_to=common, follower_killed=killed + follower.killed,
        numbers_used_again=len(reused),
    )  # fmt: skip
    assert breaches(again.committed, feed, ids) == []
    assert faults == []
    assert 0 < common < in_the_backup < len(old), "the backup was made under load"
    seen = list(dict.fromkeys(before))
    assert seen[:common] == ids[:common]
    assert seen[:in_the_backup] != ids[:in_the_backup], "what waited in the backup had other places where it came from"
    assert list(dict.fromkeys(after)) == ids[common:]
    assert {*ids} - {*seen} - {*ids[len(old) :]}, "who went on from the old position would miss something"
    assert reused, "who knew events by account and number alone would pass over something"


def back_up(storm, urls, file):
    """Make a backup while everybody writes, and while somebody who began earlier has not committed."""
    with storm.straggling():
        operate(storm, urls, "backup", file)


def operate(storm, urls, *words):
    done = restoring.command(storm.env, urls, *words)
    assert done.exit_code == 0, done.output

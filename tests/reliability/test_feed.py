"""The change feed under many writers with long transactions, for a follower who is killed: every event exactly once."""

from __future__ import annotations

import random
import time

import pytest
from sqlalchemy import text

from app.environment import Environment
from app.services import ledger
from tests import database
from tests.environments import settings_for
from tests.reliability.feed_storm import WRITERS, Storm, breaches, following, read_all
from tests.reliability.figures import scaled, tell
from tests.services.ledgers import owner

ACTS, ACTS_BY_NUMBERS = scaled(50), scaled(30)
RUN_SECONDS = 0.4
SPARE_CONNECTIONS = 8


@pytest.fixture
def urls(cluster_apart, worker_id):
    """Give a database in a cluster of its own: the long transactions hold up the feeds of all databases beside it."""
    with database.fresh_database(cluster_apart, f"parley_feed_{worker_id}") as urls:
        yield urls


@pytest.fixture
def storm(urls, group, tmp_path, untraced):
    """Give writers on that database."""
    settings = settings_for(tmp_path, threads_per_worker=WRITERS + SPARE_CONNECTIONS)
    env = Environment.build(settings, urls.application, group)
    storm = Storm(env)
    storm.prepare()
    yield storm
    env.database.close()


def rage(storm, folder, acts):
    """Let everybody write while the follower is killed again and again; give what is wrong, and what was measured."""
    began = time.monotonic()
    with following(storm.env, folder / "follower") as follower:
        with storm.writing(acts) as writers:
            while any(writer.is_alive() for writer in writers):
                follower.run_and_kill(RUN_SECONDS)
        seconds = time.monotonic() - began
        storm.settle()
        follower.run_to_the_end()
        noted = follower.noted()
    feed = read_all(storm.env, random.Random(1))
    figures = {
        "writers": WRITERS, "events": len(storm.committed), "given_up_transactions": storm.given_up,
        "seconds": round(seconds, 1), "follower_killed": follower.killed,
        "events_it_got_again": len(noted) - len(set(noted)),
    }  # fmt: skip
    return breaches(storm.committed, feed, noted), figures


def test_every_event_comes_exactly_once_and_in_order(storm, tmp_path):
    found, figures = rage(storm, tmp_path, ACTS)
    tell("The change feed under load", **figures)
    assert storm.failures == []
    assert found == []
    assert figures["follower_killed"] > 2
    assert figures["given_up_transactions"]
    assert read_all(storm.env, random.Random(2), most=7) == read_all(storm.env, random.Random(3), most=1_000)


def test_the_loss_is_noticed_where_places_are_numbers_drawn_while_writing(storm, urls, tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "_PENDING", numbered(urls))
    found, figures = rage(storm, tmp_path, ACTS_BY_NUMBERS)
    never = [each for each in found if "never came" in each]
    tell("The same by sequence alone, which must lose something", **figures, never_came=len(never))
    assert storm.failures == []
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

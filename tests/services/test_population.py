"""An invented population stands up to the same checks as a real one."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.kit import clock
from app.kit.addresses import parse_email
from app.models import Account, AddressRow, Consent, ConsentEvent, ContactPoint, EventFeed, FeedPending
from app.services import accounts, population, projection, verification
from app.services.biographies import address
from tests.services.ledgers import account_with_lines, place

PEOPLE = 60


@pytest.fixture
def env(committing_env):
    return committing_env


def fill(env, people=PEOPLE, **options):
    with env.database.transaction() as session:
        return population.fill(session, people, **options)


def test_its_ledger_and_its_consents_are_right(env):
    filled = fill(env)
    with env.database.transaction() as session:
        report = verification.verify(session)
    assert (report.faults, report.lines) == ([], filled.lines)
    with env.database.transaction() as session:
        assert projection.differences(session) == []


def test_it_comes_after_what_is_there(env):
    account_with_lines(env, 2)
    place(env)
    account_with_lines(env, 2)
    fill(env)
    with env.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(FeedPending)) == 2
    assert place(env) == 2
    with env.database.transaction() as session:
        assert verification.verify(session).faults == []


def test_places_follow_the_time(env):
    fill(env)
    same = (ConsentEvent.account_id == EventFeed.account_id) & (ConsentEvent.sequence == EventFeed.sequence)
    with env.database.transaction() as session:
        query = select(ConsentEvent.recorded_at).join(EventFeed, same).order_by(EventFeed.position)
        times = session.scalars(query).all()
    assert times == sorted(times)
    assert times[-1] < clock.now()


@pytest.mark.parametrize("people", [1, 2, 5])
def test_a_second_run_continues_the_numbering(env, people):
    assert fill(env, people).first == 1
    assert fill(env, 2).first == people + 1
    assert fill(env, 1).first == people + 3


def test_addresses_are_found_read_back_and_verified_by_an_act_at_the_mailbox(env):
    fill(env)
    with env.database.transaction() as session:
        digest = env.digester.newest(parse_email("person-000007@example.org"))
        owner = session.get(ContactPoint, digest).account_id
        assert accounts.primary_email(session, owner) == "person-000007@example.org"
        confirmed = select(Consent.account_id).where(Consent.confirmed_at.is_not(None))
        unproved = select(ContactPoint).where(
            ContactPoint.account_id.in_(confirmed), ContactPoint.verified_at.is_(None)
        )
        assert session.scalars(unproved).all() == []


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 1_234_567])
def test_addresses_are_those_that_a_person_could_type(number):
    assert parse_email(address(number).typed) == address(number)


def test_the_same_seed_tells_the_same_stories(env):
    lines = [fill(env, 20, seed=seed).lines for seed in (1, 2)]
    with env.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 40
        assert session.scalar(select(func.count()).select_from(AddressRow)) == 40
    assert sum(lines) > 40


def test_people_leave_and_come_back(env):
    fill(env, 300)
    with env.database.transaction() as session:
        actions = set(session.scalars(select(ConsentEvent.action)))
    assert {"granted", "withdrawn", "renewed", "paused", "resumed"} <= actions


def test_progress_is_told(env):
    told = []
    fill(env, 30, advance=told.append)
    assert sum(told) == 30

"""Every key list gets a new key, and people notice nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import delete, func, select

from app.config import KEY_LISTS
from app.environment import Environment
from app.factory import create_app
from app.models import Account, AddressRow, Message, OptInItem, OptInRequest, Suppression
from app.services import letters
from app.services.stationery import Drop
from tests import journeys
from tests.environments import settings_for

ANA, BOB = "ana@gmail.com", "bob@example.com"


@pytest.fixture
def before(committing_env):
    return create_app(committing_env.settings, committing_env).test_client()


@pytest.fixture
def rotated(committing_env, tmp_path, database_urls, group):
    """Give the same Parley with a new key at the end of each list."""
    old = committing_env.settings
    keys = {name: (*getattr(old, name), f"the new one of {name}, long enough") for name in KEY_LISTS}
    environment = Environment.build(settings_for(tmp_path, **keys), database_urls.application, group)
    yield environment
    environment.database.close()


@pytest.fixture
def after(rotated):
    return create_app(rotated.settings, rotated).test_client()


def test_the_whole_journey_goes_on_after_a_rotation(committing_env, rotated, before, after):
    env = committing_env
    journeys.subscribe(before, env, ANA)
    cookie = before.get_cookie("parley").value
    leave = journeys.unsubscribe_path(env, ANA)
    assert journeys.decision(rotated, ANA) == "granted"
    after.set_cookie("parley", cookie)
    assert "a•••@gmail.com" in after.get("/camille/preferences").text
    journeys.sign_up(after, ANA, ["private-sales:email"])
    assert journeys.decision(rotated, ANA, "private-sales") == "pending"
    after.post(journeys.confirmation_path(replace(rotated, digester=env.digester), ANA))
    assert journeys.decision(rotated, ANA, "private-sales") == "granted"
    with rotated.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 1
    after.post(leave, data={"List-Unsubscribe": "One-Click"})
    assert journeys.decision(rotated, ANA) == "withdrawn"


def test_mails_are_counted_across_a_rotation(committing_env, rotated, before, after):
    for number in range(6):
        for client in (before, after):
            journeys.sign_up(client, f"a.na+{number}@gmail.com")
            journeys.sign_up(client, f"ana+{number}@gmail.com", site="folie-douze")
    with rotated.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 10


def test_never_said_through_an_old_mail_holds_under_a_new_key(committing_env, rotated, before, after):
    journeys.sign_up(before, BOB, ["restock:email"], "folie-douze")
    never = journeys.never_path(committing_env, BOB, "folie-douze")
    with rotated.database.transaction() as session:
        for table in (OptInItem, OptInRequest, Message, AddressRow):
            session.execute(delete(table))
    journeys.sign_up(after, BOB, ["restock:email"], "folie-douze")
    after.post(never)
    journeys.admit(rotated, BOB, "folie-douze")
    assert journeys.decision(rotated, BOB, "restock", brand="folie-douze") == "suppressed"
    with rotated.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 0, "no single opt-in for whoever said never"
        (confirmation,) = session.scalars(select(Message).where(Message.kind == "confirm"))
        assert letters.prepare(session, confirmation) == Drop("suppressed")


def test_a_suppression_outlives_its_address_and_a_rotation(committing_env, rotated, before, after):
    never = journeys.never_path(committing_env, BOB)
    before.post(never)
    with rotated.database.transaction() as session:
        session.execute(delete(AddressRow))
        assert session.scalars(select(Suppression.digest_key_id)).one() == "unknown"
    assert journeys.decision(rotated, BOB) == "suppressed"
    journeys.sign_up(after, BOB)
    with rotated.database.transaction() as session:
        met = session.scalars(select(AddressRow)).one()
        assert met.digest == journeys.digest(committing_env, BOB)
        assert met.digest_key_id == committing_env.digester.key_id

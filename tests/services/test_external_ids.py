"""What other systems know people by: each client's own, one for each system, and nobody's twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from app.errors import ExternalIdTaken
from app.kit.subjects import ExternalId
from app.models import ExternalIdRow
from app.services import external_ids, oauth
from app.services.locks import lock_account
from tests.accounts import person

SHOP = "camille-shop"


def rows(session):
    return {(row.client, row.system, row.value): row.account_id for row in session.scalars(select(ExternalIdRow))}


def test_an_id_stands_for_one_account_and_another_takes_its_place_only_where_that_is_meant(session):
    ana, bea = person(session, "ana@example.com"), person(session, "bea@example.com")
    assert external_ids.attach(session, ana, SHOP, "shop", "1")
    assert not external_ids.attach(session, ana, SHOP, "shop", "1")
    with pytest.raises(ExternalIdTaken):
        external_ids.attach(session, bea, SHOP, "shop", "1")
    with pytest.raises(ExternalIdTaken):
        external_ids.attach(session, ana, SHOP, "shop", "2")
    external_ids.put(session, ana, SHOP, {"shop": "2"})
    assert external_ids.attach(session, bea, SHOP, "shop", "1")
    assert external_ids.attach(session, bea, "a-crm", "shop", "2"), "what another client calls her is its own matter"
    assert rows(session) == {(SHOP, "shop", "2"): ana, (SHOP, "shop", "1"): bea, ("a-crm", "shop", "2"): bea}


def test_what_is_put_leaves_other_systems_alone(session):
    ana = person(session, "ana@example.com")
    external_ids.put(session, ana, SHOP, {"shop": "1", "till": "9"})
    external_ids.put(session, ana, SHOP, {"shop": None})
    assert [row.system for row in external_ids.of_account(session, ana, SHOP)] == ["till"]
    assert external_ids.of_account(session, ana, "a-crm") == []


def test_a_client_asks_by_its_own_ids_also_when_it_was_made_anew(session):
    ana = person(session, "ana@example.com")
    (old, _), (new, _), (other, _) = (oauth.create(session, name, [], []) for name in (SHOP, SHOP, "a-crm"))
    external_ids.attach(session, ana, SHOP, "shop", "1")
    assert external_ids.account_of(session, ExternalId(old, "shop", "1")) == ana
    assert external_ids.account_of(session, ExternalId(new, "shop", "1")) == ana
    assert external_ids.account_of(session, ExternalId(other, "shop", "1")) is None
    assert external_ids.account_of(session, ExternalId(old, "till", "1")) is None


def test_of_two_who_claim_an_id_at_once_one_gets_it(committing_env):
    env, both = committing_env, Barrier(2)
    with env.database.transaction() as session:
        people = [person(session, f"{name}@example.com") for name in ("ana", "bea")]

    def claim(account):
        def act(session):
            lock_account(session, account)
            both.wait(10)
            return external_ids.attach(session, account, SHOP, "shop", "1")

        try:
            return env.database.write(act)
        except ExternalIdTaken:
            return "taken"

    with ThreadPoolExecutor() as pool:
        assert sorted(map(str, pool.map(claim, people))) == ["True", "taken"]
    with env.database.transaction() as session:
        assert len(rows(session)) == 1

"""Whom a client gets to know, and whose word about them counts."""

from __future__ import annotations

import pytest

from app.services import external_ids
from tests import customers, journeys
from tests.accounts import ANA, BEA, EVERY, NOBODY, SCOPES, amend, bearer, history, introduce, keys, person, show
from tests.erasing import owner


@pytest.fixture
def headers(client, env):
    return bearer(client, env)


def test_a_client_sees_whom_its_houses_have_to_do_with(client, app, env, headers):
    journeys.subscribe(app.test_client(), env, ANA, brand="folie-douze")
    ana = owner(env, ANA)
    with env.database.transaction() as session:
        external_ids.attach(session, ana, "a-crm", "crm", "88")
    assert show(client, headers, ana).status_code == 404
    assert show(client, bearer(client, env, "other", ["folie-douze"]), ana).json["external_ids"] == {}
    assert show(client, bearer(client, env, "a-crm"), ana).json["external_ids"] == {"crm": "88"}
    assert show(client, bearer(client, env, "the group", EVERY), ana).status_code == 200
    assert amend(client, headers, ana, locale="fr").status_code == 404
    assert history(client, headers, ana).status_code == 404


def test_what_is_the_whole_groups_makes_nobody_a_customer_of_one_house(client, app, env, headers):
    customers.register(app.test_client(), env, ANA)
    assert show(client, headers, owner(env, ANA)).status_code == 404, "she accepted the terms of the group"


def test_a_client_of_all_houses_finds_no_one_who_is_not_there(client, env, session):
    person(session, BEA)
    assert show(client, bearer(client, env, "the group", EVERY), NOBODY).status_code == 404


def test_a_no_passed_on_makes_nobody_an_acquaintance_and_nothing_is_told_without_trust(client, app, env, headers):
    browser = app.test_client()
    customers.register(browser, env, ANA)
    stranger = bearer(client, env, "stranger", ("ostra",), [*SCOPES, "consents:write"])
    said = {
        "subject": {"email": ANA},
        "brand": "ostra",
        "topic": "newsletter",
        "channel": "email",
        "action": "withdraw",
    }
    answer = client.post("/api/v1/consents", json=said, headers={**stranger, "Idempotency-Key": f"key {next(keys)}"})
    account = answer.json["event"]["account_id"]
    assert answer.status_code == 201
    assert show(client, stranger, account).status_code == 404
    assert amend(client, stranger, account, brand="ostra", locale="de").status_code == 404
    journeys.subscribe(browser, env, ANA)
    journeys.press(browser, "ostra", set="ostra:newsletter:email=on")
    assert show(client, stranger, account).status_code == 200, "now they said something themselves"
    refused = amend(client, stranger, account, brand="ostra", profile={"name": {"name": "Mallory"}})
    assert (refused.status_code, refused.json["code"]) == (403, "evidence_not_trusted")


def test_a_postal_address_is_not_taken_away_by_one_house_from_the_others(client, app, env, headers):
    customers.register(app.test_client(), env, ANA)
    account = introduce(client, headers).json["account_id"]
    address = {"street": ["1 Quay"], "postal_code": "", "city": "Brest", "country": "FR"}
    assert amend(client, headers, account, profile={"postal-address": address}).status_code == 204
    refused = amend(client, headers, account, profile={"postal-address": None})
    assert (refused.status_code, refused.json["code"]) == (403, "evidence_not_trusted")

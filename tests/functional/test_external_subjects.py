"""Asking and telling about somebody by the id that one's own system gave them."""

from __future__ import annotations

import pytest

from app.services import external_ids, oauth
from tests import api, journeys
from tests.erasing import owner

ANA, SHOP = api.ANA["email"], "camille-shop"
HER = {"external_id": {"system": "shop", "id": "4711"}}
SCOPES = ["consents:read", "consents:write", "links:write"]

QUESTIONS = [
    {}, {"topic": "private-sales", "channel": "sms"}, {"topic": None, "channel": None, "purpose": "personalisation"},
]  # fmt: skip


def bearer(client, env, name=SHOP, scopes=SCOPES, brands=("camille",)):
    with env.database.transaction() as session:
        auth = oauth.create(session, name, scopes, brands)
    return {"Authorization": f"Bearer {api.ask_token(client, auth).json['access_token']}"}


@pytest.fixture
def headers(app, client, env):
    """Give the header of a shop that calls Ana 4711; she is with Camille."""
    journeys.subscribe(app.test_client(), env, ANA)
    with env.database.transaction() as session:
        external_ids.attach(session, owner(env, ANA), SHOP, "shop", "4711")
    return bearer(client, env)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answer_is_the_one_by_the_account(client, env, headers, question):
    by_account = api.decide(client, headers, {"account_id": str(owner(env, ANA))}, **question).json
    by_id = api.decide(client, headers, HER, **question).json
    assert {**by_id, "evaluated_at": None} == {**by_account, "evaluated_at": None}
    assert by_id["reason"] != "unknown_subject"


def test_it_is_one_question_to_the_database(client, env, headers, monkeypatch):
    asked = []
    real = type(env.database).read
    monkeypatch.setattr(type(env.database), "read", lambda *given: asked.append(given[1]) or real(*given))
    assert api.decide(client, headers, HER).json["allowed"]
    assert len(asked) == 1


def test_the_ids_of_other_clients_and_systems_stand_for_nobody(client, env, headers):
    other = bearer(client, env, "a-crm")
    assert api.decide(client, other, HER).json["reason"] == "unknown_subject"
    assert api.look_up(client, other, HER).json["subject"] is None
    assert api.decide(client, headers, {"external_id": {"system": "till", "id": "4711"}}).json["allowed"] is False


def test_she_is_looked_up_leaves_and_is_signalled_by_it(client, env, headers):
    assert api.look_up(client, headers, HER).json["subject"]["account_id"] == str(owner(env, ANA))
    signal = {"subject": HER, "brand": "camille", "signal": "gpc"}
    assert client.post("/api/v1/signals", json=signal, headers=headers).json["ended"] != []
    told = {"subject": HER, **api.NEWSLETTER, "action": "withdraw"}
    answer = client.post("/api/v1/consents", json=told, headers={**headers, "Idempotency-Key": "1"})
    assert (answer.status_code, answer.json["status"]) == (201, "withdrawn")


@pytest.mark.parametrize("named", [
    {"system": "shop", "id": "4711\0"}, {"system": "sh\0op", "id": "4711"}, {"system": "", "id": "1"},
    {"system": "shop", "id": "x" * 201}, {"system": "shop"}, {"system": "shop", "id": 4711},
])  # fmt: skip
def test_what_is_no_id(client, headers, named):
    answer = api.decide(client, headers, {"external_id": named})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_subject")


def ask_all(client, headers, *subjects, path="decisions/batch", **changes):
    body = {**api.NEWSLETTER, "system": "shop", "subjects": subjects, **changes}
    body = {name: value for name, value in body.items() if value is not None}
    return client.post(f"/api/v1/{path}", json=body, headers=headers).json


@pytest.mark.parametrize("question", QUESTIONS)
def test_many_are_asked_about_at_once(client, headers, question):
    results = ask_all(client, headers, "4711", "0", "4711", "", "x" * 201, "a\0b", **question)["results"]
    one = api.decide(client, headers, HER, **question).json
    assert [each["reason"] for each in results] == [
        one["reason"], "unknown_subject", one["reason"], *["invalid_subject"] * 3,
    ]  # fmt: skip
    told = {key: one[key] for key in ("allowed", "reason", "since", "frequency")}
    assert results[0] == results[2] == {"subject": "4711", **told}


def test_of_many_the_ids_of_others_stand_for_nobody_and_without_a_system_they_are_addresses(client, env, headers):
    other = bearer(client, env, "a-crm")
    assert ask_all(client, other, "4711")["results"][0]["reason"] == "unknown_subject"
    assert ask_all(client, headers, "4711", system="till")["results"][0]["reason"] == "unknown_subject"
    assert ask_all(client, headers, "4711", system=None)["results"][0]["reason"] == "invalid_subject"
    assert ask_all(client, headers)["results"] == []


def test_links_are_made_for_them_too(client, headers):
    made = ask_all(client, headers, "4711", "0", path="links")["links"]
    assert client.get(made[0]["unsubscribe_url"].removeprefix("http://localhost:8000")).status_code == 200
    assert made[1] == {"subject": "0", "unsubscribe_url": None, "manage_url": None, "reason": "unknown_subject"}

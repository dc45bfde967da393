"""Texts that people send back: STOP in four languages, and nothing for anybody else to learn."""

from __future__ import annotations

import pytest

from app.config import Settings
from app.hooks.sms import means_stop
from tests import journeys
from tests.functional.test_phone import ANA, events, sms, switch_on
from tests.phones import NUMBER, OTHER, ask, prove, text

TOKEN = "a secret of the gateway, long enough to be one"
HOOK = f"/hooks/sms/{TOKEN}"


@pytest.fixture(autouse=True)
def _door(env, monkeypatch):
    monkeypatch.setattr(env.settings.__class__, "sms_hook_token", TOKEN, raising=False)
    object.__setattr__(env.settings, "sms_hook_token", TOKEN)


@pytest.fixture
def ana(client, env):
    journeys.subscribe(client, env, ANA)
    prove(client, env)
    switch_on(client)
    return client


@pytest.mark.parametrize(
    "words",
    ["STOP", "STOP SMS", "stop", " Stop. ", "STOP!", "Unsubscribe", "ARRÊT", "arret", "Désabonner", "STOPP", "Abmelden",
     "kündigen", "退订", "TD", "停止。", "退訂！"],
)  # fmt: skip
def test_each_word_ends_texts(words):
    assert means_stop(words)


@pytest.mark.parametrize(
    "words",
    ["don't stop", "Where is the nearest bus stop?", "", "…", "stopping by at five", "Nicht stoppen", "不要停止", "ok"],
)
def test_other_words_do_not(words):
    assert not means_stop(words)


@pytest.mark.parametrize(
    "sent",
    [{"json": {"from": NUMBER, "text": "STOP"}}, {"data": {"From": NUMBER, "Body": "Arrêt"}},
     {"data": {"from": NUMBER.removeprefix("+"), "text": "退订", "to": "Camille"}}],
    ids=["json", "form", "named house"],
)  # fmt: skip
def test_who_answers_stop_gets_no_more_texts_and_everything_else(ana, env, client, sent):
    assert sms(env) == "granted"
    for _ in range(2):
        answer = client.post(HOOK, **sent)
        assert (answer.status_code, answer.json) == (200, {"status": "taken"})
    assert sms(env) == "withdrawn"
    assert [each for each in events(env, ANA) if each[1] == "text_message"] == [("withdrawn", "text_message")]
    assert journeys.decision(env, ANA) == "granted"
    assert "You left" in ana.get("/camille/preferences").text
    assert "by a text message" in ana.get("/camille/preferences/history").text
    assert "summary" in journeys.mails(env, ANA)


def test_a_word_to_another_house_ends_only_its_texts(ana, env, client):
    client.post(HOOK, json={"from": NUMBER, "text": "STOP", "to": "Folie Douze"})
    assert sms(env) == "granted"


def test_it_tells_nobody_whose_number_it_is(ana, client):
    answers = [client.post(HOOK, json={"from": number, "text": "STOP"}) for number in (NUMBER, OTHER)]
    assert answers[0].data == answers[1].data


@pytest.mark.parametrize(
    "sent",
    [{"json": {"from": NUMBER}}, {"json": {"text": "STOP"}}, {"json": ["STOP"]},
     {"data": "{", "content_type": "application/json"}, {"json": {"from": 33612345678, "text": "STOP"}},
     {"json": {"from": "Camille", "text": "STOP"}}, {}],
)  # fmt: skip
def test_what_can_not_be_read_is_told_to_the_program(ana, env, client, sent):
    answer = client.post(HOOK, **sent)
    assert (answer.status_code, answer.mimetype, answer.json["code"]) == (400, "application/problem+json", "malformed")
    assert sms(env) == "granted"


def test_there_is_no_door_without_the_secret(ana, env, client):
    assert client.post("/hooks/sms/something-else", json={"from": NUMBER, "text": "STOP"}).status_code == 404
    object.__setattr__(env.settings, "sms_hook_token", None)
    for token in (TOKEN, "%20"):
        answer = client.post(f"/hooks/sms/{token}", json={"from": NUMBER, "text": "STOP"})
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert sms(env) == "granted"


def test_a_number_that_nobody_has_gets_nothing_more_until_it_is_proved(env, app, client):
    assert client.post(HOOK, json={"from": OTHER, "text": "STOP"}).json == {"status": "taken"}
    assert sms(env, OTHER) == "suppressed"
    bea = app.test_client()
    journeys.subscribe(bea, env, "bea@example.com")
    prove(bea, env, OTHER)
    switch_on(bea)
    assert sms(env, OTHER) == "granted"


def test_a_number_that_said_stop_gets_a_code_a_day_at_most(env, client):
    client.post(HOOK, json={"from": OTHER, "text": "STOP"})
    journeys.subscribe(client, env, ANA)
    ask(client, OTHER)
    assert text(env) is not None
    ask(client, OTHER)
    assert text(env) is None


def test_only_wrong_secrets_are_limited(ana, env, client):
    words = {"json": {"from": NUMBER, "text": "thank you"}}
    assert {client.post(HOOK, **words).status_code for _ in range(70)} == {200}
    wrong = [client.post("/hooks/sms/no-such-secret", **words).status_code for _ in range(61)]
    assert (set(wrong[:60]), wrong[60]) == ({404}, 429)
    assert client.post(HOOK, **words).status_code == 200


def test_a_body_beyond_the_limit_is_refused(client):
    answer = client.post(HOOK, json={"from": NUMBER, "text": "STOP " * 50_000})
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")


def test_a_short_secret_is_refused_at_the_start():
    with pytest.raises(ValueError, match="sms_hook_token"):
        Settings(sms_hook_token="short", **{name: (f"{name:.<40}",) for name in (
            "secret_keys", "sealing_keys", "digest_keys", "ledger_keys", "leave_keys")})  # fmt: skip

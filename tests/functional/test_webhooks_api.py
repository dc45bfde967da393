"""`/api/v1/webhooks`: a client's own endpoints, with what they were told."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from app.api.webhook_shapes import DeliveryAnswer, NewWebhookAnswer, WebhookAnswer
from app.factory import create_app
from app.services.feed_pages import Cursor
from app.services.webhooks import MOST
from tests import api, journeys
from tests import webhooks as helper
from tests.receivers import receiving

ALL = "/api/v1/webhooks"
URL = "https://crm.example.com/in?key=very-secret"


@pytest.fixture
def headers(client, env):
    return api.bearer(client, env, scopes=helper.SCOPES)


@pytest.fixture
def webhook(client, headers):
    return client.post(ALL, json={"url": URL}, headers=headers).json


def one(webhook, *more):
    return "/".join((ALL, webhook["id"], *more))


def test_a_webhook_is_made_shown_changed_and_forgotten(client, headers):
    asked = {
        "url": URL, "brands": ["camille"], "types": ["parley.consent.granted"], "keys": ["newsletter"],
        "description": "CRM", "contact": "crm@example.com",
    }  # fmt: skip
    made = client.post(ALL, json=asked, headers=headers)
    assert made.status_code == 201
    assert NewWebhookAnswer.model_validate(made.json)
    assert {name: made.json[name] for name in asked} == asked
    shown = {name: value for name, value in made.json.items() if name != "secret"}
    assert WebhookAnswer.model_validate(shown)
    assert client.get(one(made.json), headers=headers).json == shown
    assert client.get(ALL, headers=headers).json == {"webhooks": [shown]}
    changed = client.patch(one(made.json), json={"types": None, "description": "", "contact": None}, headers=headers)
    assert changed.json == {**shown, "types": None, "description": "", "contact": None}
    gone = client.delete(one(made.json), headers=headers)
    assert (gone.status_code, gone.data) == (204, b"")
    assert client.get(one(made.json), headers=headers).json["code"] == "not_found"
    assert client.delete(one(made.json), headers=headers).status_code == 404


def test_what_is_not_named_stays(client, headers):
    made = client.post(ALL, json={"url": URL, "brands": ["camille"], "keys": ["newsletter"]}, headers=headers).json
    changed = client.patch(one(made), json={"url": "https://crm.example.com/v2", "keys": ["sales"]}, headers=headers)
    assert changed.json == {k: v for k, v in made.items() if k != "secret"} | {
        "url": "https://crm.example.com/v2", "keys": ["sales"],
    }  # fmt: skip
    assert client.patch(one(made), json={}, headers=headers).json == changed.json


def test_stopped_it_keeps_its_place_and_goes_on_there(client, env, headers, webhook):
    stopped = client.patch(one(webhook), json={"enabled": False}, headers=headers).json
    assert stopped["disabled_reason"] == "client"
    assert client.patch(one(webhook), json={"enabled": False}, headers=headers).json == stopped
    assert client.post(one(webhook, "test"), headers=headers).json["code"] == "webhook_disabled"
    journeys.subscribe(client, env, "ana@example.com")
    assert helper.follow(env) == 0
    again = client.patch(one(webhook), json={"enabled": True}, headers=headers).json
    assert (again["disabled_at"], again["disabled_reason"], again["reached"]) == (None, None, webhook["reached"])
    assert helper.follow(env) == 1


def test_another_secret_is_shown_once(client, headers, webhook):
    rotated = client.post(one(webhook, "secret"), headers=headers).json
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != webhook["secret"]
    assert rotated["old_secret_until"]
    assert "whsec_" not in client.get(ALL, headers=headers).text


@pytest.mark.parametrize(("method", "more"), [
    ("GET", ()), ("PATCH", ()), ("DELETE", ()), ("POST", ("secret",)), ("POST", ("test",)), ("POST", ("replay",)),
    ("GET", ("deliveries",)),
])  # fmt: skip
@pytest.mark.parametrize("whose", ["another client", "nobody", "no id"])
def test_a_webhook_of_somebody_else_is_not_found(client, env, headers, webhook, method, more, whose):
    other = api.bearer(client, env, scopes=helper.SCOPES)
    named = {"another client": webhook["id"], "nobody": str(uuid.uuid4()), "no id": "é"}[whose]
    sender = other if whose == "another client" else headers
    body = {"json": {}} if method == "PATCH" or more == ("replay",) else {}
    answer = client.open("/".join((ALL, named, *more)), method=method, headers=sender, **body)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert client.get(ALL, headers=other).json == {"webhooks": []}
    assert client.get(one(webhook), headers=headers).status_code == 200


@pytest.mark.parametrize(("changes", "code"), [
    ({"url": "http://"}, "bad_target"), ({"url": "https://user:pw@crm.example.com/"}, "bad_target"),
    ({"url": "https://crm.example.com:25/"}, "bad_target"), ({"url": "x" * 2_001}, "validation_error"),
    ({"url": None}, "validation_error"), ({"brands": ["folie-douze"]}, "brand_forbidden"),
    ({"brands": ["nobody"]}, "unknown_item"), ({"brands": []}, "validation_error"),
    ({"types": ["granted"]}, "validation_error"), ({"keys": ["a\x00"]}, "validation_error"),
    ({"keys": ["a"] * 101}, "validation_error"), ({"description": "\x00"}, "validation_error"),
    ({"contact": "nobody"}, "bad_target"), ({"enabled": "yes"}, "validation_error"), ({"more": 1}, "validation_error"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(client, headers, webhook, changes, code):
    assert client.post(ALL, json={"url": URL, **changes}, headers=headers).json["code"] == code
    assert client.patch(one(webhook), json=changes, headers=headers).json["code"] == code


@pytest.mark.parametrize(("after", "code"), [
    ("x", "unknown_cursor"), (str(Cursor(0, 1)), "cursor_outdated"), (str(Cursor(1, 99)), "unknown_cursor"),
])  # fmt: skip
def test_a_place_that_is_none_is_refused(client, headers, webhook, after, code):
    assert client.post(one(webhook, "replay"), json={"after": after}, headers=headers).json["code"] == code


def test_a_client_has_so_many_and_no_more(client, headers):
    for _ in range(MOST):
        assert client.post(ALL, json={"url": URL}, headers=headers).status_code == 201
    answer = client.post(ALL, json={"url": URL}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (409, "too_many")


def test_in_production_only_public_https_is_called(env):
    """The address of one's own network is refused where it is seen, and at each call."""
    settings = env.settings.model_copy(update={
        "environment": "production", "public_url": "https://parley.example.com", "mail_url": "smtp://127.0.0.1:25",
    })  # fmt: skip
    strict = replace(env, settings=settings)
    env.database._sessions.kw["info"]["parley.environment"] = strict
    client = create_app(settings, strict).test_client()
    headers = api.bearer(client, strict, scopes=helper.SCOPES)
    for url in ("http://crm.example.com/", "https://127.0.0.1/", "https://[::1]:8443/", "https://169.254.169.254/"):
        answer = client.post(ALL, json={"url": url}, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (422, "bad_target"), url
    assert client.post(ALL, json={"url": URL}, headers=headers).status_code == 201
    assert not settings.calls_private_targets
    assert settings.model_copy(update={"webhook_private_targets": True}).calls_private_targets


def test_another_scope_is_not_enough(client, env):
    assert client.get(ALL, headers=api.bearer(client, env)).json["code"] == "insufficient_scope"


def test_the_log_tells_how_each_delivery_went_and_it_is_replayed_from_any(client, env, headers):
    with receiving() as receiver:
        webhook = client.post(ALL, json={"url": receiver.url}, headers=headers).json
        journeys.subscribe(client, env, "ana@example.com")
        journeys.press(client, set="camille:newsletter:email=off")
        ping = client.post(one(webhook, "test"), headers=headers)
        assert ping.status_code == 202
        assert client.post(one(webhook, "test"), headers=headers).json["id"] == ping.json["id"], "one at a time"
        helper.follow(env)
        receiver.script.append(500)
        helper.send(env, uuid.UUID(webhook["id"]))
        assert [each["type"] for each in receiver.verified(webhook["secret"])].count("parley.ping") == 1
        page = client.get(one(webhook, "deliveries"), headers=headers).json
        found = [DeliveryAnswer.model_validate(each) for each in page["deliveries"]]
        assert [each.type for each in found] == ["parley.consent.withdrawn", "parley.consent.granted", "parley.ping"]
        failed = next(each for each in found if each.state == "queued")
        assert (failed.status_code, failed.error, failed.attempts) == (500, "answered 500", 1)
        assert failed.next_try_at > failed.last_try_at
        assert {each.webhook_id for each in found} == set(receiver.ids())
        for each in found:
            assert (each.replay_after is None) is (each.type == "parley.ping")
        again = client.post(one(webhook, "replay"), json={"after": found[0].replay_after}, headers=headers).json
        assert again == {"reached": found[0].replay_after, "revived": 0}
        assert helper.follow(env) == 1
        assert client.post(one(webhook, "replay"), json={"after": "start"}, headers=headers).status_code == 200
        assert helper.follow(env) == 2


def test_the_log_is_read_page_by_page(client, env, headers, webhook):
    journeys.subscribe(client, env, "ana@example.com")
    journeys.press(client, set="camille:newsletter:email=off")
    journeys.press(client, set="camille:newsletter:email=on")
    helper.follow(env)
    path, found, query = one(webhook, "deliveries"), [], {"limit": 2}
    whole = client.get(path, headers=headers).json
    while query.get("after", "more"):
        page = client.get(path, query_string=query, headers=headers).json
        found += page["deliveries"]
        query["after"] = page["next"]
    assert found == whole["deliveries"]
    assert len(found) == 3
    assert client.get(path, query_string={"state": "queued"}, headers=headers).json == whole
    assert client.get(path, query_string={"state": "dead"}, headers=headers).json["deliveries"] == []
    for wrong in ({"state": "x"}, {"limit": "0"}, {"after": "x"}):
        assert client.get(path, query_string=wrong, headers=headers).json["code"] == "validation_error"

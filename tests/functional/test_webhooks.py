"""Webhooks: exactly the events of the feed, signed, tried until they are taken or given up."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from standardwebhooks import Webhook, WebhookVerificationError

from app.kit import clock
from app.models import WebhookDelivery, WebhookEndpoint
from app.services import webhook_deliveries, webhook_log, webhooks
from app.services.webhooks import OVERLAP
from tests import api, journeys
from tests import webhooks as helper
from tests.receivers import receiving

ANA = "ana@example.com"


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


@pytest.fixture
def told(client, env):
    """Give what happens: Ana joins two houses, leaves one topic, and says no to a use of the whole group."""

    def act():
        journeys.subscribe(client, env, ANA)
        journeys.press(client, set="camille:newsletter:email=off")
        journeys.press(client, set="luxe:analytics:purpose=off")
        journeys.subscribe(client, env, ANA, brand="folie-douze")

    return act


def types(receiver):
    return [(each["data"]["brand"], each["type"].rpartition(".")[2]) for each in map(json.loads, bodies(receiver))]


def bodies(receiver):
    return [body for _, body in receiver.seen]


def test_what_is_sent_is_the_feed_and_verifies(client, env, receiver, told):
    endpoint, secret = helper.make(env, receiver.url)
    told()
    assert helper.follow(env) == 3
    assert all(each.is_taken for each in helper.send(env, endpoint))
    page = client.get("/api/v1/events", headers=api.bearer(client, env, scopes=helper.SCOPES)).json["events"]
    sent = sorted(receiver.verified(secret), key=lambda event: event["data"]["sequence"])
    assert sent == page
    assert {headers["Content-Type"] for headers, _ in receiver.seen} == {"application/cloudevents+json"}
    assert sorted(receiver.ids()) == sorted(each["id"].replace(".", "_") for each in page)
    assert helper.states(env, endpoint) == ["delivered"] * 3
    assert helper.send(env, endpoint) == []


def test_an_event_of_another_house_is_never_sent(env, receiver, told):
    endpoint, _ = helper.make(env, receiver.url)
    other, _ = helper.make(env, receiver.url, helper.client_of(env, "folie-douze"))
    told()
    helper.follow(env)
    helper.send(env, endpoint)
    assert sorted(types(receiver), key=str) == [("camille", "granted"), ("camille", "withdrawn"), (None, "objected")]
    receiver.seen.clear()
    helper.send(env, other)
    assert sorted(types(receiver), key=str) == [("folie-douze", "granted"), (None, "objected")]


@pytest.mark.parametrize(("filters", "wanted"), [
    ({"brands": ["folie-douze"]}, [("folie-douze", "granted"), (None, "objected")]),
    ({"actions": ["withdrawn"]}, [("camille", "withdrawn")]),
    ({"keys": ["analytics"]}, [(None, "objected")]),
    ({"keys": ["newsletter"], "actions": ["granted"], "brands": ["camille"]}, [("camille", "granted")]),
    ({"brands": ["cabochard"]}, [(None, "objected")]),
])  # fmt: skip
def test_only_what_an_endpoint_wants_is_sent(env, receiver, told, filters, wanted):
    endpoint, _ = helper.make(env, receiver.url, helper.client_of(env, "camille", "folie-douze"), **filters)
    told()
    helper.follow(env)
    helper.send(env, endpoint)
    assert sorted(types(receiver), key=str) == wanted


def test_it_begins_with_what_comes_next_or_at_any_place(env, receiver, told):
    told()
    helper.follow(env)
    helper.make(env, receiver.url)
    assert helper.follow(env) == 0
    helper.make(env, receiver.url, position=0)
    assert helper.follow(env) == 3


def test_what_fails_is_tried_again_under_the_same_id_and_given_up_in_the_end(env, receiver, told, monkeypatch):
    monkeypatch.setattr(webhook_deliveries, "TRIES", 3)
    endpoint, secret = helper.make(env, receiver.url, actions=["withdrawn"])
    told()
    helper.follow(env)
    receiver.usual = 500
    for _ in range(3):
        assert [each.error for each in helper.send(env, endpoint)] == ["answered 500"]
        assert helper.send(env, endpoint) == [], "not at once"
        helper.let_time_pass(env, endpoint)
    assert len(set(receiver.ids())) == 1
    assert helper.states(env, endpoint) == ["dead"]
    assert helper.send(env, endpoint) == []
    receiver.usual = 200
    with env.database.transaction() as session:
        assert webhook_log.revive(session, endpoint) == 1
    helper.send(env, endpoint)
    assert helper.states(env, endpoint) == ["delivered"]
    assert len(set(receiver.ids())) == 1
    assert receiver.verified(secret)


def test_pauses_double_up_to_an_hour_and_all_tries_take_days():
    pauses = [
        webhook_deliveries._doubled(webhook_deliveries.FIRST_PAUSE, webhook_deliveries.LONGEST_PAUSE, times)
        for times in range(1, webhook_deliveries.TRIES)
    ]
    assert pauses[:3] == [timedelta(seconds=15), timedelta(seconds=30), timedelta(seconds=60)]
    assert pauses[-1] == timedelta(hours=1)
    assert timedelta(days=2.9) < sum(pauses, timedelta()) < timedelta(days=3.1)


def test_an_endpoint_that_fails_is_asked_one_thing_at_a_time_until_it_takes_something(env, receiver, told):
    endpoint, _ = helper.make(env, receiver.url)
    told()
    helper.follow(env)
    receiver.usual = 503
    assert len(helper.send(env, endpoint)) == 3
    helper.let_time_pass(env, endpoint)
    assert len(helper.send(env, endpoint)) == 1
    assert helper.endpoint(env, endpoint).failures == 2
    receiver.usual = 200
    helper.let_time_pass(env, endpoint)
    assert len(helper.send(env, endpoint)) == 1
    assert len(helper.send(env, endpoint)) == 2
    row = helper.endpoint(env, endpoint)
    assert (row.failures, row.failing_since) == (0, None)


def test_one_bad_event_holds_up_no_other(env, receiver, told):
    endpoint, _ = helper.make(env, receiver.url)
    told()
    helper.follow(env)
    receiver.script.append(422)
    helper.send(env, endpoint)
    assert sorted(helper.states(env, endpoint)) == ["delivered", "delivered", "queued"]
    assert helper.endpoint(env, endpoint).failing_since is None


@pytest.mark.parametrize(("wish", "seconds"), [("120", 120), ("999999", 3600), ("soon", 5)])
def test_an_endpoint_may_ask_for_time(env, receiver, told, wish, seconds):
    endpoint, _ = helper.make(env, receiver.url, actions=["withdrawn"])
    told()
    helper.follow(env)
    receiver.script.append((429, {"Retry-After": wish}))
    helper.send(env, endpoint)
    wait = helper.endpoint(env, endpoint).next_at - clock.now()
    assert seconds - 3 < wait.total_seconds() <= seconds


def test_who_is_gone_is_asked_no_more(env, receiver, told):
    endpoint, _ = helper.make(env, receiver.url)
    told()
    helper.follow(env)
    receiver.usual = 410
    helper.send(env, endpoint)
    assert helper.endpoint(env, endpoint).disabled_reason == "gone"
    helper.let_time_pass(env, endpoint)
    assert helper.send(env, endpoint) == []


def test_who_fails_for_five_days_is_disabled_and_told_all_once_enabled_again(client, env, receiver, told):
    owner = helper.client_of(env)
    endpoint, _ = helper.make(env, receiver.url, owner)
    told()
    helper.follow(env)
    receiver.usual = 500
    helper.send(env, endpoint)
    helper.let_time_pass(env, endpoint, failing_since=clock.now() - timedelta(days=4, hours=23))
    helper.send(env, endpoint)
    assert helper.endpoint(env, endpoint).disabled_at is None
    helper.let_time_pass(env, endpoint, failing_since=clock.now() - timedelta(days=5))
    helper.send(env, endpoint)
    assert helper.endpoint(env, endpoint).disabled_reason == "failing"
    journeys.press(client, set="camille:newsletter:email=on")
    assert helper.follow(env) == 0
    receiver.usual = 200
    receiver.seen.clear()
    with env.database.transaction() as session:
        assert webhooks.change(session, owner, endpoint, {"is_enabled": True}).disabled_at is None
    assert helper.follow(env) == 1
    helper.send(env, endpoint)
    assert helper.states(env, endpoint) == ["delivered"] * 4
    assert len(set(receiver.ids())) == 4


def test_an_old_secret_signs_beside_the_new_one_for_a_day(env, receiver, told):
    owner = helper.client_of(env)
    endpoint, old = helper.make(env, receiver.url, owner, actions=["withdrawn"])
    with env.database.transaction() as session:
        _, new = webhooks.rotate(session, owner, endpoint)
    told()
    helper.follow(env)
    helper.send(env, endpoint)
    assert receiver.verified(old) == receiver.verified(new) != []
    assert receiver.seen[0][0]["webhook-signature"].count("v1,") == 2
    headers = dict(receiver.seen[0][0])
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(receiver.seen[0][1] + b" ", headers)
    with time_machine.travel(clock.now() + OVERLAP, tick=False), env.database.transaction() as session:
        row = session.get(WebhookEndpoint, endpoint)
        assert webhooks.secrets_of(session, row) == [new]


def test_rotating_twice_ends_a_leaked_secret(env, receiver):
    owner = helper.client_of(env)
    endpoint, leaked = helper.make(env, receiver.url, owner)
    with env.database.transaction() as session:
        webhooks.rotate(session, owner, endpoint)
        webhooks.rotate(session, owner, endpoint)
        assert leaked not in webhooks.secrets_of(session, session.get(WebhookEndpoint, endpoint))


def test_all_after_a_place_is_sent_again_with_the_same_ids(env, receiver, told):
    endpoint, _ = helper.make(env, receiver.url)
    told()
    helper.follow(env)
    helper.send(env, endpoint)
    before = receiver.ids()
    receiver.seen.clear()
    with env.database.transaction() as session:
        assert webhook_log.rewind(session, endpoint, 1)
        assert not webhook_log.rewind(session, endpoint, 99)
    assert helper.follow(env) == 2
    helper.send(env, endpoint)
    assert len(receiver.ids()) == 2
    assert set(receiver.ids()) < set(before)
    assert helper.states(env, endpoint) == ["delivered"] * 3


def test_the_feed_keeps_what_is_too_much_at_once(env, receiver, told, monkeypatch):
    monkeypatch.setattr(webhook_deliveries, "BACKLOG", 2)
    endpoint, _ = helper.make(env, receiver.url)
    told()
    assert [helper.follow(env), helper.follow(env)] == [2, 0]
    helper.send(env, endpoint)
    assert helper.follow(env) == 1
    helper.send(env, endpoint)
    assert helper.states(env, endpoint) == ["delivered"] * 3


def test_a_client_that_was_revoked_is_told_nothing_any_more(env, receiver, told):
    owner = helper.client_of(env)
    endpoint, _ = helper.make(env, receiver.url, owner)
    told()
    helper.follow(env)
    helper.revoke(env, owner)
    assert helper.send(env, endpoint) == []
    with env.database.transaction() as session:
        assert webhook_deliveries.lagging(session) == []
        assert webhook_deliveries.due(session, (), 10) == []


def test_what_a_killed_courier_had_in_hand_is_due_again_after_its_lease(env, receiver, told, monkeypatch):
    monkeypatch.setattr(webhook_deliveries, "TOGETHER", 2)
    endpoint, _ = helper.make(env, receiver.url)
    told()
    helper.follow(env)
    with env.database.transaction() as session:
        assert len(webhook_deliveries.claim(session, endpoint).calls) == 2
    with env.database.transaction() as session:
        assert webhook_deliveries.claim(session, endpoint) is None, "another courier waits, though one is due"
        assert webhook_deliveries.due(session, (), 10) == []
    with time_machine.travel(clock.now() + webhook_deliveries.LEASE, tick=True):
        assert [len(helper.send(env, endpoint)) for _ in range(3)] == [2, 1, 0]
    assert helper.states(env, endpoint) == ["delivered"] * 3


def test_what_was_settled_long_ago_and_what_belongs_to_nobody_is_forgotten(env, receiver, told):
    owner = helper.client_of(env)
    endpoint, _ = helper.make(env, receiver.url, owner)
    told()
    helper.follow(env)
    receiver.script.append(500)
    helper.send(env, endpoint)
    with env.database.transaction() as session:
        assert webhook_deliveries.purge(session) == 0
    with time_machine.travel(clock.now() + timedelta(days=15), tick=False), env.database.transaction() as session:
        assert webhook_deliveries.purge(session) == 2
    assert helper.states(env, endpoint) == ["queued"]
    with env.database.transaction() as session:
        assert webhooks.remove(session, owner, endpoint)
        assert session.scalars(select(WebhookDelivery.state)).all() == ["queued"], "no request waits for a million rows"
        assert [webhook_deliveries.purge(session) for _ in range(2)] == [1, 0]
        assert session.scalars(select(WebhookDelivery)).all() == []


def test_neither_address_nor_secret_stands_anywhere_to_be_read(env, receiver):
    endpoint, secret = helper.make(env, receiver.url, contact=ANA)
    with env.database.transaction() as session:
        row = session.get(WebhookEndpoint, endpoint)
        readable = repr([getattr(row, column.name) for column in WebhookEndpoint.__table__.columns])
    assert not {word for word in ("very-secret", secret, ANA) if word in readable}

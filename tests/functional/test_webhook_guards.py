"""What a client can't do with its webhooks: mail anybody over and over, queue without end, lose what it changed."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, text

from app.courier.transport import TemporaryError
from app.courier.webhook_notices import tell
from app.factory import create_app
from app.kit import clock
from app.kit.ids import new_id
from app.models import WebhookDelivery, WebhookEndpoint
from app.services import webhook_deliveries, webhook_log, webhooks
from app.services.webhooks import Reason
from tests import api, letters
from tests import webhooks as helper

VICTIM, URL = "victim@example.com", "https://crm.example.com/in"


def disable(env, endpoint, outbox):
    """Enable an endpoint, and let it be gone."""
    with env.database.transaction() as session:
        row = session.get(WebhookEndpoint, endpoint)
        webhooks.change(session, row.client_id, endpoint, {"is_enabled": True})
        webhooks.disable(session, row, Reason.GONE)
    tell(env, outbox, endpoint)


def test_a_mailbox_hears_once_a_day_however_often_and_from_however_many_webhooks_of_a_client(env):
    owner, outbox = helper.client_of(env), letters.Outbox()
    one, _ = helper.make(env, URL, owner, contact=VICTIM)
    for _ in range(3):
        disable(env, one, outbox)
    assert len(outbox.mails) == 1
    other, _ = helper.make(env, URL, owner, contact="victim+more@example.com")
    disable(env, other, outbox)
    assert len(outbox.mails) == 1
    with env.database.transaction() as session:
        webhooks.change(session, owner, one, {"contact": "somebody.else@example.com"})
    disable(env, one, outbox)
    assert len(outbox.mails) == 1, "nor does another address get around it"
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        disable(env, one, outbox)
    assert [mail.to for mail in outbox.mails] == [VICTIM, "somebody.else@example.com"]


def test_nor_can_many_clients_write_to_it_more_than_three_times_a_day(env):
    outbox = letters.Outbox()
    for _ in range(4):
        endpoint, _ = helper.make(env, URL, helper.client_of(env), contact=VICTIM)
        disable(env, endpoint, outbox)
    assert len(outbox.mails) == 3


def test_a_mail_that_must_be_tried_again_does_not_count(env):
    class Away:
        def send(self, mail):
            raise TemporaryError("451 later")

    endpoint, _ = helper.make(env, URL, helper.client_of(env), contact=VICTIM)
    with pytest.raises(TemporaryError):
        disable(env, endpoint, Away())
    outbox = letters.Outbox()
    tell(env, outbox, endpoint)
    assert len(outbox.mails) == 1


def test_the_mail_says_what_it_is_and_nothing_that_the_client_wrote(env):
    outbox, words = letters.Outbox(), "Win a prize at https://evil.example"
    endpoint, _ = helper.make(env, URL, helper.client_of(env), contact=VICTIM, description=words)
    disable(env, endpoint, outbox)
    (mail,) = outbox.mails
    assert not any("prize" in each or "evil" in each for each in (mail.text, mail.html, mail.subject))
    assert f"a system that is connected to {env.group.name} gave this address" in mail.text


def test_no_more_is_queued_again_than_may_wait(env, monkeypatch):
    monkeypatch.setattr(webhook_deliveries, "BACKLOG", 3)
    endpoint, _ = helper.make(env, URL)
    states = ("dead",) * 4 + ("queued",)
    ids = sorted(new_id() for _ in states)
    with env.database.transaction() as session:
        session.add_all(WebhookDelivery(
            endpoint_id=endpoint, id=each, position=place, state=state, attempts=80, next_at=clock.now()
        ) for place, (each, state) in enumerate(zip(ids, states, strict=True), start=1))  # fmt: skip
    with env.database.transaction() as session:
        assert [webhook_log.revive(session, endpoint) for _ in range(2)] == [2, 0]
    assert helper.states(env, endpoint) == ["queued", "queued", "dead", "dead", "queued"], "the oldest first"


def test_forgetting_a_webhook_does_not_wait_for_its_log_and_leaves_those_of_others(env):
    owner = helper.client_of(env)
    gone, kept = (helper.make(env, URL, owner)[0] for _ in range(2))
    with env.database.transaction() as session:
        for each in (gone, kept, gone):
            session.add(WebhookDelivery(
                endpoint_id=each, id=new_id(), position=None, state="queued", attempts=0, next_at=clock.now()
            ))  # fmt: skip
        session.flush()
        assert webhooks.remove(session, owner, gone)
    with env.database.transaction() as session:
        assert [webhook_deliveries.purge(session, limit=1) for _ in range(3)] == [1, 1, 0]
        assert session.scalars(select(WebhookDelivery.endpoint_id)).all() == [kept]


def test_two_changes_at_once_both_hold(committing_env):
    env, client = committing_env, create_app(committing_env.settings, committing_env).test_client()
    headers = api.bearer(client, env, scopes=helper.SCOPES)
    path = "/api/v1/webhooks"
    named = client.post(path, json={"url": "https://example.com/"}, headers=headers).json["id"]
    types = ["parley.consent.granted"]
    with ThreadPoolExecutor() as pool:
        with env.database.transaction() as session:
            row = session.scalars(select(WebhookEndpoint).with_for_update()).one()
            later = pool.submit(client.patch, f"{path}/{named}", json={"types": types}, headers=headers)
            wait_for_a_lock(env)
            row.filters = {**row.filters, "keys": ["newsletter"]}
        changed = later.result().json
    assert (changed["types"], changed["keys"]) == (types, ["newsletter"])


def wait_for_a_lock(env):
    """Return once somebody else waits for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with env.database.transaction() as session:
            if session.scalar(text(waiting)):
                return
        time.sleep(0.05)
    pytest.fail("nobody waits")


def test_an_id_has_one_way_to_be_written(client, env):
    headers = api.bearer(client, env, scopes=helper.SCOPES)
    made = client.post("/api/v1/webhooks", json={"url": "https://example.com/"}, headers=headers).json["id"]
    for named in (f"{{{made}}}", f"urn:uuid:{made}", uuid.UUID(made).hex):
        assert client.get(f"/api/v1/webhooks/{named}", headers=headers).status_code == 404
    assert client.get(f"/api/v1/webhooks/{made.upper()}", headers=headers).status_code == 200

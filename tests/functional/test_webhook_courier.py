"""The courier tells many endpoints at once, none holds up another, and nothing is lost when it is killed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import structlog
from sqlalchemy import func, select, text

from app.courier.calling import Caller
from app.courier.transport import PermanentError, TemporaryError
from app.courier.webhook_notices import tell
from app.courier.webhooks import Dispatcher
from app.models import ConsentEvent
from app.services import webhook_deliveries, webhook_log, webhooks
from app.services.webhooks import Reason
from tests import letters
from tests import webhooks as helper
from tests.functional.test_courier_kill import courier, variables, wait_until
from tests.receivers import receiving
from tests.services import ledgers

ANA = "ana@example.com"
CONTACT = "crm-team@example.com"


def acts(env, number):
    """Have Ana join and leave, and give her lines their places."""
    letters.make_member(env, ANA)
    for count in range(number - 2):
        letters.turn(env, ANA, "newsletter", on=bool(count % 2))
    ledgers.place(env)


def dispatch(env, until, timeout_seconds=10.0, dispatchers=1):
    """Let dispatchers work until something is so; give how long that took."""

    async def work():
        caller = [Caller(public_only=False, timeout_seconds=timeout_seconds) for _ in range(dispatchers)]
        found = [Dispatcher(env, each) for each in caller]
        began = time.monotonic()
        while not until():
            assert time.monotonic() - began < 20, "waited too long"
            await asyncio.gather(*(each.turn() for each in found))
            await asyncio.sleep(0.02)
        took = time.monotonic() - began
        for each in found:
            await each.__aexit__(None)
        return took

    return asyncio.run(work())


def test_an_endpoint_that_hangs_holds_up_no_other(committing_env):
    env = committing_env
    with receiving() as slow, receiving() as quick:
        slow.usual = "hang"
        hanging, _ = helper.make(env, slow.url)
        well, _ = helper.make(env, quick.url)
        acts(env, 12)
        took = dispatch(env, lambda: len(quick.seen) == 12, timeout_seconds=3, dispatchers=2)
        assert took < 3, "all was told before the other one was given up"
        assert helper.states(env, well) == ["delivered"] * 12
        assert helper.states(env, hanging) == ["queued"] * 12
        assert len(slow.seen) <= 8, "no more calls at once to one endpoint"
        assert helper.endpoint(env, hanging).failures == 1


def test_two_couriers_tell_each_event_once(committing_env):
    env = committing_env
    with receiving() as receiver:
        endpoint, secret = helper.make(env, receiver.url)
        acts(env, 30)
        with structlog.testing.capture_logs() as logged:
            dispatch(env, lambda: len(receiver.seen) >= 30, dispatchers=2)
        assert sum(line["taken"] for line in logged) == 30
        assert not {word for word in ("very-secret", secret, "127.0.0.1") if word in str(logged)}
        assert len(set(receiver.ids())) == len(receiver.ids()) == 30
        assert helper.states(env, endpoint) == ["delivered"] * 30
        assert receiver.verified(secret)


def test_two_couriers_do_not_follow_for_one_endpoint_at_once(committing_env):
    env = committing_env
    endpoint, _ = helper.make(env, "http://crm.example.com/")
    acts(env, 3)
    with env.database.transaction() as one:
        assert webhook_deliveries.follow(one, endpoint) == 3
        with env.database.transaction() as other:
            assert webhook_deliveries.follow(other, endpoint) == 0
    assert helper.follow(env) == 0


@pytest.mark.slow
def test_a_courier_that_is_killed_amid_deliveries_loses_none(committing_env, database_urls, tmp_path):
    env = committing_env
    with receiving() as receiver:
        endpoint, secret = helper.make(env, receiver.url)
        acts(env, 24)
        receiver.script.extend([200] * 5 + ["hang"] * 3)
        environment = {**variables(env, database_urls, type("No", (), {"port": 9}), tmp_path), "PARLEY_MAIL_URL": ""}
        victim = courier(environment)
        try:
            wait_until(lambda: len(receiver.seen) == 8)
        finally:
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()
        assert helper.states(env, endpoint) == ["queued"] * 24, "whatever was taken, nobody could write it down"
        helper.let_time_pass(env, endpoint)  # the lease of the one that is dead
        heir = courier(environment)
        try:
            wait_until(lambda: helper.states(env, endpoint) == ["delivered"] * 24)
        finally:
            heir.terminate()
            assert heir.wait(45) == 0
        told = receiver.verified(secret)
        with env.database.transaction() as session:
            assert session.scalar(select(func.count()).select_from(ConsentEvent)) == 24
        assert {event["data"]["sequence"] for event in told} == set(range(1, 25))
        assert len(told) == 24 + 8
        assert len(set(receiver.ids())) == 24


def test_the_receiver_of_the_guide_takes_what_is_signed_and_nothing_else(env, tmp_path):
    guide = (Path(__file__).parents[2] / "docs/api.md").read_text()
    [code] = [block for block in re.findall(r"```python\n(.*?)```", guide, re.DOTALL) if "webhook.verify" in block]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    endpoint, secret = helper.make(env, f"http://127.0.0.1:{port}/")
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance/webhook.json").write_text(json.dumps({"secret": secret}))
    words = [sys.executable, "-c", code.replace("9100", port)]
    with subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as receiver:
        try:
            wait_until(lambda: listens(int(port)))
            with env.database.transaction() as session:
                ping = webhook_log.ping(session, endpoint)
            assert [each.status for each in helper.send(env, endpoint)] == [204]
            assert receiver.stdout.readline() == f"ping_{ping.id} parley.ping {{}}\n"
            with env.database.transaction() as session:
                session.get(webhooks.WebhookEndpoint, endpoint).secret_sealed = env.sealer.seal("whsec_" + "A" * 44)
                webhook_log.ping(session, endpoint)
            assert [each.status for each in helper.send(env, endpoint)] == [401]
        finally:
            receiver.kill()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def disabled(env):
    """Give an endpoint with a contact that was disabled for failing, and its owner."""
    owner = helper.client_of(env)
    endpoint, _ = helper.make(env, "https://crm.example.com/in?key=very-secret", owner, contact=CONTACT)
    with env.database.transaction() as session:
        webhooks.disable(session, session.get(webhooks.WebhookEndpoint, endpoint), Reason.FAILING)
    return endpoint, owner


def test_who_looks_after_it_is_mailed_once_that_is_committed(env, disabled):
    endpoint, _ = disabled
    with env.database.transaction() as session:
        query = text("SELECT args FROM procrastinate_jobs WHERE task_name = 'tell_of_webhook'")
        assert session.execute(query).scalars().all() == [{"endpoint_id": str(endpoint)}]
    outbox = letters.Outbox()
    with pytest.raises(TemporaryError):
        tell(env, LosingTheAnswer(outbox), endpoint)
    tell(env, outbox, endpoint)
    first, again = outbox.mails
    assert (first.to, first.subject) == (CONTACT, "Webhook disabled: crm.example.com")
    assert first.headers["Message-ID"] == again.headers["Message-ID"]
    sent = outbox.parsed().as_string()
    assert f"/api/v1/webhooks/{endpoint}" in first.text
    assert "very-secret" not in sent + first.text + first.html
    assert env.group.controller.name in first.text


class LosingTheAnswer:
    """A mail server that takes a mail, and is gone before it says so."""

    def __init__(self, outbox):
        self.outbox = outbox

    def send(self, mail):
        self.outbox.send(mail)
        raise TemporaryError("connection lost")


def test_nobody_is_mailed_of_what_works_again_or_of_their_own_wish(env, disabled):
    endpoint, owner = disabled
    outbox = letters.Outbox()
    with env.database.transaction() as session:
        webhooks.change(session, owner, endpoint, {"is_enabled": True})
    tell(env, outbox, endpoint)
    with env.database.transaction() as session:
        webhooks.change(session, owner, endpoint, {"is_enabled": False})
        assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 1, "the one from before"
    with env.database.transaction() as session:
        webhooks.change(session, owner, endpoint, {"contact": None})
    tell(env, outbox, endpoint)
    assert outbox.mails == []


def test_a_mail_server_that_refuses_the_contact_is_the_end_of_it_and_one_that_is_away_is_not(env, disabled):
    class Refusing:
        def send(self, mail):
            raise failure

    for failure in (TemporaryError("451 later"), PermanentError("550 no")):
        if isinstance(failure, PermanentError):
            tell(env, Refusing(), disabled[0])
        else:
            with pytest.raises(TemporaryError):
                tell(env, Refusing(), disabled[0])

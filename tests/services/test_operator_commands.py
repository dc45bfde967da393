"""`parley mail`, `parley keys` and `parley clients`, as an operator types them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from app.factory import create_app
from app.models import Message, OAuthClient, SigningKey
from app.services import erasure_journal, webhook_log
from app.services.messages import MessageKind
from tests import customers, webhooks
from tests.post import mails_to, new_address, queue
from tests.services import ledgers


def test_mails_that_were_given_up_are_queued_again(parley, committing_env):
    someone = new_address()
    for _ in range(3):
        queue(committing_env, someone)
    with committing_env.database.transaction() as session:
        session.execute(update(Message).values(state="dead", attempts=12))
    assert parley("mail", "replay", "--limit", "2").output == "Queued again: 2.\n"
    assert parley("mail", "replay").output == "Queued again: 1.\n"
    assert {(mail.state, mail.attempts) for mail in mails_to(committing_env, someone)} == {("queued", 0)}


def test_a_rotation_keeps_older_keys_until_they_are_to_be_retired(parley, committing_env):
    first, second = (parley("keys", "rotate").output.strip() for _ in range(2))
    assert keys_in_force(committing_env) == {first, second}
    third = parley("keys", "rotate", "--retire-older").output.strip()
    assert keys_in_force(committing_env) == {third}


def keys_in_force(env):
    with env.database.transaction() as session:
        return set(session.scalars(select(SigningKey.id).where(SigningKey.retired_at.is_(None))))


def test_a_client_is_revoked_once(parley, committing_env):
    made = parley("clients", "create", "A shop", "--scope", "consents:read", "--brand", "camille")
    client_id = json.loads(made.output)["client_id"]
    assert parley("clients", "revoke", client_id).output == f"Revoked {client_id}.\n"
    with committing_env.database.transaction() as session:
        assert session.get(OAuthClient, client_id).revoked_at is not None
    again = parley("clients", "revoke", client_id)
    assert (again.exit_code, again.output) == (1, f"Error: There is no client {client_id}, or it is revoked already.\n")


def test_webhooks_are_listed_with_their_hosts_alone(parley, committing_env):
    env = committing_env
    well, failing, disabled = (webhooks.make(env, "https://crm.example.com/in?key=very-secret")[0] for _ in range(3))
    moment = datetime(2026, 11, 1, 10, tzinfo=UTC)
    webhooks.let_time_pass(env, failing, failing_since=moment)
    webhooks.let_time_pass(env, disabled, disabled_at=moment, disabled_reason="gone")
    with env.database.transaction() as session:
        webhook_log.ping(session, well)
    listed = parley("webhooks", "list").output
    assert listed.splitlines() == [
        f"{well}  A shop  crm.example.com  1 waiting  0 given up",
        f"{failing}  A shop  crm.example.com  0 waiting  0 given up  failing since 2026-11-01 10:00",
        f"{disabled}  A shop  crm.example.com  0 waiting  0 given up  disabled since 2026-11-01 10:00 (gone)",
    ]


def test_whom_a_backup_brought_back_is_erased_once_more(parley, committing_env):
    account = ledgers.open_account(committing_env)
    erasure_journal.intend(committing_env.settings, account, [])
    assert parley("erasures", "replay").output == "The journal knows 1; erased once more: 1.\n"
    assert parley("erasures", "replay").output == "The journal knows 1; erased once more: 0.\n"


def test_who_lost_app_and_recovery_codes_gets_in_by_password_again(parley, committing_env):
    client = create_app(committing_env.settings, committing_env).test_client()
    customers.register(client, committing_env, customers.ANA)
    refused = parley("accounts", "reset-second-factor", customers.ANA, "--document", "letter 7")
    assert (refused.exit_code, refused.output) == (1, "There is no such account, or no code is asked for.\n")
    customers.protect(client)
    reset = parley("accounts", "reset-second-factor", "-", "--document", "letter 7", input=f"{customers.ANA}\n")
    assert (reset.exit_code, "told by mail" in reset.output) == (0, True)
    assert client.get("/camille/account").location == "/camille/sign-in", "whoever had a session need not be the owner"
    assert customers.sign_in(client, customers.ANA).status_code == 422, "it may be too short to stand alone"
    told = [mail.context for mail in mails_to(committing_env, customers.ANA) if mail.kind == "security_changed"]
    assert told[-1] == {"event": "second_factor_reset"}
    customers.ask(client, customers.ANA, "password/reset")
    link = customers.link(committing_env, customers.ANA, MessageKind.PASSWORD_RESET)
    client.post(link, data={"password": (other := "quiet lamps over seven harbours")})
    assert customers.sign_in(client, customers.ANA, other).location == "/camille/account"


@pytest.mark.parametrize("address", ["nobody@example.com", "+33612345678"])
def test_whom_nobody_knows_has_no_code_to_be_reset(parley, committing_env, address):
    reset = parley("accounts", "reset-second-factor", address, "--document", "letter 7")
    assert (reset.exit_code, reset.output) == (1, "There is no such account, or no code is asked for.\n")

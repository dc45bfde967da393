"""`parley mail`, `parley keys` and `parley clients`, as an operator types them."""

from __future__ import annotations

import json

from sqlalchemy import select, update

from app.models import Message, OAuthClient, SigningKey
from app.services import erasure_journal
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


def test_whom_a_backup_brought_back_is_erased_once_more(parley, committing_env):
    account = ledgers.open_account(committing_env)
    erasure_journal.intend(committing_env.settings, account, [])
    assert parley("erasures", "replay").output == "The journal knows 1; erased once more: 1.\n"
    assert parley("erasures", "replay").output == "The journal knows 1; erased once more: 0.\n"

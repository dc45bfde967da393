"""Clients, signing keys and access tokens."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from app.errors import UnknownItem
from app.kit.sealing import Sealer
from app.models import OAuthClient, SigningKey
from app.services import access_tokens, oauth, signing_keys
from app.services.access_tokens import Access, InvalidAccessToken, Memory
from app.services.oauth import Client, UnknownScope

SHOP = Client("parley_client_shop", "A shop", ("consents:read",), ("camille",))


def test_a_secret_is_told_once_and_only_its_hash_kept(session):
    client_id, secret = oauth.create(session, "A shop", ["consents:read"], ["camille"])
    row = session.get(OAuthClient, client_id)
    assert client_id.startswith("parley_client_")
    assert secret.startswith("parley_secret_")
    assert len(secret) >= len("parley_secret_") + 43
    assert secret.encode() not in row.secret_digest
    assert oauth.authenticate(session, client_id, secret) == Client(
        client_id, "A shop", ("consents:read",), ("camille",)
    )
    assert oauth.authenticate(session, client_id, secret[:-1]) is None


def test_two_clients_share_nothing(session):
    first, second = (oauth.create(session, "A shop", ["consents:read"], ["camille"]) for _ in range(2))
    assert not set(first) & set(second)
    assert oauth.authenticate(session, first[0], second[1]) is None


def test_scopes_and_brands_must_exist(session):
    with pytest.raises(UnknownScope):
        oauth.create(session, "A shop", ["openid"], ["camille"])
    with pytest.raises(UnknownItem):
        oauth.create(session, "A shop", ["consents:read"], ["nobody"])


def test_a_revoked_client_is_nobody(session):
    client_id, secret = oauth.create(session, "A shop", ["consents:read"], ["camille"])
    oauth.revoke(session, client_id)
    assert oauth.authenticate(session, client_id, secret) is None


def test_a_token_says_what_it_allows(env):
    access = access_tokens.verify(env, access_tokens.issue(env, SHOP, "consents:read"))
    assert (access.client_id, access.scopes, access.brands) == (SHOP.id, {"consents:read"}, {"camille"})


def test_workers_that_start_at_once_make_one_key(committing_env):
    workers = [replace(committing_env) for _ in range(6)]
    start = threading.Barrier(len(workers))
    found = []

    def work(env):
        start.wait()
        found.append(signing_keys.signing_key(env).kid)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with committing_env.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(SigningKey)) == 1
    assert len(found) == len(workers)
    assert len(set(found)) == 1


def test_a_worker_reads_the_key_of_another(env):
    token = access_tokens.issue(env, SHOP, "consents:read")
    assert access_tokens.verify(replace(env), token).client_id == SHOP.id


def test_the_private_key_is_sealed(env, session):
    signing_keys.signing_key(env)
    (row,) = session.scalars(select(SigningKey))
    assert b'"d"' not in row.sealed
    assert '"d"' in env.sealer.open(row.sealed)


def test_after_a_rotation_new_signs_old_verifies_and_retired_does_not(env, session):
    old = access_tokens.issue(env, SHOP, "consents:read")
    key_id = signing_keys.rotate(session)
    assert signing_keys.signing_key(env).kid == key_id
    assert len(signing_keys.published(env)) == 2
    assert access_tokens._verify(env, old)
    signing_keys.retire_older(session, key_id)
    assert [key["kid"] for key in signing_keys.published(env)] == [key_id]
    with pytest.raises(InvalidAccessToken):
        access_tokens._verify(env, old)


def test_what_a_retired_key_signed_is_refused_also_where_it_was_seen_before(env, session):
    token = access_tokens.issue(env, SHOP, "consents:read")
    assert access_tokens.verify(env, token)
    signing_keys.retire_older(session, signing_keys.rotate(session))
    with pytest.raises(InvalidAccessToken):
        access_tokens.verify(env, token)


def test_a_token_that_would_live_for_long_is_refused(env, monkeypatch):
    monkeypatch.setattr(access_tokens, "LIFETIME_SECONDS", 3600)
    token = access_tokens.issue(env, SHOP, "consents:read")
    monkeypatch.undo()
    with pytest.raises(InvalidAccessToken, match="live for longer"):
        access_tokens.verify(env, token)


def test_another_worker_learns_of_a_new_key_by_meeting_it(env, session):
    other = replace(env)
    signing_keys.signing_key(other)
    signing_keys.rotate(session)
    token = access_tokens.issue(env, SHOP, "consents:read")
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=signing_keys.PATIENCE_SECONDS + 1)):
        assert access_tokens.verify(other, token)


def test_a_key_whose_seal_is_gone_is_replaced(env):
    token = access_tokens.issue(env, SHOP, "consents:read")
    other = replace(env, sealer=Sealer(["another sealing key of enough length"]))
    # The session carries the environment it belongs to; here, one with other keys.
    env.database._sessions.kw["info"].update({next(iter(env.database._sessions.kw["info"])): other})
    with pytest.raises(InvalidAccessToken):
        access_tokens.verify(other, token)
    assert access_tokens.verify(other, access_tokens.issue(other, SHOP, "consents:read"))


def test_the_memory_is_bounded_and_forgets_the_expired_first():
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        now = datetime.now(UTC).timestamp()
        memory = Memory(most=3)
        for name, lasts in ((b"a", 600), (b"b", 10), (b"c", 600)):
            memory.add(name, Access("k", "c", frozenset(), frozenset(), now + lasts, 1))
        clock.shift(11)
        memory.add(b"d", Access("k", "c", frozenset(), frozenset(), now + 600, 1))
        assert (memory.get(b"a") is not None, memory.get(b"b"), len(memory)) == (True, None, 3)
        memory.add(b"e", Access("k", "c", frozenset(), frozenset(), now + 600, 1))
        assert (memory.get(b"a"), len(memory)) == (None, 3)

"""What people have said, as it stands, can be made anew from the ledger."""

from __future__ import annotations

import pytest

from app.services import projection, verification
from tests.services.ledgers import account_with_lines, tamper


@pytest.fixture
def env(committing_env):
    return committing_env


@pytest.fixture
def account(env):
    """Give an account of four lines, beside another of three."""
    account = account_with_lines(env)
    account_with_lines(env, 3)
    return account


def test_a_clean_projection_has_no_differences(env, account):
    with env.database.transaction() as session:
        assert projection.differences(session) == []


def test_a_wrong_projection_is_put_right(env, database_urls, account):
    tamper(
        database_urls,
        "UPDATE consent SET status = 'refused' WHERE account_id = :account",
        "DELETE FROM consent WHERE account_id <> :account",
        "INSERT INTO consent SELECT account_id, 7, status, granted_at, confirmed_at, withdrawn_at, expires_at, "
        "paused_until, frequency, legal_basis, document_version, source, updated_at, last_sequence "
        "FROM consent WHERE item_id = 1",
        account=account,
    )
    with env.database.transaction() as session:
        assert len(projection.differences(session)) == 5
    with env.database.transaction() as session:
        assert projection.rebuild(session) == 5
    with env.database.transaction() as session:
        assert verification.verify(session).faults == []

"""Locks on many accounts at once, for work that goes through all of them, in the order of `services.locks`.

A statement for each kind of lock: all mailboxes by ascending abuse digest, then all addresses, then all accounts. So
the order holds against whoever locks one person, and against others who lock many.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import select

from app.db import Session, run
from app.models import Account
from app.services.locks import Locked

_POINTS = """
    SELECT c.account_id, array_agg(c.address_digest ORDER BY c.address_digest),
           max(c.address_digest) FILTER (WHERE c.is_primary), max(a.abuse_digest) FILTER (WHERE c.is_primary)
      FROM contact_point AS c LEFT JOIN address AS a ON a.digest = c.address_digest
     WHERE c.account_id = ANY(%(accounts)s) GROUP BY c.account_id"""
_LOCK_ABUSES = "SELECT pg_advisory_xact_lock(number) FROM unnest(%(numbers)s::bigint[]) AS number"
_LOCK_ROWS = "SELECT FROM address WHERE digest = ANY(%(digests)s) ORDER BY digest FOR UPDATE"
_LOCK_ACCOUNTS = "SELECT id FROM account WHERE id = ANY(%(accounts)s) AND status <> 'erased' ORDER BY id FOR UPDATE"


def lock_accounts(session: Session, account_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Locked]:
    """Lock accounts with their addresses; mails may be queued to them. Five statements, however many they are.

    Left out are those that are no more, have no primary address, or whose addresses changed meanwhile: whoever goes
    through all accounts meets them again.
    """
    before = _points(session, account_ids)
    abuses = sorted({each.abuse_digest for each in before.values() if each.abuse_digest})
    numbers = [int.from_bytes(each[:8], signed=True) for each in abuses]
    run(session, _LOCK_ABUSES, {"numbers": numbers})
    run(session, _LOCK_ROWS, {"digests": sorted({digest for each in before.values() for digest in each.digests})})
    alive = [row[0] for row in run(session, _LOCK_ACCOUNTS, {"accounts": sorted(before)})]
    after = _points(session, alive)
    return {account_id: after[account_id] for account_id in alive if after.get(account_id) == before[account_id]}


def accounts_of(session: Session, account_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Account]:
    """Give accounts that are held, as they are now that nobody else can change them."""
    query = select(Account).where(Account.id.in_(account_ids)).execution_options(populate_existing=True)
    return {account.id: account for account in session.scalars(query)}


def primaries_of(session: Session, account_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, bytes]:
    """Give the digests of the primary addresses of accounts, by account."""
    return {account_id: each.digest for account_id, each in _points(session, account_ids).items()}


def _points(session: Session, account_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Locked]:
    rows = run(session, _POINTS, {"accounts": list(account_ids)})
    return {
        account_id: Locked(account_id, tuple(digests), primary, abuse or b"")
        for account_id, digests, primary, abuse in rows
        if primary is not None
    }

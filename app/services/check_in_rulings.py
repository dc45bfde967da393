"""Who is to be asked whether all is still right, and why others are not: one statement for many accounts."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select, tuple_

from app.branding.models import Kind
from app.db import Session, run
from app.environment import environment
from app.kit import clock
from app.models import CheckIn
from app.services.decisions import SUPPRESSED
from app.services.items import ItemRef, items
from app.services.tokens import CHECK_IN_MAX_AGE

REST = timedelta(days=90)
"""How long nobody is asked again after a check-in that may not have reached them."""


class Ruling(StrEnum):
    """Whether an account is to be asked now, and why not; the first that is true."""

    ERASED = "erased"
    RESTRICTED = "restricted"
    WAITING = "waiting"
    NOTHING = "nothing"
    """Nothing is agreed to that has not run out and is not paused."""
    ACTED = "acted"
    ASKED = "asked"
    UNVERIFIED = "unverified"
    SUPPRESSED = "suppressed"
    DUE = "due"


def survey(session: Session, after: uuid.UUID, size: int) -> list[tuple[uuid.UUID, Ruling]]:
    """Rule on the next `size` accounts by id; none is left when fewer come back."""
    return _rule(session, _SURVEY, {"account": after, "size": size})


def due(session: Session, account_ids: Collection[uuid.UUID]) -> list[uuid.UUID]:
    """Give those of some accounts, which the caller has locked, that are to be asked."""
    ruled = _rule(session, _SOME, {"accounts": list(account_ids)})
    return [account_id for account_id, ruling in ruled if ruling is Ruling.DUE]


def purge(session: Session, limit: int = 1_000) -> int:
    """Delete up to `limit` check-ins that ended so long ago that no link leads to them and no ruling asks for them.

    What came of them stays in the ledger. Give how many.
    """
    settings, now = environment(session).group.check_in, clock.now()
    asked_for = clock.shifted(now, -settings.after_months) if settings else now
    oldest_kept = min(asked_for, now - max(REST, CHECK_IN_MAX_AGE))
    old = select(CheckIn.account_id, CheckIn.id).where(CheckIn.closed_at < oldest_kept).limit(limit)
    rows = session.execute(old).all()
    session.execute(delete(CheckIn).where(tuple_(CheckIn.account_id, CheckIn.id).in_(map(tuple, rows))))
    return len(rows)


def is_askable(item: ItemRef) -> bool:
    """Tell whether anybody may be asked about an item."""
    return item.kind is not Kind.DOCUMENT and not item.is_retired


def _rule(session: Session, statement: str, asked: dict[str, Any]) -> list[tuple[uuid.UUID, Ruling]]:
    settings, now = environment(session).group.check_in, clock.now()
    if settings is None:
        return []
    values = {
        **asked, "now": now, "before": clock.shifted(now, -settings.after_months), "rested": now - REST,
        "items": [item.id for item in items(session) if is_askable(item)],
    }  # fmt: skip
    return [(account_id, Ruling(ruling)) for account_id, ruling in run(session, statement, values)]


_VALID = """
    SELECT FROM consent k JOIN item i ON i.id = k.item_id
     WHERE k.account_id = a.id AND k.status = 'granted' AND k.legal_basis = 'consent'
       AND k.item_id = ANY(%(items)s::int[]) AND (k.expires_at IS NULL OR k.expires_at > %(now)s)
       AND (k.paused_until IS NULL OR k.paused_until <= %(now)s)"""

# What a house, a file or staff noted, the person did when the line says so: only the system's own lines are no acts.
_ACTED = """
    SELECT FROM consent_event e
     WHERE e.account_id = a.id AND e.actor_kind <> 'system' AND e.occurred_at > %(before)s"""

# `OFFSET 0` keeps PostgreSQL from reading whole tables into a hash for each batch, which it takes for cheaper.
_RULINGS = f"""
    SELECT a.id, CASE
      WHEN a.status = 'erased' THEN 'erased'
      WHEN a.status <> 'active' THEN 'restricted'
      WHEN EXISTS (SELECT FROM check_in c WHERE c.account_id = a.id AND c.outcome = 'open' OFFSET 0) THEN 'waiting'
      WHEN NOT EXISTS ({_VALID} OFFSET 0) THEN 'nothing'
      WHEN a.last_seen_at > %(before)s OR EXISTS ({_ACTED} OFFSET 0) THEN 'acted'
      WHEN EXISTS (SELECT FROM check_in c WHERE c.account_id = a.id
                   AND CASE WHEN c.outcome = 'called_off' THEN c.closed_at > %(rested)s
                       ELSE c.asked_at > %(before)s END OFFSET 0) THEN 'asked'
      WHEN t.verified_at IS NULL THEN 'unverified'
      WHEN NOT EXISTS ({_VALID} AND NOT {
    SUPPRESSED.format(digests="= t.address_digest", now="%(now)s", brand="i.brand", channel="'email'")
}) THEN 'suppressed'
      ELSE 'due' END
      FROM people AS a LEFT JOIN contact_point t ON t.account_id = a.id AND t.is_primary AND t.kind = 'email'
     ORDER BY a.id"""  # noqa: S608 - built from constants alone
_PEOPLE = "WITH people AS (SELECT id, status, last_seen_at FROM account WHERE"
_SURVEY = f"{_PEOPLE} id > %(account)s ORDER BY id LIMIT %(size)s) {_RULINGS}"
_SOME = f"{_PEOPLE} id = ANY(%(accounts)s)) {_RULINGS}"

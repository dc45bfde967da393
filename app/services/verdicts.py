"""Decisions about many items of one account, in one statement however many they are.

The preference centre shows every item of every house. What is asked of the database, and how it is judged, is what
`services.decisions` asks and judges for one, so that the page can't say other than a decision would.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from app.branding.models import Kind
from app.db import Session, pipelined, run
from app.environment import environment
from app.kit import clock
from app.services import decisions
from app.services.decisions import (
    CONTACT_KIND,
    HAS_POSTAL,
    OF_ACCOUNT,
    PENDING,
    POSTAL,
    SUPPRESSED,
    Decision,
    Facts,
    Reason,
    Rules,
)
from app.services.folding import Status
from app.services.items import ItemRef


def verdicts(session: Session, account_id: uuid.UUID, wanted: Collection[ItemRef], brand: str) -> dict[int, Decision]:
    """Decide about each of `wanted` now; give the answers by item id.

    Items of the whole group are judged as a question about `brand` would be. Of a brand that is gone, everything
    counts as retired.
    """
    now = clock.now()
    facts = _read(run(session, _statement(), _asked(account_id, wanted, brand, now))) if wanted else {}
    return _decide(session, wanted, brand, facts, now)


def verdicts_of(
    session: Session, wanted: Mapping[uuid.UUID, Collection[ItemRef]], brand: str
) -> dict[uuid.UUID, dict[int, Decision]]:
    """Decide about items of many accounts, each of which wants some; one wait for all of them."""
    now = clock.now()
    with pipelined(session):
        asked = {each: run(session, _statement(), _asked(each, some, brand, now)) for each, some in wanted.items()}
    return {each: _decide(session, wanted[each], brand, _read(rows), now) for each, rows in asked.items()}


def verdicts_about(session: Session, asked: Sequence[tuple[uuid.UUID, ItemRef]], brand: str) -> list[Decision]:
    """Decide about many pairs of an account and an item, in their order, by one statement."""
    now = clock.now()
    values = _questions([item for _account, item in asked], brand, now)
    values["accounts"] = [account for account, _item in asked]
    facts = _read(run(session, _statement(of_many=True), values)) if asked else {}
    rules = {item.id: _rules(session, item, brand, now.date()) for item in {item for _account, item in asked}}
    return [_judge(rules[item.id], facts[place], now) for place, (_account, item) in enumerate(asked, start=1)]


def _decide(
    session: Session, wanted: Collection[ItemRef], brand: str, facts: Mapping[int, Facts], now: datetime
) -> dict[int, Decision]:
    return {item.id: _judge(_rules(session, item, brand, now.date()), facts[item.id], now) for item in wanted}


def _judge(rules: Rules | None, facts: Facts, now: datetime) -> Decision:
    return decisions.decide(rules, facts, now) if rules else Decision(allowed=False, reason=Reason.RETIRED)


def _rules(session: Session, item: ItemRef, brand: str, on: date) -> Rules | None:
    """Give what `brands/` says of an item; None where its brand is gone."""
    group = environment(session).group
    asked = group.brands.get(item.brand or brand)
    return decisions.rules_for(group, asked, item, on) if asked else None


def _read(rows: Iterable[tuple[Any, ...]]) -> dict[int, Facts]:
    return {row[0]: facts_of(row[1:]) for row in rows}


def _asked(account_id: uuid.UUID, wanted: Collection[ItemRef], brand: str, now: datetime) -> dict[str, Any]:
    return {**_questions(wanted, brand, now), "account": account_id}


def _questions(wanted: Collection[ItemRef], brand: str, now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "items": [item.id for item in wanted],
        "brands": [item.brand or brand for item in wanted],
        "channels": [item.channel and item.channel.value for item in wanted],
        "kinds": [_contact_kind(item) for item in wanted],
    }


def _contact_kind(item: ItemRef) -> str | None:
    return CONTACT_KIND.get(item.channel) if item.kind is Kind.SUBSCRIPTION and item.channel else None


def facts_of(row: tuple[object, ...]) -> Facts:
    """Read the columns from the account's id on, in the order in which every such statement has them."""
    account_id, account_status, status, *rest = row
    return Facts(account_id, account_status, Status(status) if status else None, *rest)  # type: ignore[arg-type]


@cache
def _statement(*, of_many: bool = False) -> str:
    """Build the statement: the questions as rows, and for each what `decisions` asks about its account.

    Its first column tells which question it was: by the item where all are about one account, else by its place.
    """
    columns = {"item": "q.item", "brand": "q.brand", "channel": "q.channel", "now": "%(now)s::timestamptz"}
    account, accounts = ("q.account", "%(accounts)s::uuid[]") if of_many else ("%(account)s", "NULL::uuid[]")
    owned = OF_ACCOUNT.format(account=account)
    return f"""
        SELECT {"q.place" if of_many else "q.item"}, a.id, a.status, k.status, k.granted_at, k.confirmed_at,
               k.withdrawn_at, k.expires_at, k.paused_until, k.frequency, k.legal_basis, k.document_version,
               {SUPPRESSED.format(digests="= t.address_digest", **columns)},
               {PENDING.format(digests=owned, **columns)},
               CASE WHEN q.kind = '{POSTAL}' THEN {HAS_POSTAL.format(account="a.id")}
                    ELSE t.address_digest IS NOT NULL END,
               t.verified_at IS NOT NULL
        FROM unnest(%(items)s::int[], %(brands)s::text[], %(channels)s::text[], %(kinds)s::text[], {accounts})
             WITH ORDINALITY AS q (item, brand, channel, kind, account, place)
        LEFT JOIN account a ON a.id = {account}
        LEFT JOIN consent k ON k.account_id = {account} AND k.item_id = q.item
        LEFT JOIN LATERAL (SELECT * FROM contact_point c
                           WHERE c.account_id = {account} AND (q.kind IS NULL OR q.kind IN (c.kind, '{POSTAL}'))
                           ORDER BY c.is_primary DESC LIMIT 1) t ON true"""  # noqa: S608 - built from constants alone

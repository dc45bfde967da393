"""All consents with some brands, read in pages, so that neither memory nor a snapshot grows with their number.

Each page is as of its own moment. Beside what a person said stands what a decision would answer: whether they may be
contacted, and why or why not; a list that is worked off elsewhere must not lose that they are suppressed. The names are
those that an import reads (`presets/parley.toml`).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from app.branding.models import Kind
from app.db import Session, run
from app.environment import Environment
from app.services import acquaintances
from app.services.acquaintances import Asker
from app.services.decisions import Decision
from app.services.folding import Status
from app.services.items import ItemRef, items
from app.services.opt_outs import NO
from app.services.verdicts import verdicts_about

PAGE = 5_000
COLUMNS = (
    "account_id", "brand", "topic", "channel", "purpose", "status", "allowed", "reason", "occurred_at", "confirmed_at",
    "granted_at", "withdrawn_at", "expires_at", "paused_until", "frequency", "legal_basis", "document_version",
    "source", "updated_at", "locale",
)  # fmt: skip
ADDRESSES = ("email", "phone")
_KINDS = (Kind.SUBSCRIPTION, Kind.PURPOSE)
Value = str | bool | datetime | None
_Key = tuple[uuid.UUID, int]


def rows(
    env: Environment, brands: Collection[str], *, asker: Asker | None, with_addresses: bool
) -> Iterator[Mapping[str, Value]]:  # fmt: skip
    """Give the consents with `brands` and with the whole group, by account and item, to a client or (None) an operator.

    `occurred_at` is when the person said what stands: asked for it, or left. What is the whole group's, and addresses,
    a client is given only of people it has to do with (invariant 10). Addresses are opened only where wanted, and never
    of whom has their data held still (GDPR art. 18).
    """
    with env.database.transaction() as session:
        registry = items(session)
    wanted = [item.id for item in registry if item.kind in _KINDS and (item.brand is None or item.brand in brands)]
    after: _Key = (uuid.UUID(int=0), 0)
    while True:
        with env.database.transaction() as session:
            page = _page(session, wanted, after)
            asked = [(row[0], registry.get(row[1])) for row in page]
            verdicts = verdicts_about(session, asked, min(brands, default=""))
            accounts = {row[0] for row in page}
            known = accounts if asker is None else acquaintances.among(session, accounts, asker)
        for row, (account_id, item), verdict in zip(page, asked, verdicts, strict=True):
            if item.brand is not None or account_id in known:
                told = _row(item, row, verdict)
                yield {**told, **_addresses(env, row if account_id in known else None)} if with_addresses else told
        if len(page) < PAGE:
            return
        after = page[-1][0], page[-1][1]


def _page(session: Session, wanted: list[int], after: _Key) -> list[tuple[Any, ...]]:
    values = {"items": wanted, "account": after[0], "item": after[1], "limit": PAGE}
    return run(session, _PAGE, values).fetchall()


def _row(item: ItemRef, row: tuple[Any, ...], verdict: Decision) -> Mapping[str, Value]:
    account_id, _item_id, status, *more = row
    (granted_at, confirmed_at, withdrawn_at, expires_at, paused_until, frequency, legal_basis, version, source,
     updated_at, locale, *_sealed) = more  # fmt: skip
    is_topic = item.kind is Kind.SUBSCRIPTION
    told = (
        str(account_id), item.brand, item.key if is_topic else None, item.channel and item.channel.value,
        None if is_topic else item.key, status, verdict.allowed, verdict.reason.value,
        withdrawn_at if Status(status) in NO else granted_at, confirmed_at,
        granted_at, withdrawn_at, expires_at, paused_until, frequency, legal_basis, version, source, updated_at, locale,
    )  # fmt: skip
    return dict(zip(COLUMNS, told, strict=True))


def _addresses(env: Environment, row: tuple[Any, ...] | None) -> Mapping[str, Value]:
    """Open the addresses of a row; None gives none."""
    sealed = row[-len(ADDRESSES) :] if row else (None,) * len(ADDRESSES)
    opened = (env.sealer.open(each) if isinstance(each, bytes) else None for each in sealed)
    return dict(zip(ADDRESSES, opened, strict=True))


_PAGE = """
    SELECT c.account_id, c.item_id, c.status, c.granted_at, c.confirmed_at, c.withdrawn_at, c.expires_at,
           c.paused_until, c.frequency, c.legal_basis, c.document_version, c.source, c.updated_at, a.locale,
           CASE WHEN a.status <> 'restricted' THEN mail.sealed END,
           CASE WHEN a.status <> 'restricted' THEN number.sealed END
      FROM (SELECT * FROM consent
             WHERE (account_id, item_id) > (%(account)s, %(item)s) AND item_id = ANY(%(items)s::int[])
             ORDER BY account_id, item_id LIMIT %(limit)s) AS c
      JOIN account AS a ON a.id = c.account_id
      LEFT JOIN contact_point AS e ON e.account_id = c.account_id AND e.kind = 'email' AND e.is_primary
      LEFT JOIN address AS mail ON mail.digest = e.address_digest
      LEFT JOIN contact_point AS p ON p.account_id = c.account_id AND p.kind = 'phone'
      LEFT JOIN address AS number ON number.digest = p.address_digest
     ORDER BY c.account_id, c.item_id"""

"""All consents with some brands, read in pages, so that neither memory nor a snapshot grows with their number.

Each page is as of its own moment. The names are those that an import reads (`presets/parley.toml`).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from app.branding.models import Kind
from app.db import Session, run
from app.environment import Environment
from app.services.folding import Status
from app.services.items import Items, items
from app.services.opt_outs import NO

PAGE = 5_000
COLUMNS = (
    "account_id", "brand", "topic", "channel", "purpose", "status", "occurred_at", "confirmed_at", "granted_at",
    "withdrawn_at", "expires_at", "paused_until", "frequency", "legal_basis", "document_version", "source",
    "updated_at", "locale",
)  # fmt: skip
ADDRESSES = ("email", "phone")
_KINDS = (Kind.SUBSCRIPTION, Kind.PURPOSE)
Value = str | datetime | None
_Key = tuple[uuid.UUID, int]


def rows(env: Environment, brands: Collection[str], *, with_addresses: bool) -> Iterator[Mapping[str, Value]]:
    """Give the consents with `brands` and with the whole group, by account and item.

    `occurred_at` is when the person said what stands: asked for it, or left. Addresses are opened only where wanted.
    """
    with env.database.transaction() as session:
        registry = items(session)
    wanted = [item.id for item in registry if item.kind in _KINDS and (item.brand is None or item.brand in brands)]
    after: _Key = (uuid.UUID(int=0), 0)
    while True:
        with env.database.transaction() as session:
            page = _page(session, wanted, after)
        for row in page:
            yield _row(env, registry, row, with_addresses=with_addresses)
        if len(page) < PAGE:
            return
        after = page[-1][0], page[-1][1]


def _page(session: Session, wanted: list[int], after: _Key) -> list[tuple[Any, ...]]:
    values = {"items": wanted, "account": after[0], "item": after[1], "limit": PAGE}
    return run(session, _PAGE, values).fetchall()


def _row(
    env: Environment, registry: Items, row: tuple[Any, ...], *, with_addresses: bool
) -> Mapping[str, Value]:  # fmt: skip
    account_id, item_id, status, *more = row
    (granted_at, confirmed_at, withdrawn_at, expires_at, paused_until, frequency, legal_basis, version, source,
     updated_at, locale, email, phone) = more  # fmt: skip
    item = registry.get(item_id)
    is_topic = item.kind is Kind.SUBSCRIPTION
    told = (
        str(account_id), item.brand, item.key if is_topic else None, item.channel and item.channel.value,
        None if is_topic else item.key, status, withdrawn_at if Status(status) in NO else granted_at, confirmed_at,
        granted_at, withdrawn_at, expires_at, paused_until, frequency, legal_basis, version, source, updated_at, locale,
    )  # fmt: skip
    found: dict[str, Value] = dict(zip(COLUMNS, told, strict=True))
    if with_addresses:
        opened = (env.sealer.open(each) if isinstance(each, bytes) else None for each in (email, phone))
        found.update(zip(ADDRESSES, opened, strict=True))
    return found


_PAGE = """
    SELECT c.account_id, c.item_id, c.status, c.granted_at, c.confirmed_at, c.withdrawn_at, c.expires_at,
           c.paused_until, c.frequency, c.legal_basis, c.document_version, c.source, c.updated_at, a.locale,
           mail.sealed, number.sealed
      FROM (SELECT * FROM consent
             WHERE (account_id, item_id) > (%(account)s, %(item)s) AND item_id = ANY(%(items)s::int[])
             ORDER BY account_id, item_id LIMIT %(limit)s) AS c
      JOIN account AS a ON a.id = c.account_id
      LEFT JOIN contact_point AS e ON e.account_id = c.account_id AND e.kind = 'email' AND e.is_primary
      LEFT JOIN address AS mail ON mail.digest = e.address_digest
      LEFT JOIN contact_point AS p ON p.account_id = c.account_id AND p.kind = 'phone'
      LEFT JOIN address AS number ON number.digest = p.address_digest
     ORDER BY c.account_id, c.item_id"""

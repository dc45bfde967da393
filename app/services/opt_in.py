"""Opt-in requests: what someone asked for with an address that is not proved for them yet.

All writers here expect the address to be locked (`services.locks`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb
from sqlalchemy import ColumnElement, Select, delete, exists, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.db import Session, run
from app.environment import environment
from app.kit import clock, ids
from app.kit.provenance import Provenance
from app.models import (
    AddressChange,
    AddressRow,
    ContactPoint,
    Message,
    OptInItem,
    OptInRequest,
    PhoneProof,
    Suppression,
    Tally,
)
from app.services.notices import Seen
from app.services.tokens import PURGED_AFTER

PENDING = "pending"
CONFIRMED = "confirmed"
CANCELLED = "cancelled"
EXPIRED = "expired"
PURGE_TIMEOUT_MS = 300_000


def ask(
    session: Session, digest: bytes, brand: str, wanted: Mapping[int, Seen], provenance: Provenance,
    account_id: uuid.UUID | None = None,
) -> uuid.UUID:  # fmt: skip
    """Add items to the live request of this address and brand, or open one, and give its id; it lives anew from now.

    Asking again for an item replaces when and on which words it was asked for, and undoes its cancellation.
    `account_id` is told only for somebody who proved to be its owner.
    """
    now = clock.now()
    request: dict[str, Any] = {
        "digest": digest, "id": ids.new_id(), "brand": brand, "account": account_id, "locale": provenance.locale,
        "now": now, "expires": now + timedelta(days=environment(session).group.brands[brand].confirmation_days),
    }  # fmt: skip
    run(session, _EXPIRE, request)
    request_id: uuid.UUID = run(session, _ASK, request).fetchall()[0][0]
    chosen = sorted(wanted.items())
    of_items = {
        "digest": digest, "request": request_id, "now": now, "provenance": Jsonb(provenance.as_record()),
        "items": [item_id for item_id, _ in chosen],
        "notices": [seen.digest for _, seen in chosen],
        "locales": [seen.locale for _, seen in chosen],
    }  # fmt: skip
    run(session, _ASK_ITEMS, of_items)
    return request_id


_EXPIRE = """
    UPDATE opt_in_request SET outcome = 'expired', outcome_at = %(now)s
     WHERE address_digest = %(digest)s AND brand = %(brand)s AND outcome = 'pending' AND expires_at <= %(now)s"""

_ASK = """
    INSERT INTO opt_in_request (address_digest, id, brand, account_id, locale, created_at, expires_at, mails_sent,
                                outcome)
    VALUES (%(digest)s, %(id)s, %(brand)s, %(account)s, %(locale)s, %(now)s, %(expires)s, 0, 'pending')
    ON CONFLICT (address_digest, brand) WHERE outcome = 'pending'
    DO UPDATE SET expires_at = excluded.expires_at, locale = excluded.locale, account_id = excluded.account_id
    RETURNING id"""

_ASK_ITEMS = """
    INSERT INTO opt_in_item (address_digest, request_id, item_id, asked_at, notice_digest, locale, provenance)
    SELECT %(digest)s, %(request)s, item, %(now)s, notice, locale, %(provenance)s
      FROM unnest(%(items)s::int[], %(notices)s::bytea[], %(locales)s::text[]) AS asked (item, notice, locale)
    ON CONFLICT (address_digest, request_id, item_id)
    DO UPDATE SET asked_at = excluded.asked_at, notice_digest = excluded.notice_digest, locale = excluded.locale,
                  provenance = excluded.provenance, confirmed_at = NULL, cancelled_at = NULL"""


def find(session: Session, request_id: uuid.UUID) -> OptInRequest | None:
    """Find a request by the id in its link."""
    query = select(OptInRequest).where(OptInRequest.id == request_id)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def open_items(session: Session, request: OptInRequest) -> list[OptInItem]:
    """List what is asked for and neither confirmed nor cancelled."""
    return list(
        session.scalars(
            select(OptInItem)
            .where(
                OptInItem.address_digest == request.address_digest,
                OptInItem.request_id == request.id,
                OptInItem.confirmed_at.is_(None),
                OptInItem.cancelled_at.is_(None),
            )
            .order_by(OptInItem.item_id)
            .execution_options(populate_existing=True)
        )
    )


def is_live(request: OptInRequest) -> bool:
    """Tell whether a request can still be confirmed."""
    return request.outcome == PENDING and request.expires_at > clock.now()


def confirm(session: Session, request: OptInRequest, item_ids: Iterable[int], provenance: Provenance) -> None:
    """Mark items as confirmed; the request is closed when nothing of it stays open."""
    session.execute(
        update(OptInItem)
        .where(
            OptInItem.address_digest == request.address_digest,
            OptInItem.request_id == request.id,
            OptInItem.item_id.in_(list(item_ids)),
        )
        .values(confirmed_at=clock.now())
    )
    if not open_items(session, request):
        _close(session, request, CONFIRMED, provenance)


def cancel(session: Session, digests: Sequence[bytes], item_ids: Iterable[int] | None, provenance: Provenance) -> None:
    """Cancel what is asked for by any of `digests`: these items, or all of them.

    Whoever leaves an item must not be brought back by a request that was made before (invariant 2).
    """
    query = select(OptInItem).where(
        OptInItem.address_digest.in_(digests), OptInItem.confirmed_at.is_(None), OptInItem.cancelled_at.is_(None)
    )
    if item_ids is not None:
        query = query.where(OptInItem.item_id.in_(list(item_ids)))
    cancelled = list(session.scalars(query))
    for item in cancelled:
        item.cancelled_at = clock.now()
    session.flush()
    for request_id in {item.request_id for item in cancelled}:
        request = find(session, request_id)
        if request is not None and request.outcome == PENDING and not open_items(session, request):
            _close(session, request, CANCELLED if not _any_confirmed(session, request) else CONFIRMED, provenance)


def leave_behind(session: Session, digest: bytes, account_id: uuid.UUID, provenance: Provenance) -> None:
    """Close what is asked for with an address that its account leaves, and note whose the requests were.

    Nothing of it is confirmed any more, also when the address comes back; erasure finds it by the account.
    """
    cancel(session, [digest], None, provenance)
    ownerless = (OptInRequest.address_digest == digest, OptInRequest.account_id.is_(None))
    session.execute(update(OptInRequest).where(*ownerless).values(account_id=account_id))


class LiveItem(NamedTuple):
    """An item that an address is asked to confirm: for which brand, and when it was asked for."""

    digest: bytes
    brand: str
    item_id: int
    asked_at: datetime


def live_items(session: Session, digests: Sequence[bytes]) -> list[LiveItem]:
    """List what is pending for any of `digests`, over all brands."""
    return [LiveItem(*row) for row in run(session, _LIVE, {"digests": list(digests), "now": clock.now()})]


_LIVE = """
    SELECT r.address_digest, r.brand, i.item_id, i.asked_at
      FROM opt_in_request AS r
      JOIN opt_in_item AS i ON i.address_digest = r.address_digest AND i.request_id = r.id
     WHERE r.address_digest = ANY(%(digests)s) AND r.outcome = 'pending' AND r.expires_at > %(now)s
       AND i.confirmed_at IS NULL AND i.cancelled_at IS NULL"""


def purge(session: Session, limit: int = 1_000) -> int:
    """Delete up to `limit` requests that nobody confirmed within 30 days; counts by day and brand remain.

    Addresses that nothing refers to any more go with them, and so do their mails. Addresses are locked first, as by
    every writer; those that somebody else holds wait for the next run.
    """
    _take_time(session)
    stale = (
        OptInRequest.outcome != literal(CONFIRMED, literal_execute=True),  # written out, as its index asks for
        OptInRequest.created_at < clock.now() - PURGED_AFTER,
        OptInRequest.expires_at < clock.now(),
    )
    digests = _lock(
        session, select(OptInRequest.address_digest).where(*stale).order_by(OptInRequest.created_at).limit(limit)
    )
    dead = session.scalars(select(OptInRequest).where(OptInRequest.address_digest.in_(digests), *stale)).all()
    for request in dead:
        _tally(session, request)
        of_request = (OptInItem.address_digest == request.address_digest, OptInItem.request_id == request.id)
        session.execute(delete(OptInItem).where(*of_request))
        session.delete(request)
    session.flush()
    forget_unreferenced(session, digests)
    return len(dead)


def purge_strangers(session: Session, limit: int = 1_000) -> int:
    """Delete up to `limit` addresses met more than 30 days ago that came to nothing; give how many.

    Such are those of people who asked for a link and were not known.
    """
    _take_time(session)
    old = select(AddressRow.digest).where(AddressRow.created_at < clock.now() - PURGED_AFTER, *_unreferenced())
    return forget_unreferenced(session, _lock(session, old.limit(limit)))


def forget_unreferenced(session: Session, digests: Sequence[bytes]) -> int:
    """Delete those of `digests`, locked by the caller, that nothing refers to any more, and their mails."""
    unused = session.scalars(select(AddressRow.digest).where(AddressRow.digest.in_(digests), *_unreferenced())).all()
    session.execute(delete(Message).where(Message.address_digest.in_(unused)))
    session.execute(delete(AddressRow).where(AddressRow.digest.in_(unused)))
    return len(unused)


def _unreferenced() -> list[ColumnElement[bool]]:
    """Nothing points at the address, and no mail to it counts towards the limits of today."""
    day_ago = clock.now() - timedelta(days=1)
    recent = exists().where(Message.address_digest == AddressRow.digest, Message.created_at > day_ago)
    awaited = exists().where(
        AddressChange.to_digest == AddressRow.digest,
        AddressChange.outcome == literal("pending", literal_execute=True),  # written out, as its index asks for
        AddressChange.expires_at > clock.now(),
    )
    texted = exists().where(PhoneProof.address_digest == AddressRow.digest, PhoneProof.expires_at > clock.now())
    tables = (ContactPoint, OptInRequest, Suppression)
    return [
        ~recent,
        ~awaited,
        ~texted,
        *(~exists().where(table.address_digest == AddressRow.digest) for table in tables),
    ]


def _take_time(session: Session) -> None:
    """Let statements of a purge, which nobody waits for, run longer than those that serve people."""
    session.execute(text(f"SET LOCAL statement_timeout = {PURGE_TIMEOUT_MS:d}"))


def _lock(session: Session, digests: Select[bytes]) -> list[bytes]:
    rows = select(AddressRow.digest).where(AddressRow.digest.in_(digests)).order_by(AddressRow.digest)
    return list(session.scalars(rows.with_for_update(skip_locked=True)))


def _any_confirmed(session: Session, request: OptInRequest) -> bool:
    query = exists().where(
        OptInItem.address_digest == request.address_digest,
        OptInItem.request_id == request.id,
        OptInItem.confirmed_at.is_not(None),
    )
    return bool(session.scalar(select(query)))


def _close(session: Session, request: OptInRequest, outcome: str, provenance: Provenance | None) -> None:
    request.outcome = outcome
    request.outcome_at = clock.now()
    request.outcome_provenance = provenance.as_record() if provenance else None
    session.flush()


def _tally(session: Session, request: OptInRequest) -> None:
    statement = upsert(Tally).values(
        day=request.created_at.date(), brand=request.brand, name="opt_in_unconfirmed", count=1
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["day", "brand", "name"],
            set_={"count": Tally.count + func.coalesce(statement.excluded.count, 0)},
        )
    )

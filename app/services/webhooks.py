"""Endpoints of clients that are told of events (Standard Webhooks): made, changed, disabled, forgotten.

Whatever an endpoint is told comes from the feed: it follows it by a position of its own, as a reader of
`/api/v1/events` would (`services.webhook_deliveries`). So nothing is lost while it is disabled or too slow, and going
back is setting the position back.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select, update

from app.db import Session
from app.environment import environment
from app.errors import BadTarget, InvalidAddress, TooMany
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.ids import new_id
from app.kit.targets import check_url
from app.models import OAuthClient, WebhookDelivery, WebhookEndpoint
from app.services import feed_pages, outbox, throttle

MOST = 10
"""Endpoints of one client."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - what tells secrets from other texts, none itself
SECRET_BYTES = 32
OVERLAP = timedelta(hours=24)
"""How long an old secret goes on signing beside a new one."""


class Reason(StrEnum):
    """Why an endpoint is told nothing any more."""

    CLIENT = "client"
    GONE = "gone"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Filters:
    """What an endpoint wants to hear of; None is everything. What is the whole group's belongs to every brand."""

    brands: Sequence[str] | None = None
    actions: Sequence[str] | None = None
    keys: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint with what is sealed about it, its secrets apart."""

    id: uuid.UUID
    client_id: str
    url: str = field(repr=False)
    filters: Filters
    description: str
    contact: str | None = field(repr=False)
    position: int
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    old_secret_until: datetime | None


def create(
    session: Session, client_id: str, url: str, filters: Filters, description: str = "", contact: str | None = None,
    position: int | None = None,
) -> tuple[Endpoint, str]:  # fmt: skip
    """Make an endpoint that is told what comes after `position` (None: from now on); give it and its secret.

    The secret is told only this once. Raises `BadTarget` for an address to which we neither call nor write, `TooMany`.
    """
    session.execute(select(OAuthClient.id).where(OAuthClient.id == client_id).with_for_update())
    own = select(func.count()).select_from(WebhookEndpoint).where(WebhookEndpoint.client_id == client_id)
    if (session.scalar(own) or 0) >= MOST:
        raise TooMany(f"A client may have {MOST} webhooks.")
    now, secret, seal = clock.now(), _new_secret(), environment(session).sealer.seal
    row = WebhookEndpoint(
        id=new_id(), client_id=client_id, url_sealed=seal(_checked(session, url)), secret_sealed=seal(secret),
        old_secret_sealed=None, old_secret_until=None, contact_sealed=_sealed_contact(session, contact),
        description=description, filters=asdict(filters),
        position=feed_pages.newest(session) if position is None else position, next_at=now, failures=0,
        failing_since=None, created_at=now, disabled_at=None, disabled_reason=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return _opened(session, row), secret


def all_of(session: Session, client_id: str) -> list[Endpoint]:
    """List the endpoints of a client, oldest first."""
    own = select(WebhookEndpoint).where(WebhookEndpoint.client_id == client_id).order_by(WebhookEndpoint.id)
    return [_opened(session, row) for row in session.scalars(own)]


def find(session: Session, client_id: str, endpoint_id: uuid.UUID) -> Endpoint | None:
    """Find an endpoint of a client; None also for one of another client."""
    row = _own(session, client_id, endpoint_id)
    return _opened(session, row) if row else None


def change(session: Session, client_id: str, endpoint_id: uuid.UUID, changes: Mapping[str, Any]) -> Endpoint | None:
    """Change what `changes` names: `url`, `filters`, `description`, `contact`, `is_enabled`; None if there is none.

    `filters` holds those that change, as in `Filters`, and the others stay as they are under the lock. Enabled again,
    it is told all that came since, and what waits is tried at once. Raises `BadTarget`.
    """
    row = _own(session, client_id, endpoint_id, is_changing=True)
    if row is None:
        return None
    seal = environment(session).sealer.seal
    if "url" in changes:
        row.url_sealed = seal(_checked(session, changes["url"]))
        _forgive(session, row)
    if "filters" in changes:
        row.filters = {**row.filters, **changes["filters"]}
    if "description" in changes:
        row.description = changes["description"]
    if "contact" in changes:
        row.contact_sealed = _sealed_contact(session, changes["contact"])
    if "is_enabled" in changes:
        _switch(session, row, is_enabled=changes["is_enabled"])
    session.flush()
    return _opened(session, row)


def remove(session: Session, client_id: str, endpoint_id: uuid.UUID) -> bool:
    """Forget an endpoint; False if the client has no such.

    What it was told can't be reached any more. It may be a million rows, so the next purge deletes them.
    """
    own = (WebhookEndpoint.id == endpoint_id, WebhookEndpoint.client_id == client_id)
    return session.scalar(delete(WebhookEndpoint).where(*own).returning(WebhookEndpoint.id)) is not None


def rotate(session: Session, client_id: str, endpoint_id: uuid.UUID) -> tuple[Endpoint, str] | None:
    """Give an endpoint another secret, told only this once; None if the client has no such endpoint.

    The one it had signs beside it for `OVERLAP`; the one before that no more. So rotating twice ends a leaked one.
    """
    row = _own(session, client_id, endpoint_id, is_changing=True)
    if row is None:
        return None
    secret = _new_secret()
    row.old_secret_sealed, row.old_secret_until = row.secret_sealed, clock.now() + OVERLAP
    row.secret_sealed = environment(session).sealer.seal(secret)
    session.flush()
    return _opened(session, row), secret


def disable(session: Session, row: WebhookEndpoint, reason: Reason) -> None:
    """Tell an endpoint nothing any more; its contact is mailed, once this is committed, unless it was their wish."""
    row.disabled_at, row.disabled_reason = clock.now(), reason
    if reason is not Reason.CLIENT:
        outbox.enqueue(session, outbox.TELL_OF_WEBHOOK, endpoint_id=row.id)


def disabled(session: Session, endpoint_id: uuid.UUID) -> Endpoint | None:
    """Give an endpoint that is disabled; None for one that is enabled again or gone."""
    row = session.get(WebhookEndpoint, endpoint_id)
    return _opened(session, row) if row and row.disabled_at else None


def count_notice(session: Session, endpoint: Endpoint, contact: str) -> bool:
    """Count a mail about an endpoint; False where there was one today, about it or to this mailbox for the client.

    The address is the client's own word, and the client could go on enabling what will be disabled again: without a
    limit it could have us mail anybody as often as it likes. Nor may many clients together.
    """
    digester = environment(session).digester
    mailbox = digester.abuse(parse_email(contact))
    counted = (f"webhook:{endpoint.id}", f"webhook:{endpoint.client_id}:{mailbox.hex()}")
    if throttle.take(session, throttle.WEBHOOK_NOTICE, [digester.origin(each) for each in counted]):
        return False
    return throttle.take(session, throttle.WEBHOOK_NOTICES, [mailbox]) == 0


def secrets_of(session: Session, row: WebhookEndpoint) -> list[str]:
    """Give the secrets that sign now, the newest first."""
    unseal, until = environment(session).sealer.open, row.old_secret_until
    found = [unseal(row.secret_sealed)]
    if row.old_secret_sealed is not None and until is not None and until > clock.now():
        found.append(unseal(row.old_secret_sealed))
    return found


def url_of(session: Session, row: WebhookEndpoint) -> str:
    """Give the address of an endpoint. It may hold secrets and belongs into no log."""
    return environment(session).sealer.open(row.url_sealed)


def _own(
    session: Session, client_id: str, endpoint_id: uuid.UUID, *, is_changing: bool = False
) -> WebhookEndpoint | None:
    query = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.client_id == client_id)
    return session.scalar(query.with_for_update() if is_changing else query)


def _switch(session: Session, row: WebhookEndpoint, *, is_enabled: bool) -> None:
    if not is_enabled and row.disabled_at is None:
        disable(session, row, Reason.CLIENT)
    if is_enabled and row.disabled_at is not None:
        row.disabled_at, row.disabled_reason = None, None
        _forgive(session, row)


def _forgive(session: Session, row: WebhookEndpoint) -> None:
    """Let an endpoint begin anew, with all tries for what waits."""
    row.next_at, row.failures, row.failing_since = clock.now(), 0, None
    waiting = (WebhookDelivery.endpoint_id == row.id, WebhookDelivery.state == "queued")
    session.execute(update(WebhookDelivery).where(*waiting).values(attempts=0, next_at=row.next_at))


def _checked(session: Session, url: str) -> str:
    settings = environment(session).settings
    try:
        check_url(url, https_only=settings.is_production, public_only=not settings.calls_private_targets)
    except ValueError as mistake:
        raise BadTarget(f"url {mistake}.") from None
    return url


def _sealed_contact(session: Session, contact: str | None) -> bytes | None:
    if contact is None:
        return None
    try:
        return environment(session).sealer.seal(parse_email(contact).typed)
    except InvalidAddress as mistake:
        raise BadTarget(f"contact is no e-mail address: {mistake}") from None


def _new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _opened(session: Session, row: WebhookEndpoint) -> Endpoint:
    unseal = environment(session).sealer.open
    is_overlapping = row.old_secret_until is not None and row.old_secret_until > clock.now()
    return Endpoint(
        id=row.id, client_id=row.client_id, url=unseal(row.url_sealed), filters=Filters(**row.filters),
        description=row.description, contact=unseal(row.contact_sealed) if row.contact_sealed else None,
        position=row.position, created_at=row.created_at, failing_since=row.failing_since, disabled_at=row.disabled_at,
        disabled_reason=row.disabled_reason, old_secret_until=row.old_secret_until if is_overlapping else None,
    )  # fmt: skip

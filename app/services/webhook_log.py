"""What an endpoint was told: read by its client, told again from any place on, and tried with a ping."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import func, select, update

from app.db import Session
from app.kit import clock
from app.kit.ids import made_at, new_id
from app.models import ConsentEvent, EventFeed, OAuthClient, WebhookDelivery, WebhookEndpoint
from app.services import cloud_events, feed_pages, webhooks
from app.services.webhook_deliveries import State, room


@dataclass(frozen=True, slots=True)
class Told:
    """One delivery of the log."""

    id: uuid.UUID
    event_id: str
    type: str
    position: int | None
    """Of the event in the feed; a ping has none."""
    state: str
    attempts: int
    created_at: datetime
    tried_at: datetime | None
    next_try_at: datetime | None
    status_code: int | None
    error: str | None


def page(
    session: Session, endpoint_id: uuid.UUID, before: uuid.UUID | None, limit: int, state: str | None = None
) -> Sequence[Told]:
    """List up to `limit` deliveries of an endpoint, those made last first, from the one made `before` on."""
    query = (
        select(WebhookDelivery, ConsentEvent)
        .outerjoin(EventFeed, EventFeed.position == WebhookDelivery.position)
        .outerjoin(ConsentEvent, (ConsentEvent.account_id == EventFeed.account_id)
                   & (ConsentEvent.sequence == EventFeed.sequence))
        .where(WebhookDelivery.endpoint_id == endpoint_id)
    )  # fmt: skip
    if before is not None:
        query = query.where(WebhookDelivery.id < before)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    rows = session.execute(query.order_by(WebhookDelivery.id.desc()).limit(limit))
    return [_told(delivery, line) for delivery, line in rows]


@dataclass(frozen=True, slots=True)
class Overview:
    """How one endpoint does, for operators; of its address the host alone, since the rest may hold secrets."""

    id: uuid.UUID
    client: str
    host: str
    waiting: int
    dead: int
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None


def overview(session: Session) -> Sequence[Overview]:
    """Tell how the endpoints of all clients do, oldest first."""
    counted = (
        select(WebhookDelivery.endpoint_id, WebhookDelivery.state, func.count())
        .where(WebhookDelivery.state != State.DELIVERED)
        .group_by(WebhookDelivery.endpoint_id, WebhookDelivery.state)
    )
    counts = {(endpoint_id, state): number for endpoint_id, state, number in session.execute(counted)}
    query = (
        select(WebhookEndpoint, OAuthClient.name)
        .join(OAuthClient, OAuthClient.id == WebhookEndpoint.client_id)
        .order_by(WebhookEndpoint.id)
    )
    return [
        Overview(
            row.id, client, urlsplit(webhooks.url_of(session, row)).hostname or "",
            counts.get((row.id, State.QUEUED), 0), counts.get((row.id, State.DEAD), 0),
            row.failing_since, row.disabled_at, row.disabled_reason,
        )
        for row, client in session.execute(query)
    ]  # fmt: skip


def rewind(session: Session, endpoint_id: uuid.UUID, position: int) -> bool:
    """Let an endpoint be told again all that comes after `position`; False if it did not come that far yet.

    The events are the same and have the same ids. What waits is tried afresh when it is met again.
    """
    reached = (WebhookEndpoint.id == endpoint_id, WebhookEndpoint.position >= position)
    back = update(WebhookEndpoint).where(*reached).values(position=position)
    return session.scalar(back.returning(WebhookEndpoint.id)) is not None


def revive(session: Session, endpoint_id: uuid.UUID) -> int:
    """Try once more what was given up, the oldest first, as much as may wait at once; give how many."""
    own = WebhookDelivery.endpoint_id == endpoint_id
    dead = select(WebhookDelivery.id).where(own, WebhookDelivery.state == State.DEAD).order_by(WebhookDelivery.id)
    some = dead.limit(room(session, endpoint_id))
    again = update(WebhookDelivery).where(own, WebhookDelivery.id.in_(some))
    queued = again.values(state=State.QUEUED, attempts=0, next_at=clock.now()).returning(WebhookDelivery.id)
    return len(session.scalars(queued).all())


def ping(session: Session, endpoint_id: uuid.UUID) -> Told:
    """Queue a ping, or give the one that waits."""
    query = select(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.position.is_(None),
        WebhookDelivery.state == State.QUEUED,
    )  # fmt: skip
    found = session.scalar(query.limit(1))
    if found is None:
        found = WebhookDelivery(
            endpoint_id=endpoint_id, id=new_id(), position=None, state=State.QUEUED, attempts=0, next_at=clock.now(),
            tried_at=None, status_code=None, error=None,
        )  # fmt: skip
        session.add(found)
        session.flush()
    return _told(found, None)


def _told(row: WebhookDelivery, line: ConsentEvent | None) -> Told:
    is_queued = row.state == State.QUEUED
    return Told(
        id=row.id,
        event_id=feed_pages.event_id(line) if line else cloud_events.ping_id(row.id),
        type=cloud_events.type_of(line) if line else cloud_events.PING,
        position=row.position, state=row.state, attempts=row.attempts, created_at=made_at(row.id),
        tried_at=row.tried_at, next_try_at=row.next_at if is_queued else None, status_code=row.status_code,
        error=row.error,
    )  # fmt: skip

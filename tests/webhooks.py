"""Webhooks in few words, for tests: made, followed, sent."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from app.courier.calling import Caller
from app.kit import clock
from app.models import WebhookDelivery, WebhookEndpoint
from app.services import feed, oauth, webhook_deliveries, webhooks
from app.services.webhooks import Filters
from tests import api

SCOPES = ("events:read",)


def client_of(env: Any, *brands: str) -> str:
    """Make a client that may read events; give its id."""
    return api.credentials(env, SCOPES, brands or ("camille",))[0]


def make(env: Any, url: str, client_id: str | None = None, **more: Any) -> tuple[uuid.UUID, str]:
    """Make an endpoint (of a client of Camille's unless said); give its id and its secret."""
    owner = client_id or client_of(env)
    filters = Filters(**{name: more.pop(name) for name in ("brands", "actions", "keys") if name in more})
    with env.database.transaction() as session:
        endpoint, secret = webhooks.create(session, owner, url, filters, **more)
    return endpoint.id, secret


def follow(env: Any) -> int:
    """Give every line its place, and let endpoints follow; give how many deliveries that made."""
    with env.database.transaction() as session:
        feed.place_all(session)
    with env.database.transaction() as session:
        return sum(webhook_deliveries.follow(session, each) for each in webhook_deliveries.lagging(session))


def send(env: Any, endpoint_id: uuid.UUID, **caller: Any) -> list[Any]:
    """Send one batch to an endpoint; give how the calls went."""
    with env.database.transaction() as session:
        batch = webhook_deliveries.claim(session, endpoint_id)
    if batch is None:
        return []
    outcomes = asyncio.run(call(batch, **caller))
    with env.database.transaction() as session:
        webhook_deliveries.settle(session, endpoint_id, outcomes)
    return list(outcomes.values())


async def call(batch: Any, **caller: Any) -> Any:
    """Make the calls of a batch."""
    async with Caller(**{"public_only": False, **caller}) as found:
        return await found.call_all(batch)


def states(env: Any, endpoint_id: uuid.UUID) -> list[str]:
    """List the states of its deliveries in the order of the feed."""
    with env.database.transaction() as session:
        own = select(WebhookDelivery.state).where(WebhookDelivery.endpoint_id == endpoint_id)
        return list(session.scalars(own.order_by(WebhookDelivery.position)))


def endpoint(env: Any, endpoint_id: uuid.UUID) -> WebhookEndpoint:
    """Give the row."""
    with env.database.transaction() as session:
        found = session.get(WebhookEndpoint, endpoint_id)
        assert found
        return found


def let_time_pass(env: Any, endpoint_id: uuid.UUID, **values: Any) -> None:
    """Let everything that waits be due, and set columns of the endpoint."""
    with env.database.transaction() as session:
        past = clock.now() - timedelta(seconds=1)
        of_endpoint = WebhookDelivery.endpoint_id == endpoint_id
        session.execute(update(WebhookDelivery).where(of_endpoint).values(next_at=past))
        changed = update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)
        session.execute(changed.values(next_at=past, **values))


def revoke(env: Any, client_id: str) -> None:
    """Let a client do nothing any more."""
    with env.database.transaction() as session:
        oauth.revoke(session, client_id)

"""What is told to endpoints: written as they follow the feed, tried until it is taken or given up, kept as a log.

Deliveries need no jobs: the rows are the queue. A job for each would let an endpoint that is down fill the queue that
mails wait in. Whoever sends takes an endpoint for `LEASE`; what a killed courier had in hand is due again after it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, delete, exists, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.db import Session
from app.kit import clock
from app.kit.ids import first_id_at, new_id
from app.models import ConsentEvent, EventFeed, Item, OAuthClient, WebhookDelivery, WebhookEndpoint
from app.services import cloud_events, feed_pages, webhooks
from app.services.cloud_events import CloudEvent
from app.services.items import items
from app.services.webhooks import Filters, Reason

SCOPE = "events:read"
MEDIA_TYPE = "application/cloudevents+json"
"""Of what is sent: a whole event in the body (CloudEvents, HTTP binding, section 3.2)."""
BACKLOG = 1_000
"""Deliveries of one endpoint that wait at most; beyond it the feed keeps what is still to come."""
TOGETHER = 8
"""Calls to one endpoint at once; one alone while it fails."""
LEASE = timedelta(seconds=30)
TRIES = 80
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)
"""Between the tries of one delivery: doubling from the first to the longest; all of them take about three days."""
FIRST_HOLD, LONGEST_HOLD = timedelta(seconds=5), timedelta(minutes=5)
"""The same of an endpoint that took nothing at all: until then it gets nothing else either."""
LONGEST_WISH = timedelta(hours=1)
"""As long as an endpoint may ask for by `Retry-After`."""
DISABLED_AFTER = timedelta(days=5)
"""An endpoint that took nothing for so long is told nothing any more."""
KEPT = timedelta(days=14)


class State(StrEnum):
    """What became of a delivery."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Call:
    """One delivery as it goes out. `id` is the same whenever the same event is told."""

    delivery_id: uuid.UUID
    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be sent to one endpoint now. Address and secrets belong into no log, and so not into its `repr`."""

    endpoint_id: uuid.UUID
    url: str = field(repr=False)
    secrets: Sequence[str] = field(repr=False)
    calls: Sequence[Call]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call went: the status that was answered, if one was, and what was wrong, in words of ours."""

    status: int | None = None
    error: str | None = None
    wait: timedelta | None = None
    """How long the endpoint wants to be left in peace."""

    @property
    def is_taken(self) -> bool:
        """Whether the event needs not be told again."""
        return self.error is None


def lagging(session: Session) -> Sequence[uuid.UUID]:
    """List the endpoints that have not looked at all of the feed yet."""
    behind = select(WebhookEndpoint.id).where(WebhookEndpoint.position < feed_pages.newest(session), *_active())
    return session.scalars(behind).all()


def follow(session: Session, endpoint_id: uuid.UUID) -> int:
    """Let an endpoint look at the next stretch of the feed, and queue what it wants of it; give how many.

    Its position moves on in the same transaction: exactly the events of the feed, each once, whoever is killed when.
    Nothing is done while `BACKLOG` wait, or another courier is at it.
    """
    row = session.scalar(_endpoint(endpoint_id, *_active()).with_for_update(skip_locked=True))
    free = room(session, endpoint_id) if row else 0
    if row is None or not free:
        return 0
    end = min(row.position + feed_pages.WINDOW, feed_pages.newest(session))
    wanted = feed_pages.lines(row.position, end, _brands(session, row)).with_only_columns(EventFeed.position)
    found = session.scalars(wanted.where(*_wanted(Filters(**row.filters))).limit(free)).all()
    _queue(session, endpoint_id, found)
    row.position = found[-1] if len(found) == free else max(end, row.position)
    return len(found)


def due(session: Session, but: Collection[uuid.UUID], limit: int) -> Sequence[uuid.UUID]:
    """List up to `limit` endpoints, `but` those, to which something is to be sent now, longest due first."""
    now = clock.now()
    ready = exists().where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, *_ready(now))
    query = select(WebhookEndpoint.id).where(WebhookEndpoint.next_at <= now, ready, *_active())
    return session.scalars(
        query.where(WebhookEndpoint.id.not_in(but)).order_by(WebhookEndpoint.next_at).limit(limit)
    ).all()


def claim(session: Session, endpoint_id: uuid.UUID) -> Batch | None:
    """Take an endpoint, and what is to be sent to it now, for `LEASE`; None where nothing is, or another is at it.

    Tries are counted before they are made, so that also what kills its courier each time comes to an end.
    """
    now = clock.now()
    row = session.scalar(_endpoint(endpoint_id, WebhookEndpoint.next_at <= now, *_active()).with_for_update())
    if row is None:
        return None
    most = 1 if row.failures else TOGETHER
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id, *_ready(now))
    rows = session.scalars(query.order_by(WebhookDelivery.next_at, WebhookDelivery.id).limit(most)).all()
    if not rows:
        return None
    row.next_at = now + LEASE
    for each in rows:
        each.attempts += 1
        each.tried_at, each.next_at = now, now + _doubled(FIRST_PAUSE, LONGEST_PAUSE, each.attempts)
    calls = [Call(each.id, call_id(event["id"]), _encoded(event)) for each, event in _events(session, rows)]
    return Batch(endpoint_id, webhooks.url_of(session, row), webhooks.secrets_of(session, row), calls)


def settle(session: Session, endpoint_id: uuid.UUID, outcomes: Mapping[uuid.UUID, Outcome]) -> None:
    """Record how the calls of a batch went, and give the endpoint back.

    Where none was taken it is left in peace for a while, and disabled when it is gone (410) or failing for
    `DISABLED_AFTER`.
    """
    row = session.scalar(_endpoint(endpoint_id).with_for_update())
    if row is None:
        return  # forgotten meanwhile
    tried = select(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.id.in_(outcomes),
        WebhookDelivery.state == State.QUEUED,
    )  # fmt: skip
    for each in session.scalars(tried):
        outcome = outcomes[each.id]
        each.status_code, each.error = outcome.status, outcome.error
        if outcome.is_taken:
            each.state = State.DELIVERED
        elif each.attempts >= TRIES:
            each.state = State.DEAD
    _judge(session, row, list(outcomes.values()))


def purge(session: Session, limit: int = 10_000) -> int:
    """Delete up to `limit` deliveries that were settled long ago or have lost their endpoint; give how many."""
    key = (WebhookDelivery.endpoint_id, WebhookDelivery.id)
    is_settled = WebhookDelivery.state != State.QUEUED
    old = select(*key).where(WebhookDelivery.id < first_id_at(clock.now() - KEPT), is_settled).limit(limit)
    lost = select(*key).where(WebhookDelivery.endpoint_id.in_(_forgotten(session))).limit(limit)
    return sum(
        len(session.execute(delete(WebhookDelivery).where(tuple_(*key).in_(some)).returning(WebhookDelivery.id)).all())
        for some in (old, lost)
    )


def _forgotten(session: Session) -> Sequence[uuid.UUID]:
    """List some endpoints that are no more and have deliveries; the index is asked for the next one, not every row."""
    return session.scalars(
        text("""
        WITH RECURSIVE met AS (
            (SELECT endpoint_id FROM webhook_delivery ORDER BY endpoint_id LIMIT 1)
            UNION ALL
            SELECT (SELECT d.endpoint_id FROM webhook_delivery d WHERE d.endpoint_id > met.endpoint_id
                    ORDER BY d.endpoint_id LIMIT 1) FROM met WHERE met.endpoint_id IS NOT NULL)
        SELECT endpoint_id FROM met
        WHERE endpoint_id IS NOT NULL AND NOT EXISTS (SELECT FROM webhook_endpoint e WHERE e.id = endpoint_id) LIMIT 100
        """)
    ).all()


def _judge(session: Session, row: WebhookEndpoint, outcomes: Sequence[Outcome]) -> None:
    now = clock.now()
    if any(each.is_taken for each in outcomes):
        row.failures, row.failing_since, row.next_at = 0, None, now
        return
    row.failures, row.failing_since = row.failures + 1, row.failing_since or now
    hold = _doubled(FIRST_HOLD, LONGEST_HOLD, row.failures)
    row.next_at = now + max([hold, *(min(each.wait, LONGEST_WISH) for each in outcomes if each.wait)])
    if row.disabled_at is not None:
        return
    if any(each.status == 410 for each in outcomes):
        webhooks.disable(session, row, Reason.GONE)
    elif now - row.failing_since >= DISABLED_AFTER:
        webhooks.disable(session, row, Reason.FAILING)


def _doubled(first: timedelta, longest: timedelta, times: int) -> timedelta:
    return min(first * (1 << min(times - 1, 20)), longest)


def _endpoint(endpoint_id: uuid.UUID, *conditions: ColumnElement[bool]) -> Select[WebhookEndpoint]:
    return select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, *conditions)


def _active() -> tuple[ColumnElement[bool], ...]:
    """Endpoints that are told of events: not disabled, of a client that may still read them."""
    may_read = exists().where(
        OAuthClient.id == WebhookEndpoint.client_id, OAuthClient.revoked_at.is_(None),
        OAuthClient.scopes.contains([SCOPE]),
    )  # fmt: skip
    return WebhookEndpoint.disabled_at.is_(None), may_read


def _ready(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return WebhookDelivery.state == State.QUEUED, WebhookDelivery.next_at <= now


def _wanted(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.actions is not None:
        found.append(ConsentEvent.action.in_(filters.actions))
    if filters.keys is not None:
        found.append(Item.key.in_(filters.keys))
    return found


def _brands(session: Session, row: WebhookEndpoint) -> Collection[str]:
    """Give the brands of the client that the endpoint wants to hear of; it never hears of another's (invariant 10)."""
    own = set(session.scalars(select(OAuthClient.brands).where(OAuthClient.id == row.client_id)).one())
    wanted = row.filters.get("brands")
    return own if wanted is None else own.intersection(wanted)


def room(session: Session, endpoint_id: uuid.UUID) -> int:
    """Tell how many deliveries may be queued for an endpoint before `BACKLOG` wait."""
    queued = select(func.count()).where(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == State.QUEUED
    )  # fmt: skip
    return max(BACKLOG - (session.scalar(queued) or 0), 0)


def _queue(session: Session, endpoint_id: uuid.UUID, positions: Sequence[int]) -> None:
    """Queue events; those that were told before, or given up, once more (see `webhook_log.replay`)."""
    if not positions:
        return
    now = clock.now()
    # The log goes by id, and ids made in one millisecond are in no order.
    ids = sorted(new_id() for _ in positions)
    rows = [
        {"endpoint_id": endpoint_id, "id": each, "position": position, "state": State.QUEUED, "attempts": 0,
         "next_at": now}
        for each, position in zip(ids, positions, strict=True)
    ]  # fmt: skip
    again = {"state": State.QUEUED, "attempts": 0, "next_at": now}
    key = (WebhookDelivery.endpoint_id, WebhookDelivery.position)
    session.execute(insert(WebhookDelivery).on_conflict_do_update(index_elements=key, set_=again), rows)


def _events(session: Session, rows: Sequence[WebhookDelivery]) -> Iterator[tuple[WebhookDelivery, CloudEvent]]:
    """Give each delivery with its event, as the feed gives it."""
    query = (
        select(EventFeed.position, ConsentEvent)
        .join(ConsentEvent, (ConsentEvent.account_id == EventFeed.account_id)
              & (ConsentEvent.sequence == EventFeed.sequence))
        .where(EventFeed.position.in_([each.position for each in rows if each.position is not None]))
    )  # fmt: skip
    lines = {row.position: row.ConsentEvent for row in session.execute(query)}
    known = items(session, needed={line.item_id for line in lines.values()})
    for each in rows:
        if each.position is None:
            yield each, cloud_events.ping(session, each.endpoint_id, each.id)
        else:
            line = lines[each.position]
            yield each, cloud_events.of_line(session, line, known.get(line.item_id))


def call_id(event_id: str) -> str:
    """Name what is told. Standard Webhooks separates by full stops what it signs, so there is none inside."""
    return event_id.replace(".", "_")


def _encoded(event: CloudEvent) -> bytes:
    return json.dumps(event, ensure_ascii=True, separators=(",", ":")).encode()

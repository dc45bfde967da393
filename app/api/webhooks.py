"""`/api/v1/webhooks`: endpoints of a client that are told of events, and what they were told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NoReturn

from flask import Response

from app.api import bodies, events, guard, queries
from app.api.answers import answer, answer_nothing
from app.api.problems import Refused
from app.api.webhook_shapes import START, WebhookChange, WebhookRequest
from app.db import Session
from app.errors import UnknownItem
from app.http.context import env, transaction, write
from app.kit.moments import shown
from app.services import feed_pages, webhooks
from app.services.access_tokens import Access
from app.services.cloud_events import PREFIX
from app.services.feed_pages import Cursor
from app.services.webhooks import Endpoint, Filters

SCOPE = events.SCOPE
FILTERS = {"brands": "brands", "types": "actions", "keys": "keys"}
"""What the filters are called here, and there (`Filters`)."""


def create() -> Response:
    """Make a webhook.

    From now on events are posted to `url` as in `/api/v1/events`, one CloudEvent (1.0, structured mode) a call, signed
    after Standard Webhooks with the `secret` of the answer, which is shown only this once. Answer 2xx within ten
    seconds to have taken an event; what is not taken is tried again, ever more slowly, for about three days. The same
    event always has the same `webhook-id`, may come more than once and in another order than in the feed;
    `data.sequence` counts what happened to an account. In production addresses must be https and public; redirections
    are not followed.
    """
    access = guard.access(env(), SCOPE)
    asked = bodies.read(WebhookRequest)
    filters = _filters(access, asked)

    def act(session: Session) -> dict[str, object]:
        position = None if asked.after is None else place(session, asked.after).position
        endpoint, secret = webhooks.create(
            session, access.client_id, asked.url, filters, asked.description, asked.contact, position
        )
        return {**present(session, endpoint), "secret": secret}

    return _answer(write(act), 201)


def list_all() -> Response:
    """List the webhooks of this client.

    There are ten at most, so all of them come at once. Those of other clients are never shown.
    """
    access = guard.access(env(), SCOPE)
    with transaction() as session:
        found = [present(session, each) for each in webhooks.all_of(session, access.client_id)]
    return _answer({"webhooks": found})


def show(webhook_id: str) -> Response:
    """Fetch a webhook.

    Tells also how it does: since when nothing was taken, and whether it is disabled and why.
    """
    access = guard.access(env(), SCOPE)
    with transaction() as session:
        return _answer(present(session, find(session, access, webhook_id)))


def change(webhook_id: str) -> Response:
    """Change a webhook, stop it, or let it go on.

    What is left out stays as it is. Disabled, a webhook keeps its place in the feed; enabled again, it is sent all that
    happened since.
    """
    access = guard.access(env(), SCOPE)
    asked, named = bodies.read(WebhookChange), queries.read_id(webhook_id)
    changes = _changes(access, asked)

    def act(session: Session) -> dict[str, object]:
        return present(session, webhooks.change(session, access.client_id, named, changes) or _refuse())

    return _answer(write(act))


def remove(webhook_id: str) -> Response:
    """Forget a webhook and its log.

    Nothing is sent any more but what is on its way at this moment.
    """
    access = guard.access(env(), SCOPE)
    named = queries.read_id(webhook_id)
    is_gone = write(lambda session: webhooks.remove(session, access.client_id, named))
    if not is_gone:
        _refuse()
    return answer_nothing(env())


def rotate(webhook_id: str) -> Response:
    """Give a webhook another secret.

    It is shown only this once. For 24 hours the old one signs as well, so that nothing is refused while you change it:
    the header then carries both signatures, as Standard Webhooks has it. After a leak rotate twice, which ends the old
    one at once.
    """
    access, named = guard.access(env(), SCOPE), queries.read_id(webhook_id)

    def act(session: Session) -> dict[str, object]:
        endpoint, secret = webhooks.rotate(session, access.client_id, named) or _refuse()
        return {**present(session, endpoint), "secret": secret}

    return _answer(write(act))


def find(session: Session, access: Access, webhook_id: str) -> Endpoint:
    """Find a webhook of the client; those of others are not found either (invariant 10)."""
    return webhooks.find(session, access.client_id, queries.read_id(webhook_id)) or _refuse()


def place(session: Session, text: str) -> Cursor:
    """Read a place in the feed, or its start; raise `Refused`."""
    return events.place(session, None if text == START else text)


def present(session: Session, endpoint: Endpoint) -> dict[str, object]:
    """Show a webhook."""
    wanted = endpoint.filters
    return {
        "id": str(endpoint.id), "url": endpoint.url, "brands": wanted.brands,
        "types": wanted.actions and [f"{PREFIX}{action}" for action in wanted.actions], "keys": wanted.keys,
        "description": endpoint.description, "contact": endpoint.contact, "created_at": shown(endpoint.created_at),
        "reached": str(Cursor(feed_pages.epoch(session), endpoint.position)),
        "failing_since": shown(endpoint.failing_since), "disabled_at": shown(endpoint.disabled_at),
        "disabled_reason": endpoint.disabled_reason, "old_secret_until": shown(endpoint.old_secret_until),
    }  # fmt: skip


def _answer(body: object, status: int = 200) -> Response:
    found = answer(env(), body)
    found.status_code = status
    return found


def _changes(access: Access, asked: WebhookChange) -> Mapping[str, Any]:
    named = asked.model_fields_set
    changes: dict[str, Any] = {name: getattr(asked, name) for name in named - {*FILTERS, "enabled"}}
    told = asdict(_filters(access, asked))
    changes["filters"] = {told_as: told[told_as] for name, told_as in FILTERS.items() if name in named}
    if "enabled" in named:
        changes["is_enabled"] = asked.enabled
    return changes


def _filters(access: Access, asked: WebhookRequest | WebhookChange) -> Filters:
    for brand in asked.brands or ():
        guard.refuse_foreign_brand(env(), access, brand)
        if brand not in env().group.brands:
            raise UnknownItem(f"There is no brand “{brand}”.")
    actions = asked.types and [each.removeprefix(PREFIX) for each in asked.types]
    return Filters(asked.brands, actions, asked.keys)


def _refuse() -> NoReturn:
    raise Refused("not_found", "This client has no such webhook.")

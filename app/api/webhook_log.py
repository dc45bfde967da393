"""`/api/v1/webhooks/{webhook_id}/…`: what was sent, sending it again, and trying."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from app.api import bodies, events, guard, queries
from app.api.answers import answer
from app.api.problems import Refused
from app.api.webhook_shapes import ReplayRequest
from app.api.webhooks import SCOPE, find, place
from app.db import Session
from app.http.context import env, transaction, write
from app.kit.moments import shown
from app.services import feed_pages, webhook_log
from app.services.feed_pages import Cursor
from app.services.webhook_deliveries import State, call_id
from app.services.webhook_log import Told

QUERY: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "after": ({"type": "string", "format": "uuid"}, "Where to go on: `next` of the page before. Else the newest."),
    "limit": events.QUERY["limit"],
    "state": ({"type": "string", "enum": list(State)}, "Only those in this state."),
}


def read(webhook_id: str) -> Response:
    """Read what was sent to a webhook.

    The log of its deliveries, the newest first: whether each was taken, how often it was tried, what was answered, or
    what was wrong. What is settled is kept for 14 days. What answers say is not kept, only their status.
    """
    access = guard.access(env(), SCOPE)
    limit = queries.limit(events.MOST, events.USUAL)
    state, before = _state(request.args.get("state")), _before(request.args.get("after"))
    with transaction() as session:
        endpoint = find(session, access, webhook_id)
        found = webhook_log.page(session, endpoint.id, before, limit, state)
        epoch = feed_pages.epoch(session)
    more = str(found[-1].id) if len(found) == limit else None
    return answer(env(), {"deliveries": [_present(each, epoch) for each in found], "next": more})


def replay(webhook_id: str) -> Response:
    """Have events sent again.

    With `after` all that the webhook wants of what comes after that place in the feed, in the order of the feed and
    with the same ids as before; without it only what was given up, up to a thousand at a time.
    """
    access = guard.access(env(), SCOPE)
    asked = bodies.read(ReplayRequest)

    def act(session: Session) -> dict[str, object]:
        endpoint = find(session, access, webhook_id)
        if asked.after is None:
            revived, position = webhook_log.revive(session, endpoint.id), endpoint.position
        else:
            revived, position = 0, place(session, asked.after).position
            if not webhook_log.rewind(session, endpoint.id, position):
                raise Refused("unknown_cursor", "That lies ahead of where the webhook is.")
        return {"reached": str(Cursor(feed_pages.epoch(session), position)), "revived": revived}

    return answer(env(), write(act))


def ping(webhook_id: str) -> Response:
    """Try a webhook.

    Sends it an event of the type `parley.ping`, signed like all others; how it went stands in its log. While one waits,
    there is no second.
    """
    access = guard.access(env(), SCOPE)

    def act(session: Session) -> dict[str, object]:
        endpoint = find(session, access, webhook_id)
        if endpoint.disabled_at is not None:
            raise Refused("webhook_disabled")
        return _present(webhook_log.ping(session, endpoint.id), 0)

    found = answer(env(), write(act))
    found.status_code = 202
    return found


def _state(text: str | None) -> str | None:
    if text is not None and text not in list(State):
        queries.misfit("state", f"must be one of {', '.join(State)}")
    return text


def _before(text: str | None) -> uuid.UUID | None:
    if text is None:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        queries.misfit("after", "is no place in the log")


def _present(told: Told, epoch: int) -> dict[str, object]:
    return {
        "id": str(told.id), "webhook_id": call_id(told.event_id), "event_id": told.event_id, "type": told.type,
        "state": told.state, "attempts": told.attempts, "created_at": shown(told.created_at),
        "last_try_at": shown(told.tried_at), "next_try_at": shown(told.next_try_at), "status_code": told.status_code,
        "error": told.error,
        "replay_after": None if told.position is None else str(Cursor(epoch, told.position - 1)),
    }  # fmt: skip

"""`GET /api/v1/events`: everything that happens to consents, to be followed by other systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from app.api import guard, queries
from app.api.answers import answer
from app.api.problems import Refused
from app.db import Session
from app.http.context import env, transaction
from app.services import cloud_events, feed_pages
from app.services.feed_pages import Cursor

SCOPE = "events:read"
MOST, USUAL = 1_000, 100
QUERY: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "after": ({"type": "string"}, "Where to go on: `next` of the page before. The start of the feed without it."),
    "limit": ({"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}, "How many events at most."),
}


def follow() -> Response:
    """Follow the change feed.

    Gives what happened to consents with the client's brands and with the whole group, as CloudEvents 1.0 in one fixed
    order, exact for each account; nothing is ever skipped, and it can be read again from the start. Keep `next` and go
    on from there; where `has_more` is false, ask again in a while. Nobody is named but by their account id. After a
    restore of a backup an older `after` is answered with 410 and, as `next`, where to go on: nothing of what the backup
    held is missed, what comes again has the same `id`, and what came after the backup is gone.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    limit = queries.limit(MOST, USUAL)
    with transaction() as session:
        after = place(session, request.args.get("after"))
        page = feed_pages.page(session, after, access.brands, limit)
        events = [cloud_events.of_line(session, line, item) for line, item in page.lines]
    return answer(parley, {"events": events, "next": str(page.next), "has_more": page.has_more})


def place(session: Session, text: str | None) -> Cursor:
    """Read a place in the feed, None being its start; raise `Refused` for what is none, or one of before a restore."""
    epoch = feed_pages.epoch(session)
    if text is None:
        return Cursor(epoch, 0)
    found = Cursor.read(text)
    if found is None or found.epoch > epoch:
        raise Refused("unknown_cursor")
    if found.epoch < epoch:
        raise Refused("cursor_outdated", more={"next": str(feed_pages.resumed(session, found))})
    return found

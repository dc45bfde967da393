"""`GET /api/v1/events`: everything that happens to consents, to be followed by other systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from app.api import guard
from app.api.answers import answer
from app.api.moments import shown
from app.api.problems import Place, Refused
from app.db import Session
from app.http.context import env, transaction
from app.models import ConsentEvent
from app.services import feed_pages
from app.services.feed_pages import Cursor
from app.services.items import ItemRef

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
    limit = _limit(request.args.get("limit", str(USUAL)))
    with transaction() as session:
        after = _after(session, request.args.get("after"))
        page = feed_pages.page(session, after, access.brands, limit)
        source = f"{parley.settings.origin}/api/v1/events"
        events = [present(line, item, source) for line, item in page.lines]
    return answer(parley, {"events": events, "next": str(page.next), "has_more": page.has_more})


def _after(session: Session, text: str | None) -> Cursor:
    epoch = feed_pages.epoch(session)
    if text is None:
        return Cursor(epoch, 0)
    found = Cursor.read(text)
    if found is None or found.epoch > epoch:
        raise Refused("unknown_cursor")
    if found.epoch < epoch:
        raise Refused("cursor_outdated", more={"next": str(feed_pages.resumed(session, found))})
    return found


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= MOST:
        what = f"must be a whole number from 1 to {MOST}"
        raise Refused("validation_error", f"limit {what}.", errors=[Place(pointer="/limit", detail=what)])
    return int(text)


def present(line: ConsentEvent, item: ItemRef, source: str) -> dict[str, object]:
    """Give a line of the ledger as CloudEvent."""
    return {
        "specversion": "1.0",
        "id": feed_pages.event_id(line),
        "source": source,
        "type": f"parley.consent.{line.action}",
        "subject": str(line.account_id),
        "time": shown(line.recorded_at),
        "datacontenttype": "application/json",
        "data": {
            "account_id": str(line.account_id), "sequence": line.sequence, "brand": item.brand, "kind": item.kind,
            "key": item.key, "channel": item.channel, "action": line.action, "status": line.status,
            "occurred_at": shown(line.occurred_at), "legal_basis": line.legal_basis, "source": line.source,
            "actor": line.actor_kind, "locale": line.locale, "document_version": line.document_version,
            "frequency": line.attributes.get("frequency"), "paused_until": line.attributes.get("paused_until"),
            "expires_at": line.attributes.get("expires_at"),
        },
    }  # fmt: skip

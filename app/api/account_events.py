"""`GET /api/v1/accounts/{account_id}/events`: what happened to one person's consents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from app.api import accounts, guard, queries
from app.api.answers import answer
from app.http.context import env, transaction
from app.services import account_events, acquaintances, cloud_events, records

SCOPE = "consents:read"
MOST, USUAL = 1_000, 100
LONGEST = 15
QUERY: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "after": (
        {"type": "string", "pattern": f"^[0-9]{{1,{LONGEST}}}$"},
        "Where to go on: `next` of the page before. The first event without it.",
    ),
    "limit": ({"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}, "How many events at most."),
}


def tell_history(account_id: str) -> Response:
    """Tell the history of one account.

    Gives what happened to the person's consents with the client's brands and with the whole group, oldest first, as the
    change feed tells it; `receiptid` names the record of each. Whom none of the client's brands has to do with, and who
    was erased, is not found.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    named, after, limit = (
        queries.read_id(account_id),
        queries.after(LONGEST, "place in a history"),
        queries.limit(MOST, USUAL),
    )
    with transaction() as session:
        if acquaintances.find(session, named, accounts.asker_of(session, access)) is None:
            accounts.refuse()
        page = account_events.page(session, named, after, access.brands, limit)
        found = [
            {**cloud_events.of_line(session, line, item), "receiptid": records.id_of(named, line.sequence)}
            for line, item in page.lines
        ]
    return answer(parley, {"events": found, "next": str(page.next), "has_more": page.has_more})

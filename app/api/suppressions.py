"""`/api/v1/suppressions`: addresses that must not be contacted, as other systems hear of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from flask import Response, abort, request

from app.api import bodies, guard, queries
from app.api.answers import answer, answer_nothing
from app.api.problems import Refused
from app.api.shapes import EmailSubject, PhoneSubject
from app.api.suppression_shapes import SuppressionLookup, SuppressionRequest
from app.db import Session
from app.environment import Environment
from app.errors import BrandForbidden, Conflict, NotOffered, UnknownItem
from app.flows import lift as lifting
from app.flows.suppress import Order, suppress
from app.http.context import env, transaction, write
from app.kit import clock
from app.kit.addresses import Address, parse_email, parse_phone
from app.kit.moments import shown
from app.models import Suppression
from app.services import oauth, suppression_lists, suppressions
from app.services.access_tokens import Access
from app.services.suppressions import CHANNELS, Noted, Scope

SCOPE = "suppressions:write"
MOST, USUAL = 1_000, 100
QUERY: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "after": (
        {"type": "string", "pattern": f"^{queries.ID.pattern}$"},
        "Where to go on: `next` of the page before. The oldest without it.",
    ),
    "limit": ({"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}, "How many at most."),
}
BEGINNING = uuid.UUID(int=0)


def add() -> Response:
    """Say that an address must not be contacted.

    Whether anybody knows the address or not: it is kept as a digest. It holds for the brand and the channel, or (null)
    for all of them, from the moment it is answered; consents keep their status, and decisions say `suppressed`. A
    `hard_bounce` lapses after 90 days. Answers 201, or 200 with the one that stands already; what was lifted since
    `occurred_at` stays lifted (409 `conflict`).
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    asked = bodies.read(SuppressionRequest)
    _refuse_scope(parley, access, asked.brand)
    now = clock.now()
    if asked.occurred_at is not None and asked.occurred_at > now:
        raise Refused("in_the_future")
    address, scope = _read(asked.subject), Scope(asked.brand, asked.channel and asked.channel.value)
    _refuse_channel(address, scope)
    order = Order(address, scope, asked.reason, asked.occurred_at or now, asked.document, asked.evidence)
    came = guard.origin(access)

    def act(session: Session) -> tuple[Noted, Mapping[str, object]]:
        (noted,) = suppress(session, [order], came)
        if noted in {Noted.LIFTED, Noted.LAPSED}:
            raise Conflict("It was lifted since." if noted is Noted.LIFTED else "That is so long ago that it lapsed.")
        row = suppression_lists.standing(session, address, scope, asked.reason)
        return noted, _present(row, _own(session, access))

    noted, body = write(act)
    response = answer(parley, body)
    response.status_code = 201 if noted is Noted.ADDED else 200
    return response


def list_all() -> Response:
    """List what was ever said.

    Suppressions of the client's brands by their ids, oldest first, lifted and lapsed ones too; those of the whole group
    for a client with all its brands. No addresses are told: whoever has one looks it up.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    after, limit = _after(), queries.limit(MOST, USUAL)
    with transaction() as session:
        page = suppression_lists.page(session, suppression_lists.scopes(session, access.brands), after, limit)
        own = _own(session, access)
    rows = [_present(row, own) for row in page.rows]
    next_ = page.rows[-1].id if page.rows else after
    return answer(parley, {"suppressions": rows, "next": str(next_), "has_more": page.has_more})


def look_up() -> Response:
    """Look up what stands on one address.

    All that was ever said of it, in the scopes that the client may see. To ask whether somebody may be contacted, ask
    for a decision: it knows of the others as well.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    address = _read(bodies.read(SuppressionLookup).subject)
    with transaction() as session:
        seen, own = suppression_lists.scopes(session, access.brands), _own(session, access)
        rows = [_present(row, own) for row in suppression_lists.of_address(session, address, seen)]
    return answer(parley, {"suppressions": rows})


def lift(suppression_id: str) -> Response:
    """Take a suppression back.

    A client takes back what it said itself, and of that no complaint and nothing legal (403 `not_liftable`): those are
    lifted by the owner from their mailbox, or by staff on a document. The row stays, with who lifted it; twice is as
    good as once.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    named, came = queries.read_id(suppression_id), guard.origin(access)

    def act(session: Session) -> bool:
        seen = suppression_lists.scopes(session, access.brands)
        return lifting.lift(session, named, seen, _own(session, access), came)

    if not write(act):
        abort(404)
    return answer_nothing(parley)


def _refuse_scope(parley: Environment, access: Access, brand: str | None) -> None:
    if brand is None and not access.brands >= parley.group.brands.keys():
        raise BrandForbidden("Only a client with all brands of the group speaks for the whole group.")
    if brand is not None:
        guard.refuse_foreign_brand(parley, access, brand)
        if brand not in parley.group.brands:
            raise UnknownItem(f"There is no brand “{brand}”.")


def _refuse_channel(address: Address, scope: Scope) -> None:
    if scope.channel is not None and scope.channel not in CHANNELS[address.kind]:
        raise NotOffered("This channel does not use such an address.")


def _read(subject: EmailSubject | PhoneSubject) -> Address:
    return parse_email(subject.email) if isinstance(subject, EmailSubject) else parse_phone(subject.phone)


def _after() -> uuid.UUID:
    text = request.args.get("after", str(BEGINNING))
    if not queries.ID.fullmatch(text):
        queries.misfit("after", "is no place in the list")
    return uuid.UUID(text)


def _own(session: Session, access: Access) -> Collection[str]:
    """List the ids that this client ever had."""
    name = oauth.name_of(session, access.client_id)
    return oauth.ids_of(session, name) if name else {access.client_id}


def _present(row: Suppression, own: Collection[str]) -> Mapping[str, object]:
    return {
        "id": str(row.id),
        "brand": row.brand,
        "channel": row.channel,
        "reason": row.reason,
        "created_at": shown(row.created_at),
        "lapses_at": shown(row.lapses_at),
        "lifted_at": shown(row.lifted_at),
        "in_force": suppressions.stands(row),
        "is_own": lifting.is_own(row, own),
    }

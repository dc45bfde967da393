"""`/api/v1/privacy-requests`: what people tell other systems is to become of their data."""

from __future__ import annotations

from flask import Response, abort

from app.api import accounts, bodies, guard, once, queries
from app.api.answers import answer
from app.api.privacy_shapes import PrivacyRequestTold
from app.api.problems import Refused
from app.api.subjects import identify
from app.db import Session
from app.flows import refer
from app.flows.refer import Told
from app.http.context import env, transaction
from app.kit import clock
from app.kit.moments import shown
from app.services import privacy_referrals
from app.services.idempotency import Answered
from app.services.privacy_referrals import Referred

SCOPE = "accounts:write"


def tell() -> Response:
    """Pass on what somebody asks about their data.

    For what is said at a till, on the telephone or in a letter: a copy (`access`), deletion (`erasure`), holding still
    (`restriction`), correction (`rectification`), an `objection`. Nothing is done at once: the owner of the data is
    mailed, and does it on their own page, where they show that it is them. Answers 201, or 200 with the one that waits
    already, whose mail goes out again. Of people whom none of your brands has to do with nothing is kept (422
    `unknown_subject`).
    Send an `Idempotency-Key`: the same request under it is done once and answered alike for 24 hours.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    key = once.key()
    asked = bodies.read(PrivacyRequestTold)
    brand = accounts.brand_of(parley, access, asked.brand)
    subject, came = identify(asked.subject, access), guard.origin(access, brand.locale(asked.locale))
    now = clock.now()
    if asked.received_at is not None and asked.received_at > now:
        raise Refused("in_the_future")
    told = Told(asked.kind, asked.through, asked.received_at or now)

    def act(session: Session) -> Answered:
        referred, is_new = refer.refer(session, brand, accounts.asker_of(session, access), subject, told, came)
        return Answered(201 if is_new else 200, _present(referred))

    return once.answer_once(parley, access, key, asked, act)


def show(request_id: str) -> Response:
    """Show how far it got.

    By what its owner did since: nobody else can bring it about. One of another brand is not found; of somebody who was
    erased, only what asked for that is left.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    named = queries.read_id(request_id)
    with transaction() as session:
        found = privacy_referrals.find(session, named, access.brands)
        if found is None:
            abort(404)
        body = _present(found)
    return answer(parley, body)


def _present(found: Referred) -> dict[str, object]:
    row = found.row
    return {
        "id": str(row.id),
        "account_id": str(row.account_id),
        "brand": row.brand,
        "kind": row.kind,
        "through": row.through,
        "state": found.state,
        "received_at": shown(row.received_at),
        "due_at": shown(row.due_at),
        "is_overdue": found.is_overdue,
    }

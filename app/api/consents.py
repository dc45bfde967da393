"""`POST /api/v1/consents`: what somebody said elsewhere, or a mail that asks them."""

from __future__ import annotations

from datetime import datetime

from flask import Response

from app.api import bodies, guard, once
from app.api.consent_shapes import ConsentRequest
from app.api.problems import Refused
from app.api.subjects import identify
from app.branding.models import Brand
from app.db import Session
from app.errors import UnknownItem
from app.flows import record_consent, subscribe
from app.flows.record_consent import Recorded, Told
from app.http.context import env, provenance
from app.kit import clock
from app.kit.moments import shown
from app.kit.provenance import Actor, ActorKind, Provenance, Source
from app.services import oauth, trust
from app.services.access_tokens import Access
from app.services.idempotency import Answered
from app.services.items import ItemRef, items

SCOPE = "consents:write"


def record() -> Response:
    """Record a consent that was taken elsewhere, or a no, or have somebody asked.

    `grant` records a yes with its evidence. The brand must list the client's name under `trusted_evidence`, and what
    the person said no to since `occurred_at` stays a no (409 `conflict`). `withdraw` records a no, also where nothing
    was said before, or once more with a later `occurred_at`. Both answer 201 with the line of the ledger, or 200 with
    none where all was so already. `request` sends the mail of a double opt-in, under the same limits as the forms, and
    answers 202 whether the address is known or not.
    Send an `Idempotency-Key`: the same request under it is done once and answered alike for 24 hours.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    key = once.key()
    asked = bodies.read(ConsentRequest)
    guard.refuse_foreign_brand(parley, access, asked.brand)
    brand = parley.group.brands.get(asked.brand)
    if brand is None:
        raise UnknownItem(f"There is no brand “{asked.brand}”.")
    came = provenance(Source.API, Actor(ActorKind.CLIENT, access.client_id))
    came = Provenance(came.actor, came.source, brand.locale(asked.locale), request_id=came.request_id)
    return once.answer_once(parley, access, key, asked, lambda session: _act(session, brand, asked, came, access))


def _act(session: Session, brand: Brand, asked: ConsentRequest, came: Provenance, access: Access) -> Answered:
    item = _item(session, asked)
    if asked.action == "request":
        email = getattr(asked.subject, "email", None)
        if email is None or asked.topic is None:
            raise Refused("request_needs_email")
        subscribe.subscribe(session, brand, email, [f"{asked.topic}:{asked.channel}"], came)
        return Answered(202, {"event": None, "status": "pending", "receipt_id": None})
    subject = identify(asked.subject, access)
    at, is_dated = _moment(asked.occurred_at), asked.occurred_at is not None
    told = Told(at, dict(asked.evidence), asked.wording, is_dated)
    if asked.action == "grant":
        name = oauth.name_of(session, access.client_id)
        is_trusted = trust.is_trusted(env().group, name, brand, item)
        recorded = record_consent.grant(session, brand, item, subject, told, came, is_trusted=is_trusted)
    else:
        recorded = record_consent.withdraw(session, item, subject, told, came)
    return Answered(201 if recorded.line else 200, _present(item, recorded))


def _moment(told: datetime | None) -> datetime:
    now = clock.now()
    if told is not None and told > now:
        raise Refused("in_the_future")
    return told or now


def _item(session: Session, asked: ConsentRequest) -> ItemRef:
    registry = items(session)
    if asked.purpose is not None:
        return registry.purpose(asked.brand, asked.purpose)
    return registry.subscription(asked.brand, asked.topic or "", asked.channel or "")


def _present(item: ItemRef, recorded: Recorded) -> dict[str, object]:
    line, account_id = recorded.line, recorded.account_id
    receipt = f"{account_id}.{line.sequence}" if line else None
    event = line and {
        "id": receipt, "account_id": str(account_id), "sequence": line.sequence, "brand": item.brand, "kind": item.kind,
        "key": item.key, "channel": item.channel, "action": line.action, "status": line.status,
        "occurred_at": shown(line.occurred_at), "recorded_at": shown(line.recorded_at),
    }  # fmt: skip
    return {"event": event, "status": recorded.status, "receipt_id": receipt}

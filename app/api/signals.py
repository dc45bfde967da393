"""`POST /api/v1/signals`: what a brand's site hears from somebody's browser."""

from __future__ import annotations

from flask import Response

from app.api import bodies, guard
from app.api.answers import answer
from app.api.shapes import SignalRequest
from app.api.subjects import identify
from app.db import Session
from app.errors import UnknownItem
from app.flows import privacy_signal
from app.http.context import env, provenance, write
from app.kit.provenance import Actor, ActorKind, Provenance, Source
from app.kit.subjects import Subject
from app.services import standing
from app.services.items import items

SCOPE = "consents:write"


def take_signal() -> Response:
    """Pass on that somebody's browser says no to sale and sharing (Global Privacy Control, the header `Sec-GPC: 1`).

    Ends every use of data of the brand and of the whole group that is marked as sale or sharing. Answers what was
    ended. Send it as often as the browser does: what was ended by it once, and allowed by the person since, stays
    allowed. Nothing is kept of a subject that is not known.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    asked = bodies.read(SignalRequest)
    guard.refuse_foreign_brand(parley, access, asked.brand)
    if asked.brand not in parley.group.brands:
        raise UnknownItem(f"There is no brand “{asked.brand}”.")
    subject = identify(asked.subject, access)
    came = provenance(Source.GPC, Actor(ActorKind.CLIENT, access.client_id))
    ended = write(lambda session: _apply(session, subject, asked.brand, came))
    return answer(parley, {"ended": ended})


def _apply(session: Session, subject: Subject, brand: str, came: Provenance) -> list[dict[str, str | None]]:
    account = standing.find(session, subject).account
    if account is None:
        return []
    lines = privacy_signal.apply(session, account.id, [brand], came, again=False)
    registry = items(session)
    found = [registry.get(line.item_id) for line in lines]
    return [{"brand": item.brand, "purpose": item.key} for item in found]

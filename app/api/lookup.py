"""`POST /api/v1/consents/lookup`: everything a person said to the client's brands."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flask import Response

from app.api import bodies, guard
from app.api.answers import answer
from app.api.shapes import LookupRequest
from app.api.subjects import identify
from app.db import Session
from app.environment import Environment
from app.errors import UnknownItem
from app.http.context import env, transaction
from app.kit import clock
from app.kit.moments import shown
from app.kit.subjects import Subject
from app.services import accounts, records, standing
from app.services.access_tokens import Access
from app.services.standing import Person, Standing

SCOPE = "consents:read"


@dataclass(frozen=True, slots=True)
class Found:
    """A person and their standing, now or as it was recorded."""

    person: Person
    standings: Collection[Standing]


def look_up() -> Response:
    """Look up everything a person said.

    Lists the items that the person said something about or is asked to confirm, of the client's brands and of the whole
    group, each with its status and with what a decision would answer now (`effective`). Items of an open request have
    the status `pending`, also while there is no account; `subject` is then null. With `as_of`, statuses are those that
    were recorded by then, and there is no `effective`. Of whom was erased nothing is told, for no moment.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    asked = bodies.read(LookupRequest)
    brands = _brands(parley, access, asked.brand)
    subject = identify(asked.subject, access)
    now = clock.now()
    with transaction() as session:
        found = _find(session, subject, asked.as_of, brands)
        body = present(found, asked.as_of or now)
    return answer(parley, body)


def present(found: Found, as_of: datetime) -> dict[str, object]:
    """Give the answer as JSON."""
    # Of people whom none of the client's brands has to do with, it learns nothing (invariant 10).
    account = found.person.account if found.standings else None
    return {
        "subject": account and {"account_id": str(account.id), "kind": account.kind, "locale": account.locale},
        "as_of": shown(as_of),
        "consents": [_consent(each, account.id if account else None) for each in found.standings],
    }


def _brands(parley: Environment, access: Access, brand: str | None) -> Collection[str]:
    if brand is None:
        return sorted(access.brands & parley.group.brands.keys())
    guard.refuse_foreign_brand(parley, access, brand)
    if brand not in parley.group.brands:
        raise UnknownItem(f"There is no brand “{brand}”.")
    return (brand,)


def _find(session: Session, subject: Subject, as_of: datetime | None, brands: Collection[str]) -> Found:
    person = standing.find(session, subject)
    if as_of is None:
        return Found(person, standing.standings(session, person, brands))
    # Of whom was erased nothing is told, though their lines stay: as of their records.
    if person.account is None or person.account.status == accounts.ERASED:
        return Found(person, ())
    return Found(person, standing.as_recorded(session, person.account.id, as_of, brands))


def _consent(each: Standing, account_id: uuid.UUID | None) -> dict[str, object]:
    state, effective = each.state, each.effective
    return {
        "brand": each.item.brand,
        "kind": each.item.kind,
        "key": each.item.key,
        "channel": each.item.channel,
        "status": state.status if state else "pending",
        "granted_at": shown(state.granted_at) if state else None,
        "confirmed_at": shown(state.confirmed_at) if state else None,
        "withdrawn_at": shown(state.withdrawn_at) if state else None,
        "expires_at": shown(state.expires_at) if state else None,
        "paused_until": shown(state.paused_until) if state else None,
        "frequency": state.frequency if state else None,
        "legal_basis": state.legal_basis if state else None,
        "document_version": state.document_version if state else None,
        "source": state.source if state else None,
        "updated_at": shown(state.updated_at) if state else None,
        "pending": each.pending_since is not None,
        "effective": effective and {"allowed": effective.allowed, "reason": effective.reason},
        "receipt_id": records.id_of(account_id, state.last_sequence) if state and account_id else None,
    }

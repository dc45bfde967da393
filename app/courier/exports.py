"""A copy of all that is held about one person: for programs, for a spreadsheet, and to read, in one zip."""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog

from app.branding.models import SiteGroup
from app.courier import export_page
from app.courier.export_page import Copy
from app.db import Session
from app.environment import Environment, environment
from app.flows import download
from app.kit import clock
from app.kit.spreadsheets import neutral
from app.services import acquaintances, holdings, messages, privacy_requests, record_documents, records, tokens
from app.services.holdings import HeldConsent, Holdings
from app.services.items import ItemRef
from app.services.privacy_requests import State

DATES = ("granted_at", "confirmed_at", "withdrawn_at", "expires_at", "paused_until", "updated_at")
COLUMNS = (
    "house",
    "kind",
    "key",
    "channel",
    "status",
    *DATES,
    "frequency",
    "legal_basis",
    "document_version",
    "source",
)

log = structlog.get_logger(__name__)


def build(parley: Environment, request_id: uuid.UUID) -> bool:
    """Put the copy of a request together, keep it and mail that it is there; False when nobody waits for it."""
    with parley.database.transaction() as session:
        request = privacy_requests.find(session, request_id)
        if request is None or request.state != State.OPEN:
            return False
        held = holdings.gather(session, request.account_id)
        if held is None:
            return False
        packed = pack(parley.group, gather(session, held), request.locale)
    done = parley.database.write(lambda session: download.finish(session, request_id, packed))
    log.info("exported", request=str(request_id), bytes=len(packed), done=done)
    return done


def gather(session: Session, held: Holdings) -> Copy:
    """Add to what is held the ledger's lines, the record of each choice, and who may ask about the person."""
    account_id = held.account.id
    found = (records.find(session, account_id, each.state.last_sequence) for each in held.consents)
    return Copy(
        held, holdings.lines(session, account_id), [record_documents.document(session, each) for each in found if each],
        acquaintances.askers(session, account_id), environment(session).settings.origin,
    )  # fmt: skip


def pack(group: SiteGroup, copy: Copy, locale: str) -> bytes:
    """Make the zip, its page to read in `locale` where the group speaks it."""
    locale = group.locale(locale)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", export_page.page(group, copy, locale))
        archive.writestr("consents.csv", _table(copy.held.consents))
        archive.writestr("data.json", _json(_facts(group, copy)))
        archive.writestr("records.jsonld", _json(copy.records))
    return packed.getvalue()


def _table(consents: Iterable[HeldConsent]) -> str:
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(COLUMNS)
    for each in consents:
        told = _consent(each)
        table.writerow([neutral(_cell(told[column])) for column in COLUMNS])
    return "\N{BYTE ORDER MARK}" + written.getvalue()  # by which spreadsheets know UTF-8


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _facts(group: SiteGroup, copy: Copy) -> dict[str, Any]:
    held, account = copy.held, copy.held.account
    return {
        "made_at": clock.now(),
        "about": _about(group, copy),
        "account": _of(account, "id", "kind", "status", "locale", "profile", "created_at", "registered_at",
                       "last_seen_at"),
        "addresses": [{"address": each.typed, **_of(each.point, "kind", "verified_at", "is_primary")}
                      for each in held.addresses],
        "leaving_reasons": [{**_of(each, "sequence", "brand", "code", "occurred_at"), "words": words}
                            for each, words in held.leaving_reasons],
        "check_ins": [_of(each, "brand", "asked_at", "reminded_at", "outcome", "closed_at") for each in held.check_ins],
        "profile": [_of(each, "key", "kind", "value", "updated_at") for each in held.profile],
        "profile_changes": [_of(each, "key", "action", "brand", "occurred_at", "provenance")
                            for each in held.profile_changes],
        "consents": [_consent(each) for each in held.consents],
        "acts": [{**line, "item": _item(line["item"])} for line in copy.lines],
        "sign_ups": [{**_item(each.item), **_of(each.request, "brand", "outcome", "expires_at", "outcome_provenance"),
                      **_of(each.asked, "asked_at", "locale", "provenance", "confirmed_at", "cancelled_at")}
                     for each in held.asked],
        "mails": [_of(each, "kind", "brand", "locale", "state", "message_id", "server_answer", "created_at", "sent_at",
                      "link_used_at") for each in held.mails],
        "sessions": [_of(each, "kind", "user_agent", "created_at", "last_seen_at", "stepped_up_at",
                         "expires_at") for each in held.sessions],
        "passkeys": [_of(each, "name", "created_at", "last_used_at") for each in held.passkeys],
        "password_set_at": held.password_set_at,
        "code_after_the_password": held.has_codes,
        "recovery_codes_left": held.recovery_codes,
        "changes_of_address": [{"from": held.typed.get(each.from_digest), "to": held.typed.get(each.to_digest),
                                **_of(each, "created_at", "outcome", "outcome_at", "provenance", "agreed_provenance",
                                      "proved_provenance", "outcome_provenance")} for each in held.changes],
        "number_that_waits_for_its_code": held.number_waiting,
        "not_to_be_contacted": [_of(each, "brand", "channel", "reason", "created_at", "lapses_at", "lifted_at",
                                    "provenance") for each in held.suppressions],
        "mailed_about_documents": [_of(each, "site", "document", "version", "asked_at") for each in held.asked_anew],
        "known_elsewhere_as": [_of(each, "client", "system", "value", "created_at") for each in held.external_ids],
        "told_other_systems": [_of(each, "client", "brand", "kind", "through", "received_at", "due_at")
                               for each in held.referrals],
        "requests": [_of(each, "kind", "state", "created_at", "due_at", "closed_at") for each in held.requests],
    }  # fmt: skip


def _about(group: SiteGroup, copy: Copy) -> dict[str, Any]:
    """Tell what GDPR art. 15(1) asks for besides the data: who answers, why, who sees it, how long, which rights."""
    houses = export_page.houses(group, copy.held)
    return {
        "controllers": [{"site": site.slug, **site.controller.model_dump()} for site in (group, *houses)],
        "purposes": "of each choice in records.jsonld; of each field of the profile beside it; in privacy_notices",
        "seen_by": {
            "houses": [house.slug for house in houses],
            "systems": [{"name": each.name, "houses": sorted(each.brands)} for each in copy.askers],
        },
        "kept_for_days": {"mails": messages.KEPT.days, "sign_ups_not_confirmed": tokens.PURGED_AFTER.days},
        "kept_until": "the person has it deleted, where kept_for_days says nothing else",
        "privacy_notices": [
            {"site": each.site.slug, "title": each.title, "version": each.version.version, "text": each.text}
            for each in export_page.notices(group, houses, copy.held.account.locale)
        ],
        "rights": "to see, correct, hold still, delete, take along; to object; to complain to a supervisory authority",
    }  # fmt: skip


def _json(found: object) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False, default=_plain)


def _consent(held: HeldConsent) -> dict[str, Any]:
    named = ("status", *DATES, "frequency", "legal_basis", "document_version", "source")
    return {**_item(held.item), **_of(held.state, *named)}


def _item(item: ItemRef | None) -> dict[str, Any]:
    if item is None:
        return {"house": None, "kind": None, "key": None, "channel": None}
    return {"house": item.brand, "kind": item.kind.value, "key": item.key, "channel": item.channel}


def _of(row: object, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)

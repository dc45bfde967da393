"""A copy of all that is held about one person: for programs, for a spreadsheet, and to read, in one zip."""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined

from app.branding.catalogue import N_, long_date, translations
from app.branding.languages import tag
from app.branding.leaving import reason_words
from app.branding.models import Brand, Kind, SiteGroup, pick
from app.branding.wording import channel_words
from app.environment import Environment
from app.flows import download
from app.kit import clock
from app.kit.spreadsheets import neutral
from app.services import holdings, privacy_requests
from app.services.folding import Status
from app.services.holdings import HeldConsent, Holdings
from app.services.items import ItemRef
from app.services.privacy_requests import State
from app.services.profile_values import told

TEMPLATES = Path(__file__).parents[1] / "templates"
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
STATUSES = {
    Status.GRANTED: N_("Yes"),
    Status.REFUSED: N_("No"),
    Status.WITHDRAWN: N_("Left"),
    Status.OBJECTED: N_("Objected"),
    Status.EXPIRED: N_("Ran out"),
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """What was said about one item, as the page to read lists it."""

    house: str
    what: str
    status: str
    day: str
    words: str = ""
    """What was seen then, in the language `lang`."""
    lang: str = ""


def build(environment: Environment, request_id: uuid.UUID) -> bool:
    """Put the copy of a request together, keep it and mail that it is there; False when nobody waits for it."""
    with environment.database.transaction() as session:
        request = privacy_requests.find(session, request_id)
        if request is None or request.state != State.OPEN:
            return False
        held = holdings.gather(session, request.account_id)
        if held is None:
            return False
        packed = pack(environment.group, held, holdings.lines(session, request.account_id), request.locale)
    done = environment.database.write(lambda session: download.finish(session, request_id, packed))
    log.info("exported", request=str(request_id), bytes=len(packed), done=done)
    return done


def pack(group: SiteGroup, held: Holdings, lines: Sequence[Mapping[str, Any]], locale: str) -> bytes:
    """Make the zip, its page to read in `locale` where the group speaks it."""
    locale = group.locale(locale)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", _page(group, held, lines, locale))
        archive.writestr("consents.csv", _table(held.consents))
        archive.writestr("data.json", json.dumps(_facts(held, lines), indent=2, ensure_ascii=False, default=_plain))
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


def _page(group: SiteGroup, held: Holdings, lines: Sequence[Mapping[str, Any]], locale: str) -> str:
    shown = _templates(locale).get_template("export/index.html")
    return shown.render(
        group=group, held=held, language=tag(locale), today=long_date(clock.now(), locale),
        since=long_date(held.account.created_at, locale),
        consents=[_row(group, each.item, each.state.status, each.state.updated_at, locale) for each in held.consents],
        acts=[_act(group, line, locale) for line in lines],
        profile=[(_label(group, each.key, locale), told(group, each.key, each.kind, each.value, locale))
                 for each in held.profile],
        check_ins=[long_date(each.asked_at, locale) for each in held.check_ins],
        reasons=[(reason_words(each.code, locale), words) for each, words in held.leaving_reasons],
        asked_anew=[long_date(each.asked_at, locale) for each in held.asked_anew],
    )  # fmt: skip


def _label(group: SiteGroup, key: str, locale: str) -> str:
    field = group.profile_field(key)
    return pick(field.label, locale, group.locales) if field else key


def _act(group: SiteGroup, line: Mapping[str, Any], locale: str) -> Row:
    status = Status(line["status"]) if line["status"] else None
    row = _row(group, line["item"], status, line["occurred_at"], locale)
    return replace(row, words=line["words"] or "", lang=tag(line["words_locale"] or locale))


def _row(group: SiteGroup, item: ItemRef | None, status: Status | None, at: datetime, locale: str) -> Row:
    house = group.brands.get(item.brand or "") if item else None
    told = translations(locale).gettext(STATUSES[status]) if status else ""
    return Row((house or group).name, _what(group, house, item, locale), told, long_date(at, locale))


def _what(group: SiteGroup, house: Brand | None, item: ItemRef | None, locale: str) -> str:
    """Name an item as its house does, else by its key."""
    if item is None:
        return ""
    site = house or group
    if item.kind is Kind.DOCUMENT and (document := site.document(item.key)):
        return pick(document.title, site.locale(locale), site.locales)
    topic = house.topic(item.key) if house and item.kind is Kind.SUBSCRIPTION else None
    purpose = next((each for each in site.purposes if each.key == item.key and item.kind is Kind.PURPOSE), None)
    named = topic or purpose
    name = pick(named.name, site.locale(locale), site.locales) if named else item.key
    return f"{name} ({channel_words(item.channel, locale)})" if item.channel else name


def _facts(held: Holdings, lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    account = held.account
    return {
        "made_at": clock.now(),
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
        "acts": [{**line, "item": _item(line["item"])} for line in lines],
        "sign_ups": [{**_item(each.item), **_of(each.request, "brand", "outcome", "expires_at"),
                      **_of(each.asked, "asked_at", "locale", "provenance", "confirmed_at", "cancelled_at")}
                     for each in held.asked],
        "mails": [_of(each, "kind", "brand", "locale", "state", "message_id", "server_answer", "created_at", "sent_at",
                      "link_used_at") for each in held.mails],
        "sessions": [_of(each, "kind", "user_agent", "created_at", "last_seen_at", "expires_at")
                     for each in held.sessions],
        "passkeys": [_of(each, "name", "created_at", "last_used_at") for each in held.passkeys],
        "code_after_the_password": held.has_codes,
        "changes_of_address": [_of(each, "created_at", "outcome", "outcome_at", "provenance", "agreed_provenance",
                                   "proved_provenance") for each in held.changes],
        "not_to_be_contacted": [_of(each, "brand", "channel", "reason", "created_at", "lapses_at", "lifted_at",
                                    "provenance") for each in held.suppressions],
        "mailed_about_documents": [_of(each, "site", "document", "version", "asked_at") for each in held.asked_anew],
        "known_elsewhere_as": [_of(each, "client", "system", "value", "created_at") for each in held.external_ids],
        "told_other_systems": [_of(each, "client", "brand", "kind", "through", "received_at", "due_at")
                               for each in held.referrals],
        "requests": [_of(each, "kind", "state", "created_at", "due_at", "closed_at") for each in held.requests],
    }  # fmt: skip


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


@cache
def _templates(locale: str) -> Templates:
    found = Templates(
        loader=FileSystemLoader(TEMPLATES), extensions=["jinja2.ext.i18n"], autoescape=True, undefined=StrictUndefined
    )
    found.install_gettext_translations(translations(locale), newstyle=True)  # type: ignore[attr-defined]
    return found

"""The page to read in a copy of somebody's data: what is held, what they said, and what the law wants told beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined

from app.branding.catalogue import N_, long_date, translations
from app.branding.grounds import GROUNDS, THROUGH
from app.branding.languages import called, tag
from app.branding.leaving import reason_words
from app.branding.models import Brand, Kind, LegalBasis, Site, SiteGroup, pick
from app.branding.prose import as_html
from app.branding.texts import DocumentVersion
from app.branding.wording import channel_words
from app.kit import clock, devices
from app.services import accounts, messages, suppressions, tokens
from app.services.acquaintances import Asker
from app.services.decisions import PRIVACY
from app.services.folding import Status
from app.services.holdings import Holdings
from app.services.items import ItemRef
from app.services.privacy_requests import State
from app.services.profile_values import told

TEMPLATES = Path(__file__).parents[1] / "templates"
STATUSES = {
    Status.GRANTED: N_("Yes"),
    Status.REFUSED: N_("No"),
    Status.WITHDRAWN: N_("Left"),
    Status.OBJECTED: N_("Objected"),
    Status.EXPIRED: N_("Ran out"),
}


@dataclass(frozen=True, slots=True)
class Copy:
    """What goes into a copy."""

    held: Holdings
    lines: Sequence[Mapping[str, Any]]
    """Of the ledger, with what they rest on."""
    records: Sequence[Mapping[str, Any]]
    """The record of each choice, as JSON-LD."""
    askers: Sequence[Asker]
    """The clients that may ask about the person."""
    origin: str
    """Where Parley is found."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was said about one item, as the page to read lists it."""

    house: str
    what: str
    status: str
    day: str
    ground: str = ""
    """What it rests on."""
    through: str = ""
    words: str = ""
    """What was seen then, in the language `lang`."""
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A privacy notice that is in force, in one language."""

    site: Site
    title: str
    version: DocumentVersion
    text: str
    """Markdown."""
    lang: str


def page(group: SiteGroup, copy: Copy, locale: str) -> str:
    """Write the page in a language that the group speaks."""
    held, theirs = copy.held, houses(group, copy.held)
    return _templates(locale).get_template("export/index.html").render(
        group=group, held=held, language=tag(locale), today=long_date(clock.now(), locale),
        since=long_date(held.account.created_at, locale), spoken=called(held.account.locale, locale),
        is_full=held.account.kind == accounts.FULL,
        consents=[_row(group, each.item, each.state.status, each.state.updated_at, each.state.legal_basis, locale)
                  for each in held.consents],
        acts=[_act(group, line, locale) for line in copy.lines],
        profile=[(*_field(group, each.key, locale), told(group, each.key, each.kind, each.value, locale))
                 for each in held.profile],
        check_ins=[long_date(each.asked_at, locale) for each in held.check_ins],
        reasons=[(reason_words(each.code, locale), words) for each, words in held.leaving_reasons],
        asked_anew=[long_date(each.asked_at, locale) for each in held.asked_anew],
        devices=sorted({_device(each.user_agent) for each in held.sessions} - {""}),
        stops=[long_date(each.created_at, locale) for each in held.suppressions if suppressions.stands(each)],
        wishes=sum(each.state == State.OPEN for each in held.requests),
        houses=", ".join(house.name for house in theirs), systems=", ".join(each.name for each in copy.askers),
        mails_days=messages.KEPT.days, asked_days=tokens.PURGED_AFTER.days,
        at=f"{copy.origin}/{group.slug}/account/data",
        notices=[(each, long_date(each.version.version, locale), as_html(each.text))
                 for each in notices(group, theirs, locale)],
    )  # fmt: skip


def houses(group: SiteGroup, held: Holdings) -> list[Brand]:
    """List the houses that somebody said something to, asked for something, or told something."""
    items = [each.item for each in held.consents] + [each.item for each in held.asked]
    slugs = {each.brand for each in items if each} | {each.brand for each in held.profile_changes}
    return [brand for slug, brand in group.brands.items() if slug in slugs]


def notices(group: SiteGroup, theirs: Sequence[Brand], locale: str) -> Iterator[Notice]:
    """Give the privacy notices in force of the group and of those houses that have one of their own."""
    for site in (group, *theirs):
        if document := site.document(PRIVACY):
            version, spoken = document.in_force(clock.now().date()), site.locale(locale)
            lang = spoken if spoken in version.texts else next(each for each in site.locales if each in version.texts)
            title = pick(document.title, spoken, site.locales)
            yield Notice(site, title, version, version.texts[lang], tag(lang))


def _device(user_agent: str | None) -> str:
    found = devices.device(user_agent)
    return ", ".join(filter(None, (found.browser, found.system)))


def _field(group: SiteGroup, key: str, locale: str) -> tuple[str, str]:
    """Give what a field of the profile is called, and what it is for."""
    field = group.profile_field(key)
    return (
        (pick(field.label, locale, group.locales), pick(field.purpose, locale, group.locales)) if field else (key, "")
    )


def _act(group: SiteGroup, line: Mapping[str, Any], locale: str) -> Row:
    status = Status(line["status"]) if line["status"] else None
    row = _row(group, line["item"], status, line["occurred_at"], line["legal_basis"], locale)
    through = THROUGH.get(line["source"])
    return replace(
        row, words=line["words"] or "", lang=tag(line["words_locale"] or locale),
        through=translations(locale).gettext(through) if through else "",
    )  # fmt: skip


def _row(
    group: SiteGroup, item: ItemRef | None, status: Status | None, at: datetime, basis: str, locale: str
) -> Row:  # fmt: skip
    house, say = group.brands.get(item.brand or "") if item else None, translations(locale).gettext
    said = say(STATUSES[status]) if status else ""
    return Row(
        (house or group).name, _what(group, house, item, locale), said, long_date(at, locale),
        say(GROUNDS[LegalBasis(basis)]),
    )  # fmt: skip


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


@cache
def _templates(locale: str) -> Templates:
    found = Templates(
        loader=FileSystemLoader(TEMPLATES), extensions=["jinja2.ext.i18n"], autoescape=True, undefined=StrictUndefined
    )
    found.install_gettext_translations(translations(locale), newstyle=True)  # type: ignore[attr-defined]
    return found

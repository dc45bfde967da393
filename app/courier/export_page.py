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
from app.services.holdings import HeldConsent, Holdings
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
    paused: str = ""
    """Until when nothing comes."""
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
        facts=list(_facts(held, locale)),
        consents=[_choice(group, each, locale) for each in held.consents],
        acts=[_act(group, line, locale) for line in copy.lines],
        profile=[(*_field(group, each.key, locale), told(group, each.key, each.kind, each.value, locale))
                 for each in held.profile],
        reasons=[(reason_words(each.code, locale), words) for each, words in held.leaving_reasons],
        houses=", ".join(house.name for house in theirs), systems=", ".join(each.name for each in copy.askers),
        mails_days=messages.KEPT.days, asked_days=tokens.PURGED_AFTER.days,
        at=f"{copy.origin}/{group.slug}/account/data",
        notices=[(each, long_date(each.version.version, locale), as_html(each.text))
                 for each in notices(group, theirs, locale)],
    )  # fmt: skip


def _facts(held: Holdings, locale: str) -> Iterator[tuple[str, str]]:
    """Tell what is held besides choices and profile, each with what it is."""
    say, account = translations(locale).gettext, held.account
    for each in held.addresses:
        yield say(N_("E-mail address") if each.point.kind == "email" else N_("Phone number")), each.typed
    is_full = account.kind == accounts.FULL
    kind = N_("Full account, with a password") if is_full else N_("No password: mails let you in")
    yield say(N_("Your account")), say(kind)
    yield say(N_("Known to us since")), long_date(account.created_at, locale)
    yield say(N_("Your language")), called(account.locale, locale)
    yield say(N_("Sign-ups that wait for your yes")), str(len(held.waiting))
    yield say(N_("Mails of the last 90 days")), str(len(held.mails))
    for device in sorted({_device(each.user_agent) for each in held.sessions} - {""}):
        yield say(N_("Open on")), device
    for passkey in held.passkeys:
        yield say(N_("Passkeys")), passkey.name
    if held.has_codes:
        yield say(N_("A code after the password")), say(N_("On"))
    for known in held.external_ids:
        yield say(N_("Known to another system as")), f"{known.client}, {known.system}, {known.value}"
    moments = {
        N_("Asked whether all is still right"): [each.asked_at for each in held.check_ins],
        N_("Mailed about a document that changes"): [each.asked_at for each in held.asked_anew],
        N_("Not to be contacted"): [each.created_at for each in held.suppressions if suppressions.stands(each)],
        N_("Open request"): [each.created_at for each in held.requests if each.state == State.OPEN],
    }
    for label, days in moments.items():
        for moment in days:
            yield say(label), long_date(moment, locale)


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
    return " · ".join(filter(None, (found.browser, found.system)))


def _field(group: SiteGroup, key: str, locale: str) -> tuple[str, str]:
    """Give what a field of the profile is called, and what it is for."""
    field = group.profile_field(key)
    return (
        (pick(field.label, locale, group.locales), pick(field.purpose, locale, group.locales)) if field else (key, "")
    )


def _choice(group: SiteGroup, each: HeldConsent, locale: str) -> Row:
    state = each.state
    row = _row(group, each.item, state.status, state.updated_at, state.legal_basis, locale)
    if state.paused_until is None or state.paused_until <= clock.now():
        return row
    return replace(row, paused=long_date(state.paused_until, locale))


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

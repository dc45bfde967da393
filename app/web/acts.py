"""A person's acts in plain words, for the history of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import groupby

from flask_babel import gettext as _
from markupsafe import Markup

from app.branding.catalogue import N_, long_date
from app.branding.grounds import THROUGH
from app.branding.languages import called, tag
from app.branding.models import BY_RELATION, Frequency, Kind, Site, SiteGroup
from app.branding.wording import channel_words, frequency_words
from app.kit.provenance import ActorKind, Source
from app.services import check_ins, records
from app.services.consents import DOCUMENT
from app.services.folding import Action
from app.services.history import Act
from app.services.items import ItemRef
from app.web.pages import Day, ToldAct
from app.web.presenters import foreign, own
from app.web.sayings import day, named, said

BY_SOURCE = {
    (Action.GRANTED, Source.CONFIRMATION.value): N_("You confirmed %(what)s from your inbox."),
    (Action.GRANTED, Source.FORM.value): N_("You asked for %(what)s, and it started at once."),
    (Action.GRANTED, Source.CENTRE.value): N_("You switched on %(what)s in your preferences."),
    (Action.WITHDRAWN, Source.CENTRE.value): N_("You switched off %(what)s in your preferences."),
    (Action.WITHDRAWN, Source.ONE_CLICK.value): N_("You left %(what)s by the unsubscribe button of your mail program."),
    (Action.WITHDRAWN, Source.TEXT_MESSAGE.value): N_("You left %(what)s by a text message."),
    (Action.WITHDRAWN, Source.LEAVE_PAGE.value): N_("You left %(what)s by the link in a mail."),
    (Action.RENEWED, Source.CHECK_IN.value): N_("You kept %(what)s when we asked whether it is still right."),
    (Action.WITHDRAWN, Source.RECONSENT_PAGE.value): N_("You left %(what)s by the link in a mail."),
}
"""Sentences for an action that came in a way of its own."""

BY_OTHERS = {
    Action.GRANTED: N_("%(house)s noted that you said yes to %(what)s."),
    Action.RENEWED: N_("%(house)s noted that you said yes to %(what)s once more."),
    Action.WITHDRAWN: N_("%(house)s noted that you left %(what)s."),
    Action.OBJECTED: N_("%(house)s noted that you object to %(what)s."),
    Action.REFUSED: N_("%(house)s noted that you said no to %(what)s."),
}
"""Sentences for what somebody else recorded for the person: a system of the house, a file, its staff."""

PLAIN = {
    Action.GRANTED: N_("You said yes to %(what)s."),
    Action.RENEWED: N_("You said yes to %(what)s once more."),
    Action.REFUSED: N_("You said no to %(what)s."),
    Action.WITHDRAWN: N_("You left %(what)s."),
    Action.OBJECTED: N_("You objected to %(what)s."),
    Action.EXPIRED: N_("Your yes to %(what)s ran out."),
    Action.PAUSED: N_("You paused %(what)s."),
    Action.RESUMED: N_("You went on with %(what)s."),
    Action.CHANGED: N_("You changed how you get %(what)s."),
    Action.MERGED: N_("%(what)s came over from another account of yours."),
    Action.INVALIDATED: N_("Your yes to %(what)s was struck out, since it could not be proved."),
    Action.ERASED: N_("All about %(what)s was erased."),
}
"""Sentences for actions, in whatever way they came."""

OF_USES = {
    Action.GRANTED: N_("You allowed %(what)s."),
    Action.WITHDRAWN: N_("You no longer allow %(what)s."),
    Action.OBJECTED: N_("You objected to %(what)s."),
}
"""Sentences for uses of data, which one does not get."""

OWN_ACTORS = frozenset({ActorKind.PERSON.value, ActorKind.SYSTEM.value})


def days(acts: Iterable[Act], group: SiteGroup, locale: str) -> list[Day]:
    """Give acts, newest first, by the day (UTC) on which they were done."""
    return [
        Day(name, tuple(_told(act, group, locale) for act in on_day))
        for name, on_day in groupby(acts, lambda act: day(act.at, locale))
    ]


def _told(act: Act, group: SiteGroup, locale: str) -> ToldAct:
    through = THROUGH.get(act.source)
    return ToldAct(
        anchor=f"act-{act.cursor}",
        sequence=act.cursor.sequence,
        at=act.at,
        time=f"{act.at:%H:%M}",
        house=_house(act, group),
        sentence=sentence(act, group, locale),
        through=_(through) if through else "",
        language=called(act.locale, locale),
        words=tuple(act.words.splitlines()),
        words_lang=tag(act.words_locale),
    )


def _house(act: Act, group: SiteGroup) -> str:
    brand = group.brands.get(act.item.brand or "") if act.item else None
    return (brand or group).name


def sentence(act: Act, group: SiteGroup, locale: str) -> Markup:
    """Say what was done, in a sentence to whoever did it."""
    house = group.brands.get(act.item.brand or "") if act.item else None
    parts = {"what": what(act.item, house or group, locale), "house": (house or group).name}
    if act.is_asking:
        return _asking(act, group, parts)
    if act.action is Action.RENEWED and act.document_version and (anew := _anew(act, group, parts, locale)):
        return anew
    if act.source == Source.GPC:
        return said(_("Your browser said no to %(what)s for you (Global Privacy Control)."), **parts)
    if act.item and act.item.kind is Kind.PURPOSE and act.action in OF_USES:
        return said(_(OF_USES[act.action]), **parts)
    if act.legal_basis in BY_RELATION and act.action in (Action.GRANTED, Action.RENEWED):
        return said(_("You bought something from %(house)s, so that it may send %(what)s until you object."), **parts)
    if act.actor_kind not in OWN_ACTORS and act.action in BY_OTHERS:
        return said(_(BY_OTHERS[act.action]), **parts)
    if act.action is Action.EXPIRED and act.attributes.get("cause"):
        return _ended(act.attributes, parts, locale)
    if act.action is Action.RESUMED and act.source == Source.SYSTEM:
        return said(_("The pause of %(what)s was over."), **parts)
    if act.action in (Action.CHANGED, Action.PAUSED):
        return _adjusted(act, parts, locale)
    return said(_(BY_SOURCE.get((act.action, act.source)) or PLAIN[act.action]), **parts)


def _ended(attributes: Mapping[str, str], parts: Mapping[str, str], locale: str) -> Markup:
    if attributes["cause"] != check_ins.CAUSE:
        return said(_("%(what)s ended when your number went to somebody else."), **parts)
    asked = day(datetime.fromisoformat(attributes["asked_at"]), locale)
    return said(_("%(what)s ended, since we asked you on %(date)s and heard nothing."), **parts, date=asked)


def _asking(act: Act, group: SiteGroup, parts: Mapping[str, str]) -> Markup:
    """Say on whose page something was asked for, while the ledger's detail of it is kept."""
    site = group.site(act.page.strip("/").partition("/")[0])
    if site is None or act.source != Source.FORM.value:
        return said(_("You asked for %(what)s."), **parts)
    return said(_("You asked for %(what)s on the page of %(site)s."), **parts, site=site.name)


def _anew(act: Act, group: SiteGroup, parts: Mapping[str, str], locale: str) -> Markup | None:
    """Say under which version of a document something goes on, or that the terms themselves were accepted."""
    version = long_date(date.fromisoformat(act.document_version or ""), locale)
    if act.item and act.item.kind is Kind.DOCUMENT:
        return said(_("You accepted %(what)s in the version of %(date)s."), **parts, date=version)
    slug = act.attributes.get(DOCUMENT)
    if not slug:
        return None
    house = group.brands.get(act.item.brand or "") if act.item else None
    site = house if house and house.document(slug) else group
    found = site.document(slug)
    title = named(own(found.title, site, locale), foreign(site, locale)) if found else slug
    sentence = _("You said that %(what)s goes on under %(document)s of %(date)s.")
    return said(sentence, **parts, document=title, date=version)


def _adjusted(act: Act, parts: Mapping[str, str], locale: str) -> Markup:
    """Say how often something comes from now on, or until when it does not."""
    frequency, until = act.attributes.get("frequency"), act.attributes.get("paused_until")
    if act.action is Action.PAUSED and until:
        day_of_end = day(datetime.fromisoformat(until), locale)
        return said(_("You paused %(what)s until %(date)s."), **parts, date=day_of_end)
    if frequency not in set(Frequency):
        return said(_(PLAIN[act.action]), **parts)
    often = frequency_words(str(frequency), locale)
    return said(_("You chose how often you get %(what)s: %(often)s."), **parts, often=often)


def what(item: ItemRef | None, site: Site, locale: str) -> Markup:
    """Name an item: "Letters from the atelier by e-mail", its house's words marked with their language."""
    if item is None:
        return Markup.escape(_("something that is not known any more"))
    words, _description = records.words_of(site, item)
    name = named(own(words, site, locale), foreign(site, locale)) if words else named(item.key, "")
    if item.channel is None:
        return name
    return said(_("%(topic)s %(channel)s"), topic=name, channel=channel_words(item.channel, locale))

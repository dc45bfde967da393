"""From what the system knows to what the templates are given, in the reader's language."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from app.branding.catalogue import long_date
from app.branding.models import Brand, Channel, Topic
from app.branding.wording import channel_words, conditions, how, small_print, statement
from app.db import Session
from app.environment import environment
from app.models import OptInItem
from app.services import accounts, notices, offers, standing
from app.services.decisions import Reason, applies_without_asking
from app.services.folding import State, Status
from app.services.items import ItemRef, items
from app.services.standing import Person, Standing
from app.web.pages import CentreSection, Choice, ChoiceSection, Listed, Switch, TopicRow


def choice_sections(
    brands: Iterable[Brand], locale: str, *, many: bool, ticked: Collection[str]
) -> list[ChoiceSection]:
    """Give the boxes of a sign-up form; unticked, except those the person ticked before an error."""
    return [
        ChoiceSection(brand, tuple(_choice(brand, topic, channel, locale, many, ticked)
                                   for topic, channel in offers.on_sign_up(brand)),
                      tuple(small_print(brand, Channel.EMAIL, locale)))
        for brand in brands
    ]  # fmt: skip


def _choice(brand: Brand, topic: Topic, channel: Channel, locale: str, many: bool, ticked: Collection[str]) -> Choice:  # noqa: FBT001
    value = f"{topic.key}:{channel.value}"
    value = f"{brand.slug}:{value}" if many else value
    return Choice(
        value=value,
        name=_pick(topic.name, brand, locale),
        description=_pick(topic.description, brand, locale),
        how=how(topic, channel, locale),
        statement=statement(brand, topic, channel, locale),
        is_checked=value in ticked,
        conditions=tuple(conditions(brand, topic, locale)),
    )


def listed(session: Session, item_ids: Iterable[int], locale: str) -> list[Listed]:
    """Give items as confirmation and leaving pages list them; what `brands/` no longer knows is left out."""
    group = environment(session).group
    found = []
    for item_id in item_ids:
        item = items(session).get(item_id)
        brand = group.brands.get(item.brand or "")
        topic = brand.topic(item.key) if brand else None
        if brand and topic and item.channel:
            words = statement(brand, topic, item.channel, locale)
            found.append(Listed(brand, _pick(topic.name, brand, locale), how(topic, item.channel, locale), words))
    return found


def asked(session: Session, wanted: Sequence[OptInItem], locale: str) -> tuple[list[Listed], list[str]]:
    """Give items as the confirmation page shows them, in the very words that were seen when they were asked for.

    The first line of a wording is what is agreed to; the rest, said once for all items, was the small print.
    """
    wordings = notices.texts(session, {each.notice_digest for each in wanted})
    shown, small_print = [], []
    for each in wanted:
        lines = wordings[each.notice_digest].splitlines()
        item = listed(session, [each.item_id], locale)
        shown += [replace(one, statement=lines[0]) for one in item]
        small_print += [line for line in lines[1:] if line not in small_print]
    return shown, small_print


def centre(session: Session, account_id: uuid.UUID, brands: list[Brand], changed: Collection[int],
           locale: str) -> list[CentreSection]:  # fmt: skip
    """Give the preference centre: each house with every topic on every channel, those one is with first."""
    person = standing.find(session, account_id)
    known = {each.item.id: each for each in standing.standings(session, person, [brand.slug for brand in brands])}
    known |= _unasked(session, person, brands, known)
    kinds = accounts.channels_reached(session, account_id)
    sections = [_section(session, brand, known, kinds, changed, locale) for brand in brands]
    return sorted(sections, key=lambda section: not section.is_member)


def _unasked(session: Session, person: Person, brands: list[Brand], known: Collection[int]) -> dict[int, Standing]:
    """Give what is sent without having been asked for, on another basis than consent: it can be objected to."""
    found = {}
    for brand in brands:
        for item in items(session).of_brand(brand.slug):
            if item.id not in known and applies_without_asking(brand, item):
                effective = standing.effective(session, person, item, [brand.slug])
                found[item.id] = Standing(item, None, None, effective)
    return found


def _section(session: Session, brand: Brand, known: dict[int, Standing], kinds: set[str], changed: Collection[int],
             locale: str) -> CentreSection:  # fmt: skip
    rows = []
    for topic in brand.topics:
        refs = [items(session).subscription(brand.slug, topic.key, channel) for channel in topic.channels
                if not topic.retired]  # fmt: skip
        switches = tuple(_switch(brand, topic, item, known.get(item.id), kinds, item.id in changed, locale)
                         for item in refs)  # fmt: skip
        if switches:
            name, text = _pick(topic.name, brand, locale), _pick(topic.description, brand, locale)
            rows.append(TopicRow(topic.key, name, text, _how_often(topic, locale), switches))
    ours = [each for each in known.values() if each.item.brand == brand.slug]
    return CentreSection(brand, tuple(rows), is_member=any(_is_on(each) for each in ours))


def _switch(brand: Brand, topic: Topic, item: ItemRef, known: Standing | None, kinds: set[str], is_changed: bool,  # noqa: FBT001
            locale: str) -> Switch:  # fmt: skip
    channel = item.channel or Channel.EMAIL
    is_on = known is not None and _is_on(known)
    return Switch(
        value=f"{brand.slug}:{topic.key}:{channel.value}",
        channel=channel.value,
        channel_name=channel_words(channel, locale),
        is_on=is_on,
        can_turn_on=offers.can_turn_on(item, kinds),
        line=_line(known, channel_words(channel, locale)),
        warning=_warning(item, known, kinds),
        changed=_changed(brand, topic, is_on=is_on, locale=locale) if is_changed else "",
    )


def _is_on(known: Standing) -> bool:
    if known.state is None:
        return known.effective is not None and known.effective.allowed
    return known.state.status is Status.GRANTED


def _line(known: Standing | None, channel: str) -> str:
    if known is None:
        return ""
    if known.state is None and known.pending_since is None:
        return _("Sent without your asking, since you are our customer. Switch it off and it ends.")
    if known.state is None:
        since = _date(known.pending_since)
        return _("You asked for this on %(date)s; the mail to confirm it is in your inbox.", date=since)
    if known.state.status is Status.GRANTED:
        return _granted_line(known.state, channel)
    if known.state.status is Status.EXPIRED:
        return _("Your yes from %(date)s has run out.", date=_date(known.state.granted_at))
    return _("You left on %(date)s.", date=_date(known.state.withdrawn_at))


def _granted_line(state: State, channel: str) -> str:
    since = _date(state.confirmed_at or state.granted_at)
    words = {
        "confirmation": _("Yes since %(date)s, %(channel)s, confirmed from your inbox.", date=since, channel=channel),
        "centre": _("Yes since %(date)s, %(channel)s, switched on here.", date=since, channel=channel),
        "form": _("Yes since %(date)s, %(channel)s, asked for on our site.", date=since, channel=channel),
    }
    return words.get(state.source) or _("Yes since %(date)s, %(channel)s.", date=since, channel=channel)


def _warning(item: ItemRef, known: Standing | None, kinds: set[str]) -> str:
    effective = known.effective if known else None
    if known and effective and _is_on(known) and not effective.allowed:
        return _why_nothing_comes(effective.reason)
    if not offers.can_turn_on(item, kinds):
        return _needs(item)
    return ""


def _why_nothing_comes(reason: Reason) -> str:
    words = {
        Reason.SUPPRESSED: _("Nothing is sent: this address is on the list of those we never contact."),
        Reason.UNVERIFIED_CONTACT: _("Nothing is sent: we have no confirmed address for this channel."),
        Reason.EXPIRED: _("Nothing is sent: your yes has run out."),
        Reason.RESTRICTED: _("Nothing is sent: you asked us to hold your data still."),
        Reason.RECONSENT_REQUIRED: _("Nothing is sent until you have agreed to our new terms."),
        Reason.RETIRED: _("This is no longer offered, so nothing is sent."),
        Reason.PAUSED: _("Paused."),
    }
    return words.get(reason, "")


def _needs(item: ItemRef) -> str:
    if item.channel in {Channel.SMS, Channel.WHATSAPP, Channel.PHONE}:
        return _("Needs a telephone number, and we have none of yours.")
    if item.channel is Channel.POST:
        return _("Needs a postal address, and we have none of yours.")
    return ""


def _changed(brand: Brand, topic: Topic, *, is_on: bool, locale: str) -> str:
    name = _pick(topic.name, brand, locale)
    if is_on:
        return _("You will get %(topic)s from now on.", topic=name)
    return _("You will not get %(topic)s any more.", topic=name)


def summary(changed: Collection[int]) -> str:
    """Say that an act changed several things at once; one alone is told beside its switch."""
    count = len(changed)
    return ngettext("%(num)d thing changed.", "%(num)d things changed.", count) if count > 1 else ""


def _how_often(topic: Topic, locale: str) -> str:
    return how(topic, topic.channels[0], locale) if len(topic.channels) == 1 else ""


def _pick(words: dict[str, str], brand: Brand, locale: str) -> str:
    return words.get(locale) or words[brand.locales[0]]


def _date(moment: datetime | None) -> str:
    return long_date(moment, str(get_locale())) if moment else ""

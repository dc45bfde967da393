"""From what the system knows to what the templates are given, in the reader's language."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from app.branding.catalogue import country_name
from app.branding.languages import tag
from app.branding.models import Brand, Channel, Site, Topic, pick
from app.branding.texts import Words
from app.branding.wording import conditions, how, small_print, statement
from app.db import Session
from app.environment import environment
from app.models import OptInItem
from app.services import ages, notices, offers
from app.services.items import items
from app.web.pages import Choice, ChoiceSection, Listed


def choice_sections(
    brands: Iterable[Brand], locale: str, *, many: bool, ticked: Collection[str]
) -> list[ChoiceSection]:
    """Give the boxes of a sign-up form; unticked, except those the person ticked before an error."""
    return [
        ChoiceSection(brand, tuple(_choice(brand, topic, channel, locale, many, ticked)
                                   for topic, channel in offers.on_sign_up(brand)),
                      tuple(small_print(brand, Channel.EMAIL, brand.locale(locale))), foreign(brand, locale))
        for brand in brands
    ]  # fmt: skip


def countries_asked(brands: Iterable[Brand], locale: str) -> list[tuple[str, str]]:
    """Give the countries, with their names, in which something of these houses is from another age than elsewhere."""
    return [(code, country_name(code, locale)) for code in ages.countries_asked(brands)]


def foreign(site: Site, locale: str) -> str:
    """Give the language tag of a house's words where it does not speak the reader's language, else nothing.

    Such words are marked with it. All that is kept as a notice stands in that language; what Parley itself says stays
    in the reader's.
    """
    spoken = site.locale(locale)
    return tag(spoken) if spoken != locale else ""


def _choice(brand: Brand, topic: Topic, channel: Channel, locale: str, many: bool, ticked: Collection[str]) -> Choice:  # noqa: FBT001
    value = f"{topic.key}:{channel.value}"
    value = f"{brand.slug}:{value}" if many else value
    return Choice(
        value=value,
        name=own(topic.name, brand, locale),
        description=own(topic.description, brand, locale),
        how=how(topic, channel, locale),
        statement=statement(brand, topic, channel, locale),
        is_checked=value in ticked,
        asks_age=topic.minimum_age is not None,
        conditions=tuple(conditions(brand, topic, brand.locale(locale))),
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
            found.append(Listed(brand, own(topic.name, brand, locale), how(topic, item.channel, locale), words))
    return found


def asked(session: Session, wanted: Sequence[OptInItem], locale: str) -> tuple[list[Listed], list[str]]:
    """Give items as the confirmation page shows them, in the very words that were seen when they were asked for.

    They stand in the order of the house's form. The first line of a wording is what is agreed to, the second describes
    it. What follows, or what several wordings have in common, was the small print: it is given apart, to stand once.
    """
    wanted = sorted(wanted, key=lambda each: _place(session, each.item_id))
    wordings = notices.texts(session, {each.notice_digest for each in wanted})
    said = [wordings[each.notice_digest].splitlines() for each in wanted]
    common = said[0][2:] if len(said) == 1 else [line for line in said[0][2:] if all(line in each for each in said)]
    shown = [
        replace(
            one,
            description=lines[1] if len(lines) > 1 else "",
            statement=lines[0],
            details=tuple(line for line in lines[2:] if line not in common),
        )
        for each, lines in zip(wanted, said, strict=True)
        for one in listed(session, [each.item_id], locale)
    ]
    return shown, common


def _place(session: Session, item_id: int) -> int:
    item = items(session).find(item_id)
    brand = environment(session).group.brands.get(item.brand or "") if item else None
    return offers.place(brand, item) if brand and item else 0


def own(words: Words, site: Site, locale: str) -> str:
    """Give a house's words in the reader's language if the house speaks it, else in its own first one."""
    return pick(words, site.locale(locale), site.locales)

"""What the preference centre shows: every house with every topic on every channel, and what the last press did."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from app.branding.models import Brand, Channel, Site, Topic
from app.branding.wording import age, centre_small_print, channel_words, frequency_words, how, how_often, statement
from app.db import Session
from app.environment import environment
from app.kit import clock
from app.services import offers, standing
from app.services.decisions import CONTACT_KIND, applies_without_asking
from app.services.folding import Action, State
from app.services.history import NOTHING_KNOWN, Agreement
from app.services.items import ItemRef, items
from app.services.reach import Reach
from app.services.standing import Person, Standing
from app.web import quiet_lines, uses
from app.web.pages import CentreSection, Often, Pausing, Switch, TopicRow
from app.web.presenters import foreign, own
from app.web.quiet_lines import is_on
from app.web.sayings import day, listing, marked, said


@dataclass(frozen=True, slots=True)
class _Reader:
    """Whose centre it is, as far as every row needs to know."""

    locale: str
    known: Mapping[int, Standing]
    agreements: Mapping[int, Agreement]
    """How each item was last agreed to, by item id."""
    kinds: frozenset[str]
    """The kinds of address the person has: `email`, `phone`, `post`."""
    changed: Collection[int]
    ways: Mapping[str, str]
    """Where the person can give the kinds of address that are lacking: a page for `phone` and for `post`."""
    adjusted: Action | None = None
    """What was done to what is `changed`, where that neither turned on nor off."""


def known_to(
    session: Session, account_id: uuid.UUID, states: Mapping[int, State], reached: Reach, site: Site,
    brands: list[Brand],
) -> dict[int, Standing]:  # fmt: skip
    """Give how a person of the consents `states` stands to all that the centre of `site` shows, by item id."""
    group = environment(session).group
    unasked = [item for brand in brands for item in items(session).of_brand(brand.slug)
               if item.channel and applies_without_asking(group, item)]  # fmt: skip
    person = Person(account_id, digests=reached.digests)
    also = [*unasked, *uses.shown(session, site)]
    return {
        each.item.id: each
        for each in standing.standings(session, person, [brand.slug for brand in brands], also, states)
    }  # fmt: skip


def sections(
    session: Session, known: Mapping[int, Standing], agreed: Mapping[int, Agreement], reached: Reach,
    brands: list[Brand], changed: Collection[int], locale: str, ways: Mapping[str, str] | None = None,
    adjusted: Action | None = None,
) -> list[CentreSection]:  # fmt: skip
    """Give all houses, those one is with first. However many topics there are, the statements stay as few.

    `known` is from `known_to`, `agreed` from `history.agreements`. `ways` are pages where the person can give an
    address of a kind (`phone`, `post`).
    """
    reader = _Reader(
        locale, known, agreed,
        reached.kinds, changed, {kind: url for kind, url in (ways or {}).items() if kind not in reached.kinds},
        adjusted,
    )  # fmt: skip
    shown = [_section(session, brand, reader) for brand in brands]
    return sorted(shown, key=lambda section: not section.is_open)


def summary(session: Session, changed: Collection[int], shown: Collection[Brand], locale: str) -> str:
    """Say that an act changed things of several houses, or of one that is not among those shown."""
    if not changed or house_of_all(session, changed, shown):
        return ""
    slugs, group = _owners(session, changed), environment(session).group
    houses = [site.name for site in (*group.brands.values(), group) if site.slug in slugs]
    return ngettext(
        "%(num)d thing changed, with %(houses)s.", "%(num)d things changed, with %(houses)s.", len(changed),
        houses=listing(houses, locale),
    )  # fmt: skip


def anchor(session: Session, changed: Collection[int], shown: Collection[Brand]) -> str | None:
    """Name the element where a change is told: the switch of a single item, its house, or above them all."""
    house = house_of_all(session, changed, shown)
    if house is None:
        return "changed" if changed else None
    if len(changed) > 1:
        return f"changed-{house}"
    item = items(session).get(next(iter(changed)))
    return f"{house}-{item.key}-{item.channel or uses.PART}"


def house_of_all(session: Session, changed: Collection[int], shown: Collection[Brand]) -> str | None:
    """Give the slug of the house that all changed items belong to, if it is one and shown; the group's always is.

    Mailings and uses of data of a house stand apart, so several things of both kinds belong to no one place.
    """
    slugs = _owners(session, changed)
    kinds = {items(session).get(item_id).kind for item_id in changed}
    places = [*(brand.slug for brand in shown), environment(session).group.slug]
    return next((slug for slug in places if slugs == {slug} and len(kinds) == 1), None)


def _owners(session: Session, changed: Collection[int]) -> set[str]:
    group = environment(session).group
    return {items(session).get(item_id).brand or group.slug for item_id in changed}


def _section(session: Session, brand: Brand, reader: _Reader) -> CentreSection:
    ours = [each for each in reader.known.values() if each.item.brand == brand.slug and each.item.channel]
    is_member = any(is_on(each) for each in ours)
    changed = [each for each in items(session).of_brand(brand.slug) if each.id in reader.changed and each.channel]
    is_alone = len(changed) == len(reader.changed)
    return CentreSection(
        brand=brand,
        lang=foreign(brand, reader.locale),
        promise=own(brand.words["promise"], brand, reader.locale) if "promise" in brand.words else "",
        topics=tuple(_row(session, brand, topic, reader) for topic in brand.topics if not topic.retired),
        small_print=tuple(centre_small_print(brand, brand.locale(reader.locale))),
        is_open=is_member or bool(changed) or any(each.pending_since for each in ours),
        can_leave=is_member or any(each.pending_since for each in ours),
        changed=_changed_here(brand, len(changed)) if is_alone and len(changed) > 1 else "",
    )


def _changed_here(brand: Brand, count: int) -> str:
    return ngettext(
        "%(num)d thing changed with %(house)s.", "%(num)d things changed with %(house)s.", count, house=brand.name
    )  # fmt: skip


def _row(session: Session, brand: Brand, topic: Topic, reader: _Reader) -> TopicRow:
    every = [items(session).subscription(brand.slug, topic.key, channel) for channel in topic.channels]
    refs = [item for item in every if _has_switch(item, reader)]
    often = {_frequency(topic, reader.known.get(item.id)) for item in refs} or {None}
    together = len(often) == 1
    lacking = [item.channel for item in every if item not in refs and item.channel]
    return TopicRow(
        key=topic.key,
        name=own(topic.name, brand, reader.locale),
        description=own(topic.description, brand, reader.locale),
        how_often=how_often(topic, reader.locale, often.pop()) if together else "",
        conditions=tuple(age(topic, brand.locale(reader.locale))),
        switches=tuple(_switch(brand, topic, item, reader, with_frequency=not together) for item in refs),
        out_of_reach=tuple(quiet_lines.out_of_reach(brand, lacking, reader.locale, reader.ways)),
        ways=tuple(
            (kind, url)
            for kind, url in reader.ways.items()
            if any(channel is not Channel.PUSH and CONTACT_KIND[channel] == kind for channel in topic.channels)
        ),
    )


def _has_switch(item: ItemRef, reader: _Reader) -> bool:
    """Tell whether an item has a switch: one that can be pressed, or that has something to tell."""
    known = reader.known.get(item.id)
    has_history = known is not None and bool(known.state or known.pending_since or is_on(known))
    return has_history or item.channel not in quiet_lines.NEEDS or offers.can_turn_on(item, reader.kinds)


def _frequency(topic: Topic, known: Standing | None) -> str | None:
    """Give how often the person chose to get it; None for as often as it comes."""
    chosen = known.state.frequency if known and known.state and is_on(known) else None
    is_choice = chosen in topic.frequencies and chosen != topic.frequencies[0]
    return chosen if is_choice else None


def _switch(brand: Brand, topic: Topic, item: ItemRef, reader: _Reader, *, with_frequency: bool) -> Switch:
    channel, known = item.channel or Channel.EMAIL, reader.known.get(item.id)
    on, can_turn_on = known is not None and is_on(known), offers.can_turn_on(item, reader.kinds)
    way = channel_words(channel, reader.locale)
    often = how(topic, channel, reader.locale, _frequency(topic, known)) if with_frequency else ""
    return Switch(
        value=f"{brand.slug}:{topic.key}:{channel.value}",
        label=often or way[:1].upper() + way[1:],
        is_on=on,
        can_turn_on=can_turn_on,
        line=quiet_lines.line(brand, known, reader.agreements.get(item.id, NOTHING_KNOWN), way, reader.locale)
        if known
        else "",
        statement=statement(brand, topic, channel, reader.locale) if can_turn_on and not on else "",
        warning=quiet_lines.warning(item, known, reader.locale, can_turn_on=can_turn_on),
        needs=quiet_lines.needs(channel, reader.locale),
        changed=_changed(brand, topic, known, item, reader) if reader.changed == {item.id} else "",
        often=_choices(topic, known, reader.locale) if known and known.state and on else (),
        pausing=_pausing(known) if on else Pausing.NONE,
        record=known.state.last_sequence if known and known.state else 0,
    )


def _choices(topic: Topic, known: Standing, locale: str) -> tuple[Often, ...]:
    """Give how often it may come, where there is something to choose."""
    present = _frequency(topic, known) or (topic.frequencies[0] if topic.frequencies else None)
    found = tuple(Often(each.value, frequency_words(each, locale), each == present) for each in topic.frequencies)
    return found if len(found) > 1 else ()


def _pausing(known: Standing | None) -> Pausing:
    """Tell what may be done about pauses: nothing where nothing was agreed to, since then there is no date to keep."""
    if known is None or known.state is None:
        return Pausing.NONE
    until = known.state.paused_until
    return Pausing.PAUSED if until and until > clock.now() else Pausing.POSSIBLE


def _changed(brand: Brand, topic: Topic, known: Standing | None, item: ItemRef, reader: _Reader) -> str:
    channel, on = item.channel or Channel.EMAIL, known is not None and is_on(known)
    name = marked(own(topic.name, brand, reader.locale), foreign(brand, reader.locale))
    way = channel_words(channel, reader.locale)
    if on and reader.adjusted is Action.CHANGED:
        often = how_often(topic, reader.locale, _frequency(topic, known))
        return said(_("How often you get %(topic)s %(channel)s from now on: %(often)s."), topic=name, channel=way,
                    often=often)  # fmt: skip
    if known and known.state and known.state.paused_until and _pausing(known) is Pausing.PAUSED:
        until = day(known.state.paused_until, reader.locale)
        return said(_("%(topic)s %(channel)s: paused until %(date)s."), topic=name, channel=way, date=until)
    if on and channel is Channel.PUSH:  # a device may be lacking, so nothing is promised
        return said(_("Switched on: %(topic)s %(channel)s."), topic=name, channel=way)
    if on:
        return said(_("From now on you will get %(topic)s %(channel)s."), topic=name, channel=way)
    return said(_("You will not get %(topic)s %(channel)s any more."), topic=name, channel=way)

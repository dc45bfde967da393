"""What a sign-up form may offer, and reading what came back from one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from app.branding.models import Brand, Channel, Kind, OptIn, Purpose, Site, SiteGroup, Topic
from app.db import Session
from app.environment import environment
from app.errors import NothingChosen, NotOffered, UnknownItem
from app.services.decisions import CONTACT_KIND
from app.services.items import ItemRef, items

SIGN_UP_CHANNELS = (Channel.EMAIL,)
"""A form that asks for an e-mail address can only offer what that address receives."""


def on_sign_up(brand: Brand) -> Iterator[tuple[Topic, Channel]]:
    """List what the sign-up form of a brand offers."""
    return ((topic, channel) for topic, channel in in_centre(brand) if channel in SIGN_UP_CHANNELS)


def in_centre(brand: Brand) -> Iterator[tuple[Topic, Channel]]:
    """List what the preference centre shows of a brand, whether or not the person can turn it on."""
    return ((topic, channel) for topic in brand.topics if not topic.retired for channel in topic.channels)


def uses(site: Site) -> Iterator[Purpose]:
    """List the uses of data that the preference centre shows of a brand, or of the group."""
    return (purpose for purpose in site.purposes if not purpose.retired)


def owners_of_uses(site: Site, group: SiteGroup) -> list[Site]:
    """List whose uses of data the centre of a site shows: the houses' that it stands for, then the whole group's."""
    return [*group.brands.values(), group] if site.slug == group.slug else [site, group]


def place(brand: Brand, item: ItemRef) -> int:
    """Give where an item stands among all of its house, as its `brand.toml` has them; what is gone comes last."""
    declared = [(topic.key, channel) for topic in brand.topics for channel in topic.channels]
    wanted = (item.key, item.channel)
    return next((index for index, each in enumerate(declared) if each == wanted), len(declared))


def read_choices(session: Session, site: Site, values: Iterable[str]) -> dict[str, list[ItemRef]]:
    """Read ticked boxes, `topic:channel` or on the group's page `brand:topic:channel`, into items by brand.

    Raises `NothingChosen`, `UnknownItem`, or `NotOffered` for an item that this form does not offer.
    """
    chosen: dict[str, dict[int, ItemRef]] = {}
    for value in values:
        brand, topic, channel = _parts(site, value)
        item = items(session).subscription(brand.slug, topic, channel)
        if not is_offered(brand, item):
            raise NotOffered(f"“{value}” is not offered here.")
        chosen.setdefault(brand.slug, {})[item.id] = item
    if not chosen:
        raise NothingChosen("Choose at least one thing to receive.")
    return {slug: list(found.values()) for slug, found in chosen.items()}


def is_offered(brand: Brand, item: ItemRef) -> bool:
    """Tell whether the sign-up form of `brand` offers `item`."""
    return any((topic.key, channel) == (item.key, item.channel) for topic, channel in on_sign_up(brand))


def is_single(brand: Brand, item: ItemRef) -> bool:
    """Tell whether an item is agreed to without a mail to confirm it."""
    topic = brand.topic(item.key)
    return topic is not None and topic.opt_in is OptIn.SINGLE


def ways_to_start(site: Site, values: Iterable[str]) -> set[OptIn]:
    """Tell how what was ticked starts: at once, or once it is confirmed. What is no box of the form is passed over."""
    found = set()
    for value in values:
        with suppress(UnknownItem):
            brand, key, _channel = _parts(site, value)
            topic = brand.topic(key)
            found |= {topic.opt_in} if topic else set()
    return found


def brands_of(session: Session, site: Site) -> list[Brand]:
    """List the brands that a site stands for: itself, or all of the group."""
    if isinstance(site, Brand):
        return [site]
    return list(environment(session).group.brands.values())


def can_turn_on(item: ItemRef, contact_kinds: Collection[str]) -> bool:
    """Tell whether an item is still offered and the person has an address of the kind its channel uses."""
    if item.is_retired or item.kind is Kind.DOCUMENT:
        return False
    if item.channel is None:
        return True
    return item.channel is Channel.PUSH or CONTACT_KIND[item.channel] in contact_kinds


def _parts(site: Site, value: str) -> tuple[Brand, str, str]:
    parts = value.split(":")
    if isinstance(site, Brand) and len(parts) == 2:
        return site, parts[0], parts[1]
    if isinstance(site, SiteGroup) and len(parts) == 3 and parts[0] in site.brands:
        return site.brands[parts[0]], parts[1], parts[2]
    raise UnknownItem(f"“{value}” is nothing that {site.name} offers.")

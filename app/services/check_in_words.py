"""The words on the page that asks whether all is still right: kept as the notice of whoever says that it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.branding.models import Kind, Purpose, Site, Topic
from app.branding.wording import check_in_text, notice_digest
from app.db import Session
from app.environment import environment
from app.services import offers
from app.services.check_ins import About
from app.services.items import ItemRef


class Told(NamedTuple):
    """All that stands at an item, a line for each thought, in a language of its house."""

    text: str
    locale: str


def wordings(session: Session, about: Sequence[About], locale: str) -> dict[int, Told]:
    """Give what the page in `locale` says of each item, by item id, in the order in which it lists them."""
    found = {}
    for each in in_order(session, about):
        site = site_of(session, each.item)
        thing = declared(site, each.item)
        if thing is not None:
            text = check_in_text(site, thing, each.item.channel, locale, each.state.frequency)
            found[each.item.id] = Told(text, site.locale(locale))
    return found


def digest(wordings: Mapping[int, Told]) -> str:
    """Give one digest (hexadecimal) of all that a page asks about, by which its button says what it was."""
    whole = hashlib.sha256()
    for item_id, told in wordings.items():
        whole.update(f"{item_id}\n".encode() + notice_digest(told.text, told.locale))
    return whole.hexdigest()


def in_order(session: Session, about: Sequence[About]) -> list[About]:
    """Sort items as people see them: by house in the order of the group, uses of data after what is sent."""
    brands = list(environment(session).group.brands.values())

    def place(each: About) -> tuple[int, bool, int, int]:
        found = next((number for number, brand in enumerate(brands) if brand.slug == each.item.brand), len(brands))
        row = offers.place(brands[found], each.item) if found < len(brands) else 0
        return found, each.item.channel is None, row, each.item.id

    return sorted(about, key=place)


def site_of(session: Session, item: ItemRef) -> Site:
    """Give the house of an item; the group, where it is the whole group's."""
    group = environment(session).group
    return group.brands.get(item.brand or "") or group


def declared(site: Site, item: ItemRef) -> Topic | Purpose | None:
    """Find what `brands/` says of an item; None where it says nothing any more."""
    if item.kind is Kind.PURPOSE:
        return next((each for each in site.purposes if each.key == item.key), None)
    return next((each for each in getattr(site, "topics", ()) if each.key == item.key), None)

"""What a link to leave is about, in items."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from sqlalchemy import select

from app.branding.models import Brand, Channel, Frequency
from app.db import Session
from app.environment import environment
from app.models import ContactPoint
from app.services import consents, opt_in
from app.services.items import ItemRef, Items, items
from app.services.tokens import LeaveTarget


def covered(session: Session, target: LeaveTarget) -> list[ItemRef]:
    """List the items that a link leaves: the one it names, all e-mail of its brand, or that of all houses ever.

    Raises `UnknownItem` for an item that never was.
    """
    if target.item_id is not None:
        return [items(session, needed=[target.item_id]).get(target.item_id)]
    known = items_held(session, target.account_id)
    if is_everywhere(session, target):
        return [item for item in known if item.brand and item.channel is Channel.EMAIL]
    return [item for item in known if item.brand == target.brand and item.channel is Channel.EMAIL]


def items_held(session: Session, account_id: uuid.UUID, digests: Collection[bytes] | None = None) -> Items:
    """Give all items, those surely among them that an account has or asked for, by whatever release of Parley.

    Whoever leaves everything must not keep what a newer release offered, which this process may not have heard of.
    `digests` are the account's addresses, where the caller has them.
    """
    if digests is None:
        own = select(ContactPoint.address_digest).where(ContactPoint.account_id == account_id)
        digests = session.scalars(own).all()
    asked = {each.item_id for each in opt_in.live_items(session, list(digests))}
    return items(session, needed=consents.current(session, account_id).keys() | asked)


def is_everywhere(session: Session, target: LeaveTarget) -> bool:
    """Tell whether a link leaves all houses, those that are gone included; it may name the group as if it were one."""
    return target.everywhere or target.brand == environment(session).group.slug


RARENESS: Mapping[Frequency, int] = {
    each: place for place, each in enumerate(Frequency) if each is not Frequency.AS_IT_HAPPENS
}
"""How rarely something comes, as far as that can be compared."""


def rarer(session: Session, target: LeaveTarget) -> list[Frequency]:
    """List how else the one item of a link may come: more rarely than to those who never chose.

    What the person chose is not read: a link to leave may be passed on (invariant 8).
    """
    item = items(session).find(target.item_id) if target.item_id is not None else None
    brand = environment(session).group.brands.get(item.brand or "") if item else None
    return rarer_than(brand, item, None) if brand and item else []


def rarer_than(brand: Brand, item: ItemRef, chosen: str | None) -> list[Frequency]:
    """List how else an item may come: more rarely than somebody chose, else than to those who never chose."""
    topic = brand.topic(item.key)
    if topic is None or not topic.frequencies:
        return []
    present = Frequency(chosen) if chosen in topic.frequencies else topic.frequencies[0]
    if present not in RARENESS:
        return []
    return [each for each in topic.frequencies if RARENESS.get(each, 0) > RARENESS[present]]


def is_as_rare(chosen: str | None, wanted: Frequency) -> bool:
    """Tell whether something comes as rarely as `wanted` already, or more so, by what the person chose."""
    known = RARENESS.get(Frequency(chosen), -1) if chosen in set(Frequency) else -1
    return known >= RARENESS[wanted]

"""What a link to leave is about, in items."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import select

from app.branding.models import Channel
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
    asked = {item.item_id for _, item in opt_in.live_items(session, list(digests))}
    return items(session, needed=consents.current(session, account_id).keys() | asked)


def is_everywhere(session: Session, target: LeaveTarget) -> bool:
    """Tell whether a link leaves all houses, those that are gone included; it may name the group as if it were one."""
    return target.everywhere or target.brand == environment(session).group.slug

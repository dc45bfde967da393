"""What a link to leave is about, in items."""

from __future__ import annotations

from app.branding.models import Channel
from app.db import Session
from app.environment import environment
from app.services.items import ItemRef, items
from app.services.tokens import LeaveTarget


def covered(session: Session, target: LeaveTarget) -> list[ItemRef]:
    """List the items that a link leaves: the one it names, all e-mail of its brand, or that of all houses ever.

    Raises `UnknownItem` for an item that never was.
    """
    if target.item_id is not None:
        return [items(session).get(target.item_id)]
    if is_everywhere(session, target):
        return [item for item in items(session) if item.brand and item.channel is Channel.EMAIL]
    return [item for item in items(session) if item.brand == target.brand and item.channel is Channel.EMAIL]


def is_everywhere(session: Session, target: LeaveTarget) -> bool:
    """Tell whether a link leaves all houses, those that are gone included; it may name the group as if it were one."""
    return target.everywhere or target.brand == environment(session).group.slug

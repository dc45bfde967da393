"""What a link to leave is about, in items."""

from __future__ import annotations

from app.branding.models import Channel
from app.db import Session
from app.environment import environment
from app.services.items import ItemRef, items
from app.services.tokens import LeaveTarget


def covered(session: Session, target: LeaveTarget) -> list[ItemRef]:
    """List the items that a link leaves: the one it names, or all e-mail of its brand or group.

    Raises `UnknownItem` for an item that never was.
    """
    if target.item_id is not None:
        return [items(session).get(target.item_id)]
    brands = {target.brand, *(environment(session).group.brands if _is_group(session, target) else ())}
    return [item for item in items(session) if item.brand in brands and item.channel is Channel.EMAIL]


def _is_group(session: Session, target: LeaveTarget) -> bool:
    # A mail that the group itself sent leaves the e-mail of all its brands.
    return target.brand == environment(session).group.slug

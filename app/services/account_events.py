"""What happened to the consents of one account, line by line, as far as it concerns some brands."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from app.db import Session
from app.models import ConsentEvent, Item
from app.services.items import ItemRef, items


@dataclass(frozen=True, slots=True)
class EventsPage:
    """Lines with their items, oldest first, the sequence to go on after, and whether there is more."""

    lines: Sequence[tuple[ConsentEvent, ItemRef]]
    next: int
    has_more: bool


def page(session: Session, account_id: uuid.UUID, after: int, brands: Collection[str], limit: int) -> EventsPage:
    """Give up to `limit` lines after a sequence, of items of `brands` and of the whole group."""
    query = (
        select(ConsentEvent)
        .join(Item, Item.id == ConsentEvent.item_id)
        .where(ConsentEvent.account_id == account_id, ConsentEvent.sequence > after)
        .where(or_(Item.brand.is_(None), Item.brand.in_(brands)))
        .order_by(ConsentEvent.sequence)
        .limit(limit + 1)
    )
    rows = session.scalars(query).all()
    told = rows[:limit]
    known = items(session, needed={line.item_id for line in told})
    return EventsPage(
        [(line, known.get(line.item_id)) for line in told], told[-1].sequence if told else after, len(rows) > limit
    )

"""Reading the change feed: the lines of some items in their fixed order, a page at a time, from any place on."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select

from app.db import Session
from app.models import ConsentEvent, EventFeed, FeedState, Item
from app.services.items import ItemRef, items

WINDOW = 20_000
"""Places looked at for one page, so that a reader of little among much waits for no page long."""
_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the feed: all up to `position` was read. The epoch rises when a backup is restored."""

    epoch: int
    position: int

    def __str__(self) -> str:
        """Write it as readers keep it."""
        return base64.urlsafe_b64encode(f"{self.epoch}.{self.position}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """Read what `str` wrote; None for anything else."""
        try:
            found = _CURSOR.fullmatch(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii"))
        except ValueError:
            return None
        return cls(int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Lines with their items, where to go on, and whether there is more already."""

    lines: Sequence[tuple[ConsentEvent, ItemRef]]
    next: Cursor
    has_more: bool


def event_id(line: ConsentEvent) -> str:
    """Name an event for good: account, sequence, and the begin of the line's mac.

    A restore may take the end of an account's lines back, and others be written under the same numbers; the mac tells
    them apart, so that nobody takes a new event for one that they have seen.
    """
    return f"{line.account_id}.{line.sequence}.{line.mac[:4].hex()}"


def epoch(session: Session) -> int:
    """Give the present epoch."""
    return session.scalar(select(func.max(FeedState.epoch))) or 1


def resumed(session: Session, after: Cursor) -> Cursor:
    """Give the place in the present epoch from where a reader misses nothing whose place is one of an older epoch.

    Up to where the backups end that were put back since, what they read is what is here. Nothing is known of an epoch
    that this feed never went through, as that of a restore which another one replaced: then it is the start.
    """
    begun = {row.epoch: row.position for row in session.scalars(select(FeedState))}
    ends = [position for number, position in begun.items() if number > after.epoch]
    return Cursor(epoch(session), min([after.position, *ends]) if after.epoch in begun else 0)


def page(session: Session, after: Cursor, brands: Collection[str], limit: int) -> FeedPage:
    """Give up to `limit` lines after a place, of items of `brands` and of the whole group.

    Two statements. Whoever goes on from `next` misses nothing and gets nothing twice, whatever commits meanwhile.
    """
    top = newest(session)
    end = min(after.position + WINDOW, top)
    query = lines(after.position, end, brands).limit(limit)
    rows = session.execute(query).all()
    reached = rows[-1][0] if len(rows) == limit else max(end, after.position)
    known = items(session, needed={line.item_id for _, line in rows})
    return FeedPage([(line, known.get(line.item_id)) for _, line in rows], Cursor(after.epoch, reached), reached < top)


def newest(session: Session) -> int:
    """Give the position of the newest event, 0 where there is none."""
    return session.scalar(select(func.max(EventFeed.position))) or 0


def lines(after: int, end: int, brands: Collection[str]) -> Select[int, ConsentEvent]:
    """Ask for the lines that a client of `brands` may see (invariant 10), with their positions, in order."""
    return (
        select(EventFeed.position, ConsentEvent)
        .join(ConsentEvent, (ConsentEvent.account_id == EventFeed.account_id)
              & (ConsentEvent.sequence == EventFeed.sequence))
        # By the table, not by what this process knows: a newer release may have added items.
        .join(Item, Item.id == ConsentEvent.item_id)
        .where(EventFeed.position > after, EventFeed.position <= end)
        .where(or_(Item.brand.is_(None), Item.brand.in_(brands)))
        .order_by(EventFeed.position)
    )  # fmt: skip

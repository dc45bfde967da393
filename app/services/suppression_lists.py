"""Suppressions as a client may see them: those of its brands, and the group's where all brands are its own.

They are told by their ids. Who asks whether an address may be contacted has it; who does not, learns none here.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, or_, select, union_all

from app.db import Session
from app.environment import environment
from app.kit.addresses import Address
from app.models import Suppression
from app.services import suppressions
from app.services.locks import known_digest
from app.services.suppressions import Reason, Scope


@dataclass(frozen=True, slots=True)
class SuppressionsPage:
    """Suppressions by ascending id, and whether there are more."""

    rows: Sequence[Suppression]
    has_more: bool


def scopes(session: Session, brands: Collection[str]) -> list[str | None]:
    """List whose suppressions a client of `brands` may see, set and lift; None stands for the group's own."""
    whole: list[str | None] = [None] if set(brands) >= environment(session).group.brands.keys() else []
    return [*sorted(brands), *whole]


def page(session: Session, seen: Collection[str | None], after: uuid.UUID, limit: int) -> SuppressionsPage:
    """Give up to `limit` suppressions after an id, lifted and lapsed ones too.

    Each brand's are looked up by an index of their own, so that a house with few waits for none that has many.
    """
    if not seen:
        return SuppressionsPage([], has_more=False)
    parts = [
        select(Suppression.id)
        .where(_of(brand), Suppression.id > after)
        .order_by(Suppression.id)
        .limit(limit + 1)
        .subquery()
        for brand in seen
    ]
    ids = union_all(*(select(part.c.id) for part in parts)).subquery()
    query = select(Suppression).join(ids, ids.c.id == Suppression.id).order_by(Suppression.id).limit(limit + 1)
    rows = session.scalars(query).all()
    return SuppressionsPage(rows[:limit], len(rows) > limit)


def find(session: Session, suppression_id: uuid.UUID, seen: Collection[str | None]) -> Suppression | None:
    """Find a suppression by its id, as it is now, if it may be seen."""
    query = select(Suppression).where(Suppression.id == suppression_id, or_(false(), *map(_of, seen)))
    return session.scalar(query.execution_options(populate_existing=True))


def of_address(session: Session, address: Address, seen: Collection[str | None]) -> list[Suppression]:
    """List all that was ever said about an address and may be seen, oldest first."""
    return [row for row in suppressions.on_record(session, known_digest(session, address)) if row.brand in seen]


def standing(session: Session, address: Address, scope: Scope, reason: Reason) -> Suppression:
    """Give the suppression that stands for this reason in this scope, which was just noted."""
    rows = suppressions.in_force(session, [known_digest(session, address)])
    alike = (row for row in rows if (row.brand, row.channel, row.reason) == (scope.brand, scope.channel, reason))
    return next(alike)


def _of(brand: str | None) -> ColumnElement[bool]:
    return Suppression.brand.is_(None) if brand is None else Suppression.brand == brand

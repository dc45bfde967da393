"""What a signal against sale and sharing is about, and whether it was heeded (Global Privacy Control, section 3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from app.db import Session
from app.environment import environment
from app.services.folding import State, Status
from app.services.items import ItemRef, items

NO = frozenset({Status.REFUSED, Status.WITHDRAWN, Status.OBJECTED})


def of_sharing(session: Session, brands: Collection[str]) -> list[ItemRef]:
    """List the uses of data marked `sale_or_sharing`: those of `brands`, and of the whole group."""
    group, registry = environment(session).group, items(session)
    owners: list[str | None] = [*(slug for slug in group.brands if slug in brands), None]
    return [
        registry.own_purpose(owner, purpose.key)
        for owner in owners
        if (site := group.owner(owner))
        for purpose in site.purposes
        if purpose.sale_or_sharing and not purpose.retired
    ]


def are_all_off(wanted: Iterable[ItemRef], states: Mapping[int, State]) -> bool:
    """Tell whether all of `wanted` was said no to."""
    return all(item.id in states and states[item.id].status in NO for item in wanted)

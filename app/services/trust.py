"""Whose evidence of a yes is believed (invariant 1)."""

from __future__ import annotations

from app.branding.models import Brand, SiteGroup
from app.services.items import ItemRef


def is_trusted(group: SiteGroup, name: str | None, brand: Brand, item: ItemRef) -> bool:
    """Tell whether a client's evidence is trusted: by the house, or for what is the whole group's by every house."""
    trusting = group.brands.values() if item.brand is None else [brand]
    return all(name in each.trusted_evidence for each in trusting)

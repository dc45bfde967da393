"""The two houses that people talk with: what the model is told of them, and the same as brands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.branding.models import Channel, CheckIn, Frequency, LegalBasis, OptIn, SiteGroup
from app.branding.texts import Document, DocumentVersion
from tests.talk.model import ASKED_AFTER, BOUGHT_LASTS, GRACE, REMINDED_AFTER, House, Item

ONE, OTHER, ALL = "camille", "folie-douze", "luxe"
VERSIONS = ((date(2026, 1, 15), False), (date(2026, 9, 1), True), (date(2027, 6, 1), False))

HOUSES: Mapping[str, House] = {
    ONE: House(
        items=tuple(Item(ONE, topic, "email") for topic in ("newsletter", "private-sales", "new-collection")),
        frequencies={
            "newsletter": ("weekly", "monthly"),
            "private-sales": ("as-it-happens",),
            "new-collection": ("quarterly",),
        },
        by_right=frozenset({"private-sales"}),
        by_purchase=frozenset({"new-collection"}),
        versions=VERSIONS,
    ),
    OTHER: House(
        items=(Item(OTHER, "newsletter", "email"), Item(OTHER, "restock", "email"), Item(OTHER, "restock", "push")),
        frequencies={"newsletter": ("twice-monthly", "monthly"), "restock": ("as-it-happens",)},
        single=frozenset({"restock"}),
        must_be_proved=True,
        confirmation_days=14,
        versions=VERSIONS[:1],
    ),
}
"""What the model is told; `demonstration` makes brands of it."""
ITEMS = tuple(item for house in HOUSES.values() for item in house.items)


def demonstration(group: SiteGroup) -> SiteGroup:
    """Give a group of these two houses."""
    check_in = CheckIn(after_months=ASKED_AFTER, remind_after_days=REMINDED_AFTER.days, grace_days=GRACE.days)
    return group.model_copy(update={"brands": {slug: _brand(group, slug) for slug in HOUSES}, "check_in": check_in})


def _brand(group: SiteGroup, slug: str) -> Any:
    house, brand = HOUSES[slug], group.brands[slug]
    topics = [
        brand.topic(key).model_copy(update={
            "channels": tuple(Channel(item.channel) for item in house.items if item.topic == key),
            "frequencies": tuple(map(Frequency, often)),
            "opt_in": OptIn.SINGLE if key in house.single else OptIn.DOUBLE,
            "legal_basis": LegalBasis(house.basis(key)),
            "basis_months": BOUGHT_LASTS if key in house.by_purchase else None,
        })
        for key, often in house.frequencies.items()
    ]  # fmt: skip
    versions = [
        DocumentVersion(version=day, effective=day, requires_reconsent=anew, texts={"en": "Text"}, digest="0" * 64)
        for day, anew in house.versions
    ]
    notice = Document(slug="privacy", title={"en": "Privacy"}, versions=tuple(versions))
    changed = {
        "topics": tuple(topics), "documents": (notice,), "verified_contact_required": house.must_be_proved,
        "confirmation_days": house.confirmation_days,
    }  # fmt: skip
    return brand.model_copy(update=changed)

"""The two houses that people talk with: what the model is told of them, and the same as brands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from app.branding.models import Brand, Channel, CheckIn, Frequency, LegalBasis, OptIn, SiteGroup
from app.branding.texts import Document, DocumentVersion
from tests.talk.house import House, Item
from tests.talk.model import ASKED_AFTER, BOUGHT_LASTS, GRACE, REMINDED_AFTER

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


def covered(what: Item | str) -> list[Item]:
    """List what a link to leave is about."""
    return covered_of(ITEMS, what)


def covered_of(items: Sequence[Item], what: Item | str) -> list[Item]:
    """List what a link to leave is about, of `items`."""
    if isinstance(what, Item):
        return [what]
    return [item for item in items if item.channel == "email" and what in {ALL, item.house}]


def demonstration(group: SiteGroup) -> SiteGroup:
    """Give a group of these two houses."""
    check_in = CheckIn(after_months=ASKED_AFTER, remind_after_days=REMINDED_AFTER.days, grace_days=GRACE.days)
    return group.model_copy(update={"brands": brands(group, HOUSES), "check_in": check_in})


def brands(group: SiteGroup, houses: Mapping[str, House]) -> dict[str, Brand]:
    """Give what the model is told of houses as brands."""
    return {slug: _brand(group.brands[slug], house) for slug, house in houses.items()}


def notice(house: House) -> Document:
    """Give the privacy notice of a house or of the group."""
    versions = [
        DocumentVersion(version=day, effective=day, requires_reconsent=anew, texts={"en": "Text"}, digest="0" * 64)
        for day, anew in house.versions
    ]
    return Document(slug="privacy", title={"en": "Privacy"}, versions=tuple(versions))


def _brand(brand: Brand, house: House) -> Brand:
    topics = [
        brand.topic(key).model_copy(update={
            "channels": tuple(Channel(item.channel) for item in house.items if item.topic == key),
            "frequencies": tuple(map(Frequency, often)),
            "opt_in": OptIn.SINGLE if key in house.single else OptIn.DOUBLE,
            "legal_basis": LegalBasis(house.basis(key)),
            "basis_months": BOUGHT_LASTS if key in house.by_purchase else None,
            "minimum_age": house.ages.get(key),
        })
        for key, often in house.frequencies.items()
    ]  # fmt: skip
    changed = {
        "topics": tuple(topics), "documents": (notice(house),), "verified_contact_required": house.must_be_proved,
        "confirmation_days": house.confirmation_days,
    }  # fmt: skip
    return brand.model_copy(update=changed)

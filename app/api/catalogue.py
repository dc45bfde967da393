"""`GET /api/v1/catalogue`: what can be asked about, as the brand folders have it now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from flask import Response

from app.api import guard
from app.api.answers import answer
from app.branding.models import Brand, Purpose, Site, Topic
from app.http.context import env
from app.kit import clock

SCOPE = "consents:read"


def show_catalogue() -> Response:
    """List what there is to ask about.

    Topics with their channels and frequencies, purposes, and the documents in force: those of the client's brands, and
    of the whole group. Retired ones are left out.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    today, origin = clock.now().date(), parley.settings.origin
    brands = [brand for slug, brand in parley.group.brands.items() if slug in access.brands]
    body = {
        "group": _site(parley.group, today, origin),
        "brands": [
            {**_site(brand, today, origin), "topics": [_topic(each) for each in brand.topics if not each.retired]}
            for brand in brands
        ],
    }
    return answer(parley, body)


def _site(site: Site, today: date, origin: str) -> dict[str, object]:
    return {
        "slug": site.slug,
        "name": site.name,
        "locales": list(site.locales),
        "purposes": list(_purposes(site.purposes)),
        "documents": [
            {
                "slug": each.slug,
                "title": dict(each.title),
                "version": each.in_force(today).version.isoformat(),
                "url": f"{origin}/{site.slug}/documents/{each.slug}?version={each.in_force(today).version}",
            }
            for each in site.documents
        ],
        **({"confirmation_days": site.confirmation_days} if isinstance(site, Brand) else {}),
    }


def _topic(topic: Topic) -> dict[str, object]:
    return {
        "key": topic.key,
        "name": dict(topic.name),
        "channels": [each.value for each in topic.channels],
        "frequencies": [each.value for each in topic.frequencies],
        "opt_in": topic.opt_in.value,
        "legal_basis": topic.legal_basis.value,
        "minimum_age": topic.minimum_age,
    }


def _purposes(purposes: Iterable[Purpose]) -> Iterable[dict[str, object]]:
    for each in purposes:
        if not each.retired:
            yield {
                "key": each.key, "name": dict(each.name), "legal_basis": each.legal_basis.value,
                "sale_or_sharing": each.sale_or_sharing,
            }  # fmt: skip

"""Who may read our answers from another origin: pages of a brand's own sites, exactly as its folder lists them.

CORS as the Fetch standard has it, without credentials: these answers neither read nor set a cookie.
"""

from __future__ import annotations

from flask import Response, request

from app.branding.models import Brand
from app.http.context import env

METHODS = "GET, POST"
HEADERS = "Content-Type"
REMEMBERED_SECONDS = 7200
"""How long a browser may remember a preflight: the most that Chromium does."""


def origins_of(brand: Brand) -> tuple[str, ...]:
    """List the origins of a brand's sites; in development the sample site stands for all of them."""
    sample = env().settings.sample_origin
    return (*brand.origins, sample) if sample and sample not in brand.origins else brand.origins


def is_listed(brand: Brand) -> bool:
    """Tell whether the request comes from a page of the brand, by the letter of its `Origin`."""
    return request.headers.get("Origin") in origins_of(brand)


def allow(response: Response, brand: Brand) -> Response:
    """Let a page of the brand read `response`; caches are told that it depends on who asks."""
    response.vary.add("Origin")
    if is_listed(brand):
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    return response


def preflight(brand: Brand) -> Response:
    """Answer what a browser asks before it sends JSON: yes to pages of the brand, 403 to all others."""
    response = Response(status=204 if is_listed(brand) else 403)
    if is_listed(brand):
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Allow-Headers"] = HEADERS
        response.headers["Access-Control-Max-Age"] = str(REMEMBERED_SECONDS)
    return response


def frame_ancestors(brand: Brand) -> str:
    """Name the pages that may frame a form of the brand, for a Content-Security-Policy."""
    return " ".join(("frame-ancestors", *(origins_of(brand) or ("'none'",))))

"""Headers that every answer carries."""

from __future__ import annotations

from flask import Flask, Response, request

from app.branding.languages import tag
from app.http.context import env, locale, request_id
from app.http.languages import is_settled_by_link

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; script-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
ONE_YEAR = 31_536_000
CACHEABLE = frozenset({"static", "web.theme"})


def install(app: Flask) -> None:
    """Add the headers to every answer of `app`; what a view set itself stays."""

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("X-Request-Id", request_id())
        if env().settings.is_production:
            headers.setdefault("Strict-Transport-Security", f"max-age={ONE_YEAR}; includeSubDomains")
        if request.endpoint not in CACHEABLE:
            headers.setdefault("Cache-Control", "no-store")
        if response.mimetype == "text/html" and "Location" not in headers:
            _tell_language(response)
        return response


def _tell_language(response: Response) -> None:
    """Say which language a page is in, and whether that depends on what the browser prefers (RFC 9110, 12.5.5)."""
    response.headers.setdefault("Content-Language", tag(locale()))
    if not is_settled_by_link():
        response.vary.add("Accept-Language")

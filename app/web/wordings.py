"""Which words a form showed. Its token is bound to them, so that what is kept as evidence is what stood there.

Between a page and its answer lie up to twelve hours, other workers and new versions of `brands/`.
"""

from __future__ import annotations

from flask import request

from app.branding.models import Site
from app.http import guards
from app.http.context import env, locale
from app.kit.signing import Purpose
from app.services import notices


def on_form(site: Site, language: str) -> list[str]:
    """Give what the token of the sign-up form is made for."""
    return [site.slug, language, notices.digest_of_form(env(), site, language)]


def locale_of_form(site: Site) -> str:
    """Give the locale of the form that came back, as its token says; of the request where it says nothing."""
    return _locale(site, guards.made_for(Purpose.FORM, request.form.get("csrf_token", "")))


def _locale(site: Site, made: object) -> str:
    said = made[1] if isinstance(made, list) and len(made) > 1 else ""
    return said if said in site.locales else locale(site)

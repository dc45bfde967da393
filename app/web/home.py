"""The first page and documents."""

from __future__ import annotations

from datetime import date

from flask import abort, current_app, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markdown_it import MarkdownIt
from nh3 import clean

from app.branding.models import Document, DocumentVersion, Site, pick
from app.http.context import env, locale
from app.kit import clock
from app.web.blueprint import bp, render

GPC_SINCE = date(2026, 11, 30)
"""The day on which what is done about the signal was last changed."""


@bp.get("/")
def index() -> ResponseReturnValue:
    """Show the houses to whoever develops; elsewhere go to the group's page."""
    if env().settings.is_production:
        return redirect(url_for("web.sign_up", site=env().group.slug))
    return render("web/index.html", has_mailbox="dev" in current_app.blueprints)


@bp.get("/.well-known/gpc.json")
def privacy_signal() -> ResponseReturnValue:
    """Say that the signal of browsers against sale and sharing is kept to (Global Privacy Control, section 4)."""
    answer = jsonify({"gpc": True, "lastUpdate": GPC_SINCE.isoformat()})
    answer.cache_control.public, answer.cache_control.max_age = True, 86_400
    return answer


@bp.get("/<site>/documents/<slug>")
def document(site: Site, slug: str) -> ResponseReturnValue:
    """Show a document in force, or an older version of it."""
    found = site.document(slug)
    if found is None:
        abort(404)
    version = _version(found)
    if version is None:
        abort(404)
    text = pick(version.texts, locale(site), site.locales)
    return render(
        "web/document.html", document=found, html=clean(MarkdownIt().render(text)), version=version.version,
        versions=[each.version for each in reversed(found.versions)],
    )  # fmt: skip


def _version(found: Document) -> DocumentVersion | None:
    asked = request.args.get("version")
    if asked is None:
        return found.in_force(clock.now().date())
    try:
        wanted = date.fromisoformat(asked)
    except ValueError:
        return None
    return next((version for version in found.versions if version.version == wanted), None)

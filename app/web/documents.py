"""Documents: the version in force, older and coming ones, and what differs between two of them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from flask import abort, request
from flask.typing import ResponseReturnValue

from app.branding.differences import passages
from app.branding.models import Site, pick
from app.branding.prose import as_html
from app.branding.texts import Document, DocumentVersion
from app.http.context import locale
from app.kit import clock
from app.web.blueprint import bp, render


class Shown(NamedTuple):
    """A version as the list of all versions has it."""

    version: DocumentVersion
    before: DocumentVersion | None
    """The version that it can be compared with: the one before it, where both speak a language of the reader's site."""


@bp.get("/<site>/documents/<slug>")
def document(site: Site, slug: str) -> ResponseReturnValue:
    """Show a document in force, or another version of it; with `against`, what differs from an older one."""
    found = site.document(slug) or abort(404)
    version = _asked(found, "version") or found.in_force(clock.now().date())
    older = _asked(found, "against")
    if older is not None:
        return _difference(site, found, older, version)
    text = pick(version.texts, locale(site), site.locales)
    return render(
        "web/document.html", document=found, html=as_html(text), version=version,
        versions=_all(site, found), today=clock.now().date(),
    )  # fmt: skip


def _difference(site: Site, found: Document, older: DocumentVersion, newer: DocumentVersion) -> ResponseReturnValue:
    spoken = _common(site, older, newer)
    if older.version >= newer.version or not spoken:
        abort(404)
    shown = [(each.fate, as_html(each.markdown)) for each in passages(older.texts[spoken], newer.texts[spoken])]
    return render(
        "web/difference.html", document=found, older=older, newer=newer, passages=shown,
        is_same=all(fate == "kept" for fate, _ in shown), spoken=spoken if spoken != locale(site) else "",
    )  # fmt: skip


def _common(site: Site, older: DocumentVersion, newer: DocumentVersion) -> str:
    """Give the language to compare two versions in: the reader's, else the site's first that both speak; or none."""
    return next((each for each in (locale(site), *site.locales) if each in older.texts and each in newer.texts), "")


def _all(site: Site, found: Document) -> list[Shown]:
    """List all versions, newest first."""
    pairs = zip(found.versions, (None, *found.versions), strict=False)
    return [Shown(each, before if before and _common(site, before, each) else None) for each, before in pairs][::-1]


def _asked(found: Document, name: str) -> DocumentVersion | None:
    """Read a version from the address; none where it is not given, 404 where there is no such one."""
    text = request.args.get(name)
    if text is None:
        return None
    try:
        return found.version(date.fromisoformat(text)) or abort(404)
    except ValueError:
        abort(404)

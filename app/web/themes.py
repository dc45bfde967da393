"""What dresses a house's pages besides the one sheet for all: its colours, and the typefaces it is set in."""

from __future__ import annotations

from flask import Response, abort, current_app, request, url_for
from flask.typing import ResponseReturnValue

from app.branding.models import Site
from app.branding.theme import stylesheet
from app.http.assets import ONE_YEAR, VERSION, keep_for_ever, version
from app.http.context import env
from app.web.blueprint import bp

FIVE_MINUTES = 300


@bp.app_url_defaults
def stamp(endpoint: str, values: dict[str, object]) -> None:
    """Put the digest of a theme into its address."""
    if endpoint == "web.theme" and VERSION not in values and (site := env().group.site(str(values["slug"]))):
        values[VERSION] = version(_sheet(site))


@bp.get("/brand/<slug>/theme.css")
def theme(slug: str) -> ResponseReturnValue:
    """Serve a site's colours and typefaces as custom properties, so that no page needs inline style."""
    found = env().group.site(slug)
    if found is None:
        abort(404)
    response = Response(_sheet(found), mimetype="text/css")
    response.cache_control.public = True
    response.cache_control.max_age = FIVE_MINUTES
    response.add_etag()
    keep_for_ever(response, version(_sheet(found)))
    return response.make_conditional(request)


@bp.get("/brand/fonts/<digest>.woff2")
def font(digest: str) -> ResponseReturnValue:
    """Serve a face by its digest: what is behind an address never changes."""
    path = env().typefaces.path(digest)
    if path is None:
        abort(404)
    response = Response(path.read_bytes(), mimetype="font/woff2")
    response.cache_control.public = True
    response.cache_control.max_age = ONE_YEAR
    response.cache_control.immutable = True
    response.set_etag(digest)
    return response.make_conditional(request)


@bp.app_context_processor
def early() -> dict[str, object]:
    """Let templates ask for typefaces before the sheets that name them are read."""
    return {"early_fonts": early_fonts}


def early_fonts(site: Site, locale: str) -> list[str]:
    """Give the addresses of a site's faces, which every page shows; Chinese is set in faces of the system."""
    faces = () if locale.startswith("zh") else env().typefaces.of(site.theme)
    return [url_for("web.font", digest=face.digest) for face in faces]


def _sheet(site: Site) -> bytes:
    """Write a site's stylesheet, once for each application."""
    written: dict[str, bytes] = current_app.extensions.setdefault("parley.sheets", {})
    if site.slug not in written:
        written[site.slug] = stylesheet(site, env().typefaces).encode()
    return written[site.slug]

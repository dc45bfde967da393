"""The contact sheets of a brand team: every page and mail of a site, in its languages and both schemes.

The sheet itself is for staff, in English. Its tiles are answers of the real application (see `stage`), framed small; a
tile opened alone is the same page in full size. Links and forms in them lead nowhere: whatever would be a page is
answered with 204, upon which a browser stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response as WerkzeugResponse
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from app.branding.languages import autonym, tag
from app.branding.mistakes import BrandError
from app.branding.models import Site
from app.console import dressing
from app.console.pages import Kind, Page, find, pages_of
from app.console.stage import Production, Stage
from app.services.letters import Letter

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
HOST_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""A mail brings its styles inline; it can neither run anything nor fetch anything."""

KEPT = (
    "Content-Type", "Content-Encoding", "Vary", "Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options",
    "Cache-Control", "ETag",
)  # fmt: skip
"""Headers of the real answer that a tile passes on; above all no cookie."""

NOWHERE = ("", 204)
WIDTHS = {"phone": (360, 780), "desktop": (1280, 900)}
EXTENSION = "parley.preview"

blueprint = Blueprint("console", __name__)


class Studio(Protocol):
    """Keeps the real application in step with the brand folder."""

    def production(self) -> AbstractContextManager[Production]:
        """Give the application on the folder as it is now, to one request at a time. Raises `BrandError`."""
        ...


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture of the sheet."""

    page: Page
    locale: str
    scheme: str
    size: str
    url: str

    @property
    def label(self) -> str:
        """What the tile shows, in words."""
        return f"{self.page.title}, {autonym(self.locale)}, {self.scheme}, {self.size}"

    @property
    def sandbox(self) -> str:
        """What the frame may do: only the element on a brand's page is a script's work."""
        return "allow-same-origin allow-scripts" if self.page.kind is Kind.HOST else "allow-same-origin"

    @property
    def width(self) -> int:
        """Width of the framed window in CSS pixels."""
        return WIDTHS[self.size][0]

    @property
    def height(self) -> int:
        """Height of the framed window in CSS pixels."""
        return WIDTHS[self.size][1]


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """List the sites of the folder."""
    with _studio().production() as production:
        group = production.environment.group
    sites = [(site, len(pages_of(site))) for site in (group, *group.brands.values())]
    return render_template("console/index.html", sites=sites, autonym=autonym)


@blueprint.get("/sheet/<slug>")
def sheet(slug: str) -> ResponseReturnValue:
    """Show the contact sheet of one site."""
    with _studio().production() as production:
        site = _site(production, slug)
        group = production.environment.group
    rows = [(page, list(tiles)) for page, tiles in groupby(_tiles(site), key=attrgetter("page"))]
    sites = (group, *group.brands.values())
    return render_template(
        "console/sheet.html", site=site, sites=sites, rows=rows, choices=_choices(site), autonym=autonym
    )


@blueprint.get("/preview/<slug>/<key>")
def tile(slug: str, key: str) -> ResponseReturnValue:
    """Show one page as the real application answers it, in the language and the scheme asked for."""
    with _studio().production() as production:
        site = _site(production, slug)
        page = find(site, key) or abort(404)
        scheme = _asked("scheme", dressing.SCHEMES)[0]
        stage = Stage(production, site, _asked("lang", site.locales)[0], scheme, str(request.accept_encodings))
        with production.scene():
            shown = page.play(stage)
            if isinstance(shown, Letter):
                return _mail(production, shown, page, scheme)
            return _host(stage, scheme) if page.kind is Kind.HOST else _passed_on(shown)


@blueprint.get("/<any(light, dark):scheme>/<path:path>")
@blueprint.post("/<any(light, dark):scheme>/<path:path>")
@blueprint.get("/<any(light, dark):scheme>/", defaults={"path": ""})
def parts(scheme: str, path: str) -> ResponseReturnValue:
    """Serve what pages are made of. What would be another page is left unanswered, so that the browser stays."""
    if request.method == "POST":
        return NOWHERE
    answer = _answer_of(SCRIPT_NAME=f"/{scheme}", PATH_INFO=f"/{path}", **{dressing.SCHEME: scheme})
    return NOWHERE if answer.mimetype == "text/html" else answer


@blueprint.route("/embed/<path:path>", methods=["GET", "POST"])
def element(path: str) -> ResponseReturnValue:
    """Serve the element on a brand's page with what it asks for. Nothing comes of a sign-up."""
    return _answer_of(PATH_INFO=f"/embed/{path}")


@blueprint.route("/<path:path>", methods=["GET", "POST"])
def nowhere(path: str) -> ResponseReturnValue:  # noqa: ARG001 - whatever it is
    """Follow no link of a page: nothing else is here."""
    return NOWHERE


@blueprint.app_errorhandler(BrandError)
def mistakes(problem: BrandError) -> ResponseReturnValue:
    """Show what is wrong in the folder, in place of every page, until it is mended."""
    return render_template("console/mistakes.html", mistakes=problem.mistakes), 422


@blueprint.after_app_request
def protect(response: Response) -> Response:
    """Add the headers that the real application did not set itself."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _studio() -> Studio:
    found: Studio = current_app.extensions[EXTENSION]
    return found


def _answer_of(**changes: str) -> WerkzeugResponse:
    with _studio().production() as production, production.scene():
        answer = Response.from_app(production.application, {**request.environ, **changes}, buffered=True)
    dressing.let_us_frame(answer.headers)
    return answer


def _site(production: Production, slug: str) -> Site:
    return production.environment.group.site(slug) or abort(404)


def _asked(name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Give the one value that the address asks for, or all that are allowed."""
    asked = request.args.get(name, "")
    return (asked,) if asked in allowed else allowed


def _tiles(site: Site) -> Iterator[Tile]:
    pages = pages_of(site)
    wanted = _asked("page", tuple(page.key for page in pages))
    for page in pages:
        if page.key not in wanted:
            continue
        for locale in _asked("lang", site.locales):
            for scheme in _asked("scheme", dressing.SCHEMES):
                for size in _asked("size", tuple(WIDTHS)):
                    url = url_for(".tile", slug=site.slug, key=page.key, lang=locale, scheme=scheme)
                    yield Tile(page, locale, scheme, size, url)


def _choices(site: Site) -> dict[str, list[tuple[str, str]]]:
    return {
        "pages": [(page.key, page.title) for page in pages_of(site)],
        "languages": [(locale, autonym(locale)) for locale in site.locales],
        "schemes": [(scheme, scheme) for scheme in dressing.SCHEMES],
        "sizes": [(size, size) for size in WIDTHS],
    }


def _passed_on(answer: TestResponse) -> Response:
    headers = Headers([(name, answer.headers[name]) for name in KEPT if name in answer.headers])
    dressing.let_us_frame(headers)
    return Response(answer.get_data(), answer.status_code, headers)


def _host(stage: Stage, scheme: str) -> ResponseReturnValue:
    """Show the element on a page of the brand's, under the strictest policy it works with."""
    page = render_template("console/host.html", site=stage.site, language=tag(stage.locale), scheme=scheme)
    answer = Response(page, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = HOST_POLICY
    return answer


def _mail(production: Production, letter: Letter, page: Page, scheme: str) -> ResponseReturnValue:
    mail = production.compose(letter)
    if page.kind is Kind.TEXT:
        return render_template("console/mail_text.html", mail=mail, language=tag(letter.locale), scheme=scheme)
    answer = Response(dressing.force(mail.html, scheme), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = MAIL_POLICY
    return answer

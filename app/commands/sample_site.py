"""`parley sample-site`: a small brand site on another origin, with our forms on it, for whoever develops.

It knows nothing of Parley but the two lines of docs/embedding.md, and serves its pages under the strictest policy that
leaves room for them. Violations that browsers report are counted at `/csp-reports`.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import click
from flask import Flask, Response, abort, jsonify, redirect, render_template, request, url_for

from app.branding.languages import autonym, best, match, tag
from app.branding.loader import load
from app.branding.models import Brand, SiteGroup, pick
from app.branding.theme import stylesheet
from app.commands.preview import POLL_SECONDS, serving
from app.commands.serve import require_free
from app.config import Settings
from app.kit.stopping import stop_requests

MOST_REPORTS = 1_000
LAYOUTS = ("stack", "row")


@click.command("sample-site")
def sample_site() -> None:
    """Serve a sample brand site that embeds the forms, on another origin. Not in production."""
    settings = Settings.load()
    if settings.sample_origin is None:
        raise click.ClickException("The sample brand site is for development; in production brands have their own.")
    port = urlsplit(settings.sample_origin).port or 80
    require_free("127.0.0.1", port)
    group = load(settings.brands_dir)
    with stop_requests() as is_told_to_stop, serving(create(group, settings.origin), port):
        click.echo(f"Sample brand site at {settings.sample_origin}/")
        while not is_told_to_stop():
            time.sleep(POLL_SECONDS)


def create(group: SiteGroup, parley: str) -> Flask:
    """Build the site of all houses of `group`; `parley` is the origin that the forms come from."""
    app = Flask("app", static_folder="static/sample", static_url_path="/assets")
    reports: list[Any] = []
    policy = f"default-src 'self' {parley}; object-src 'none'; base-uri 'none'; report-uri /csp-reports"

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-cache"
        return response

    @app.get("/")
    def index() -> Any:
        return redirect(url_for("house", slug=next(iter(group.brands))))

    @app.get("/<slug>/")
    def house(slug: str) -> str:
        layout = request.args.get("layout", "")
        return _page(group, slug, "sample/element.html", parley, layout=layout if layout in LAYOUTS else LAYOUTS[0])

    @app.get("/<slug>/frame")
    def frame(slug: str) -> str:
        return _page(group, slug, "sample/frame.html", parley)

    @app.get("/<slug>/theme.css")
    def theme(slug: str) -> Response:
        return Response(stylesheet(_brand(group, slug)), mimetype="text/css")

    @app.post("/csp-reports")
    def take_report() -> Response:
        if len(reports) < MOST_REPORTS:
            reports.append(request.get_json(force=True, silent=True))
        return Response(status=204)

    @app.get("/csp-reports")
    def show_reports() -> Response:
        return jsonify(reports)

    return app


def _brand(group: SiteGroup, slug: str) -> Brand:
    found = group.brands.get(slug)
    if found is None:
        abort(404)
    return found


def _page(group: SiteGroup, slug: str, template: str, parley: str, **more: object) -> str:
    brand = _brand(group, slug)
    wanted = [tag for tag, quality in request.accept_languages if quality > 0]
    locale = match(request.args.get("lang"), brand.locales) or best(wanted, brand.locales) or brand.locales[0]
    topics = [
        (pick(topic.name, locale, brand.locales), pick(topic.description, locale, brand.locales))
        for topic in brand.topics if not topic.retired
    ]  # fmt: skip
    languages = [(each, tag(each), autonym(each)) for each in brand.locales]
    return render_template(
        template, brand=brand, group=group, topics=topics, languages=languages, lang=tag(locale), locale=locale,
        parley=parley, **more,
    )  # fmt: skip

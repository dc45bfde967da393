"""The blueprint of all pages: every address begins with a brand or the group, which views get as `site`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from app.branding.catalogue import long_date
from app.branding.languages import named, tag
from app.db import is_unavailable
from app.http.context import env, locale
from app.http.extensions import seconds_to_wait
from app.web.fragments import kept
from app.web.typography import unbroken

bp = Blueprint("web", __name__)

FOR_EVER = {
    "web.unsubscribe", "web.unsubscribe_post", "web.never", "web.never_post", "web.manage", "web.manage_post",
}  # fmt: skip


@bp.url_value_preprocessor
def find_site(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Turn the slug in the address into the site, or answer 404.

    Links to leave never expire: those of a house that is gone are served by the group.
    """
    if values and "site" in values:
        g.slug = values["site"]
        site = env().group.site(g.slug) or (env().group if endpoint in FOR_EVER else None)
        if site is None:
            abort(404)
        values["site"] = g.site = site


bp.add_app_template_filter(long_date)
bp.add_app_template_filter(tag, "language_tag")
bp.add_app_template_filter(named, "language_named")
bp.add_app_template_filter(unbroken)
bp.add_app_template_global(kept)


@bp.app_context_processor
def common() -> dict[str, Any]:
    """Give every template the group, the site of the page if it has one, and the language."""
    return {"group": env().group, "site": g.get("site"), "locale": locale()}


def render(template: str, status: int = 200, **context: Any) -> ResponseReturnValue:
    """Render a page with its status."""
    return render_template(template, status=status, **context), status


def render_error(status: int, message: str = "") -> ResponseReturnValue:
    """Render the page for a failure, in the look of the site it happened on."""
    return render("errors/error.html", status=status, message=message)


def failed(problem: HTTPException) -> ResponseReturnValue:
    """Tell an HTTP failure as a page; a database that is away is 503, whatever was asked."""
    cause = getattr(problem, "original_exception", None)
    if cause is not None and is_unavailable(cause):
        return render_error(HTTPStatus.SERVICE_UNAVAILABLE)
    code = problem.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if "site" not in g and (site := env().group.site(request.path.split("/")[1])):
        g.site = site  # an address of no page, but below a house's
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        answer = make_response(render_error(code))
        answer.headers["Retry-After"] = str(seconds_to_wait())
        return answer
    message = _("Another site sent this for you. Please use our own page.") if code == HTTPStatus.FORBIDDEN else ""
    return render_error(code, message)

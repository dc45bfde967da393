"""The languages a page is offered in: links everywhere, and in the centre a choice that is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import current_app, g, has_request_context, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.branding.languages import autonym, match, tag
from app.branding.models import Site
from app.flows import read_in
from app.http import guards
from app.http.context import env, provenance, write
from app.http.languages import FIELD, FOR_DEVELOPERS, of_link
from app.http.people import preference_session_required, visitor
from app.kit.provenance import Source
from app.web.blueprint import bp, render_error
from app.web.forms import CentreForm

WORDLESS = frozenset({"web.theme", "web.font"})
"""What is the same in every language, so that its address names none."""

ABOVE = {"profile_field": "profile", "profile_field_post": "profile"}
"""Pages that take more than the site, and the page to come back to from them."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the page: `name` is what its speakers call it, `url` the same page in it."""

    locale: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class KeptChoice:
    """The form that keeps a language for the account: `page` is where it comes back to."""

    csrf_token: str
    page: str


@bp.url_defaults
def keep_language(endpoint: str, values: dict[str, object]) -> None:
    """Let the language that a link named go along with every link, form and redirect of its page, without a cookie."""
    if FIELD in values or endpoint in WORDLESS or not has_request_context():
        return
    if (found := match(of_link(), env().group.languages)) is not None:
        values[FIELD] = tag(found)


@bp.app_context_processor
def offered() -> dict[str, object]:
    """Give every template the languages of its page, and in the centre the form that keeps one."""
    site: Site = g.get("site") or env().group
    if len(site.locales) < 2 or request.blueprint in FOR_DEVELOPERS:
        return {"languages": [], "kept_choice": None}
    return {"languages": list(_languages(site)), "kept_choice": _kept_choice(), "origin": env().settings.origin}


@bp.post("/<site>/preferences/language")
@preference_session_required
def language(site: Site) -> ResponseReturnValue:
    """Keep the language somebody chose in the centre, for its pages and for mails."""
    guards.refuse_cross_site()
    who = visitor()
    form = CentreForm(meta={"csrf_context": who.form_subject})
    chosen = match(request.form.get("language"), site.locales)
    if not form.validate() or chosen is None:
        return render_error(422, str(next(iter(form["csrf_token"].errors), "")))
    came = provenance(Source.CENTRE)
    write(lambda session: read_in.read_in(session, site, who.account_id, chosen, came))
    # Without the language of the link, which would win over the one just chosen.
    return redirect(url_for(_page_to_show(request.form.get("page", "")), site=site.slug, lang=None), 303)


def _languages(site: Site) -> Iterator[Language]:
    path = _path_to_show(site)
    for each in site.locales:
        values = [(name, value) for name, value in request.args.items(multi=True) if name != FIELD]
        yield Language(each, autonym(each), f"{path}?{urlencode([*values, (FIELD, tag(each))])}")


def _path_to_show(site: Site) -> str:
    """Give the path of this page, where there is something to get; else that of the site's first page.

    One slash at the start: with two of them a path would be taken for a host.
    """
    path = f"/{quote(request.path.lstrip('/'))}"
    if request.method in {"GET", "HEAD"} or _can_get(request.path):
        return path
    return url_for("web.sign_up", site=site.slug, lang=None)


def _can_get(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(path, "GET")


def _kept_choice() -> KeptChoice | None:
    if not g.get("account_language"):
        return None
    return KeptChoice(guards.token_of_session(visitor().form_subject), _name_of_page())


def _name_of_page() -> str:
    name = (request.endpoint or "").removeprefix("web.")
    return ABOVE.get(name, name if request.method == "GET" else "")


def _page_to_show(name: str) -> str:
    """Give the endpoint of a page of the centre by its name: one that takes nothing but the site."""
    found = current_app.url_map._rules_by_endpoint.get(f"web.{name}", [])  # noqa: SLF001
    is_page = any(rule.arguments == {"site"} and "GET" in (rule.methods or ()) for rule in found)
    return f"web.{name}" if is_page else "web.preferences"

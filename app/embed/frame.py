"""The form in a frame, for sites that can't run our element; and the page that solves challenges for those that can.

The frame works without JavaScript. It is our own page in another coat, hence has the guard of that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.branding.languages import tag
from app.branding.models import Brand, OptIn
from app.embed import definition
from app.embed.problems import KINDS
from app.embed.script import cacheable
from app.errors import BirthDateNeeded, InvalidAddress, TooYoung
from app.flows import subscribe as flow
from app.http import ages, cors, guards
from app.http.context import locale, provenance, write
from app.kit.addresses import parse_email
from app.kit.provenance import Source
from app.services import offers

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; script-src 'self'; "
    "worker-src 'self'; form-action 'self'; object-src 'none'; base-uri 'none'; "
)
SEEN = "seen:"
"""Begins the names of the hidden fields that hold the signed notice of each box."""


def let_brand_frame(response: Response) -> Response:
    """Allow the pages of the brand to frame an answer, also one that tells of a failure; nobody else."""
    if "site" in g:
        response.headers["Content-Security-Policy"] = POLICY + cors.frame_ancestors(g.site)
        # A form under `no-referrer` would come back with `Origin: null`.
        response.headers["Referrer-Policy"] = "same-origin"
    return response


def show(brand: Brand) -> ResponseReturnValue:
    """Show the form; no box is ticked."""
    return _show(brand, {}, {})


@guards.sign_up_limit
def take(brand: Brand) -> ResponseReturnValue:
    """Take a sign-up; the answer is the same for every address that is one."""
    guards.refuse_cross_site()
    ticked = request.form.getlist("items")
    errors = _errors(request.form.get("email", ""), ticked)
    refusal = guards.refusal_of(request.form.get("csrf_token", ""), brand.slug)
    if refusal and (refusal is not guards.Refusal.TOO_SOON or not errors):
        return _show(brand, {"form": refusal.words}, request.form)
    if not definition.are_current(brand, locale(), {item: request.form.get(SEEN + item, "") for item in ticked}):
        return _show(brand, {"items": _words("wording_changed")}, {"email": request.form.get("email", "")})
    if not guards.is_trapped():
        if errors:
            return _show(brand, errors, request.form)
        came_by = replace(provenance(Source.FORM), page=request.path)
        told = ages.told(request.form)
        try:
            write(lambda session: flow.subscribe(session, brand, request.form["email"], ticked, came_by, told=told))
        except (BirthDateNeeded, TooYoung) as refused:
            kind = KINDS[refused.code]
            return _show(brand, {kind.field: gettext(kind.words)}, request.form)
    starts = 1 if offers.ways_to_start(brand, ticked) == {OptIn.SINGLE} else None
    return redirect(url_for("embed_pages.sent", brand=brand.slug, lang=tag(locale()), starts=starts), 303)


def sent(brand: Brand) -> ResponseReturnValue:
    """Say what to do next: the same words for every address."""
    return render_template(
        "embed/sent.html", words=definition.words(brand, locale()), origins=cors.origins_of(brand),
        starts="starts" in request.args,
    )  # fmt: skip


def solver(brand: Brand) -> Response:
    """Give the page without content that runs the solver in a worker of our own origin, for a page of the brand."""
    page = render_template("embed/solver.html", origins=cors.origins_of(brand))
    return cacheable(make_response(page))


def _errors(email: str, ticked: list[str]) -> dict[str, str]:
    """Give what the person can mend, which goes before a form that came back too soon."""
    errors = {} if ticked else {"items": _words("nothing_chosen")}
    try:
        parse_email(email)
    except InvalidAddress:
        errors["email"] = _words("invalid_address")
    return errors


def _words(code: str) -> str:
    return gettext(KINDS[code].words)


def _form(brand: Brand) -> definition.Definition:
    """Describe the form with the topics of the address; with all where none of them is offered, as on our own page."""
    topics = request.args.get("topics", "").replace(",", " ").split()
    wanted = definition.define(brand, locale(), topics)
    return wanted if wanted.choices else definition.define(brand, locale(), ())


def _show(brand: Brand, errors: dict[str, str], came_back: Mapping[str, Any]) -> ResponseReturnValue:
    ticked = request.form.getlist("items") if "csrf_token" in came_back else []
    page = render_template(
        "embed/frame.html", form=_form(brand), words=definition.words(brand, locale()),
        errors=errors, email=came_back.get("email", ""), born=came_back.get(ages.BORN, ""),
        country=came_back.get(ages.COUNTRY, ""), ticked=ticked, honeypot_name=guards.HONEYPOT, seen=SEEN,
        form_token=guards.token_again(request.form.get("csrf_token", ""), brand.slug),
        origins=cors.origins_of(brand), here=request.full_path,
    )  # fmt: skip
    return page, 422 if errors else 200

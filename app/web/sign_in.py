"""Sign in with a password, and the code after it where the account asks for one."""

from __future__ import annotations

from flask import make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug import Response

from app.branding.models import Site
from app.errors import InvalidAddress
from app.flows import sign_in as flow
from app.flows.sign_in import Attempt, Entry
from app.http import guards
from app.http.context import env, provenance, transaction, write
from app.http.extensions import origin_of_request
from app.http.people import former_secret, set_session_cookie, set_ticket_cookie, ticket_cookie_name
from app.kit.provenance import Source
from app.services import reconsent, second_factors, sessions
from app.web import present_password
from app.web.blueprint import bp, render
from app.web.forms import CodeForm, PublicForm, SignInForm


@bp.get("/<site>/sign-in")
def sign_in(site: Site) -> ResponseReturnValue:
    """Ask for address and password."""
    return show(site, SignInForm.for_site(site), {})


@bp.post("/<site>/sign-in", endpoint="sign_in_post")
def sign_in_post(site: Site) -> ResponseReturnValue:
    """Open a session where both fit, or ask for a code; one answer for all that do not."""
    guards.refuse_cross_site()
    form = SignInForm.for_site(site)
    if problem := form.problem():
        return show(site, form, {"form": problem}, 422)
    if not form.password.data:
        return show(site, form, {"password": present_password.missing()}, 422)
    try:
        attempt = write(lambda session: flow.begin(session, form.email.data or "", origin_of_request()))
    except InvalidAddress:
        return show(site, form, {"email": _("Write an address like name@example.com.")}, 422)
    if attempt.wait_seconds:
        refused = present_password.too_often(attempt.wait_seconds)
        return waiting(show(site, form, refused.errors, refused.status), attempt.wait_seconds)
    entry = _try(site, attempt, form.password.data or "")
    if entry is None:
        words = _("Address and password do not belong together. Perhaps there is no account with a password here yet?")
        return show(site, form, {"password": words}, 422)
    if entry.ticket:
        response = make_response(redirect(url_for("web.sign_in_code", site=site.slug), 303))
        set_ticket_cookie(response, entry.ticket, second_factors.TICKET_LASTS)
        return response
    return entered(site, entry.secret)


@bp.get("/<site>/sign-in/code")
def sign_in_code(site: Site) -> ResponseReturnValue:
    """Ask for the code, of those whose password was right; all others begin with that."""
    with transaction() as session:
        is_open = second_factors.is_open(session, _ticket())
    return _show_code(site, {}) if is_open else redirect(url_for("web.sign_in", site=site.slug), 303)


@bp.post("/<site>/sign-in/code", endpoint="sign_in_code_post")
def sign_in_code_post(site: Site) -> ResponseReturnValue:
    """Open a session where the code fits."""
    guards.refuse_cross_site()
    form = CodeForm.for_site(site)
    if problem := form.problem():
        return _show_code(site, {"form": problem}, 422)
    code, came, origin = form.code.data or "", provenance(Source.SIGN_IN), origin_of_request()
    former, ticket = former_secret(), _ticket()
    found = write(lambda session: flow.second_step(session, site, ticket, code, origin, former, came))
    if found.is_over:
        response = make_response(redirect(url_for("web.sign_in", site=site.slug, late=1), 303))
        set_ticket_cookie(response, "", second_factors.TICKET_LASTS)
        return response
    if found.wait_seconds:
        words = _("That was tried too often. Please wait a few minutes.")
        return waiting(_show_code(site, {"form": words}, 429), found.wait_seconds)
    if not found.secret:
        words = _("That code is not right, or was used before. Wait for the next one and try once more.")
        return _show_code(site, {"code": words}, 422)
    return entered(site, found.secret)


def entered(site: Site, secret: str) -> Response:
    """Lead into the account with a new session, past what there is to agree to."""
    with transaction() as session:
        row = sessions.find(session, secret)
        is_asked = row is not None and bool(reconsent.questions(session, row.account_id))
    response = make_response(redirect(url_for("web.agree" if is_asked else "web.account", site=site.slug), 303))
    set_session_cookie(response, secret, sessions.FULL_LASTS)
    if _ticket():
        set_ticket_cookie(response, "", second_factors.TICKET_LASTS)
    return response


def waiting(page: ResponseReturnValue, wait_seconds: int) -> Response:
    """Tell programs too how long to wait (RFC 9110, 10.2.3)."""
    response = make_response(page)
    response.headers["Retry-After"] = str(wait_seconds)
    return response


def _ticket() -> str:
    return request.cookies.get(ticket_cookie_name(), "")


def _try(site: Site, attempt: Attempt, password: str) -> Entry | None:
    hasher, came = env().hasher, provenance(Source.SIGN_IN)
    if not hasher.fits(attempt.hash, password):
        write(lambda session: flow.fail(session, site, attempt))
        return None
    rehashed = hasher.hash(password) if hasher.is_dated(attempt.hash or "") else None
    former = former_secret()
    return write(lambda session: flow.finish(session, site, attempt, rehashed, former, came))


def show(site: Site, form: PublicForm, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    """Render the page where one signs in."""
    return render(
        "web/sign_in.html", status=status, form_token=guards.form_token(site.slug), email=form.email.data or "",
        errors=errors, is_set="set" in request.args, is_late="late" in request.args,
        is_closed="closed" in request.args,
    )  # fmt: skip


def _show_code(site: Site, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    token = guards.form_token(site.slug)
    return render("web/sign_in_code.html", status=status, form_token=token, errors=errors)

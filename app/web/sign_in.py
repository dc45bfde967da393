"""Sign in with a password, and out again."""

from __future__ import annotations

from flask import make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.models import Site
from app.errors import InvalidAddress
from app.flows import sign_in as flow
from app.flows.sign_in import Attempt
from app.http import guards
from app.http.context import env, provenance, write
from app.http.extensions import origin_of_request
from app.http.people import cookie_name, set_session_cookie
from app.kit.provenance import Source
from app.services import sessions
from app.web.blueprint import bp, render
from app.web.forms import SignInForm


@bp.get("/<site>/sign-in")
def sign_in(site: Site) -> ResponseReturnValue:
    """Ask for address and password."""
    return _show(site, SignInForm.for_site(site), {}, is_set="set" in request.args)


@bp.post("/<site>/sign-in", endpoint="sign_in_post")
def sign_in_post(site: Site) -> ResponseReturnValue:
    """Open a session where both fit; one answer for all that do not."""
    guards.refuse_cross_site()
    form = SignInForm.for_site(site)
    if problem := form.problem():
        return _show(site, form, {"form": problem}, 422)
    try:
        attempt = write(lambda session: flow.begin(session, form.email.data or "", origin_of_request()))
    except InvalidAddress:
        return _show(site, form, {"email": _("Write an address like name@example.com.")}, 422)
    if attempt.wait_seconds:
        return _too_often(site, form, attempt.wait_seconds)
    secret = _try(site, attempt, form.password.data or "")
    if secret is None:
        words = _("Address and password do not belong together. Perhaps there is no account with a password here yet?")
        return _show(site, form, {"password": words}, 422)
    response = make_response(redirect(url_for("web.account", site=site.slug), 303))
    set_session_cookie(response, secret, sessions.FULL_LASTS)
    return response


def _try(site: Site, attempt: Attempt, password: str) -> str | None:
    hasher, came = env().hasher, provenance(Source.SIGN_IN)
    if not hasher.fits(attempt.hash, password):
        write(lambda session: flow.fail(session, attempt))
        return None
    rehashed = hasher.hash(password) if hasher.is_dated(attempt.hash or "") else None
    former = request.cookies.get(cookie_name(), "")
    return write(lambda session: flow.finish(session, site, attempt, rehashed, former, came))


def _too_often(site: Site, form: SignInForm, wait_seconds: int) -> ResponseReturnValue:
    words = _("That was tried too often. Please wait a few minutes, or set another password.")
    response = make_response(_show(site, form, {"form": words}, 429))
    response.headers["Retry-After"] = str(wait_seconds)
    return response


def _show(
    site: Site, form: SignInForm, errors: dict[str, str], status: int = 200, *, is_set: bool = False
) -> ResponseReturnValue:  # fmt: skip
    return render(
        "web/sign_in.html", status=status, form_token=guards.form_token(site.slug), email=form.email.data or "",
        errors=errors, is_set=is_set,
    )  # fmt: skip

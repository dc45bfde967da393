"""Prove again who one is, where a session is not enough that was opened a while ago."""

from __future__ import annotations

from flask import make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.branding.models import Site
from app.flows import sign_in as flow
from app.http import guards
from app.http.context import provenance, transaction, write
from app.http.people import full_session_required, set_session_cookie, visitor
from app.kit.provenance import Source
from app.services import passwords, sessions
from app.web import present_password
from app.web.account import form_of, problem_of
from app.web.blueprint import bp, render
from app.web.forms import SecurityForm
from app.web.sign_in import waiting

ROOMS = ("web.second_factor", "web.passkeys")
"""Where one may be led back to."""


@bp.get("/<site>/account/again")
@full_session_required
def again(site: Site) -> ResponseReturnValue:
    """Ask for the password once more."""
    return _show(site, form_of(visitor()), {})


@bp.post("/<site>/account/again", endpoint="again_post")
@full_session_required
def again_post(site: Site) -> ResponseReturnValue:
    """Open a new session in place of the old one, and lead on to what it was asked for."""
    guards.refuse_cross_site()
    who, form = visitor(), form_of(visitor())
    if not form.validate():
        return _show(site, form, {"form": problem_of(form)}, 422)
    if refused := present_password.refusal_of(who, form.present.data or ""):
        page = _show(site, form, refused.errors, refused.status)
        return waiting(page, refused.wait_seconds) if refused.wait_seconds else page
    came = provenance(Source.SIGN_IN)
    secret = write(lambda session: flow.again(session, who.account_id, who.secret, came))
    response = make_response(redirect(url_for(_room() if secret else "web.sign_in", site=site.slug), 303))
    if secret:
        set_session_cookie(response, secret, sessions.FULL_LASTS)
    return response


def _room() -> str:
    wanted = request.args.get("to", "").removesuffix("_post").removesuffix("_change")
    return wanted if wanted in ROOMS else "web.security"


def _show(site: Site, form: SecurityForm, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    who = visitor()
    with transaction() as session:
        has_password = passwords.hash_of(session, who.account_id) is not None
    return render(
        "web/again.html", status=status, site=site, errors=errors, to=_room(), has_password=has_password,
        email=present_password.email_of(who), csrf_token=form["csrf_token"].current_token,
    )  # fmt: skip

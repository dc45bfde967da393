"""Show once more whose session it is, before something sensitive: by all that signing in takes, or a mailed code."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug import Response

from app.branding.models import Site
from app.flows import prove_self, sign_in
from app.http import guards
from app.http.context import env, provenance, transaction, write
from app.http.extensions import origin_of_request
from app.http.people import Visitor, preference_session_required, renew_session_cookie, visitor
from app.kit import clock
from app.kit.addresses import mask
from app.kit.provenance import Source
from app.services import accounts, passwords, second_factors
from app.web import present_password
from app.web.blueprint import bp, render
from app.web.forms import CheckForm
from app.web.sign_in import waiting

WAYS_ON = {
    "web.erase": "web.erase", "web.erase_post": "web.erase", "web.second_factor": "web.second_factor",
    "web.passkeys": "web.passkeys", "web.passkey_options": "web.passkeys", "web.passkeys_change_post": "web.passkeys",
    "web.phone_post": "web.phone", "web.phone_remove": "web.phone",
}  # fmt: skip
"""Where one goes on, by what was asked for; everything else begins on the page of one's data."""

ACTS = frozenset({
    "web.export_post", "web.download", "web.data_field_remove", "web.erase_post", "web.passkeys_change_post",
    "web.phone_post", "web.phone_remove",
})  # fmt: skip
"""What was not done yet: whoever shows that it is them presses it again."""


@bp.get("/<site>/account/data/check")
@preference_session_required
def check(site: Site) -> ResponseReturnValue:
    """Ask for the password, or for the code that was mailed."""
    return _show(site, _form(visitor()), {})


@bp.post("/<site>/account/data/check/code")
@preference_session_required
def check_code_post(site: Site) -> ResponseReturnValue:
    """Mail a code."""
    guards.refuse_cross_site()
    who, form, came = visitor(), _form(visitor()), provenance(Source.ACCOUNT)
    if not form.validate():
        return _show(site, form, {"form": _problem(form)}, 422)
    if _has_password(who):
        return redirect(url_for("web.check", site=site.slug, to=request.args.get("to")), 303)
    if not write(lambda session: prove_self.ask_code(session, site, who.account_id, who.row.digest, came)):
        return _show(site, form, {"form": _("We have mailed five codes today. Please try again tomorrow.")}, 429)
    return redirect(url_for("web.check", site=site.slug, to=request.args.get("to")), 303)


@bp.post("/<site>/account/data/check", endpoint="check_post")
@preference_session_required
def check_post(site: Site) -> ResponseReturnValue:
    """Let the session go on to what is sensitive, for ten minutes; it gets a new secret."""
    guards.refuse_cross_site()
    who, form = visitor(), _form(visitor())
    if not form.validate():
        return _show(site, form, {"form": _problem(form)}, 422)
    if _has_password(who):
        return _by_password(site, who, form)
    code = form.code.data or ""
    secret = write(lambda session: prove_self.enter_code(session, who.account_id, who.row.digest, code))
    if secret is None:
        words = _("That is not the code, or it is too old. After five tries, please wait for a quarter of an hour.")
        return _show(site, form, {"code": words}, 422)
    return _go_on(site, who, secret)


def _by_password(site: Site, who: Visitor, form: CheckForm) -> ResponseReturnValue:
    if not form.password.data:
        return _show(site, form, {"password": present_password.missing()}, 422)
    email = _email(who)
    attempt = write(lambda session: sign_in.begin(session, email, origin_of_request()))
    if attempt.wait_seconds:
        refused = present_password.too_often(attempt.wait_seconds)
        return waiting(_show(site, form, refused.errors, refused.status), attempt.wait_seconds)
    fits = env().hasher.fits(attempt.hash, form.password.data or "")
    code, fitted = form.code.data or "", attempt.hash if fits else None
    proof = write(lambda session: prove_self.with_password(session, site, who.account_id, who.row.digest, fitted, code))
    if proof.wait_seconds:
        words = _("That was tried too often. Please wait a few minutes.")
        return waiting(_show(site, form, {"form": words}, 429), proof.wait_seconds)
    if proof.is_code_wrong:
        words = _("That code is not right, or was used before. Wait for the next one and try once more.")
        return _show(site, form, {"code": words}, 422)
    if proof.secret is None:
        write(lambda session: sign_in.fail(session, site, attempt))
        return _show(site, form, {"password": _("That is not your present password.")}, 422)
    return _go_on(site, who, proof.secret)


def _go_on(site: Site, who: Visitor, secret: str) -> Response:
    to = request.args.get("to", "")
    way, again = WAYS_ON.get(to, "web.your_data"), 1 if to in ACTS else None
    return renew_session_cookie(redirect(url_for(way, site=site.slug, again=again), 303), who, secret)


def _show(site: Site, form: CheckForm, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    who = visitor()
    expires_at = who.row.code_expires_at
    is_mailed = who.row.code_digest is not None and expires_at is not None and expires_at > clock.now()
    return render(
        "web/check.html", status=status, site=site, errors=errors, csrf_token=form["csrf_token"].current_token,
        has_password=_has_password(who), is_on=_is_on(who), is_mailed=is_mailed, email=mask(_email(who)),
        to=request.args.get("to"),
    )  # fmt: skip


def _has_password(who: Visitor) -> bool:
    """Tell whether the password is what is asked for: of those who signed in with it.

    Those whom a mail let in get a code by mail, unless their account asks for more than a mailbox when they sign in.
    """
    if not who.is_full:
        return _is_on(who)
    with transaction() as session:
        return passwords.hash_of(session, who.account_id) is not None


def _is_on(who: Visitor) -> bool:
    with transaction() as session:
        return second_factors.is_on(session, who.account_id)


def _email(who: Visitor) -> str:
    with transaction() as session:
        return accounts.primary_email(session, who.account_id) or ""


def _problem(form: CheckForm) -> str:
    return str(next(iter(form["csrf_token"].errors), ""))


def _form(who: Visitor) -> CheckForm:
    return CheckForm(meta={"csrf_context": who.form_subject})

"""The code after the password: set up with an app, recovery codes to keep, and how to do without it again."""

from __future__ import annotations

from flask import make_response, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.models import Site
from app.flows import second_factor as flow
from app.http import guards
from app.http.context import env, provenance, transaction, write
from app.http.people import Visitor, full_session_required, renew_session_cookie, to_prove_again, visitor
from app.kit import one_time_codes
from app.kit.provenance import Source
from app.services import passwords, second_factors
from app.web import present_password
from app.web.blueprint import bp, render
from app.web.forms import SecondFactorForm
from app.web.sign_in import waiting

OFF = "off"


@bp.get("/<site>/account/security/second-factor")
@full_session_required
def second_factor(site: Site) -> ResponseReturnValue:
    """Show the secret for an app, to whoever signed in just now; or that it is on, and how to change that."""
    who = visitor()
    if _is_on(who):
        return _show_on(site, _form(who), {})
    return _show_offer(site, _form(who), {}) if who.is_fresh else to_prove_again()


@bp.post("/<site>/account/security/second-factor", endpoint="second_factor_post")
@full_session_required
def second_factor_post(site: Site) -> ResponseReturnValue:
    """Switch it on where the first code is right, and show the recovery codes, this once."""
    guards.refuse_cross_site()
    who, form = visitor(), _form(visitor())
    with transaction() as session:
        secret = second_factors.read_offer(session, who.row.digest, form.offer.data or "")
    if not form.validate() or secret is None:
        # The secret of a page that was open for too long is given up: one that is fresh shows another.
        return redirect(url_for("web.second_factor", site=site.slug), 303)
    step = one_time_codes.step_of(secret, one_time_codes.typed(form.code.data or ""))
    if step is None:
        words = _("That code is not right. See that the clock of your device is, and take the code it shows now.")
        return _show_offer(site, form, {"code": words}, 422)
    came = provenance(Source.ACCOUNT)
    done = write(
        lambda session: flow.switch_on(session, site, who.account_id, secret, step, who.row.digest, came)
    )  # fmt: skip
    if done is None:
        return redirect(url_for("web.second_factor", site=site.slug), 303)
    who.renew(done.secret)
    return renew_session_cookie(make_response(_show_codes(site, _form(who), done.codes)), who, done.secret)


@bp.post("/<site>/account/security/second-factor/change")
@full_session_required
def second_factor_change(site: Site) -> ResponseReturnValue:
    """Make other recovery codes, or switch it off, for whoever knows the password and a code."""
    guards.refuse_cross_site()
    who, form = visitor(), _form(visitor())
    if not form.validate():
        return _show_on(site, form, {"form": str(next(iter(form["csrf_token"].errors), ""))}, 422)
    if not _is_on(who):
        return redirect(url_for("web.security", site=site.slug), 303)
    if refused := _refusal(site, who, form):
        page = _show_on(site, form, refused.errors, refused.status)
        return waiting(page, refused.wait_seconds) if refused.wait_seconds else page
    code, came = form.code.data or "", provenance(Source.ACCOUNT)
    if form.act.data == OFF:
        if write(lambda session: flow.switch_off(session, site, who.account_id, code, came)):
            return redirect(url_for("web.security", site=site.slug, off=1, _anchor="ways"), 303)
    elif codes := write(lambda session: flow.renew_codes(session, site, who.account_id, code, came)):
        return _show_codes(site, form, codes)
    words = _("That code is not right, or was used before. Wait for the next one and try once more.")
    return _show_on(site, form, {"code": words}, 422)


def _refusal(site: Site, who: Visitor, form: SecondFactorForm) -> present_password.Refusal | None:
    password = form.present.data or ""
    if refused := present_password.refusal_of(site, who, password):
        return refused
    if form.act.data == OFF and len(password) < passwords.SHORTEST:
        words = _("Your password is too short to stand alone. Set one of at least 15 characters first.")
        return present_password.Refusal("present", words)
    wait = write(lambda session: flow.count(session, who.account_id))
    return present_password.too_often(wait) if wait else None


def _is_on(who: Visitor) -> bool:
    with transaction() as session:
        return second_factors.is_on(session, who.account_id)


def _show_offer(
    site: Site, form: SecondFactorForm, errors: dict[str, str], status: int = 200
) -> ResponseReturnValue:  # fmt: skip
    """Show a secret; the same one again where its code was wrong."""
    who, token = visitor(), form.offer.data or ""
    with transaction() as session:
        secret = second_factors.read_offer(session, who.row.digest, token)
        if secret is None:
            secret, token = second_factors.offer(session, who.row.digest)
    address = one_time_codes.app_address(secret, present_password.email_of(who), env().group.name)
    return render(
        "web/second_factor_offer.html", status=status, site=site, errors=errors, offer=token, app_address=address,
        picture=one_time_codes.picture(address), secret=one_time_codes.in_groups(secret),
        csrf_token=form["csrf_token"].current_token,
    )  # fmt: skip


def _show_on(site: Site, form: SecondFactorForm, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    who = visitor()
    with transaction() as session:
        left = second_factors.recovery_codes_left(session, who.account_id)
    return render(
        "web/second_factor.html", status=status, site=site, errors=errors, codes_left=left,
        email=present_password.email_of(who), csrf_token=form["csrf_token"].current_token,
    )  # fmt: skip


def _show_codes(site: Site, form: SecondFactorForm, codes: list[str]) -> ResponseReturnValue:
    return render(
        "web/second_factor_codes.html", site=site, codes=[one_time_codes.in_groups(code) for code in codes],
        csrf_token=form["csrf_token"].current_token,
    )  # fmt: skip


def _form(who: Visitor) -> SecondFactorForm:
    return SecondFactorForm(meta={"csrf_context": who.form_subject})

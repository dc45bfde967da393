"""Full accounts: asked for with an address, made behind the link that is mailed to it."""

from __future__ import annotations

from flask import make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.models import Site
from app.branding.wording import terms_text
from app.flows import register as flow
from app.http import guards
from app.http.context import env, locale, provenance, transaction, write
from app.http.extensions import limiter
from app.http.people import former_secret, preference_session_required, set_session_cookie, visitor
from app.kit import clock
from app.kit.addresses import mask
from app.kit.provenance import Source
from app.kit.signing import Purpose
from app.services import accounts, sessions
from app.web import address_form, links, new_password
from app.web.blueprint import bp, render
from app.web.forms import CentreForm

FORM = "web/register.html"
OVER = "web/register_over.html"


@bp.get("/<site>/register")
def register(site: Site) -> ResponseReturnValue:
    """Ask for the address that the account is to be for."""
    return address_form.show(FORM, site)


@bp.post("/<site>/register", endpoint="register_post")
@limiter.limit(guards.sign_ups_per_ip)
def register_post(site: Site) -> ResponseReturnValue:
    """Mail the link to go on by; the answer does not tell whether the address is known."""
    return address_form.take(FORM, site, flow.ask, "web.register_sent")


@bp.get("/<site>/preferences/register")
@preference_session_required
def register_own(site: Site) -> ResponseReturnValue:
    """Offer it to whoever has their preferences open; they need not write their address."""
    return _show_own(site, {})


@bp.post("/<site>/preferences/register", endpoint="register_own_post")
@preference_session_required
@limiter.limit(guards.sign_ups_per_ip)
def register_own_post(site: Site) -> ResponseReturnValue:
    """Mail them the link: with another address they would have another account."""
    guards.refuse_cross_site()
    who, form, came = visitor(), _own_form(), provenance(Source.CENTRE)
    if not form.validate():
        return _show_own(site, {"form": str(next(iter(form["csrf_token"].errors), ""))}, 422)
    write(lambda session: flow.ask_own(session, site, who.account_id, came))
    return redirect(url_for("web.register_sent", site=site.slug, own=1), 303)


@bp.get("/<site>/register/sent")
def register_sent(site: Site) -> ResponseReturnValue:
    """Say what to do next: the same words for every address, fewer for who wrote none."""
    return render("web/register_sent.html", site=site, is_own="own" in request.args)


@bp.get("/<site>/register/<token>")
def register_link(site: Site, token: str) -> ResponseReturnValue:
    """Show where a password is chosen; a mail scanner that follows the link uses nothing up."""
    return links.opened(Purpose.REGISTER, token, OVER) or _show_password(site, token, {})


@bp.post("/<site>/register/<token>", endpoint="register_link_post")
def register_link_post(site: Site, token: str) -> ResponseReturnValue:
    """Make the account a full one, and sign in."""
    guards.refuse_cross_site()
    over = links.opened(Purpose.REGISTER, token, OVER)
    if over is not None:
        return over
    password = request.form.get("password", "")
    errors = {"password": new_password.problem(password, links.address_of(Purpose.REGISTER, token))}
    if not request.form.get("terms"):
        errors["terms"] = _("Tick that you accept the terms, or leave it at that: your choices stay as they are.")
    if errors := {name: words for name, words in errors.items() if words}:
        return _show_password(site, token, errors, status=422)
    hashed = env().hasher.hash(password)
    came, former = provenance(Source.REGISTRATION), former_secret()
    secret = write(lambda session: flow.complete(session, token, hashed, came, former))
    if secret is None:
        return render(OVER, status=410)
    response = make_response(redirect(url_for("web.account", site=site.slug, welcome=1), 303))
    set_session_cookie(response, secret, sessions.FULL_LASTS)
    return response


def _show_own(site: Site, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    with transaction() as session:
        email = accounts.primary_email(session, visitor().account_id)
    token = _own_form()["csrf_token"].current_token
    return render(
        "web/register_own.html", status=status, site=site, email=mask(email or ""), errors=errors, csrf_token=token
    )


def _own_form() -> CentreForm:
    return CentreForm(meta={"csrf_context": visitor().form_subject})


def _show_password(site: Site, token: str, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    group, terms = env().group, env().group.document(accounts.TERMS)
    version = terms.in_force(clock.now().date()).version if terms else None
    words = terms_text(group, terms, version, group.locale(locale(site))) if terms and version else ""
    return render(
        "web/register_link.html", status=status, site=site, token=token, errors=errors, terms=terms, terms_words=words,
        email=links.address_of(Purpose.REGISTER, token), is_accepted=bool(request.form.get("terms")),
    )  # fmt: skip

"""The hosted sign-up form of a brand, and of the group for all houses at once."""

from __future__ import annotations

from dataclasses import replace

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.branding.models import Site
from app.errors import InvalidAddress, NothingChosen
from app.flows import subscribe
from app.http import guards
from app.http.context import env, locale, provenance, transaction, write
from app.http.people import visitor
from app.kit.provenance import Source
from app.services import offers
from app.web import presenters, wordings
from app.web.blueprint import bp, render
from app.web.forms import SignUpForm


@bp.get("/<site>/")
def sign_up(site: Site) -> ResponseReturnValue:
    """Show the form; no box is ticked."""
    return _show(site, SignUpForm.for_site(site), {})


@bp.post("/<site>/", endpoint="sign_up_post")
@guards.sign_up_limit
def sign_up_post(site: Site) -> ResponseReturnValue:
    """Take a sign-up; the answer is the same for every address that is one."""
    guards.refuse_cross_site()
    form = SignUpForm.for_site(site)
    if problem := form.problem():
        if problem != guards.Refusal.REWORDED.words:
            return _show(site, form, {"form": problem}, status=422)
        form.items.data = []  # other words need another consent
        return _show(site, form, {"items": problem}, status=422)
    if not guards.is_trapped():
        asker = visitor().account_id if current_user.is_authenticated else None
        came_by = replace(provenance(Source.FORM), locale=wordings.locale_of_form(site))
        try:
            write(lambda session: subscribe.subscribe(
                session, site, form.email.data or "", form.items.data or [], came_by, asker=asker
            ))  # fmt: skip
        except InvalidAddress:
            return _show(site, form, _errors(form, _("Write an address like name@example.com.")), status=422)
        except NothingChosen:
            return _show(site, form, {"items": _("Choose at least one thing to receive.")}, status=422)
    return redirect(url_for("web.check_mail", site=site.slug), 303)


@bp.get("/<site>/check-mail")
def check_mail(site: Site) -> ResponseReturnValue:
    """Say what to do next: the same words for everyone, since nothing here knows who asked."""
    return render("web/check_mail.html", site=site)


def _errors(form: SignUpForm, email: str) -> dict[str, str]:
    errors = {"email": email}
    if not form.items.data:
        errors["items"] = _("Choose at least one thing to receive.")
    return errors


def _show(site: Site, form: SignUpForm, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    with transaction() as session:
        brands = offers.brands_of(session, site)
    many = site.slug == env().group.slug
    return render(
        "web/sign_up.html", status=status,
        sections=presenters.choice_sections(brands, locale(site), many=many, ticked=form.items.data or ()),
        form_token=guards.token_to_show(form, wordings.on_form(site, locale(site))), honeypot_name=guards.HONEYPOT,
        email=form.email.data or "", errors=errors,
    )  # fmt: skip

"""The hosted sign-up form of a brand, and of the group for all houses at once."""

from __future__ import annotations

from dataclasses import replace

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.branding.models import OptIn, Site
from app.errors import BirthDateNeeded, InvalidAddress, TooYoung
from app.flows import subscribe
from app.http import ages, guards
from app.http.context import env, locale, provenance, transaction, write
from app.http.people import visitor
from app.kit.addresses import parse_email
from app.kit.provenance import Source
from app.services import offers
from app.web import presenters, wordings
from app.web.blueprint import bp, render
from app.web.forms import SignUpForm

STARTS, BOTH = "starts", "both"
"""What the page after the form is told: all that was ticked starts at once, or some of it."""


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
    errors = _errors(form) or _age_errors(site, form)
    if errors:
        return _show(site, form, errors, status=422)
    if not guards.is_trapped():
        asker = visitor().account_id if current_user.is_authenticated else None
        came_by = replace(provenance(Source.FORM), locale=wordings.locale_of_form(site))
        write(lambda session: subscribe.subscribe(
            session, site, form.email.data or "", form.items.data or [], came_by, asker=asker,
            told=ages.told(request.form),
        ))  # fmt: skip
    return redirect(url_for("web.check_mail", site=site.slug, asked=_asked(site, form)), 303)


@bp.get("/<site>/check-mail")
def check_mail(site: Site) -> ResponseReturnValue:
    """Say what to do next: the same words for every address, since nothing here knows who asked."""
    asked = request.args.get("asked", "")
    return render("web/check_mail.html", site=site, asked=asked if asked in {STARTS, BOTH} else "")


def _asked(site: Site, form: SignUpForm) -> str | None:
    """Tell what the page after the form has to speak of, by what was ticked alone; None where a mail must confirm."""
    ways = offers.ways_to_start(site, form.items.data or [])
    if OptIn.SINGLE not in ways:
        return None
    return BOTH if OptIn.DOUBLE in ways else STARTS


def _errors(form: SignUpForm) -> dict[str, str]:
    """Give what is wrong, as the page has it from top to bottom.

    What the person can mend goes before a form that came back too soon: the next press is later by itself.
    """
    problem, found = form.problem(), _mistakes(form)
    if problem == guards.Refusal.REWORDED.words:
        form.items.data = []  # other words need another consent
        return {"items": problem}
    if problem and (problem != guards.Refusal.TOO_SOON.words or not found):
        return {"form": problem}
    return {} if guards.is_trapped() else found


def _age_errors(site: Site, form: SignUpForm) -> dict[str, str]:
    """Tell whether somebody is too young for what they ticked; whose address it is does not matter for it."""
    if guards.is_trapped():
        return {}
    try:
        with transaction() as session:
            subscribe.check(
                session, site, form.email.data or "", form.items.data or [], ages.told(request.form)
            )  # fmt: skip
    except BirthDateNeeded:
        return {ages.BORN: _(ages.NEEDED)}
    except TooYoung:
        return {"items": _(ages.TOO_YOUNG)}
    return {}


def _mistakes(form: SignUpForm) -> dict[str, str]:
    found = {}
    if not form.items.data:
        found["items"] = _("Choose at least one thing to receive.")
    try:
        parse_email(form.email.data or "")
    except InvalidAddress:
        found["email"] = _("Write an address like name@example.com.")
    return found


def _show(site: Site, form: SignUpForm, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    with transaction() as session:
        brands = offers.brands_of(session, site)
    many = site.slug == env().group.slug
    return render(
        "web/sign_up.html", status=status,
        sections=presenters.choice_sections(brands, locale(site), many=many, ticked=form.items.data or ()),
        form_token=guards.token_to_show(form, wordings.on_form(site, locale(site))), honeypot_name=guards.HONEYPOT,
        email=form.email.data or "", errors=errors, born=request.form.get(ages.BORN, ""),
        country=request.form.get(ages.COUNTRY, ""), countries=presenters.countries_asked(brands, locale(site)),
    )  # fmt: skip

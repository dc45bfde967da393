"""The phone number: given, proved by a code that a text brings, and taken back."""

from __future__ import annotations

import structlog
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.models import Site
from app.errors import InvalidAddress
from app.flows import phone as flow
from app.flows.phone import Asked, Entered
from app.http import guards
from app.http.context import env, provenance, transaction, write
from app.http.extensions import limiter
from app.http.people import Visitor, preference_session_required, to_prove_again, visitor
from app.kit.addresses import Address, country_of, example_mobile, mask_phone, parse_phone, spaced, takes_texts
from app.kit.provenance import Source
from app.services import phones
from app.web.blueprint import bp, render, render_error
from app.web.forms import PhoneForm

log = structlog.get_logger(__name__)


@bp.get("/<site>/preferences/phone")
@preference_session_required
def phone(site: Site) -> ResponseReturnValue:
    """Show the number there is, and ask for one."""
    return _show(site, _form(), {})


@bp.post("/<site>/preferences/phone", endpoint="phone_post")
@preference_session_required
@limiter.limit(guards.sign_ups_per_ip)
def phone_post(site: Site) -> ResponseReturnValue:
    """Send a code there. The answer is the same for every number."""
    guards.refuse_cross_site()
    if not env().settings.sends_texts:
        return render_error(404)
    form, came, who = _form(), provenance(Source.CENTRE), visitor()
    if not form.validate():
        return _show(site, form, {"form": _problem(form)}, 422)
    if _must_prove_again(who):
        return to_prove_again()
    number = _read(site, form.number.data or "")
    if number is not None and not _is_texted(number):
        return _show(site, form, {"number": _("We send no texts to numbers of that country.")}, 422)
    if number is None:
        words = _(
            "Write a mobile number, such as %(example)s. One of another country begins with + and its code.",
            example=example_mobile(site.controller.country),
        )
        return _show(site, form, {"number": words}, 422)
    asked = write(lambda session: flow.ask(session, site, who.account_id, number, came))
    if asked is Asked.SAME:
        return _show(site, form, {"number": _("This is your number already.")}, 422)
    if asked is Asked.EXHAUSTED:
        log.error("codes_exhausted", advice="see who asks for codes, or raise PARLEY_SMS_CODES_PER_DAY")
        return _show(site, form, {"form": _("We can send no more codes today. Please try again tomorrow.")}, 429)
    if asked is Asked.TOO_OFTEN:
        words = _("That was the last code for today. Please try again tomorrow.")
        return _show(site, form, {"form": words}, 429)
    return redirect(url_for("web.phone_code", site=site.slug), 303)


@bp.get("/<site>/preferences/phone/code")
@preference_session_required
def phone_code(site: Site) -> ResponseReturnValue:
    """Ask for the code."""
    return _show_code(site, _form(), {})


@bp.post("/<site>/preferences/phone/code", endpoint="phone_code_post")
@preference_session_required
@limiter.limit(guards.sign_ups_per_ip)
def phone_code_post(site: Site) -> ResponseReturnValue:
    """Prove the number."""
    guards.refuse_cross_site()
    form, came, who = _form(), provenance(Source.CENTRE), visitor()
    if not form.validate():
        return _show_code(site, form, {"form": _problem(form)}, 422)
    entered = write(lambda session: flow.enter(session, site, who.account_id, form.code.data or "", came))
    if entered is Entered.PROVED:
        return redirect(url_for("web.phone", site=site.slug, proved=1), 303)
    if entered is Entered.OVER:
        return redirect(url_for("web.phone", site=site.slug, over=1), 303)
    words = _("That is not the code we sent. Look once more, or have another one sent.")
    return _show_code(site, form, {"code": words}, 422)


@bp.post("/<site>/preferences/phone/remove")
@preference_session_required
def phone_remove(site: Site) -> ResponseReturnValue:
    """Take the number away, and what was agreed to over it."""
    guards.refuse_cross_site()
    form, came, who = _form(), provenance(Source.CENTRE), visitor()
    if not form.validate():
        return _show(site, form, {"form": _problem(form)}, 422)
    if _must_prove_again(who):
        return to_prove_again()
    write(lambda session: flow.remove(session, site, who.account_id, came))
    return redirect(url_for("web.phone", site=site.slug, removed=1), 303)


def _read(site: Site, typed: str) -> Address | None:
    """Read a number, dialled as in the country of the house unless it says which; None for what gets no texts."""
    try:
        number = parse_phone(typed, site.controller.country)
    except InvalidAddress:
        return None
    return number if takes_texts(number) else None


def _is_texted(number: Address) -> bool:
    countries = env().settings.sms_countries
    return not countries or country_of(number) in countries


def _must_prove_again(who: Visitor) -> bool:
    """Tell whether a number stands there that whoever was passed on the link of a mail must not move or take away."""
    if who.is_full or who.is_stepped_up:
        return False
    with transaction() as session:
        return phones.digest_of(session, who.account_id) is not None


def _show(site: Site, form: PhoneForm, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    who = visitor()
    with transaction() as session:
        present = phones.number_of(session, who.account_id)
        waits = phones.waiting(session, who.account_id) is not None
    # A link may have been passed on: the number is spelt out for whoever has shown that the session is theirs.
    is_sure = who.is_full or who.is_stepped_up
    shown = (spaced(present) if is_sure else mask_phone(present)) if present else ""
    return render(
        "web/phone.html", status=status, site=site, errors=errors, present=shown, typed=form.number.data or "",
        waits=waits, is_offered=env().settings.sends_texts, csrf_token=form["csrf_token"].current_token,
        news=next((name for name in ("proved", "over", "removed") if name in request.args), ""), is_full=who.is_full,
    )  # fmt: skip


def _show_code(site: Site, form: PhoneForm, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    with transaction() as session:
        number = phones.number_waiting(session, visitor().account_id)
    if number is None:
        return redirect(url_for("web.phone", site=site.slug, over=1), 303)
    return render(
        "web/phone_code.html", status=status, site=site, errors=errors, number=spaced(number),
        csrf_token=form["csrf_token"].current_token,
    )  # fmt: skip


def _problem(form: PhoneForm) -> str:
    return str(next(iter(form["csrf_token"].errors), ""))


def _form() -> PhoneForm:
    return PhoneForm(meta={"csrf_context": visitor().form_subject})

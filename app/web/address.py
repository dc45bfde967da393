"""Change of address: asked for in the centre, then pressed for in the present mailbox and in the new one."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.models import Site
from app.db import Session
from app.errors import InvalidAddress
from app.flows import change_address as flow
from app.flows.change_address import Asked
from app.http import guards
from app.http.context import provenance, transaction, write
from app.http.extensions import limiter
from app.http.people import preference_session_required, visitor
from app.kit.addresses import mask, parse_email
from app.kit.provenance import Provenance, Source
from app.kit.signing import Purpose
from app.services import accounts, address_changes, stationery, tokens
from app.services.address_changes import Progress, Side, Stop
from app.web.blueprint import bp, render
from app.web.forms import AddressForm

Press = Callable[[Session, str, Provenance], Progress]

DONE = {Progress.MOVED: ("web/address_moved.html", 200), Progress.OVER: ("web/address_over.html", 410)}
STOPPED = {
    Stop.STOPPED: ("web/address_stopped.html", 200),
    Stop.LEFT: ("web/address_left.html", 410),
    Stop.OVER: ("web/address_over.html", 410),
}


@bp.get("/<site>/preferences/address")
@preference_session_required
def address(site: Site) -> ResponseReturnValue:
    """Show where the choices are now, and ask where they shall be."""
    return _show(site, _form(), {})


@bp.post("/<site>/preferences/address", endpoint="address_post")
@preference_session_required
@limiter.limit(guards.sign_ups_per_ip)
def address_post(site: Site) -> ResponseReturnValue:
    """Show the new address large, to be read once more; then mail to both. The answer is the same for every address."""
    guards.refuse_cross_site()
    form = _form()
    typed = (form.email.data or "").strip()
    if not form.validate():
        return _show(site, form, {"form": str(next(iter(form["csrf_token"].errors), ""))}, 422)
    try:
        if _is_present(typed):
            return _show(site, form, {"email": _("Your choices are at this address already.")}, 422)
        if not form.sure.data:
            return render("web/address_check.html", email=typed, csrf_token=form["csrf_token"].current_token)
        asked = _ask(site, typed)
    except InvalidAddress:
        return _show(site, form, {"email": _("Write an address like name@example.com.")}, 422)
    if asked is Asked.TOO_OFTEN:
        words = _("We have mailed to your present address three times today. Please try again tomorrow.")
        return _show(site, form, {"form": words}, 429)
    return redirect(url_for("web.address_sent", site=site.slug), 303)


@bp.get("/<site>/preferences/address/sent")
@preference_session_required
def address_sent(site: Site) -> ResponseReturnValue:
    """Say what to do next: the same words for every address."""
    return render("web/address_sent.html", site=site)


@bp.get("/<site>/address-agree/<token>")
def address_agree(site: Site, token: str) -> ResponseReturnValue:
    """Show the present mailbox one button."""
    return _look(site, Purpose.ADDRESS_AGREE, Side.PRESENT, token)


@bp.post("/<site>/address-agree/<token>", endpoint="address_agree_post")
def address_agree_post(site: Site, token: str) -> ResponseReturnValue:
    """Agree, once."""
    return _press(site, flow.agree, Side.PRESENT, token)


@bp.get("/<site>/address-prove/<token>")
def address_prove(site: Site, token: str) -> ResponseReturnValue:
    """Show the new mailbox one button."""
    return _look(site, Purpose.ADDRESS_PROVE, Side.NEW, token)


@bp.post("/<site>/address-prove/<token>", endpoint="address_prove_post")
def address_prove_post(site: Site, token: str) -> ResponseReturnValue:
    """Prove the new mailbox, once."""
    return _press(site, flow.prove, Side.NEW, token)


@bp.get("/<site>/address-stop/<token>")
def address_stop(site: Site, token: str) -> ResponseReturnValue:
    """Show one button that ends a change which the owner of the mailbox did not ask for."""
    try:
        with transaction() as session:
            possible = address_changes.stoppable(session, token)
    except tokens.BadLink:
        return render("web/link_invalid.html", status=404)
    if possible is Stop.STOPPED:
        return render("web/address_stop.html", site=site, token=token)
    return _stopped(site, possible)


@bp.post("/<site>/address-stop/<token>", endpoint="address_stop_post")
def address_stop_post(site: Site, token: str) -> ResponseReturnValue:
    """End the change, and whatever is open with this address."""
    guards.refuse_cross_site()
    try:
        done = write(lambda session: flow.stop(session, token, provenance(Source.ADDRESS_PAGE)))
    except tokens.BadLink:
        return render("web/link_invalid.html", status=404)
    return _stopped(site, done)


def _stopped(site: Site, done: Stop) -> ResponseReturnValue:
    template, status = STOPPED[done]
    return render(template, status=status, site=site)


def _look(site: Site, purpose: Purpose, side: Side, token: str) -> ResponseReturnValue:
    try:
        with transaction() as session:
            change = address_changes.of_link(session, purpose, token)
            progress = address_changes.progress(change, side)
            going = stationery.typed_address(session, change.to_digest) if change else None
    except tokens.BadLink:
        return render("web/link_invalid.html", status=404)
    if progress is not Progress.OPEN:
        return _outcome(site, progress, side)
    template = "web/address_agree.html" if side is Side.PRESENT else "web/address_prove.html"
    new_address = (going or "") if side is Side.PRESENT else mask(going or "")
    return render(template, site=site, token=token, new_address=new_address)


def _press(site: Site, press: Press, side: Side, token: str) -> ResponseReturnValue:
    guards.refuse_cross_site()
    try:
        progress = write(lambda session: press(session, token, provenance(Source.ADDRESS_PAGE)))
    except tokens.BadLink:
        return render("web/link_invalid.html", status=404)
    return _outcome(site, progress, side)


def _outcome(site: Site, progress: Progress, side: Side) -> ResponseReturnValue:
    template, status = DONE.get(progress, ("web/address_waiting.html", 200))
    return render(template, status=status, site=site, is_present=side is Side.PRESENT)


def _ask(site: Site, typed: str) -> Asked:
    account_id, origin = visitor().account_id, provenance(Source.CENTRE)
    return write(lambda session: flow.ask(session, site, account_id, typed, origin))


def _is_present(typed: str) -> bool:
    with transaction() as session:
        present = accounts.primary_email(session, visitor().account_id)
    return present is not None and parse_email(typed).normal == parse_email(present).normal


def _show(site: Site, form: AddressForm, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    with transaction() as session:
        present = accounts.primary_email(session, visitor().account_id) or ""
    return render(
        "web/address.html", status=status, site=site, present=mask(present), email=form.email.data or "",
        errors=errors, csrf_token=form["csrf_token"].current_token,
    )  # fmt: skip


def _form() -> AddressForm:
    return AddressForm(meta={"csrf_context": visitor().form_subject})

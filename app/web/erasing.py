"""Deleting one's data: what goes and what stays, a week to think it over, and the way to stop it."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.models import Site
from app.errors import Gone
from app.flows import erase as flow
from app.flows.erase import Asked
from app.http import guards
from app.http.context import locale, provenance, transaction, write
from app.http.people import Visitor, preference_session_required, step_up_required, visitor
from app.kit import clock
from app.kit.provenance import Source
from app.services import holdings, privacy_requests, tokens
from app.services.privacy_requests import COOLING_OFF, State
from app.web.blueprint import bp, render
from app.web.forms import DataForm
from app.web.sayings import day


@bp.get("/<site>/account/data/delete")
@preference_session_required
@step_up_required
def erase(site: Site) -> ResponseReturnValue:
    """Show what would go, what would stay, and why."""
    return _show(site, _form(visitor()), {})


@bp.post("/<site>/account/data/delete", endpoint="erase_post")
@preference_session_required
@step_up_required
def erase_post(site: Site) -> ResponseReturnValue:
    """Note the wish; nothing goes before the cooling-off is over."""
    guards.refuse_cross_site()
    who, form, came = visitor(), _form(visitor()), provenance(Source.ACCOUNT)
    if not form.validate():
        return _show(site, form, {"form": _problem(form)}, 422)
    if write(lambda session: flow.ask(session, site, who.account_id, came)) is Asked.TOO_OFTEN:
        words = _("You have asked for this three times today. Please try again tomorrow.")
        return _show(site, form, {"form": words}, 429)
    return redirect(url_for("web.your_data", site=site.slug), 303)


@bp.post("/<site>/account/data/keep")
@preference_session_required
def keep_post(site: Site) -> ResponseReturnValue:
    """Take the wish back. Nothing is lost by it, so a session is enough."""
    guards.refuse_cross_site()
    who, form = visitor(), _form(visitor())
    if form.validate():
        write(lambda session: flow.stop(session, who.account_id))
    return redirect(url_for("web.your_data", site=site.slug, kept=1), 303)


@bp.get("/<site>/erasure-stop/<token>")
def erasure_stop(site: Site, token: str) -> ResponseReturnValue:
    """Show one button that stops the erasure of the mailbox's owner."""
    try:
        with transaction() as session:
            request = privacy_requests.find(session, tokens.read_erasure_stop(session, token))
    except tokens.ExpiredLink:
        request = None
    except tokens.BadLink:
        return render("web/link_invalid.html", status=404)
    if request is None or request.state != State.OPEN:
        return render("web/erasure_over.html", status=410, site=site)
    due = day(request.due_at, locale(site))
    return render("web/erasure_stop.html", site=site, token=token, due=due)


@bp.post("/<site>/erasure-stop/<token>", endpoint="erasure_stop_post")
def erasure_stop_post(site: Site, token: str) -> ResponseReturnValue:
    """Stop it, and sign out everywhere."""
    guards.refuse_cross_site()
    try:
        is_stopped = write(lambda session: flow.stop_by_link(session, token))
    except tokens.BadLink:
        return render("web/link_invalid.html", status=404)
    if not is_stopped:
        return render("web/erasure_over.html", status=410, site=site)
    return render("web/erasure_stopped.html", site=site)


def _show(site: Site, form: DataForm, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    with transaction() as session:
        held = holdings.gather(session, visitor().account_id)
    if held is None:
        raise Gone("This account is no more.")
    return render(
        "web/erase.html", status=status, site=site, errors=errors, csrf_token=form["csrf_token"].current_token,
        held=held, due=day(clock.now() + COOLING_OFF, locale(site)), is_suppressed=bool(held.suppressions),
        days=COOLING_OFF.days,
    )  # fmt: skip


def _problem(form: DataForm) -> str:
    return str(next(iter(form["csrf_token"].errors), ""))


def _form(who: Visitor) -> DataForm:
    return DataForm(meta={"csrf_context": who.form_subject})

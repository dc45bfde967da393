"""The page behind a confirmation link: looking changes nothing, the button does it."""

from __future__ import annotations

from flask import make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.branding.models import Site
from app.flows import confirm as flow
from app.http import guards
from app.http.context import locale, provenance, transaction, write
from app.http.people import former_secret, set_session_cookie
from app.kit.provenance import Source
from app.services import confirmations, tokens
from app.services.confirmations import Confirmation
from app.web import presenters
from app.web.blueprint import bp, render

PAGES = {
    Confirmation.ALREADY: ("web/confirm_done_already.html", 200),
    Confirmation.EXPIRED: ("web/confirm_expired.html", 410),
    Confirmation.SUPERSEDED: ("web/confirm_overtaken.html", 410),
    Confirmation.UNKNOWN: ("web/link_invalid.html", 404),
}


@bp.get("/<site>/confirm/<token>")
def confirm(site: Site, token: str) -> ResponseReturnValue:
    """Show what is asked for, with one button."""
    with transaction() as session:
        seen = confirmations.inspect(session, site, token)
        if seen.outcome is not Confirmation.OPEN or seen.request is None:
            return _outcome(seen.outcome, token, can_ask_again=bool(seen.items))
        listed_as = [f"{item.item_id}-{item.notice_digest.hex()}" for item in seen.items]
        link = tokens.never_link(session, site.slug, seen.request.address_digest)
        listed, small_print = presenters.asked(session, seen.items, locale(site))
    return render(
        "web/confirm.html",
        token=token,
        listed=listed,
        listed_as=listed_as,
        is_reworded="reworded" in request.args,
        small_print=small_print,
        never_token=link.rpartition("/")[2],
    )


@bp.post("/<site>/confirm/<token>", endpoint="confirm_post")
def confirm_post(site: Site, token: str) -> ResponseReturnValue:
    """Confirm exactly what the page listed, and open the preference centre."""
    guards.refuse_cross_site()
    listed, came, former = _listed(), provenance(Source.CONFIRMATION), former_secret()
    done = write(lambda session: flow.confirm(session, site, token, listed, came, former))
    if done.outcome is Confirmation.REWORDED:
        return redirect(url_for("web.confirm", site=site.slug, token=token, reworded=1), 303)
    if done.secret is None:
        return _outcome(done.outcome, token, can_ask_again=True)
    response = make_response(redirect(url_for("web.preferences", site=site.slug, welcome=1), 303))
    set_session_cookie(response, done.secret)
    return response


@bp.post("/<site>/confirm/<token>/again")
def confirm_again(site: Site, token: str) -> ResponseReturnValue:
    """Mail a fresh link for one that ran out."""
    guards.refuse_cross_site()
    outcome = write(lambda session: flow.again(session, site, token, provenance(Source.FORM)))
    if outcome is None:
        return redirect(url_for("web.check_mail", site=site.slug), 303)
    if outcome is Confirmation.OPEN:  # an old page said it ran out, and it was asked for anew meanwhile
        return redirect(url_for("web.confirm", site=site.slug, token=token), 303)
    return _outcome(outcome, token, can_ask_again=False)


def _listed() -> dict[int, str] | None:
    """Read the items that the page listed, each with the digest of the words it showed; None without a page."""
    if "listed" not in request.form:
        return None
    pairs = [part.partition("-") for part in request.form["listed"].split(",")]
    return {int(item): digest for item, _, digest in pairs if item.isdecimal() and item.isascii() and len(item) < 10}


def _outcome(outcome: Confirmation, token: str, *, can_ask_again: bool) -> ResponseReturnValue:
    template, status = PAGES[outcome]
    return render(template, status=status, token=token, can_ask_again=can_ask_again)

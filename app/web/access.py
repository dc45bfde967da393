"""Ways into the preference centre without a password."""

from __future__ import annotations

from flask import g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.branding.models import Site
from app.flows import access as flow
from app.flows import leave
from app.http import guards
from app.http.context import env, locale, provenance, transaction, write
from app.http.extensions import limiter
from app.http.people import drop_session_cookie, former_secret, set_session_cookie, visitor
from app.kit import clock
from app.kit.provenance import Source
from app.services import locks, messages, sessions, suppressions, tokens
from app.web import address_form, stops
from app.web.blueprint import bp, render
from app.web.forms import CentreForm

FORM = "web/preferences_link.html"


@bp.get("/<site>/preferences/link")
def preferences_link(site: Site) -> ResponseReturnValue:
    """Ask for the address that a link should go to."""
    return address_form.show(FORM, site, is_closed="closed" in request.args)


@bp.post("/<site>/preferences/link", endpoint="preferences_link_post")
@limiter.limit(guards.sign_ups_per_ip)
def preferences_link_post(site: Site) -> ResponseReturnValue:
    """Mail a link, if the address is known; the answer does not tell."""
    return address_form.take(FORM, site, flow.request_link, "web.link_sent")


@bp.get("/<site>/preferences/link/sent")
def link_sent(site: Site) -> ResponseReturnValue:
    """Say that a mail is on its way, if the address is known."""
    return render("web/link_sent.html", site=site)


@bp.get("/<site>/access/<token>")
def access(site: Site, token: str) -> ResponseReturnValue:
    """Show one button; a mail scanner that follows the link uses nothing up."""
    with transaction() as session:
        try:
            digest = messages.address_of(session, tokens.read_access(session, token))
        except tokens.ExpiredLink:
            return render("web/access_used.html", status=410)
        except tokens.BadLink:
            return render("web/link_invalid.html", status=404)
        is_stranger = digest is not None and locks.owner_of(session, digest) is None
        standing = suppressions.in_force(session, [digest] if digest and is_stranger else [])
    lifting = [stop for stop in stops.told(standing, env().group, None, clock.now(), locale(site)) if stop.may_lift]
    if not lifting:
        return render("web/access.html", site=site, token=token)
    return render("web/access_lift.html", site=site, token=token, stops=lifting)


@bp.post("/<site>/access/<token>", endpoint="access_post")
def access_post(site: Site, token: str) -> ResponseReturnValue:
    """Open a preference session, once, and go on to the clean address."""
    guards.refuse_cross_site()
    try:
        came, former = provenance(Source.CENTRE), former_secret()
        opened = write(lambda session: flow.open_session(session, token, came, former))
    except tokens.BadLink:
        return render("web/link_invalid.html", status=404)
    if opened.is_lifted:
        return render("web/access_lifted.html", site=site)
    if opened.secret is None:
        return render("web/access_used.html", status=410)
    response = make_response(redirect(url_for("web.preferences", site=site.slug), 303))
    set_session_cookie(response, opened.secret)
    return response


@bp.post("/<site>/sign-out", endpoint="sign_out")
@bp.post("/<site>/preferences/close")
def close_session(site: Site) -> ResponseReturnValue:
    """End the session on this device, and say so where the next one begins."""
    guards.refuse_cross_site()
    if current_user.is_authenticated:
        form = CentreForm(meta={"csrf_context": visitor().form_subject})
        if not form.validate():
            return redirect(url_for("web.preferences", site=site.slug), 303)
        secret = visitor().secret
        write(lambda session: sessions.close(session, secret))
    was_full = current_user.is_authenticated and visitor().is_full
    way_back = "web.sign_in" if was_full else "web.preferences_link"
    response = make_response(redirect(url_for(way_back, site=site.slug, closed=1), 303))
    drop_session_cookie(response)
    return response


@bp.get("/<site>/manage/<token>")
def manage(site: Site, token: str) -> ResponseReturnValue:
    """Show two buttons and nothing personal: this link stands in mails that get passed on.

    It was made for the house in its address, which may be gone: then the group shows it.
    """
    with transaction() as session:
        try:
            tokens.read_manage(session, g.slug, token)
        except tokens.BadLink:
            return render("web/link_invalid.html", status=404)
    return render("web/manage.html", site=site, token=token)


@bp.post("/<site>/manage/<token>", endpoint="manage_post")
def manage_post(site: Site, token: str) -> ResponseReturnValue:
    """Mail an access link to the owner of the link, or leave the brand's mails."""
    guards.refuse_cross_site()
    try:
        if request.form.get("do") == "leave":
            write(lambda session: leave.leave_by_manage(session, token, g.slug, provenance(Source.LEAVE_PAGE)))
            return render("web/unsubscribed.html", reasons=(), listed=[])
        write(lambda session: flow.request_link_by_manage(session, site, g.slug, token, provenance(Source.FORM)))
    except tokens.BadLink:
        return render("web/link_invalid.html", status=404)
    return render("web/managed.html", site=site)

"""Pages behind links to leave: RFC 8058 one-click unsubscribe, and "never mail me again"."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.leaving import reasons
from app.branding.models import Frequency, Site
from app.branding.wording import frequency_words
from app.db import Session
from app.errors import UnknownItem
from app.flows import leave as flow
from app.flows import never as never_flow
from app.flows.tell_why import tell_why
from app.http import guards
from app.http.context import env, locale, provenance, transaction, write
from app.kit import clock
from app.kit.provenance import Source
from app.services import feedback, targets, tokens
from app.services.feedback import Why
from app.services.tokens import LeaveTarget
from app.web import pauses, presenters
from app.web.blueprint import bp, render, render_error
from app.web.pages import Listed
from app.web.sayings import day

ONE_CLICK = "One-Click"


@bp.get("/<site>/unsubscribe/<token>")
def unsubscribe(site: Site, token: str) -> ResponseReturnValue:
    """Show what the link leaves, with one button. It says what the link is about, nothing about the person."""
    with transaction() as session:
        try:
            target = tokens.read_unsubscribe(session, token)
            listed, words = _listed(session, site, target), _scope(session, site, target)
            often = [(each.value, frequency_words(each, locale(site))) for each in targets.rarer(session, target)]
        except (tokens.BadLink, UnknownItem):
            return render("web/link_invalid.html", status=404)
    return render("web/unsubscribe.html", token=token, listed=listed, scope_words=words, often=often,
                  pauses=pauses.offered(clock.now(), locale(site)))  # fmt: skip


@bp.post("/<site>/unsubscribe/<token>", endpoint="unsubscribe_post")
def unsubscribe_post(site: Site, token: str) -> ResponseReturnValue:
    """Leave. Mail programs post `List-Unsubscribe=One-Click` here, from anywhere and without cookie (RFC 8058)."""
    one_click = request.form.get("List-Unsubscribe") == ONE_CLICK
    origin = provenance(Source.ONE_CLICK if one_click else Source.LEAVE_PAGE)
    try:
        write(lambda session: flow.leave(session, token, origin))
    except (tokens.BadLink, UnknownItem):
        return render("web/link_invalid.html", status=404)
    if one_click:
        return "", 200, {"Content-Type": "text/plain; charset=utf-8"}
    with transaction() as session:
        target = tokens.read_unsubscribe(session, token)
        listed, words = _listed(session, site, target), _scope(session, site, target)
    return render("web/unsubscribed.html", listed=listed, scope_words=words, token=token,
                  reasons=reasons(locale(site)), longest=feedback.LONGEST)  # fmt: skip


@bp.post("/<site>/unsubscribe/<token>/why")
def unsubscribe_why(site: Site, token: str) -> ResponseReturnValue:
    """Take the reason, of whoever likes to tell it."""
    guards.refuse_cross_site()
    said = request.form.get("why", "")
    try:
        with transaction() as session:
            tokens.read_unsubscribe(session, token)
        why = Why(said)
        write(lambda session: tell_why(session, token, why, request.form.get("words", "")))
    except (tokens.BadLink, UnknownItem):
        return render("web/link_invalid.html", status=404)
    except ValueError:
        return render_error(422, _("This is none of the reasons that can be chosen."))
    return render("web/told_why.html", site=site)


@bp.post("/<site>/unsubscribe/<token>/instead")
def unsubscribe_instead(site: Site, token: str) -> ResponseReturnValue:
    """Pause what the link leaves, or let it come more rarely: less than leaving, so the link is enough for it too."""
    guards.refuse_cross_site()
    came, now = provenance(Source.LEAVE_PAGE), clock.now()
    try:
        with transaction() as session:
            tokens.read_unsubscribe(session, token)
        if pause := request.form.get("pause"):
            until = pauses.end_of(pause, now)
            write(lambda session: flow.pause_instead(session, token, until, came))
            return render("web/slowed.html", token=token, until=day(until, locale(site)), often="")
        frequency = Frequency(request.form.get("often", ""))
        write(lambda session: flow.slow_down(session, token, frequency, came))
    except (tokens.BadLink, UnknownItem):
        return render("web/link_invalid.html", status=404)
    except ValueError:
        return render_error(422, _("This is nothing that can be changed here."))
    return render("web/slowed.html", token=token, until="", often=frequency_words(frequency, locale(site)))


@bp.get("/<site>/never/<token>")
def never(site: Site, token: str) -> ResponseReturnValue:
    """Explain "never mail me again", with one button."""
    with transaction() as session:
        try:
            tokens.read_never(session, token)
        except tokens.BadLink:
            return render("web/link_invalid.html", status=404)
    return render("web/never.html", site=site, token=token)


@bp.post("/<site>/never/<token>", endpoint="never_post")
def never_post(site: Site, token: str) -> ResponseReturnValue:
    """Put the address on the list of those never contacted, for the whole group."""
    guards.refuse_cross_site()
    try:
        write(lambda session: never_flow.never(session, token, provenance(Source.NEVER_PAGE)))
    except tokens.BadLink:
        return render("web/link_invalid.html", status=404)
    return render("web/never_done.html", site=site)


def _listed(session: Session, site: Site, target: LeaveTarget) -> list[Listed]:
    if target.item_id is None:
        return []
    return presenters.listed(session, [item.id for item in targets.covered(session, target)], locale(site))


def _scope(session: Session, site: Site, target: LeaveTarget) -> str:
    if target.item_id is not None:
        return ""
    if targets.is_everywhere(session, target):
        return _("All e-mail from all houses of %(group)s", group=env().group.name)
    brand = env().group.brands.get(target.brand or "")
    return _("All e-mail from %(brand)s", brand=brand.name if brand else site.name)

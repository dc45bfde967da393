"""Behind the link of a check-in: keep all, get less of something, or leave. Opening it does nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.models import Brand, Frequency, Site, Topic
from app.branding.wording import check_in_small_print, chosen, frequency_words, how
from app.db import Session
from app.errors import NotOffered, UnknownItem
from app.flows import check_in as flow
from app.flows.check_in import Answer
from app.http import guards
from app.http.context import env, locale, provenance, transaction, write
from app.kit import clock
from app.kit.provenance import Source
from app.models import CheckIn
from app.services import accounts, check_in_words, check_ins, targets, tokens
from app.services.check_ins import About, Outcome
from app.services.items import items
from app.web import pauses
from app.web.blueprint import bp, render, render_error
from app.web.presenters import foreign, own
from app.web.sayings import day, named, said


@dataclass(frozen=True, slots=True)
class Asked:
    """An item as the page lists it."""

    item_id: int
    site: Site
    lang: str
    """The language tag of the house's words, where they are not in the reader's language."""
    name: str
    how: str
    """How often and how it comes; of a use of data, what it is."""
    since: str
    until: str
    """The day on which its pause ends."""
    rarer: tuple[tuple[str, str], ...]
    may_pause: bool


@bp.get("/<site>/check-in/<token>")
def check_in(site: Site, token: str) -> ResponseReturnValue:
    """Show what the mail asked about, with the button that keeps it."""
    return _show(site, token)


@bp.post("/<site>/check-in/<token>", endpoint="check_in_post")
def check_in_post(site: Site, token: str) -> ResponseReturnValue:
    """Do what one button says."""
    guards.refuse_cross_site()
    came = provenance(Source.CHECK_IN)
    try:
        if "leave" in request.form or "often" in request.form or "pause" in request.form:
            return _lessen(site, token)
        words = request.form.get("words", "")
        answer = write(lambda session: flow.keep(session, token, words, came))
    except (tokens.BadLink, tokens.ExpiredLink):
        return _show(site, token)
    except (NotOffered, UnknownItem, ValueError):
        return render_error(422, _("This is nothing that can be changed here."))
    if answer is Answer.REWORDED:
        return _show(site, token, warning=_("This has changed meanwhile. Please look at it and press once more."))
    return _show(site, token)


def _lessen(site: Site, token: str) -> ResponseReturnValue:
    """Leave, pause, or get more rarely, and tell beside the rest what changed."""
    came, form = provenance(Source.CHECK_IN), request.form
    if form.get("leave") == "all":
        write(lambda session: flow.leave(session, token, None, came))
        return _show(site, token)
    name, _sign, wanted = (form.get("leave") or form.get("often") or form.get("pause") or "").partition("=")
    item_id = int(name)
    if "leave" in form:
        lines = write(lambda session: flow.leave(session, token, item_id, came))
        sentence, parts = _("You will not get %(what)s any more."), {}
    elif "often" in form:
        often = Frequency(wanted)
        lines = write(lambda session: flow.slow_down(session, token, item_id, often, came))
        sentence = _("How often you get %(what)s from now on: %(often)s.")
        parts = {"often": frequency_words(often, locale(site))}
    else:
        until = pauses.end_of(wanted, clock.now())
        lines = write(lambda session: flow.pause(session, token, item_id, until, came))
        sentence, parts = _("%(what)s: paused until %(date)s."), {"date": day(until, locale(site))}
    # Pressed twice, it changes nothing; what is so now stands in the list.
    return _show(site, token, changed=said(sentence, what=_name(item_id, site), **parts) if lines else "")


def _show(site: Site, token: str, *, changed: str = "", warning: str = "") -> ResponseReturnValue:
    try:
        with transaction() as session:
            account_id, check_in_id = tokens.read_check_in(session, token)
            row, account = check_ins.find(session, account_id, check_in_id), accounts.find(session, account_id)
            is_answered = bool(row and account and check_ins.is_answered(session, row, account))
            about = check_ins.held(session, account_id, row.item_ids) if row else []
            about = check_in_words.in_order(session, about)
            words = check_in_words.digest(check_in_words.wordings(session, about, locale()))
            asked = [_asked(session, each, locale(site)) for each in about]
            ends = _ends(session, row) if row and not is_answered else None
    except tokens.ExpiredLink:
        row, asked, words, is_answered, ends = None, [], "", False, None
    except tokens.BadLink:
        return render("web/link_invalid.html", status=404)
    if row is None or not asked:
        return _nothing_left(row, changed)
    return render(
        "web/check_in.html", token=token, asked=asked, words=words, changed=changed, warning=warning,
        small_print=_small_print(asked, locale(site)), pauses=pauses.offered(clock.now(), locale(site)),
        kept_at=row.closed_at if row.outcome == Outcome.KEPT else None, next_at=_next_at(row), is_answered=is_answered,
        ends=ends, spans_houses=len({each.site.slug for each in asked}) > 1,
    )  # fmt: skip


def _nothing_left(row: CheckIn | None, changed: str) -> ResponseReturnValue:
    """Say why there is nothing to keep: it ran out, or was left, or the link is a year old."""
    has_expired = row is None or row.outcome == Outcome.EXPIRED
    asked_at = row.asked_at if row else None
    return render("web/check_in_over.html", status=410 if has_expired else 200, changed=changed,
                  has_expired=has_expired, asked_at=asked_at, closed_at=row.closed_at if row else None)  # fmt: skip


def _asked(session: Session, about: About, spoken: str) -> Asked:
    site = check_in_words.site_of(session, about.item)
    thing = check_in_words.declared(site, about.item)
    assert thing is not None  # noqa: S101 - what is not declared is retired, and nobody is asked about it
    brand, channel, state = site if isinstance(site, Brand) else None, about.item.channel, about.state
    paused = state.paused_until if state.paused_until and state.paused_until > clock.now() else None
    if isinstance(thing, Topic) and channel:
        what = how(thing, channel, spoken, chosen(thing, state.frequency))
    else:
        what = own(thing.description, site, spoken)
    rarer = targets.rarer_than(brand, about.item, state.frequency) if brand and channel else []
    return Asked(
        item_id=about.item.id, site=site, lang=foreign(site, spoken), name=own(thing.name, site, spoken), how=what,
        since=day(state.confirmed_at or state.granted_at, spoken), until=day(paused, spoken),
        rarer=tuple((each.value, frequency_words(each, spoken)) for each in rarer),
        may_pause=channel is not None and paused is None,
    )  # fmt: skip


def _name(item_id: int, site: Site) -> str:
    spoken = locale(site)
    with transaction() as session:
        item = items(session).get(item_id)
        house = check_in_words.site_of(session, item)
        thing = check_in_words.declared(house, item)
    return named(own(thing.name, house, spoken), foreign(house, spoken)) if thing else named(item.key, "")


def _small_print(asked: list[Asked], spoken: str) -> list[tuple[str, str]]:
    """Give what the notices say besides, each line once, with its language where that is not the reader's."""
    lines = [
        (line, each.lang) for each in asked for line in check_in_small_print(each.site, each.site.locale(spoken))
    ]  # fmt: skip
    return list(dict.fromkeys(lines))


def _next_at(row: CheckIn) -> datetime | None:
    settings = env().group.check_in
    return clock.shifted(row.closed_at, settings.after_months) if settings and row.closed_at else None


def _ends(session: Session, row: CheckIn) -> datetime | None:
    settings = env().group.check_in
    return check_ins.ends(session, row, settings) if settings and row.outcome == Outcome.OPEN else None

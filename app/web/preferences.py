"""The preference centre: every house, every topic, every channel, and one press to change any of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.leaving import reasons
from app.branding.models import FieldKind, Site
from app.db import Session
from app.errors import BirthDateNeeded, UnknownItem
from app.flows import preferences as flow
from app.flows import privacy_signal, volume
from app.flows.tell_why import tell_why_here
from app.http import guards
from app.http.context import env, locale, provenance, transaction, write
from app.http.people import Visitor, preference_session_required, visitor
from app.kit import clock
from app.kit.addresses import mask
from app.kit.provenance import Provenance, Source
from app.services import (
    accounts,
    consents,
    feedback,
    history,
    notices,
    offers,
    privacy_requests,
    reconsent,
    sessions,
    suppressions,
)
from app.services.feedback import Why
from app.services.folding import Action, Line
from app.services.items import ItemRef, items
from app.services.privacy_requests import Kind
from app.services.reach import reach
from app.web import agree, centre, pauses, stops, uses
from app.web.blueprint import bp, render, render_error
from app.web.forms import CentreForm


@bp.get("/<site>/preferences")
@preference_session_required
def preferences(site: Site) -> ResponseReturnValue:
    """Show everything one agreed to or could, since when, and how it was agreed."""
    who = visitor()
    changed = _changed(who)
    with transaction() as session:
        reached, states = reach(session, who.account_id), consents.current(session, who.account_id)
        standing = suppressions.in_force(session, reached.digests)
        erasure = privacy_requests.open_one(session, who.account_id, Kind.ERASURE)
        brands = offers.brands_of(session, site)
        known = centre.known_to(session, who.account_id, states, reached, site, brands)
        agreed = history.agreements(session, who.account_id)
        sections = centre.sections(
            session, known, agreed, reached, brands, changed, locale(site), _ways(who), _adjusted(who)
        )
        summary = centre.summary(session, changed, brands, locale(site))
        used = uses.sections(session, site, known, agreed, changed, locale(site))
        asks_why = _asks_why(session, who)
        signal = _says_no() and uses.is_signal_unheeded(session, [each.slug for each in brands], known)
        found = accounts.find(session, who.account_id)
        has_account = found is not None and found.kind == accounts.FULL
        asked = agree.in_centre(reconsent.questions(session, who.account_id, states), site)
    return render(
        "web/preferences.html",
        sections=sections, uses=used, signal=signal, says_no=_says_no(),
        account_email=mask(reached.email) if reached.email else "",
        csrf_token=guards.token_of_session(who.form_subject),
        undo=_undo(who), reasons=reasons(locale(site)) if asks_why else (), is_thanked="thanked" in request.args,
        longest=feedback.LONGEST,
        changed_summary=summary, minutes_left=None if who.is_full else _minutes_left(who), is_full=who.is_full,
        has_account=has_account,
        words=notices.digest_of_centre(env(), site, locale(site)), is_reworded="reworded" in request.args,
        stops=stops.told(standing, env().group, _house(site), _proved_at(who), locale(site)),
        is_welcome="welcome" in request.args, is_cancelled="cancelled" in request.args,
        pauses=pauses.offered(clock.now(), locale(site)), has_phone="phone" in reached.kinds,
        erasure_due=erasure.due_at if erasure else None,
        asked=[agree.put(each, locale(site)) for each in asked], told=request.args.get("told"),
    )  # fmt: skip


@bp.post("/<site>/preferences", endpoint="preferences_save")
@preference_session_required
def preferences_save(site: Site) -> ResponseReturnValue:
    """Do what one button asks: turn an item on or off, leave, lift the stop, or undo the last change."""
    guards.refuse_cross_site()
    who = visitor()
    form = _form(who)
    if not form.validate():
        return render_error(422, str(form["csrf_token"].errors[0]) if form["csrf_token"].errors else "")
    if _agrees(form) and form.words.data != notices.digest_of_centre(env(), site, locale(site)):
        # What is kept as evidence must be what stood there, also where brands changed while the page was open.
        return redirect(url_for("web.preferences", site=site.slug, reworded=1, _anchor="changed"), 303)
    if form.why.data:
        return _take_reason(site, who, form)
    try:
        lines = write(lambda session: _act(session, site, who, form))
    except (UnknownItem, ValueError):
        return render_error(422, _("This is nothing that can be changed here."))
    except BirthDateNeeded:
        item = (form.set.data or "").removesuffix("=on")
        return redirect(url_for("web.age", site=site.slug, item=item), 303)
    # Leaving may end nothing but a request that was still open; then that is what is told.
    cancelled = 1 if form.leave.data and not lines else None
    anchor = "changed" if cancelled else anchor_of(site, lines)
    return redirect(url_for("web.preferences", site=site.slug, cancelled=cancelled, _anchor=anchor), 303)


def _take_reason(site: Site, who: Visitor, form: CentreForm) -> ResponseReturnValue:
    """Keep why the person left what their last press ended, and stay where that is told."""
    left = (who.row.undo or {}).get("off", [])
    try:
        why = Why(form.why.data or "")
    except ValueError:
        return render_error(422, _("This is none of the reasons that can be chosen."))
    words = form.why_words.data or ""
    write(lambda session: tell_why_here(session, who.account_id, left, why, words))
    with transaction() as session:
        anchor = centre.anchor(session, _changed(who), offers.brands_of(session, site))
    return redirect(url_for("web.preferences", site=site.slug, thanked=1, _anchor=anchor), 303)


def _asks_why(session: Session, who: Visitor) -> bool:
    """Tell whether the last press left something that was sent."""
    registry = items(session)
    return any(registry.get(item_id).channel for item_id in (who.row.undo or {}).get("off", ()))


def _act(session: Session, site: Site, who: Visitor, form: CentreForm) -> list[Line]:
    origin = provenance(Source.CENTRE)
    if form.gpc.data:
        brands = [each.slug for each in offers.brands_of(session, site)]
        came = replace(origin, source=Source.GPC)
        return remembered(session, who, privacy_signal.apply(session, who.account_id, brands, came, again=True))
    if form.lift.data:
        flow.lift_own_suppressions(session, who.account_id, _house(site), _proved_at(who), origin)
        return []
    if form.often.data or form.pause.data or form.resume.data or (form.undo.data and _adjusted(who)):
        return _adjust(session, site, who, form, origin)
    if form.undo.data:
        lines = flow.undo(session, who.account_id, who.secret, form.undo.data, origin, site)
    elif form.leave.data:
        lines = flow.leave(session, who.account_id, _brand_to_leave(form.leave.data), origin, site)
    else:
        item, is_on = _read_switch(session, site, form.set.data or "")
        lines = flow.change(session, who.account_id, {item: is_on}, origin, site)
    return remembered(session, who, lines)


def remembered(session: Session, who: Visitor, lines: list[Line]) -> list[Line]:
    """Keep what an act did, for the words beside it and for Undo; give its lines."""
    if lines:  # a press that came to nothing takes no Undo away
        sessions.remember_change(session, who.secret, lines)
    return lines


def _adjust(session: Session, site: Site, who: Visitor, form: CentreForm, origin: Provenance) -> list[Line]:
    """Do what neither turns on nor off; the flow remembers itself how it was before."""
    whose = (session, who.account_id, who.secret)
    if form.undo.data:
        return volume.undo(*whose, form.undo.data, origin, site)
    if form.resume.data:
        return volume.resume(*whose, read_item(session, site, form.resume.data), origin, site)
    name, _sign, wanted = (form.often.data or form.pause.data or "").partition("=")
    item = read_item(session, site, name)
    if form.often.data:
        return volume.choose_frequency(*whose, item, wanted, origin, site)
    return volume.pause(*whose, item, pauses.end_of(wanted, clock.now()), origin, site)


def _agrees(form: CentreForm) -> bool:
    """Tell whether a press may say yes to something, rather than no, or only to something less or later."""
    is_less = form.often.data or form.pause.data or form.resume.data
    is_no = (
        form.why.data or form.lift.data or form.gpc.data or form.leave.data or (form.set.data or "").endswith("=off")
    )
    return not (is_no or is_less)


def _brand_to_leave(value: str) -> str | None:
    """Read a house's slug, or None for all of them; raise `ValueError`."""
    if value != "all" and value not in env().group.brands:
        raise ValueError(value)
    return None if value == "all" else value


def _read_switch(session: Session, site: Site, value: str) -> tuple[ItemRef, bool]:
    """Read `brand:topic:channel=on`; raise `ValueError` or `UnknownItem`."""
    name, _sign, wanted = value.partition("=")
    if wanted not in {"on", "off"}:
        raise ValueError(value)
    return read_item(session, site, name), wanted == "on"


def read_item(session: Session, site: Site, name: str) -> ItemRef:
    """Read `brand:topic:channel`, or `site:use:purpose`; raise `ValueError` or `UnknownItem`."""
    brand, topic, channel = name.split(":")
    if channel == uses.PART:
        return _use(session, site, brand, topic)
    if brand not in {each.slug for each in offers.brands_of(session, site)}:
        raise ValueError(name)
    return items(session).subscription(brand, topic, channel)


def _use(session: Session, site: Site, owner: str, key: str) -> ItemRef:
    group = env().group
    if owner not in {each.slug for each in offers.owners_of_uses(site, group)}:
        raise ValueError(owner)
    return items(session).own_purpose(None if owner == group.slug else owner, key)


def _says_no() -> bool:
    """Tell whether the browser says that its owner's data shall be neither sold nor shared."""
    return request.headers.get("Sec-GPC") == "1"


def anchor_of(site: Site, lines: list[Line]) -> str | None:
    """Name the element of the centre where an act is told."""
    with transaction() as session:
        return centre.anchor(session, {line.item_id for line in lines}, offers.brands_of(session, site))


def _house(site: Site) -> str | None:
    return None if site.slug == env().group.slug else site.slug


def _proved_at(who: Visitor) -> datetime | None:
    """Give when the person acted from their mailbox: a session without sign-in opens by a link from there alone."""
    return None if who.is_full else who.row.created_at


def _changed(who: Visitor) -> set[int]:
    undo = who.row.undo or {"on": [], "off": []}
    adjusted = {undo["adjusted"]["item"]} if "adjusted" in undo else set()
    return {*undo["on"], *undo["off"], *undo.get("refused", ()), *adjusted}


def _undo(who: Visitor) -> str | None:
    """Give what the Undo button takes back; None where there is nothing that it could."""
    undo = who.row.undo or {}
    return undo["id"] if undo.get("on") or undo.get("off") or "adjusted" in undo else None


def _adjusted(who: Visitor) -> Action | None:
    """Give what the last act was, where it neither turned on nor off."""
    adjusted = (who.row.undo or {}).get("adjusted")
    return Action(adjusted["act"]) if adjusted else None


def _ways(who: Visitor) -> dict[str, str]:
    """Give the pages where the person can add a kind of address."""
    field = env().group.profile_field_of(FieldKind.ADDRESS)
    phone = {"phone": url_for("web.phone", site=g.site.slug)} if env().settings.sends_texts else {}
    if not who.is_full or field is None:
        return phone
    return {**phone, "post": url_for("web.profile_field", site=g.site.slug, field=field.key)}


def _minutes_left(who: Visitor) -> int:
    return max(1, round((who.row.expires_at - clock.now()).total_seconds() / 60))


def _form(who: Visitor) -> CentreForm:
    return CentreForm(meta={"csrf_context": who.form_subject})

"""One's own data: see all that is held, take a copy along, correct it, hold it still."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import NamedTuple

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from app.branding.catalogue import N_
from app.branding.languages import called
from app.branding.leaving import reason_words
from app.branding.models import FieldKind, Site
from app.errors import Gone
from app.flows import download, profile, restrict
from app.http import guards
from app.http.context import env, locale, provenance, transaction, write
from app.http.people import Visitor, preference_session_required, step_up_required, visitor
from app.kit.addresses import mask, mask_phone
from app.kit.provenance import Source
from app.services import accounts, holdings, privacy_requests, suppressions
from app.services.folding import Status
from app.services.holdings import Holdings
from app.services.privacy_requests import Kind, State
from app.services.profile_values import told
from app.web import acts
from app.web.blueprint import bp, render, render_error
from app.web.forms import DataForm
from app.web.profile import label_of
from app.web.sayings import day, device_name, listing, said

PIECE = 64 * 1024
"""Bytes of a copy that go out at once."""

WISHES = {
    Kind.EXPORT.value: N_("A copy is being put together."),
    Kind.RESTRICTION.value: N_("Your data is held still."),
    Kind.ERASURE.value: N_("Your data is to be deleted."),
}


class Fact(NamedTuple):
    """One thing that is held, in words."""

    label: str
    value: str


@bp.get("/<site>/account/data")
@preference_session_required
def your_data(site: Site) -> ResponseReturnValue:
    """Show all that is held, and what can be done with it."""
    return _show(site, _form(visitor()), {})


@bp.post("/<site>/account/data/export")
@preference_session_required
@step_up_required
def export_post(site: Site) -> ResponseReturnValue:
    """Have a copy put together."""
    guards.refuse_cross_site()
    who, form, came = visitor(), _form(visitor()), provenance(Source.ACCOUNT)
    if not form.validate():
        return _show(site, form, {"form": _problem(form)}, 422)
    if not write(lambda session: download.ask(session, site, who.account_id, came)):
        words = _("You have asked for three copies today. Please try again tomorrow.")
        return _show(site, form, {"form": words}, 429)
    return redirect(url_for("web.your_data", site=site.slug, _anchor="copy"), 303)


@bp.get("/<site>/account/data/download/<uuid:request_id>", endpoint="download")
@preference_session_required
@step_up_required
def download_copy(site: Site, request_id: uuid.UUID) -> ResponseReturnValue:
    """Hand out a copy that was put together for this account."""
    with transaction() as session:
        content = privacy_requests.read_export(session, visitor().account_id, request_id)
    if content is None:
        return render_error(404)
    headers = {
        "Content-Disposition": f'attachment; filename="{site.slug}-your-data.zip"',
        "Content-Length": str(len(content)),
        "Cache-Control": "no-store",
    }
    return Response(_pieces(content), mimetype="application/zip", headers=headers)


@bp.post("/<site>/account/data/restriction")
@preference_session_required
def restriction_post(site: Site) -> ResponseReturnValue:
    """Hold the data still, or go on. Neither tells nor deletes anything, so a session is enough."""
    guards.refuse_cross_site()
    who, form, came = visitor(), _form(visitor()), provenance(Source.ACCOUNT)
    if not form.validate():
        return _show(site, form, {"form": _problem(form)}, 422)
    if form.restrict.data == "on":
        write(lambda session: restrict.restrict(session, site, who.account_id, came))
        return redirect(url_for("web.your_data", site=site.slug, _anchor="still"), 303)
    write(lambda session: restrict.lift(session, who.account_id))
    return redirect(url_for("web.your_data", site=site.slug, on=1, _anchor="still"), 303)


@bp.post("/<site>/account/data/profile/<field>/remove")
@preference_session_required
@step_up_required
def data_field_remove(site: Site, field: str) -> ResponseReturnValue:
    """Take back what a profile says of somebody without a password, whose profile another system filled in."""
    guards.refuse_cross_site()
    who, form, came = visitor(), _form(visitor()), provenance(Source.ACCOUNT)
    if not form.validate():
        return _show(site, form, {"form": _problem(form)}, 422)
    if _has_account(who):  # their own page asks for more than a mailed code
        return redirect(url_for("web.profile", site=site.slug), 303)
    has_ended = write(lambda session: profile.remove(session, site, who.account_id, field, came))
    removed, ended = (None, 1) if has_ended else (1, None)
    return redirect(url_for("web.your_data", site=site.slug, removed=removed, ended=ended, _anchor="correct"), 303)


def _has_account(who: Visitor) -> bool:
    with transaction() as session:
        found = accounts.find(session, who.account_id)
        return found is not None and found.kind == accounts.FULL


def _show(site: Site, form: DataForm, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    who = visitor()
    with transaction() as session:
        held = holdings.gather(session, who.account_id)
        export = privacy_requests.export_of(session, who.account_id)
    if held is None:
        raise Gone("This account is no more.")
    waiting = {each.kind: each for each in held.requests if each.state == State.OPEN}
    erasure = waiting.get(Kind.ERASURE)
    return render(
        "web/your_data.html", status=status, site=site, errors=errors, csrf_token=form["csrf_token"].current_token,
        facts=list(_facts(site, held, who)), proofs=list(_proofs(held, locale(site))),
        is_restricted=held.account.status == accounts.RESTRICTED,
        erasure_due=erasure.due_at if erasure else None, export=export, is_packing=Kind.EXPORT in waiting,
        removable=[] if held.account.kind == accounts.FULL else _removable(held, locale(site)),
        is_full=who.is_full, is_stepped_up=who.is_stepped_up, is_kept="kept" in request.args,
        is_going_on="on" in request.args, is_removed="removed" in request.args, is_ended="ended" in request.args,
    )  # fmt: skip


def _facts(site: Site, held: Holdings, who: Visitor) -> Iterator[Fact]:
    spoken, account = locale(site), held.account
    # A link may have been passed on: the address is spelt out for whoever has shown that the session is theirs.
    is_sure = who.is_full or who.is_stepped_up
    for each in held.addresses:
        label = _("E-mail address") if each.point.kind == "email" else _("Phone number")
        masked = mask(each.typed) if each.point.kind == "email" else mask_phone(each.typed)
        yield Fact(label, each.typed if is_sure else masked)
    kind = _("Full account, with a password") if account.kind == accounts.FULL else _("No password: mails let you in")
    yield Fact(_("Your account"), kind)
    yield Fact(_("Known to us since"), day(account.created_at, spoken))
    yield Fact(_("Your language"), called(account.locale, spoken))
    yield from _profile(held, spoken, is_sure=is_sure)
    yield from _by_house(held)
    yield Fact(_("Record of your choices"), _("Lines: %(lines)s", lines=held.lines))
    yield Fact(_("Sign-ups that wait for your yes"), str(len(held.waiting)))
    yield Fact(_("Mails of the last 90 days"), str(len(held.mails)))
    devices = sorted({device_name(each.user_agent) for each in held.sessions})
    yield Fact(_("Open on"), listing(devices, spoken))
    if held.account.last_seen_at:
        yield Fact(_("Last here"), day(held.account.last_seen_at, spoken))
    yield from _by_other_systems(held, is_sure=is_sure)
    for question in held.check_ins:
        yield Fact(_("Asked whether all is still right"), day(question.asked_at, spoken))
    for reason, words in held.leaving_reasons:
        told = reason_words(reason.code, spoken)
        yield Fact(_("Why you left"), f"{told}: {words}" if words and is_sure else told)
    for mailed in held.asked_anew:
        when = day(mailed.asked_at, spoken)
        yield Fact(_("Mailed about a document that changes"), _("On %(date)s", date=when))
    if held.passkeys:
        yield Fact(_("Passkeys"), listing([each.name for each in held.passkeys], spoken))
    if held.has_codes:
        yield Fact(_("A code after the password"), _("On"))
    for stop in held.suppressions:
        if suppressions.stands(stop):
            yield Fact(_("Not to be contacted"), _("Since %(date)s", date=day(stop.created_at, spoken)))
    for wish in held.requests:
        if wish.state == State.OPEN:
            yield Fact(_("Open request"), _(WISHES[wish.kind]))


def _profile(held: Holdings, spoken: str, *, is_sure: bool) -> Iterator[Fact]:
    """Tell the profile, its language apart, to whoever is sure to be its owner; to others what is filled in."""
    fields = [each for each in held.profile if each.kind != FieldKind.LANGUAGE]
    if fields and not is_sure:
        yield Fact(_("Your profile"), listing([label_of(each.key, spoken) for each in fields], spoken))
    for each in fields if is_sure else ():
        lines = told(env().group, each.key, each.kind, each.value, spoken)
        yield Fact(label_of(each.key, spoken), " · ".join(lines))
    if held.profile_changes:
        yield Fact(_("Changes of your profile"), str(len(held.profile_changes)))


def _removable(held: Holdings, spoken: str) -> list[tuple[str, str]]:
    """List the fields of a profile by key and name."""
    return [(each.key, label_of(each.key, spoken)) for each in held.profile if each.kind != FieldKind.LANGUAGE]


def _by_other_systems(held: Holdings, *, is_sure: bool) -> Iterator[Fact]:
    """Tell what other systems call the person: the id itself to whoever is sure to be its owner."""
    for each in held.external_ids:
        called_there = f"{each.system}: {each.value}" if is_sure else each.system
        yield Fact(_("Known to another system as"), f"{each.client}, {called_there}")


def _by_house(held: Holdings) -> Iterator[Fact]:
    group = env().group
    for slug in (None, *group.brands):
        of_house = [each.state.status for each in held.consents if each.item and each.item.brand == slug]
        if of_house:
            name = group.brands[slug].name if slug else group.name
            yes = of_house.count(Status.GRANTED)
            yield Fact(name, _("Yes: %(yes)s. No: %(no)s.", yes=yes, no=len(of_house) - yes))


def _proofs(held: Holdings, spoken: str) -> Iterator[tuple[int, Markup]]:
    """Name everything that was said yes or no to, with the line by which its record is found."""
    group = env().group
    for each in held.consents:
        site = (each.item and group.brands.get(each.item.brand or "")) or group
        yield (
            each.state.last_sequence,
            said("%(house)s · %(what)s", house=site.name, what=acts.what(each.item, site, spoken)),
        )


def _pieces(content: bytes) -> Iterator[bytes]:
    return (content[start : start + PIECE] for start in range(0, len(content), PIECE))


def _problem(form: DataForm) -> str:
    return str(next(iter(form["csrf_token"].errors), ""))


def _form(who: Visitor) -> DataForm:
    return DataForm(meta={"csrf_context": who.form_subject})

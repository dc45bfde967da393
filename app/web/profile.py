"""The profile: what one likes to tell about oneself, each with what it is for; all of it can be changed and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from app.branding.catalogue import N_
from app.branding.countries import countries
from app.branding.languages import called
from app.branding.models import FieldKind, ProfileField, Site
from app.branding.wording import channel_words
from app.db import Session
from app.errors import Gone
from app.flows import profile as flow
from app.http import guards
from app.http.context import env, locale, provenance, transaction, write
from app.http.people import Visitor, full_session_required, visitor
from app.kit.provenance import ActorKind, Source
from app.models import Account, ProfileChange
from app.services import accounts
from app.services import profile as service
from app.services.profile import Action, HeldField
from app.services.profile_values import LONGEST, PARTS, Problem, Typed, Unreadable, read, told, typed_again
from app.web.blueprint import bp, render, render_error
from app.web.forms import ProfileForm
from app.web.presenters import foreign, listed, own
from app.web.sayings import day, listing, named, said

HISTORY = 50
"""How many changes the page lists; a copy of one's data has all."""

Option = tuple[str, str]

EMPTY = {
    "name": N_("Write your name."),
    "day": N_("Day, month and year are all needed."),
    "country": N_("Choose a country."),
    "street": N_("Write street and number."),
    "city": N_("Write your town or city."),
    "choices": N_("Tick at least one, or leave this for another day."),
    "channel": N_("Choose a way."),
    "language": N_("Choose a language."),
}
"""What to say of a part that was left empty."""

WRONG = {
    Problem.TOO_LONG: N_("That is longer than we can keep: %(most)s characters at most."),
    Problem.TOO_MANY_LINES: N_("Three lines at most, please."),
    Problem.STRANGE: N_("There is a character in it that can't be kept. Please type it once more."),
    Problem.UNKNOWN: N_("Choose something of the list."),
    Problem.NO_DAY: N_("There is no such day. Write it in figures."),
    Problem.TOO_EARLY: N_("Write the year with four figures, from 1900 on."),
    Problem.TO_COME: N_("That day is still to come."),
}
"""What to say of anything else."""

HAPPENED = {
    Action.SET: N_("You filled in %(what)s."),
    Action.CHANGED: N_("You changed %(what)s."),
    Action.REMOVED: N_("You removed %(what)s."),
}

BY_OTHERS = {
    Action.SET: N_("%(house)s filled in %(what)s for you."),
    Action.CHANGED: N_("%(house)s changed %(what)s for you."),
    Action.REMOVED: N_("%(house)s removed %(what)s for you."),
}
"""The same of what a system of the house did, as the person told it there."""


@dataclass(frozen=True, slots=True)
class Question:
    """A field with its form: `typed` is what stands in it, `errors` what is wrong with that, both by part."""

    key: str
    kind: str
    label: str
    purpose: str
    lang: str
    """The language tag of the group's words, where it does not speak the reader's language."""
    typed: Typed
    errors: Mapping[str, str]
    options: Sequence[Option]
    """What can be chosen, as value and name."""


@dataclass(frozen=True, slots=True)
class Told:
    """A field that is filled in."""

    key: str
    label: str
    purpose: str
    lang: str
    lines: Sequence[str]
    ends: str
    """What would end with it."""
    is_asked: bool
    """Whether the group still asks for it."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One change, in words."""

    sentence: Markup
    at: datetime
    when: str
    house: str


@bp.get("/<site>/account/profile")
@full_session_required
def profile(site: Site) -> ResponseReturnValue:
    """Show what one told, and ask for what is next."""
    who, spoken, group = visitor(), locale(site), env().group
    with transaction() as session:
        account = _account(session, who)
        held = service.held(session, account)
        known = {each.key for each in held}
        changes = [_happened(each, spoken) for each in service.changes(session, account.id, HISTORY)]
        shown = [_told(session, account, each, spoken) for each in held]
    open_fields = [field for field in group.profile if field.key not in known]
    questions = [_question(field, spoken, {}, {}) for field in open_fields]
    return render(
        "web/profile.html", site=site, told=shown, questions=questions, changes=changes,
        done=next((each for each in ("ended", "removed", "kept") if each in request.args), ""),
        csrf_token=guards.token_of_session(who.form_subject),
    )  # fmt: skip


@bp.get("/<site>/account/profile/<field>")
@full_session_required
def profile_field(site: Site, field: str) -> ResponseReturnValue:
    """Show one field with its form."""
    asked = env().group.profile_field(field)
    if asked is None:
        return render_error(404)
    who = visitor()
    with transaction() as session:
        held = service.held(session, _account(session, who))
    present = next((each for each in held if (each.key, each.kind) == (asked.key, asked.kind)), None)
    typed = typed_again(present.kind, present.value) if present else {}
    return _show(site, asked, _form(who), typed, {})


@bp.post("/<site>/account/profile/<field>")
@full_session_required
def profile_field_post(site: Site, field: str) -> ResponseReturnValue:
    """Keep what was typed."""
    guards.refuse_cross_site()
    who, form, asked = visitor(), _form(visitor()), env().group.profile_field(field)
    if asked is None:
        return render_error(404)
    typed = {part: request.form.getlist(part) for part in PARTS[asked.kind]}
    if not form.validate():
        return _show(site, asked, form, typed, {"form": str(next(iter(form["csrf_token"].errors), ""))}, 422)
    try:
        value = read(env().group, asked, typed)
    except Unreadable as error:
        return _show(site, asked, form, typed, _words(asked, error.problems), 422)
    came = provenance(Source.ACCOUNT)
    write(lambda session: flow.keep(session, site, who.account_id, asked, value, came))
    # A language that the link names would win over one that was just chosen.
    kept_language = {"lang": None} if asked.kind is FieldKind.LANGUAGE else {}
    return redirect(url_for("web.profile", site=site.slug, kept=1, _anchor="done", **kept_language), 303)


@bp.post("/<site>/account/profile/<field>/remove")
@full_session_required
def profile_remove(site: Site, field: str) -> ResponseReturnValue:
    """Take back what a field says."""
    guards.refuse_cross_site()
    who, form, came = visitor(), _form(visitor()), provenance(Source.ACCOUNT)
    if not form.validate():
        return render_error(422, str(next(iter(form["csrf_token"].errors), "")))
    has_ended = write(lambda session: flow.remove(session, site, who.account_id, field, came))
    # What is None stands in no address.
    removed, ended = (None, 1) if has_ended else (1, None)
    return redirect(url_for("web.profile", site=site.slug, removed=removed, ended=ended, _anchor="done"), 303)


def label_of(key: str, spoken: str) -> str:
    """Give what the group calls a field; its key where it is not asked for any more."""
    group = env().group
    field = group.profile_field(key)
    return own(field.label, group, spoken) if field else key


def _show(
    site: Site, field: ProfileField, form: ProfileForm, typed: Typed, errors: Mapping[str, str], status: int = 200
) -> ResponseReturnValue:
    return render(
        "web/profile_field.html", status=status, site=site, errors=errors,
        question=_question(field, locale(site), typed, errors), csrf_token=form["csrf_token"].current_token,
    )  # fmt: skip


def _question(field: ProfileField, spoken: str, typed: Typed, errors: Mapping[str, str]) -> Question:
    group = env().group
    return Question(
        key=field.key, kind=field.kind.value, label=own(field.label, group, spoken),
        purpose=own(field.purpose, group, spoken), lang=foreign(group, spoken), typed=typed, errors=errors,
        options=_options(field, spoken),
    )  # fmt: skip


def _options(field: ProfileField, spoken: str) -> Sequence[Option]:
    group = env().group
    if field.kind in {FieldKind.COUNTRY, FieldKind.ADDRESS}:
        return countries(spoken)
    if field.kind is FieldKind.CHOICES:
        return [(choice.key, own(choice.name, group, spoken)) for choice in field.choices]
    if field.kind is FieldKind.CHANNEL:
        ways = [(each.value, channel_words(each, spoken)) for each in group.channels]
        return [(value, words[:1].upper() + words[1:]) for value, words in ways]
    return [(each, called(each, spoken)) for each in group.languages] if field.kind is FieldKind.LANGUAGE else []


def _told(session: Session, account: Account, held: HeldField, spoken: str) -> Told:
    group = env().group
    field = group.profile_field(held.key)
    return Told(
        key=held.key, label=label_of(held.key, spoken), lang=foreign(group, spoken) if field else "",
        purpose=own(field.purpose, group, spoken) if field else "", is_asked=field is not None,
        lines=told(group, held.key, held.kind, held.value, spoken),
        ends=_ends(session, account, spoken) if held.kind == FieldKind.ADDRESS else "",
    )  # fmt: skip


def _ends(session: Session, account: Account, spoken: str) -> str:
    """Name what comes by post, and ends with the address."""
    items = listed(session, [item.id for item in service.comes_by_post(session, account.id)], spoken)
    return listing([f"{item.name} ({item.brand.name})" for item in items], spoken) if items else ""


def _happened(change: ProfileChange, spoken: str) -> Happened:
    group = env().group
    lang = foreign(group, spoken) if group.profile_field(change.key) else ""
    site = group.site(change.brand)
    house = site.name if site else change.brand
    is_own = change.provenance["actor"] == ActorKind.PERSON
    words = _((HAPPENED if is_own else BY_OTHERS)[Action(change.action)])
    return Happened(
        sentence=said(words, what=named(label_of(change.key, spoken), lang), house=house),
        at=change.occurred_at,
        when=f"{day(change.occurred_at, spoken)}, {change.occurred_at:%H:%M}",
        house=house,
    )


def _words(field: ProfileField, problems: Mapping[str, Problem]) -> dict[str, str]:
    """Say what is wrong with each part; of a date, whose parts are one thing, the first alone."""
    if field.kind is FieldKind.DATE:
        part, problem = next(iter(problems.items()))
        sentence = EMPTY["day"] if problem is Problem.EMPTY else WRONG[problem]
        return {part: _(sentence)}
    return {
        part: _(EMPTY[part]) if problem is Problem.EMPTY else _(WRONG[problem], most=LONGEST.get(part, ""))
        for part, problem in problems.items()
    }


def _account(session: Session, who: Visitor) -> Account:
    account = accounts.find(session, who.account_id)
    if account is None:
        raise Gone("This account is no more.")
    return account


def _form(who: Visitor) -> ProfileForm:
    return ProfileForm(meta={"csrf_context": who.form_subject})

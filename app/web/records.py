"""The record of one choice: what was agreed to, on which words, and every step; to read, to print and to keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flask import Response, abort, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.branding.catalogue import country_name, long_date
from app.branding.grounds import GROUNDS, THROUGH
from app.branding.languages import called, tag
from app.branding.models import Kind, LegalBasis, Site
from app.branding.wording import frequency_words
from app.db import Session
from app.environment import environment
from app.http import guards
from app.http.context import env, locale, transaction
from app.http.people import preference_session_required, visitor
from app.kit import clock
from app.kit.addresses import mask, mask_phone
from app.services import accounts, phones, record_documents, records
from app.services.decisions import CONTACT_KIND
from app.services.records import Record, Step
from app.web import acts
from app.web.blueprint import bp, render
from app.web.presenters import foreign, own
from app.web.sayings import day, marked, said


class Fact(NamedTuple):
    """One thing that the record tells."""

    label: str
    value: str | Markup


@bp.get("/<site>/preferences/records/<int:sequence>")
@preference_session_required
def record(site: Site, sequence: int) -> ResponseReturnValue:
    """Show the record that ends with a line of one's own ledger."""
    group, spoken = env().group, locale(site)
    with transaction() as session:
        found = _find(session, site, sequence)
        facts = list(_facts(session, site, found))
    seen = next((step.act for step in reversed(found.steps) if step.act.words), None)
    return render(
        "web/record.html", record=found, facts=facts, house=records.site_of(group, found),
        sentence=acts.sentence(found.deciding.act, group, spoken), stood_at=found.steps[-1].act.at,
        seen=seen.words.splitlines() if seen else [], seen_lang=tag(seen.words_locale) if seen else "",
        seen_language=called(seen.words_locale, spoken) if seen else "", seen_at=seen.at if seen else None,
        days=acts.days([step.act for step in reversed(found.steps)], group, spoken),
        csrf_token=guards.token_of_session(visitor().form_subject),
    )  # fmt: skip


@bp.get("/<site>/preferences/records/<int:sequence>/file")
@preference_session_required
def record_file(site: Site, sequence: int) -> ResponseReturnValue:
    """Hand out the same for programs, to keep."""
    with transaction() as session:
        found = _find(session, site, sequence)
        content = record_documents.encode(record_documents.document(session, found))
    name = f"{records.site_of(env().group, found).slug}-{found.item.key}-{sequence}.jsonld"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, mimetype=record_documents.MEDIA_TYPE, headers=headers)


def _find(session: Session, site: Site, sequence: int) -> Record:
    """Find a record of the visitor's own; those of another house are not on a house's pages."""
    found = records.find(session, visitor().account_id, sequence)
    if found is None or (site.slug != env().group.slug and found.item.brand not in {None, site.slug}):
        abort(404)
    return found


def _facts(session: Session, site: Site, found: Record) -> Iterator[Fact]:
    spoken, state = locale(site), found.state
    house = records.site_of(environment(session).group, found)
    _name, description = records.words_of(house, found.item)
    yield Fact(_("From"), house.name)
    if description:
        yield Fact(_("What that is"), marked(own(description, house, spoken), foreign(house, spoken)))
    yield Fact(_("Since"), day(found.since, spoken))
    yield Fact(_("Where and how"), _way(found.deciding, spoken))
    if found.is_yes and state:
        if state.frequency:
            yield Fact(_("How often"), frequency_words(state.frequency, spoken))
        if state.paused_until and state.paused_until > clock.now():
            yield Fact(_("Paused"), _("until %(date)s", date=day(state.paused_until, spoken)))
        yield Fact(_("How long"), _how_long(found, spoken))
    if address := _address(session, found):
        yield Fact(_("For"), address)
    yield Fact(_("On what ground"), _(GROUNDS[found.legal_basis]))
    yield Fact(_("Who is answerable"), _answerable(house, spoken))
    yield from _documents(session, found, spoken)
    if found.legal_basis is LegalBasis.CONTRACT and found.item.channel is None:
        yield Fact(_("To end it"), _link(url_for("web.your_data", site=site.slug), _("Your data")))
    else:
        yield Fact(_("To change it"), _link(url_for("web.preferences", site=site.slug), _("Your preferences")))
    yield Fact(_("Number of this record"), found.id)


def _way(step: Step, spoken: str) -> str:
    """Say through what an act came, and in which language: "Confirmation page, in English"."""
    through = THROUGH.get(step.act.source)
    language = called(step.act.locale, spoken)
    return f"{_(through)} · {language}" if through else language


def _how_long(found: Record, spoken: str) -> str:
    until = found.state.expires_at if found.state else None
    if until is None and found.item.kind is Kind.DOCUMENT:
        return _("As long as you have an account")
    if until is None:
        return _("Until you end it")
    if until <= clock.now():
        return _("It ran out on %(date)s.", date=day(until, spoken))
    return _("Until %(date)s, or until you end it", date=day(until, spoken))


def _address(session: Session, found: Record) -> str:
    """Give the address that the channel uses now, shortened: a mail with a link may have been passed on."""
    kind = CONTACT_KIND.get(found.item.channel) if found.item.channel else None
    if kind == "phone":
        number = phones.number_of(session, found.account_id)
        return mask_phone(number) if number else ""
    email = accounts.primary_email(session, found.account_id) if kind == "email" else None
    return mask(email) if email else ""


def _answerable(house: Site, spoken: str) -> Markup:
    """Name the legal person, with its address a line each."""
    found = house.controller
    lines = [found.name, *found.postal_address, country_name(found.country, spoken), found.contact]
    return Markup("<br>").join(escape(line) for line in lines)


def _documents(session: Session, found: Record, spoken: str) -> Iterator[Fact]:
    """Link the version of the document that was accepted, and of the privacy notice it rests on."""
    for label, each in (
        (_("What you accepted"), records.accepted(session, found)),
        (_("Privacy notice"), records.privacy_notice(session, found)),
    ):
        if each:
            url = url_for(
                "web.document", site=each.site.slug, slug=each.document.slug, version=each.version.isoformat()
            )
            title = own(each.document.title, each.site, spoken)
            yield Fact(
                label, _link(url, _("%(title)s, as of %(date)s", title=title, date=long_date(each.version, spoken)))
            )


def _link(url: str, words: str) -> Markup:
    return said('<a href="%(url)s">%(words)s</a>', url=url, words=words)

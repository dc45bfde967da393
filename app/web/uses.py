"""Uses of data besides mailings in the preference centre: what for, on which ground, since when, and a switch."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from app.branding.catalogue import N_
from app.branding.models import LegalBasis, Purpose, Site
from app.branding.wording import ground, purpose_statement, purposes_small_print
from app.db import Session
from app.environment import environment
from app.kit.provenance import Source
from app.services import offers, opt_outs
from app.services.decisions import Reason
from app.services.folding import Status
from app.services.history import NOTHING_KNOWN, Agreement
from app.services.items import ItemRef, items
from app.services.standing import Standing
from app.web.pages import Switch, TopicRow, UsesSection
from app.web.presenters import foreign, own
from app.web.quiet_lines import ended, has_run_out, is_on, kept
from app.web.sayings import day, marked, said

PART = "purpose"
"""Stands in the value of a switch where a mailing has its channel."""

NOT_DONE = {
    Reason.RESTRICTED: N_("Not done: you asked us to hold your data still."),
    Reason.RECONSENT_REQUIRED: N_("Not done until you have agreed to our new terms."),
    Reason.RETIRED: N_("This is no longer done."),
}
"""Why data is not used although the switch is on."""


def shown(session: Session, site: Site) -> list[ItemRef]:
    """List the uses of data that the centre of `site` shows."""
    return [item for _owner, uses in _owned(session, site) for _use, item in uses]


def sections(
    session: Session, site: Site, known: Mapping[int, Standing], agreed: Mapping[int, Agreement],
    changed: Collection[int], locale: str,
) -> list[UsesSection]:  # fmt: skip
    """Give the uses of data that the centre of `site` shows: of its houses, then of the whole group.

    `known` has the person's standing to each of `shown`, `agreed` how it was last agreed to.
    """
    return [_section(owner, uses, known, agreed, changed, locale) for owner, uses in _owned(session, site)]


def is_signal_unheeded(session: Session, brands: Collection[str], known: Mapping[int, Standing]) -> bool:
    """Tell whether anything would be ended by what a browser says against sale and sharing."""
    states = {item_id: each.state for item_id, each in known.items() if each.state}
    return not opt_outs.are_all_off(opt_outs.of_sharing(session, brands), states)


def _owned(session: Session, site: Site) -> list[tuple[Site, list[tuple[Purpose, ItemRef]]]]:
    group, registry = environment(session).group, items(session)
    found = [
        (owner, [(use, registry.own_purpose(_slug(owner, group), use.key)) for use in offers.uses(owner)])
        for owner in offers.owners_of_uses(site, group)
    ]
    return [(owner, uses) for owner, uses in found if uses]


def _slug(owner: Site, group: Site) -> str | None:
    return None if owner.slug == group.slug else owner.slug


def _section(
    owner: Site, uses: list[tuple[Purpose, ItemRef]], known: Mapping[int, Standing],
    agreed: Mapping[int, Agreement], changed: Collection[int], locale: str,
) -> UsesSection:  # fmt: skip
    here = [item for _use, item in uses if item.id in changed]
    several = len(here) == len(changed) > 1
    words = ngettext("%(num)d use of your data changed.", "%(num)d uses of your data changed.", len(here))
    return UsesSection(
        brand=owner,
        lang=foreign(owner, locale),
        topics=tuple(
            _row(
                owner, use, known[item.id], agreed.get(item.id, NOTHING_KNOWN), locale, alone=set(changed) == {item.id}
            )
            for use, item in uses
        ),
        small_print=tuple(purposes_small_print(owner, owner.locale(locale))),
        changed=words if several else "",
    )


def _row(
    owner: Site, use: Purpose, known: Standing, agreed: Agreement, locale: str, *, alone: bool
) -> TopicRow:  # fmt: skip
    is_needed = use.legal_basis is LegalBasis.CONTRACT and known.state is None
    return TopicRow(
        key=use.key,
        name=own(use.name, owner, locale),
        description=own(use.description, owner, locale),
        how_often="",
        conditions=(ground(use, owner.locale(locale)),),
        switches=() if is_needed else (_switch(owner, use, known, agreed, locale, alone=alone),),
    )


def _switch(
    owner: Site, use: Purpose, known: Standing, agreed: Agreement, locale: str, *, alone: bool
) -> Switch:  # fmt: skip
    on = is_on(known)
    return Switch(
        value=f"{owner.slug}:{use.key}:{PART}",
        label=_("Allowed") if on else _("Not allowed"),
        is_on=on,
        can_turn_on=not use.retired,
        line=_line(known, agreed, locale),
        statement="" if on else purpose_statement(owner, use, locale),
        warning=_warning(known) if on else "",
        changed=_changed(own(use.name, owner, locale), foreign(owner, locale), known) if alone else "",
        record=known.state.last_sequence if known.state else 0,
    )


def _line(known: Standing, agreed: Agreement, locale: str) -> str:
    state = known.state
    if state is None:
        return ""
    if state.status is Status.GRANTED and not has_run_out(known):
        return kept(_("Yes since %(date)s.", date=day(state.confirmed_at or state.granted_at, locale)), agreed, locale)
    if state.status is Status.EXPIRED and agreed.ended.get("cause"):
        return ended(agreed, locale)
    if state.status in (Status.GRANTED, Status.EXPIRED):
        return _("Your yes from %(date)s has run out.", date=day(state.confirmed_at or state.granted_at, locale))
    if state.source == Source.GPC:
        return _("Your browser said no for you on %(date)s (Global Privacy Control).",
                 date=day(state.withdrawn_at, locale))  # fmt: skip
    if state.status is Status.OBJECTED:
        return _("You objected on %(date)s.", date=day(state.withdrawn_at, locale))
    return _("You said no on %(date)s.", date=day(state.withdrawn_at, locale))


def _warning(known: Standing) -> str:
    reason = NOT_DONE.get(known.effective.reason) if known.effective else None
    return _(reason) if reason else ""


def _changed(name: str, lang: str, known: Standing) -> Markup:
    if is_on(known):
        return said(_("Allowed from now on: %(what)s."), what=marked(name, lang))
    return said(_("Ended: %(what)s."), what=marked(name, lang))

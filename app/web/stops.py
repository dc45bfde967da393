"""Why nothing is sent to somebody, in their words, and whether they may allow it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from app.branding.models import Channel, SiteGroup
from app.branding.wording import channel_words
from app.models import Suppression
from app.services import suppressions
from app.services.suppressions import Reason
from app.web.sayings import day


@dataclass(frozen=True, slots=True)
class Stop:
    """One reason why nothing is sent."""

    words: str
    is_of_all: bool
    """Whether it holds for all houses."""
    may_lift: bool
    needs_link: bool = False
    """Whether the person may lift it once a mail has reached them."""


def told(
    rows: Sequence[Suppression], group: SiteGroup, house: str | None, proved_at: datetime | None, locale: str
) -> list[Stop]:  # fmt: skip
    """Tell the suppressions in force that concern a house, or (None) any; alike ones of several addresses once."""
    found = [
        Stop(
            words=_words(row, group, locale), is_of_all=row.brand is None,
            may_lift=suppressions.may_lift(row, proved_at),
            needs_link=row.reason == Reason.HARD_BOUNCE and not suppressions.may_lift(row, proved_at),
        )
        for row in rows
        if house is None or row.brand in {None, house}
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def _words(row: Suppression, group: SiteGroup, locale: str) -> str:
    brand = group.brands.get(row.brand or "")
    name = brand.name if brand else group.name
    if row.reason == Reason.COMPLAINT:
        return _("A mail from %(house)s was reported as unwanted in your mailbox, so no more are sent.", house=name)
    if row.reason == Reason.HARD_BOUNCE:
        return _("A mail to your address came back, so none are sent until %(date)s.", date=day(row.lapses_at, locale))
    if row.reason == Reason.LEGAL:
        contact = (brand or group).controller.contact
        return _("The law keeps us from writing to you. Questions? Write to %(contact)s.", contact=contact)
    if row.channel:
        ways = channel_words(Channel(row.channel), locale)
        return _("You asked %(house)s not to contact you %(ways)s, so nothing is sent that way.", house=name, ways=ways)
    if row.brand:
        return _("You asked %(house)s never to contact you, so nothing is sent from there.", house=name)
    return _("You asked us never to contact you, so nothing is sent.")

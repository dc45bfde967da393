"""What each house sends and how often, for everybody to read before they ask for anything."""

from __future__ import annotations

from collections.abc import Iterator

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.models import Brand, LegalBasis, OptIn, Site, Topic
from app.branding.wording import age, channel_words, how_often
from app.http.context import locale, transaction
from app.services import offers
from app.services.decisions import APPLIES_WITHOUT_ASKING
from app.web.blueprint import bp, render
from app.web.pages import HouseSendings, Sending
from app.web.presenters import foreign, own
from app.web.sayings import listing


@bp.get("/<site>/what-we-send")
def what_we_send(site: Site) -> ResponseReturnValue:
    """Show what a house sends, or on the group's page all of them; no session is needed."""
    with transaction() as session:
        brands = offers.brands_of(session, site)
    return render("web/what_we_send.html", houses=[_house(brand, locale(site)) for brand in brands])


def _house(brand: Brand, locale: str) -> HouseSendings:
    promise = own(brand.words["promise"], brand, locale) if "promise" in brand.words else ""
    sendings = tuple(_sending(brand, topic, locale) for topic in brand.topics if not topic.retired)
    return HouseSendings(brand, foreign(brand, locale), promise, sendings)


def _sending(brand: Brand, topic: Topic, locale: str) -> Sending:
    return Sending(
        name=own(topic.name, brand, locale),
        description=own(topic.description, brand, locale),
        how=_how(topic, locale),
        terms=tuple(_terms(topic, locale)),
    )


def _how(topic: Topic, locale: str) -> str:
    """Say how often and in which ways: "Four times a year, by e-mail or by post"."""
    ways = listing([channel_words(channel, locale) for channel in topic.channels], locale, "or")
    often = how_often(topic, locale)
    return _("%(often)s, %(way)s", often=often, way=ways) if often else ways[:1].upper() + ways[1:]


def _terms(topic: Topic, locale: str) -> Iterator[str]:
    yield from age(topic, locale)
    if topic.legal_basis in APPLIES_WITHOUT_ASKING:
        yield _("Sent to customers without being asked for, until they say no.")
        return
    if topic.legal_basis is LegalBasis.SOFT_OPT_IN:
        yield _("Customers may get this without asking, until they say no; all others have to ask for it.")
    if topic.opt_in is OptIn.SINGLE:
        yield _("It starts at once, without a mail to confirm.")

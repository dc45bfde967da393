"""What somebody is asked when a document changes, in words: on pages, in the mail, and kept as the notice."""

from __future__ import annotations

from dataclasses import dataclass

from app.branding.catalogue import N_, long_date, translations
from app.branding.languages import tag
from app.branding.models import Brand, Kind, Site, SiteGroup, pick
from app.branding.wording import channel_words, notice_digest, terms_text
from app.services.items import ItemRef
from app.services.offers import place
from app.services.reconsent import Question

_COMING = N_("“%(document)s” of %(site)s: a new version from %(date)s")
_CHANGED = N_("“%(document)s” of %(site)s: a new version since %(date)s")
_BEFORE = N_(
    "What you agreed to rests on it, so we ask before then whether it shall go on. Until then nothing changes."
)
_STANDS_STILL = N_("If you do nothing, it stands still from that day on, until you have answered.")
_SINCE = N_("What you agreed to rests on it. It stands still until you have answered.")
_TERMS = N_("Your full account rests on it.")
_TERMS_LEFT = N_("If you don’t agree, nothing happens: your account stays as it is, under what you accepted before.")


@dataclass(frozen=True, slots=True)
class Concerned:
    """One thing that it concerns. `lang` is the tag of its house's language where that is not the reader's."""

    house: str
    name: str
    way: str
    line: str
    """All of it in one line."""
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A question as it is put: every word of it, and the digest under which these words are kept."""

    heading: str
    version: str
    """Which version it is, where the heading does not name its date."""
    lead: tuple[str, ...]
    concerned: tuple[Concerned, ...]
    statement: str
    """The sentence that a press on the button for yes agrees to; only for terms."""
    text: str
    locale: str

    @property
    def digest(self) -> bytes:
        """Under what the words are kept."""
        return notice_digest(self.text, self.locale)


def told(group: SiteGroup, question: Question, locale: str) -> Told:
    """Put a question into words, in a language of its document's site."""
    change, gettext = question.change, translations(locale).gettext
    name = pick(change.document.title, locale, change.site.locales)
    parts = {"document": name, "site": change.site.name, "date": long_date(question.since, locale)}
    heading = gettext(_CHANGED if question.is_past else _COMING) % parts
    date = change.version.version
    version = gettext("Version of %(day)s") % {"day": long_date(date, locale)} if date != question.since else ""
    if change.is_of_account:
        statement = terms_text(group, change.document, change.version.version, group.locale(locale))
        return Told(
            heading, version, (gettext(_TERMS), gettext(_TERMS_LEFT)), (), statement, statement, group.locale(locale)
        )
    lead = (gettext(_SINCE),) if question.is_past else (gettext(_BEFORE), gettext(_STANDS_STILL))
    ordered = sorted(question.items, key=lambda item: _order(group, item))
    concerned = tuple(_concerned(group, item, locale) for item in ordered)
    text = "\n".join(
        [
            heading,
            *([version] if version else []),
            *lead,
            *(each.line for each in concerned),
            yes(len(concerned), locale),
        ]
    )
    return Told(heading, version, lead, concerned, "", text, locale)


def yes(count: int, locale: str) -> str:
    """Give the words of the button that lets things go on."""
    ngettext = translations(locale).ngettext
    return ngettext("Yes, this may go on", "Yes, all of these may go on", count)


def no(count: int, locale: str) -> str:
    """Give the words of the button that ends them."""
    return translations(locale).ngettext("No, leave this", "No, leave these", count)


def _order(group: SiteGroup, item: ItemRef) -> tuple[int, int]:
    brand = group.brands.get(item.brand or "")
    houses = list(group.brands)
    return (houses.index(brand.slug), place(brand, item)) if brand else (len(houses), item.id)


def _concerned(group: SiteGroup, item: ItemRef, locale: str) -> Concerned:
    site: Site = group.brands.get(item.brand or "") or group
    spoken = site.locale(locale)
    way = channel_words(item.channel, locale) if item.channel else ""
    name, gettext = _name(site, item, spoken), translations(locale).gettext
    whole = gettext("%(topic)s %(channel)s") % {"topic": name, "channel": way} if way else name
    line = gettext("%(house)s: %(topic)s") % {"house": site.name, "topic": whole}
    return Concerned(site.name, name, way, line, tag(spoken) if spoken != locale else "")


def _name(site: Site, item: ItemRef, locale: str) -> str:
    if item.kind is Kind.PURPOSE:
        named = next((each for each in site.purposes if each.key == item.key), None)
        return pick(named.name, locale, site.locales) if named else item.key
    topic = site.topic(item.key) if isinstance(site, Brand) else None
    return pick(topic.name, locale, site.locales) if topic else item.key

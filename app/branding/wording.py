"""The exact words beside a box, by pure functions: they are evidence (GDPR art. 7(1))."""

from __future__ import annotations

import hashlib
from datetime import date

from app.branding.catalogue import N_, country_name, long_date, translations
from app.branding.models import Brand, Channel, Frequency, LegalBasis, OptIn, Purpose, Site, Topic, pick
from app.branding.texts import Document

_WAYS = {
    Channel.EMAIL: N_("by e-mail"),
    Channel.SMS: N_("by text message"),
    Channel.WHATSAPP: N_("by WhatsApp"),
    Channel.PHONE: N_("by phone"),
    Channel.POST: N_("by post"),
    Channel.PUSH: N_("by push message"),
}

_OFTEN = {
    Frequency.DAILY: (N_("Daily"), N_("about once a day")),
    Frequency.TWICE_WEEKLY: (N_("Twice a week"), N_("about twice a week")),
    Frequency.WEEKLY: (N_("Weekly"), N_("about once a week")),
    Frequency.TWICE_MONTHLY: (N_("Twice a month"), N_("about twice a month")),
    Frequency.MONTHLY: (N_("Monthly"), N_("about once a month")),
    Frequency.QUARTERLY: (N_("Four times a year"), N_("about four times a year")),
    Frequency.YEARLY: (N_("Once a year"), N_("about once a year")),
    Frequency.AS_IT_HAPPENS: (N_("As it happens"), N_("whenever there is something to tell")),
}
"""Each frequency as a label and as the end of a sentence."""

_LEAVING = {
    Channel.EMAIL: N_("You can leave at any time: every e-mail has a link for it, or write to %(contact)s."),
    Channel.SMS: N_("You can leave at any time: every text message says how, or write to %(contact)s."),
    Channel.WHATSAPP: N_("You can leave at any time: every message says how, or write to %(contact)s."),
    Channel.PHONE: N_("You can leave at any time: say so when we call, or write to %(contact)s."),
    Channel.POST: N_("You can leave at any time: every letter says how, or write to %(contact)s."),
    Channel.PUSH: N_("You can leave at any time: turn it off in your preferences, or write to %(contact)s."),
}


KEEP_ALL = N_("Keep all of this")
"""What the button of a check-in says."""

_CONFIRMING = N_("Nothing is sent until you press the button in the mail that asks you to confirm.")


def statement(brand: Brand, topic: Topic, channel: Channel, locale: str, frequency: str | None = None) -> str:
    """Give the sentence a person agrees to.

    "Yes, send me “Letters from the atelier” by e-mail, about once a week." The template is the brand's own: its words
    for `consent-<channel>`, else for `consent`. Without `frequency` it names the topic's first one.
    """
    locale = brand.locale(locale)
    own = f"consent-{channel}"
    template = brand.say(own if own in brand.words else "consent", locale)
    name = pick(topic.name, locale, brand.locales)
    return template.format(topic=name, how=_phrase(topic, channel, locale, frequency))


def notice_text(brand: Brand, topic: Topic, channel: Channel, locale: str) -> str:
    """Give all that stood at the box, a line for each thought and no link: it is kept as the notice.

    The statement, what comes, from which age, whether a mail must be confirmed, who is answerable (GDPR art. 13(1)(a))
    and how to leave (art. 7(3)).
    """
    locale = brand.locale(locale)
    lines = [
        statement(brand, topic, channel, locale),
        pick(topic.description, locale, brand.locales),
        *conditions(brand, topic, locale),
        *small_print(brand, channel, locale),
    ]
    return "\n".join(lines)


def centre_notice_text(brand: Brand, topic: Topic, channel: Channel, locale: str) -> str:
    """Give all that stood at a switch of the preference centre, as `notice_text` does for a box of the form.

    There is nothing to confirm: whoever has the page open came from the mailbox.
    """
    locale = brand.locale(locale)
    return "\n".join([
        statement(brand, topic, channel, locale),
        pick(topic.description, locale, brand.locales),
        *age(topic, locale),
        *centre_small_print(brand, locale),
    ])  # fmt: skip


def centre_small_print(brand: Brand, locale: str) -> list[str]:
    """Give what stands under all switches of a brand: who is answerable, and how to leave."""
    leaving = translations(locale).gettext("You can leave at any time: switch it off here, or write to %(contact)s.")
    return [_answerable(brand, locale), leaving % {"contact": brand.controller.contact}]


def check_in_text(
    site: Site, thing: Topic | Purpose, channel: Channel | None, locale: str, frequency: str | None
) -> str:
    """Give all that stood at an item on the page that asks whether it is still right, as `notice_text` does."""
    locale = site.locale(locale)
    if isinstance(thing, Topic) and channel:
        what = how(thing, channel, locale, chosen(thing, frequency))
    else:
        what = pick(thing.description, locale, site.locales)
    keeping = translations(locale).gettext(KEEP_ALL)
    return "\n".join([keeping, pick(thing.name, locale, site.locales), what, *check_in_small_print(site, locale)])


def check_in_small_print(site: Site, locale: str) -> list[str]:
    """Give what stands below that list: who is answerable, and how to leave."""
    leaving = translations(locale).gettext(
        "You can leave at any time: here, by the link in every mail, or write to %(contact)s."
    )
    return [_answerable(site, locale), leaving % {"contact": site.controller.contact}]


def chosen(topic: Topic, frequency: str | None) -> str | None:
    """Give how often somebody chose to get a topic; None where it does not come like that (any more)."""
    return frequency if frequency in topic.frequencies else None


def age(topic: Topic, locale: str) -> list[str]:
    """Say from which age a topic is, and where it differs; nothing where it is for everyone."""
    if not topic.minimum_age:
        return []
    gettext = translations(locale).gettext
    elsewhere = [
        gettext("From %(age)d in this country: %(country)s.") % {"age": years, "country": country_name(code, locale)}
        for code, years in sorted(topic.minimum_age_in.items())
        if years != topic.minimum_age
    ]
    return [gettext("From the age of %(age)d.") % {"age": topic.minimum_age}, *elsewhere]


def conditions(brand: Brand, topic: Topic, locale: str) -> list[str]:
    """Give what stands under a box alone: from which age, and where the brand has both kinds, when it starts."""
    gettext = translations(locale).gettext
    lines = age(topic, locale)
    if topic.opt_in is OptIn.SINGLE:
        lines.append(gettext("This one starts at once."))
    elif not _confirms_all(brand):
        lines.append(gettext(_CONFIRMING))
    return lines


def small_print(brand: Brand, channel: Channel, locale: str) -> list[str]:
    """Give what stands under all boxes of a brand's form: the confirmation, who is answerable, how to leave."""
    gettext = translations(locale).gettext
    lines = [gettext(_CONFIRMING)] if _confirms_all(brand) else []
    return [
        *lines, _answerable(brand, locale), gettext(_LEAVING[channel]) % {"contact": brand.controller.contact}
    ]  # fmt: skip


def _confirms_all(brand: Brand) -> bool:
    return all(topic.opt_in is OptIn.DOUBLE for topic in brand.topics if not topic.retired)


_GROUNDS = {
    LegalBasis.CONSENT: N_("Only if you say yes."),
    LegalBasis.LEGITIMATE_INTEREST: N_("We may do this without asking. Object, and it ends."),
    LegalBasis.CONTRACT: N_("Needed for what you asked us to do."),
}
"""On which ground data is used, in words: GDPR art. 6(1)(a), (f) and (b)."""


def purpose_notice_text(site: Site, purpose: Purpose, locale: str) -> str:
    """Give all that stood at the switch of a use of data, as `notice_text` does for a mailing."""
    locale = site.locale(locale)
    return "\n".join([
        purpose_statement(site, purpose, locale),
        pick(purpose.description, locale, site.locales),
        ground(purpose, locale),
        *purposes_small_print(site, locale),
    ])  # fmt: skip


def purpose_statement(site: Site, purpose: Purpose, locale: str) -> str:
    """Give the sentence a person agrees to by switching a use of data on."""
    locale = site.locale(locale)
    sentence = translations(locale).gettext("Yes, you may use my data for “%(purpose)s”.")
    return sentence % {"purpose": pick(purpose.name, locale, site.locales)}


def ground(purpose: Purpose, locale: str) -> str:
    """Say on which ground data is used for a purpose."""
    return translations(locale).gettext(_GROUNDS[purpose.legal_basis])


def purposes_small_print(site: Site, locale: str) -> list[str]:
    """Give what stands under the switches of all uses of data of a site: who is answerable, and how to end them."""
    ending = translations(locale).gettext("You can say no at any time: switch it off here, or write to %(contact)s.")
    return [_answerable(site, locale), ending % {"contact": site.controller.contact}]


def terms_text(site: Site, terms: Document, version: date, locale: str) -> str:
    """Give what stands at the box by which the terms of an account are accepted."""
    sentence = translations(locale).gettext("I accept what stands under “%(document)s” of %(site)s, as of %(date)s.")
    title = pick(terms.title, locale, site.locales)
    return sentence % {"document": title, "site": site.name, "date": long_date(version, locale)}


def notice_digest(text: str, locale: str) -> bytes:
    """Give the SHA-256 under which a wording in its language is kept."""
    return hashlib.sha256(f"{locale}\n{text}".encode()).digest()


def how(topic: Topic, channel: Channel, locale: str, frequency: str | None = None) -> str:
    """Say how often and how it comes, as a label: "Weekly, by e-mail"."""
    often, way = how_often(topic, locale, frequency), channel_words(channel, locale)
    if not often:
        return way[:1].upper() + way[1:]
    return translations(locale).gettext("%(often)s, %(way)s") % {"often": often, "way": way}


def how_often(topic: Topic, locale: str, frequency: str | None = None) -> str:
    """Say how often it comes: as chosen, else as the topic does by default; empty where the topic leaves it open."""
    wanted = frequency or _default(topic)
    return frequency_words(wanted, locale) if wanted else ""


def channel_words(channel: Channel, locale: str) -> str:
    """Give the channel as the end of a sentence: "by e-mail"."""
    return translations(locale).gettext(_WAYS[Channel(channel)])


def frequency_words(frequency: str, locale: str) -> str:
    """Give the frequency as a label: "Weekly"."""
    return translations(locale).gettext(_OFTEN[Frequency(frequency)][0])


def _phrase(topic: Topic, channel: Channel, locale: str, frequency: str | None) -> str:
    way, wanted = channel_words(channel, locale), frequency or _default(topic)
    if not wanted:
        return way
    gettext = translations(locale).gettext
    return gettext("%(way)s, %(often)s") % {"way": way, "often": gettext(_OFTEN[Frequency(wanted)][1])}


def _default(topic: Topic) -> Frequency | None:
    return topic.frequencies[0] if topic.frequencies else None


def _answerable(site: Site, locale: str) -> str:
    controller = site.controller
    address = ", ".join((*controller.postal_address, country_name(controller.country, locale)))
    sentence = translations(locale).gettext("Answerable for your data: %(name)s, %(address)s.")
    return sentence % {"name": controller.name, "address": address}

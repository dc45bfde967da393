"""What an embedded form shows: boxes with the exact words beside them, and a signed digest of those words.

What comes back must carry the digests of the words that this process would keep as evidence. So a definition from a
cache, or of a worker with other brand data, can't make us record words that nobody saw.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask_babel import gettext as _

from app.branding.catalogue import country_name
from app.branding.languages import tag
from app.branding.models import Brand, Channel, OptIn, Site, Topic, pick
from app.branding.wording import conditions, how, notice_digest, notice_text, small_print, statement
from app.embed import look
from app.http.context import env
from app.http.guards import HONEYPOT
from app.kit.signing import BadLink, Purpose
from app.services import ages, offers


@dataclass(frozen=True, slots=True)
class Choice:
    """One box; `notice` is the signed digest of all that is told about it."""

    item: str
    name: str
    description: str
    how: str
    statement: str
    conditions: tuple[str, ...]
    starts_at_once: bool
    asks_age: bool
    notice: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A form of a brand in a language. `left_out` names topics that were asked for and are not offered."""

    brand: Brand
    locale: str
    choices: tuple[Choice, ...]
    left_out: tuple[str, ...]
    small_print: tuple[str, ...]
    documents: tuple[tuple[str, str], ...]
    """Title and address of each."""
    countries: list[tuple[str, str]]
    """Code and name of those in which something is from another age than elsewhere."""

    def as_json(self) -> dict[str, Any]:
        """Give all that the element needs."""
        return {
            "brand": self.brand.slug,
            "name": self.brand.name,
            "lang": tag(self.locale),
            "choices": [asdict(choice) for choice in self.choices],
            "left_out": list(self.left_out),
            "small_print": list(self.small_print),
            "countries": self.countries,
            "documents": [{"title": title, "url": url} for title, url in self.documents],
            "honeypot": HONEYPOT,
            "hosted": _url(self.brand, "", self.locale),
            "theme": look.tokens(self.brand.theme),
            "words": words(self.brand, self.locale),
        }


def define(brand: Brand, locale: str, topics: Collection[str]) -> Definition:
    """Describe the form with all that `brand` offers, or only `topics`; unknown and retired ones are left out."""
    offered = [(topic, channel) for topic, channel in offers.on_sign_up(brand) if not topics or topic.key in topics]
    known = {topic.key for topic, _channel in offered}
    return Definition(
        brand=brand,
        locale=locale,
        choices=tuple(_choice(brand, topic, channel, locale) for topic, channel in offered),
        left_out=tuple(sorted(set(topics) - known)),
        small_print=tuple(small_print(brand, Channel.EMAIL, locale)),
        documents=tuple(_documents(brand, locale)),
        countries=[(code, country_name(code, locale)) for code in ages.countries_asked([brand])],
    )


def are_current(brand: Brand, locale: str, seen: Mapping[str, str]) -> bool:
    """Tell whether `seen`, signed digests by item, stand for the words that we would keep for these items now."""
    return all(_is_current(brand, locale, item, notice) for item, notice in seen.items())


def words(brand: Brand, locale: str) -> dict[str, str]:
    """Give what the form itself says, the house's own words before ours."""
    return {
        "heading": brand.say("opening", locale),
        "intro": brand.say("invitation", locale),
        "legend": _("What would you like to receive?"),
        "email": _("Your e-mail address"),
        "born": _("Your date of birth"),
        "born_hint": _("Only to see that you are old enough. It is not kept."),
        "country": _("Where you live"),
        "elsewhere": _("In another country"),
        "send": brand.say("join", locale),
        "trap": _("Leave this empty"),
        "error": _("Error:"),
        "nothing_chosen": _("Choose at least one thing to receive."),
        "invalid_address": _("Write an address like name@example.com."),
        "working": _("One moment: your device is proving that it is no robot."),
        "sending": _("Sending …"),
        "unreachable": _("We can't be reached just now. Please try again in a moment."),
        "hosted": _("Open the form on our own page"),
        "done": _("Check your inbox"),
        "check_mail": brand.say("check-mail", locale),
        "starts": _(
            "If nothing stands in the way, it starts at once. A mail is on its way that says what you will get and how "
            "to stop it; should it ask you to confirm, press the button in it."
        ),
        "test": _("This is a test: nothing is stored and no mail is sent."),
    }


def _choice(brand: Brand, topic: Topic, channel: Channel, locale: str) -> Choice:
    item = f"{topic.key}:{channel}"
    return Choice(
        item=item,
        name=pick(topic.name, locale, brand.locales),
        description=pick(topic.description, locale, brand.locales),
        how=how(topic, channel, locale),
        statement=statement(brand, topic, channel, locale),
        conditions=tuple(conditions(brand, topic, locale)),
        starts_at_once=topic.opt_in is OptIn.SINGLE,
        asks_age=topic.minimum_age is not None,
        notice=env().signer.stamp(Purpose.NOTICE, _payload(brand, topic, channel, locale)),
    )


def _is_current(brand: Brand, locale: str, item: str, notice: str) -> bool:
    offered = {f"{topic.key}:{channel}": (topic, channel) for topic, channel in offers.on_sign_up(brand)}
    if item not in offered:
        return True  # the flow says what is wrong with it
    try:
        return bool(env().signer.read_stamp(Purpose.NOTICE, notice) == _payload(brand, *offered[item], locale))
    except BadLink:
        return False


def _payload(brand: Brand, topic: Topic, channel: Channel, locale: str) -> list[str]:
    digest = notice_digest(notice_text(brand, topic, channel, locale), locale)
    return [brand.slug, f"{topic.key}:{channel}", locale, digest.hex()]


def _documents(brand: Brand, locale: str) -> list[tuple[str, str]]:
    """List the privacy notice first; the house's own version of a document goes before the group's."""
    group = env().group
    kept: list[tuple[Site, str]] = [(brand, each.slug) for each in brand.documents]
    kept += [(group, each.slug) for each in group.documents if brand.document(each.slug) is None]
    found = []
    for keeper, slug in sorted(kept, key=lambda each: each[1] != "privacy"):
        document = keeper.document(slug)
        if document is not None:
            url = _url(keeper, f"documents/{slug}", locale)
            found.append((pick(document.title, keeper.locale(locale), keeper.locales), url))
    return found


def _url(site: Site, path: str, locale: str) -> str:
    return f"{env().settings.origin}/{site.slug}/{path}?lang={tag(locale)}"

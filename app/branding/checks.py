"""What a brand file must keep besides its form: words in every language, readable colours, real origins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import Formatter
from urllib.parse import urlsplit

from app.branding.colours import unreadable
from app.branding.mistakes import Mistake
from app.branding.models import BY_RELATION, Brand, FieldKind, LegalBasis, Purpose, Site, SiteGroup, Topic
from app.branding.texts import Words
from app.branding.toml_source import Location, TomlSource

_RESERVED_WORDS = """account admin api assets brand brands console demo dev docs embed favicon.ico healthz hooks metrics
    oauth openapi openapi.json preferences readyz redoc robots.txt security.txt sitemap.xml sign-in sign-out static
    swagger well-known .well-known"""
RESERVED = frozenset(_RESERVED_WORDS.split())
"""First segments of paths that belong to Parley itself, now or soon; no site may be called so."""

REQUIRED_WORDS = {
    "opening": "the first line of the sign-up page, which sets the voice",
    "promise": "one line on what belonging means, also shown where the house is folded away",
    "invitation": "under the opening: what to do",
    "join": "on the button that sends the form",
    "consent": "the sentence agreed to by ticking a box, with {topic} and {how}",
    "check-mail": "after the form: a mail is on its way and has one button",
    "confirm": "heading of the page with that one button",
    "confirmed": "after the button: it is settled",
    "access": "heading of the page before the preference centre",
    "centre": "under the heading of the preference centre",
    "leave": "heading of the page to leave",
    "goodbye": "after leaving: no hurt feelings",
    "farewell": "last line after leaving every topic of the house",
}
"""What every site says in its own voice, and where. `consent-<channel>` may say `consent` otherwise for a channel."""

PLACEHOLDERS = {"topic", "how"}

ONCE = frozenset({FieldKind.ADDRESS, FieldKind.LANGUAGE})
"""Kinds of which a profile has one field at most: letters go to one address, and an account reads one language."""


def site_mistakes(site: Site, source: TomlSource) -> Iterator[Mistake]:
    """Find what is wrong in the file of a brand or group that has the right form."""
    for location, message in _found(site):
        yield source.mistake(location, message)


def _found(site: Site) -> Iterator[tuple[Location, str]]:
    if site.slug in RESERVED:
        yield ("slug",), f"{site.slug} is the name of a page of Parley; choose another"
    yield from _theme(site)
    yield from _words(site)
    yield from _named("purposes", site.purposes, site.locales)
    yield from _grounds(site)
    if isinstance(site, Brand):
        yield from _named("topics", site.topics, site.locales)
        yield from _origins(site)
        yield from _bases(site)
    elif isinstance(site, SiteGroup):
        yield from _profile(site)
        if site.slug in site.brands:
            yield ("slug",), f"{site.slug} is also one of the brands"


def _theme(site: Site) -> Iterator[tuple[Location, str]]:
    for scheme, palette in (("light", site.theme.light), ("dark", site.theme.dark)):
        for colour, message in unreadable(palette):
            yield ("theme", scheme, colour), f"{scheme}: {message}"


def _words(site: Site) -> Iterator[tuple[Location, str]]:
    for key, meaning in REQUIRED_WORDS.items():
        if key not in site.words:
            yield ("words",), f"[words.{key}] is missing: {meaning}"
    for key, words in site.words.items():
        yield from _locales(("words", key), words, site.locales)
        wanted = PLACEHOLDERS if key.split("-")[0] == "consent" else set()
        for locale, text in words.items():
            yield from _placeholders(("words", key, locale), text, wanted)


def _placeholders(location: Location, text: str, wanted: set[str]) -> Iterator[tuple[Location, str]]:
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        yield location, f"has a lone brace: {error}"
        return
    named = {name for _, name, _, _ in parts if name is not None}
    is_plain = not any(spec or conversion for _, _, spec, conversion in parts)
    if named != wanted or not is_plain:
        allowed = " and ".join(f"{{{name}}}" for name in sorted(wanted, reverse=True)) or "no placeholder"
        yield location, f"must hold {allowed}, and nothing else in braces"


def _locales(location: Location, words: Words, locales: tuple[str, ...]) -> Iterator[tuple[Location, str]]:
    for locale in locales:
        if locale not in words:
            yield location, f"{'.'.join(map(str, location))} has no words in {locale}"
    for locale in words:
        if locale not in locales:
            yield (*location, locale), f"{locale} is not among the site's locales"


def _named(table: str, entries: Sequence[Topic | Purpose], locales: tuple[str, ...]) -> Iterator[tuple[Location, str]]:
    seen: set[str] = set()
    for position, entry in enumerate(entries):
        if entry.key in seen:
            yield (table, position, "key"), f"{entry.key} appears twice"
        seen.add(entry.key)
        yield from _locales((table, position, "name"), entry.name, locales)
        yield from _locales((table, position, "description"), entry.description, locales)


def _profile(group: SiteGroup) -> Iterator[tuple[Location, str]]:
    for position, field in enumerate(group.profile):
        here: Location = ("profile", position)
        earlier = group.profile[:position]
        if field.key in {each.key for each in earlier}:
            yield (*here, "key"), f"{field.key} appears twice"
        if field.kind in ONCE and field.kind in {each.kind for each in earlier}:
            yield (*here, "kind"), f"there can be one field of kind {field.kind} alone"
        for part in ("label", "purpose"):
            yield from _locales((*here, part), getattr(field, part), group.locales)
        if bool(field.choices) != (field.kind is FieldKind.CHOICES):
            yield (*here, "kind"), "[[profile.choices]] belong to a field of kind choices, and it needs some"
        keys = [choice.key for choice in field.choices]
        for number, choice in enumerate(field.choices):
            if choice.key in keys[:number]:
                yield (*here, "choices", number, "key"), f"{choice.key} appears twice"
            yield from _locales((*here, "choices", number, "name"), choice.name, group.locales)


def _origins(brand: Brand) -> Iterator[tuple[Location, str]]:
    for position, origin in enumerate(brand.origins):
        if not is_origin(origin):
            message = f"{origin} is no origin such as https://www.example.com: no path, no usual port, no plain http"
            yield ("origins", position), message


def is_origin(text: str) -> bool:
    """Tell whether `text` is exactly what a browser would send as `Origin` from a safe page (RFC 6454, section 6.2)."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    is_local = host in {"localhost", "127.0.0.1"}
    is_usual = (parts.scheme, port) in {("https", 443), ("http", 80)}
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_local)
    bare = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    has_name = bool(host) and all(c.isascii() and (c.isalnum() or c in "-.") for c in host)
    return text == bare and has_name and is_safe and not is_usual


def _grounds(site: Site) -> Iterator[tuple[Location, str]]:
    for position, purpose in enumerate(site.purposes):
        if purpose.legal_basis in BY_RELATION:
            message = f"{purpose.legal_basis} is a ground for mailings to customers alone (ePrivacy art. 13(2))"
            yield ("purposes", position, "legal_basis"), message


def _bases(brand: Brand) -> Iterator[tuple[Location, str]]:
    used = {basis for bases in brand.bases.values() for basis in bases}
    for position, topic in enumerate(brand.topics):
        if topic.legal_basis is not LegalBasis.CONSENT and topic.legal_basis not in used:
            message = f"{topic.legal_basis} is not among the bases of any country; list it under [bases]"
            yield ("topics", position, "legal_basis"), message
        if (topic.legal_basis in BY_RELATION) != (topic.basis_months is not None):
            yield ("topics", position, "basis_months"), "belongs to soft_opt_in and implied, which must end some time"
        if topic.minimum_age_in and topic.minimum_age is None:
            yield ("topics", position, "minimum_age_in"), "needs a minimum_age for all other countries"
        if len(set(topic.channels)) < len(topic.channels):
            yield ("topics", position, "channels"), "names a channel twice"
        if len(set(topic.frequencies)) < len(topic.frequencies):
            yield ("topics", position, "frequencies"), "names a frequency twice"

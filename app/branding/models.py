"""What a brand folder says, as frozen data.

Everything here is read once at start and shared by all threads, hence frozen models and tuples.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Annotated

from pydantic import EmailStr, Field, StringConstraints

from app.branding.texts import Document, Frozen, Locale, Slug, Words

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Age = Annotated[int, Field(ge=13, le=99)]
FontStack = Annotated[
    str, StringConstraints(pattern=r'^("[A-Za-z0-9 ]+"|[A-Za-z-]+)(, ("[A-Za-z0-9 ]+"|[A-Za-z-]+))*$')
]


class Frequency(StrEnum):
    """How often something may come; the first one a topic lists is what a person gets without choosing."""

    DAILY = "daily"
    TWICE_WEEKLY = "twice-weekly"
    WEEKLY = "weekly"
    TWICE_MONTHLY = "twice-monthly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    AS_IT_HAPPENS = "as-it-happens"


class Channel(StrEnum):
    """The way a message travels."""

    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    PHONE = "phone"
    POST = "post"
    PUSH = "push"


class Kind(StrEnum):
    """What an item is."""

    SUBSCRIPTION = "subscription"
    PURPOSE = "purpose"
    DOCUMENT = "document"


class FieldKind(StrEnum):
    """What a field of the profile holds."""

    NAME = "name"
    DATE = "date"
    COUNTRY = "country"
    ADDRESS = "address"
    CHOICES = "choices"
    CHANNEL = "channel"
    LANGUAGE = "language"


class OptIn(StrEnum):
    """How a topic is agreed to: by a click in a confirmation mail, or at once."""

    DOUBLE = "double"
    SINGLE = "single"


class LegalBasis(StrEnum):
    """GDPR art. 6 and ePrivacy art. 13 grounds a brand may rely on."""

    CONSENT = "consent"
    SOFT_OPT_IN = "soft_opt_in"
    IMPLIED = "implied"
    LEGITIMATE_INTEREST = "legitimate_interest"
    CONTRACT = "contract"


BY_RELATION = frozenset({LegalBasis.SOFT_OPT_IN, LegalBasis.IMPLIED})
"""Grounds that rest on something that happened, such as a purchase, and hold for a while after it."""


class Palette(Frozen):
    """Colours of one scheme. `accent` carries text in `on_accent`; `highlight` is the accent as text on paper."""

    paper: Colour
    ink: Colour
    accent: Colour
    on_accent: Colour
    highlight: Colour
    muted: Colour
    line: Colour
    surface: Colour


class Theme(Frozen):
    """The look of a brand; `shape` names the CSS rules that give its corners, rules and headings."""

    light: Palette
    dark: Palette
    display: FontStack
    text: FontStack
    shape: Slug


class Sender(Frozen):
    """Who a brand's mail comes from."""

    name: str
    address: EmailStr
    reply_to: EmailStr | None = None
    texts: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9 ]{0,10}$|^\+?[0-9]{3,15}$")] | None = None
    """Whom text messages come from: up to eleven letters and figures, a letter first, or a number to be answered."""


class Controller(Frozen):
    """The legal person answerable for the data (GDPR art. 4(7)), named on every form and in every mail."""

    name: str
    postal_address: Annotated[tuple[str, ...], Field(min_length=1)]
    country: Country
    contact: EmailStr


class Topic(Frozen):
    """Something a brand sends, on some channels, perhaps at a chosen frequency."""

    key: Slug
    name: Words
    description: Words
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    frequencies: tuple[Frequency, ...] = ()
    opt_in: OptIn = OptIn.DOUBLE
    minimum_age: Age | None = None
    minimum_age_in: dict[Country, Age] = Field(default={})
    """Other ages by country of the person: GDPR art. 8 leaves it to each between 13 and 16."""
    legal_basis: LegalBasis = LegalBasis.CONSENT
    basis_months: Annotated[int, Field(ge=1, le=120)] | None = None
    """How long after a purchase (or what else it rests on) a ground of `BY_RELATION` holds."""
    retired: bool = False

    def age_in(self, country: str) -> int | None:
        """Give the age from which it may be agreed to; the highest one there is where the country was not told."""
        if self.minimum_age is None:
            return None
        return self.minimum_age_in.get(country, self.minimum_age) if country else max(self.ages)

    @property
    def ages(self) -> tuple[int, ...]:
        """The ages from which it is, anywhere."""
        return () if self.minimum_age is None else (self.minimum_age, *self.minimum_age_in.values())


class Purpose(Frozen):
    """A use of data that is not a mailing."""

    key: Slug
    name: Words
    description: Words
    legal_basis: LegalBasis = LegalBasis.CONSENT
    sale_or_sharing: bool = False
    retired: bool = False


class ProfileChoice(Frozen):
    """One of the things that a field of kind `choices` lets people tick."""

    key: Slug
    name: Words


class ProfileField(Frozen):
    """Something that people with a full account may tell about themselves, and what it is for."""

    key: Slug
    kind: FieldKind
    label: Words
    purpose: Words
    choices: tuple[ProfileChoice, ...] = ()

    def choice(self, key: str) -> ProfileChoice | None:
        """Find a choice by its key."""
        return next((choice for choice in self.choices if choice.key == key), None)


class Reconsent(Frozen):
    """How people are asked anew when a document changes."""

    mail_days_before: Annotated[int, Field(ge=1, le=60)] = 30
    """How many days before a version comes into force people are mailed; links in these mails are good for 90 days."""


class Site(Frozen):
    """What a brand and the group have in common: a slug, a face, words and a responsible person."""

    slug: Slug
    name: str
    locales: Annotated[tuple[Locale, ...], Field(min_length=1)]
    controller: Controller
    sender: Sender
    theme: Theme
    words: dict[Slug, Words]
    logo: str
    purposes: tuple[Purpose, ...] = ()
    documents: tuple[Document, ...] = ()

    @property
    def texts_come_from(self) -> str:
        """Whom its text messages come from: as set, else as much of its name as there is room for.

        Eleven letters and figures (3GPP TS 23.040, section 9.1.2.5).
        """
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode()
        return self.sender.texts or re.sub("[^A-Za-z0-9 ]", "", plain)[:11].strip()

    def locale(self, wanted: str | None) -> str:
        """Give `wanted` if the site speaks it, else its first locale."""
        return wanted if wanted in self.locales else self.locales[0]

    def say(self, key: str, locale: str) -> str:
        """Give the site's own words for `key` (such as `opening`, `promise`) in `locale`, else in its first one."""
        return pick(self.words[key], locale, self.locales)

    def document(self, slug: str) -> Document | None:
        """Find a document by its slug."""
        return next((document for document in self.documents if document.slug == slug), None)

    def purpose(self, key: str) -> Purpose | None:
        """Find a use of data by its key, retired ones included."""
        return next((purpose for purpose in self.purposes if purpose.key == key), None)


class Brand(Site):
    """One house of the group."""

    origins: tuple[str, ...] = ()
    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]
    bases: dict[Country, tuple[LegalBasis, ...]] = Field(default={})
    """The grounds the brand relies on, by country of the person."""
    trusted_evidence: tuple[str, ...] = ()
    confirmation_days: Annotated[int, Field(ge=1, le=30)] = 7
    verified_contact_required: bool = False

    def relies_on(self, basis: LegalBasis, country: str) -> bool:
        """Tell whether the brand relies on a ground for people of a country."""
        return basis in self.bases.get(country, ())

    def topic(self, key: str) -> Topic | None:
        """Find a topic by its key, retired ones included."""
        return next((topic for topic in self.topics if topic.key == key), None)


class CheckIn(Frozen):
    """When people are asked whether what they agreed to is still right, and what becomes of no answer."""

    after_months: Annotated[int, Field(ge=1, le=120)]
    """Calendar months without an act of the person."""
    remind_after_days: Annotated[int, Field(ge=1, le=60)] = 14
    grace_days: Annotated[int, Field(ge=1, le=60)] = 30
    """After the reminder; then what was asked about runs out."""
    mails_a_day: Annotated[int, Field(ge=1)] = 20_000
    """How many people are asked in one night at most."""


class SiteGroup(Site):
    """The company and its brands, in the order the group lists them."""

    brands: dict[Slug, Brand]
    reconsent: Reconsent = Reconsent()
    profile: tuple[ProfileField, ...] = ()
    """What people may tell about themselves, in the order in which it is asked for."""
    check_in: CheckIn | None = None
    """Where it is missing, nobody is ever asked, and nothing runs out for want of an answer."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels over which any house sends something."""
        topics = [topic for brand in self.brands.values() for topic in brand.topics if not topic.retired]
        return tuple(each for each in Channel if any(each in topic.channels for topic in topics))

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the group or any house speaks."""
        return tuple({each: None for site in (self, *self.brands.values()) for each in site.locales})

    def profile_field(self, key: str) -> ProfileField | None:
        """Find a field of the profile by its key."""
        return next((field for field in self.profile if field.key == key), None)

    def profile_field_of(self, kind: FieldKind) -> ProfileField | None:
        """Find the first field of a kind."""
        return next((field for field in self.profile if field.kind is kind), None)

    def site(self, slug: str) -> Site | None:
        """Find the group itself or one of its brands."""
        return self if slug == self.slug else self.brands.get(slug)

    def owner(self, brand: str | None) -> Site | None:
        """Find whose an item is: a brand's, or where it has none, the whole group's; None for a brand that is gone."""
        return self if brand is None else self.brands.get(brand)


def pick(words: Words, locale: str, fallbacks: tuple[str, ...]) -> str:
    """Give the words in `locale`, else in the first fallback that has them."""
    for candidate in (locale, *fallbacks):
        if candidate in words:
            return words[candidate]
    return next(iter(words.values()))

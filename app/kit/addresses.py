"""What makes two spellings the same e-mail address or phone number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from app.errors import InvalidAddress

AddressKind = Literal["email", "phone"]

IGNORES_DOTS = frozenset({"gmail.com", "googlemail.com"})
"""Providers that deliver `a.b` and `ab` to one mailbox; used to count mails, never to identify a person."""

_SAME_PROVIDER = {"googlemail.com": "gmail.com"}


_PLAIN = re.compile(r"([a-z0-9]+(?:[._+-][a-z0-9]+)*)@((?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,63})", re.ASCII)
_SPECIAL_ENDINGS = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


@dataclass(frozen=True, slots=True)
class Address:
    """An address as typed, and its identity (`normal`)."""

    kind: AddressKind
    typed: str
    normal: str

    @property
    def abuse(self) -> str:
        """The form under which mails to it are counted: without tags, and dots where the provider ignores them."""
        if self.kind == "phone":
            return self.normal
        local, _, domain = self.normal.rpartition("@")
        local = local.split("+", 1)[0] or local
        domain = _SAME_PROVIDER.get(domain, domain)
        return f"{local.replace('.', '') if domain in IGNORES_DOTS else local}@{domain}"


def parse_email(typed: str) -> Address:
    """Read an e-mail address; raise `InvalidAddress` with a sentence for the person who typed it.

    Identity is email-validator's normal form (RFC 5321, internationalised domains) without a DNS look-up, and a
    case-folded local part: no provider of size tells `Ana` from `ana`. Tags and dots are kept.
    """
    typed = typed.strip()
    if (plain := _plain(typed)) is not None:
        return plain
    try:
        checked = validate_email(typed, check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError as problem:
        raise InvalidAddress(str(problem)) from problem
    local = checked.local_part.casefold()
    # Not folded: `straße.de` and `strasse.de` are two owners' domains under IDNA 2008. Letters are small here already.
    domain = checked.domain
    return Address("email", typed, f"{local}@{domain}")


def _plain(typed: str) -> Address | None:
    """Read what most addresses look like; None for all others, also for good ones.

    A third of the time of a decision went into rules for quotes, Unicode and brackets that such an address can't break.
    A test holds this against `validate_email`.
    """
    lowered = typed.lower() if typed.isascii() else ""
    if not (match := _PLAIN.fullmatch(lowered)):
        return None
    local, domain = match.groups()
    too_long = len(local) > 64 or len(lowered) > 254 or max(map(len, domain.split("."))) > 63
    if too_long or domain.rpartition(".")[2] in _SPECIAL_ENDINGS:
        return None
    return Address("email", typed, lowered)


def parse_phone(typed: str, country: str | None = None) -> Address:
    """Read a phone number in international form (`+33…`), or as it is dialled in `country`; identity is E.164.

    Raises `InvalidAddress` otherwise.
    """
    try:
        number = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException as problem:
        raise InvalidAddress("Write the phone number in international form, such as +33 1 23 45 67 89.") from problem
    if not phonenumbers.is_valid_number(number):
        raise InvalidAddress("This is not a number that can be called.")
    normal = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Address("phone", normal, normal)  # as dialled at home it could not be read back


def takes_texts(number: Address) -> bool:
    """Tell whether a phone number is one that texts go to, by its numbering plan.

    Not among them are lines on a wall, and numbers whose owners earn by each text that is sent there.
    """
    texted = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return phonenumbers.number_type(phonenumbers.parse(number.normal)) in texted


def country_of(number: Address) -> str:
    """Give the country of a phone number, as two capitals; empty where it has none."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(number.normal)) or ""


def spaced(number: str) -> str:
    """Write a phone number as people of its country read it: `+33 6 12 34 56 78`."""
    parsed = phonenumbers.parse(number, None)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def mask(typed: str) -> str:
    """Shorten an e-mail address for display: `a•••@example.com`."""
    local, _, domain = typed.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def example_mobile(country: str) -> str:
    """Give a mobile number that nobody has, as it is dialled in a country."""
    kind, national = phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberFormat.NATIONAL
    number = phonenumbers.example_number_for_type(country, kind)
    return phonenumbers.format_number(number, national) if number else ""


def mask_phone(number: str) -> str:
    """Shorten a phone number for display: its country and the last two digits, `+33 ••• 89`."""
    return f"{spaced(number).partition(' ')[0]} ••• {number[-2:]}"

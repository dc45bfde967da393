"""Reasons for leaving, in words."""

from __future__ import annotations

from app.branding.catalogue import N_, translations

WORDS = {
    "too_many": N_("Too many messages"),
    "not_expected": N_("Not what I expected"),
    "never_asked": N_("I never asked for it"),
    "no_interest": N_("It does not interest me any more"),
    "other": N_("Something else"),
}
"""By code, in the order in which they are offered; the last one asks for words of one's own."""


def reasons(locale: str) -> list[tuple[str, str]]:
    """Give the reasons that can be chosen, with their words."""
    return [(code, reason_words(code, locale)) for code in WORDS]


def reason_words(code: str, locale: str) -> str:
    """Give a reason in words; the code itself where it is none of today's."""
    return translations(locale).gettext(WORDS[code]) if code in WORDS else code

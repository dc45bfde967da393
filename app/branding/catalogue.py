"""Parley's own words in other languages, from the same catalogues for pages and mails, without Flask."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.support import Translations

TRANSLATIONS = Path(__file__).parents[1] / "translations"

N_ = str
"""Marks a sentence for `pybabel extract`; it is translated where it is used."""

_DATES_AS_IN = {"en": "en_GB"}


@lru_cache
def translations(locale: str) -> NullTranslations:
    """Give the compiled catalogue of `locale`, or one that leaves the English sentences as they are."""
    return Translations.load(TRANSLATIONS, [locale])


def long_date(moment: date, locale: str) -> str:
    """Write a day out: "3 March 2026". Of a datetime, the day in its own time zone."""
    written = format_date(moment, "long", locale=_DATES_AS_IN.get(locale, locale))
    # In French the first is an ordinal, which CLDR's pattern leaves out.
    return f"1er{written[1:]}" if locale == "fr" and moment.day == 1 else written


@lru_cache(maxsize=1_024)
def country_name(code: str, locale: str) -> str:
    """Give a country's name in the reader's language, or its code where CLDR knows none."""
    names: dict[str, str] = dict(Locale.parse(locale).territories)
    return names.get(code, code)

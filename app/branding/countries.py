"""Countries to choose from (ISO 3166-1), called and sorted as the reader's language does."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from babel import Locale

from app.branding.catalogue import country_name

_NO_COUNTRY = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
"""Codes of two letters by which CLDR names other things: unions, parts of countries, what is unknown. Kosovo stays,
whose `XK` ISO leaves to its users: people live there, and get letters."""


@lru_cache
def countries(locale: str) -> tuple[tuple[str, str], ...]:
    """Give all countries as (code, name), by name as the language sorts them."""
    names: dict[str, str] = dict(Locale.parse("en").territories)
    codes = [code for code in names if len(code) == 2 and code not in _NO_COUNTRY]
    named = [(code, country_name(code, locale)) for code in codes]
    return tuple(sorted(named, key=lambda each: _place(each[1], locale)))


def is_country(code: str) -> bool:
    """Tell whether this is the code of a country."""
    return any(code == each for each, _name in countries("en"))


def _place(name: str, locale: str) -> bytes:
    """Give what sorts a name: without accents, which make no letters of their own in the languages we speak.

    Chinese is sorted by pinyin: the common characters of GB 18030 (those of GB 2312, level 1) stand in its order.
    """
    if locale.startswith("zh"):
        return name.encode("gb18030")
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).casefold().encode()

"""Languages: which of those a site speaks fits a wish, and what each is called by those who speak it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from babel import Locale
from babel.core import get_global, parse_locale

PARTS = 4
"""Language, script, region and variant; what a tag says beyond these is of no account."""


def match(wanted: str | None, locales: Sequence[str]) -> str | None:
    """Give the one of `locales` that fits the language tag `wanted` (`fr`, `fr-CA`, `zh_CN`, `zh-Hans`), if one does.

    The region is of no account; the script is, so `zh-CN` fits `zh_Hans` and `zh-TW` does not (RFC 4647, section 3.4).
    """
    spoken = _language_and_script(wanted or "")
    return next((each for each in locales if spoken and _language_and_script(each) == spoken), None)


def best(preferred: Sequence[str], locales: Sequence[str]) -> str | None:
    """Give the one of `locales` that fits the first of the `preferred` tags that any of them fits."""
    return next((found for wanted in preferred if (found := match(wanted, locales))), None)


def autonym(locale: str) -> str:
    """Give the name of a language in itself: "Français"."""
    found = Locale.parse(locale)
    name = found.languages.get(locale) or found.get_display_name() or locale
    return name[:1].upper() + name[1:]


def called(locale: str, reader: str) -> str:
    """Give the name of a language in that of the reader: to one of French, `de` is "Allemand"."""
    name = named(locale, reader)
    return name[:1].upper() + name[1:]


def named(locale: str, reader: str) -> str:
    """Give the name of a language within a sentence of the reader's: to one of French, `de` is "allemand"."""
    spoken, wanted = Locale.parse(reader), locale.replace("-", "_")
    return spoken.languages.get(wanted) or Locale.parse(wanted).get_display_name(reader) or locale


def tag(locale: str) -> str:
    """Write a locale as HTML and mail headers do (RFC 5646): "zh-Hans"."""
    return locale.replace("_", "-")


@lru_cache(maxsize=1024)
def _language_and_script(wanted: str) -> tuple[str, str | None] | None:
    """Read a tag; of one that CLDR can't read to its end, the part before that (RFC 4647, section 3.4)."""
    parts = wanted.replace("-", "_").split("_")[:PARTS]
    while parts:
        try:
            language, territory, script, *_ = parse_locale("_".join(parts))
        except ValueError:
            parts.pop()
        else:
            return language, script or _likely_script(language, territory)
    return None


def _likely_script(language: str, territory: str | None) -> str | None:
    likely = get_global("likely_subtags")
    names = (f"{language}_{territory}", language)
    full = next((likely[name] for name in names if name in likely), "")
    return next((part for part in full.split("_") if len(part) == 4), None)

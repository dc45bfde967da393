"""Languages: which of those a site speaks fits a wish, and what each is called by those who speak it."""

from __future__ import annotations

from collections.abc import Sequence

from babel import Locale
from babel.core import get_global, parse_locale


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
    name = Locale(found.language).get_display_name() if found.script is None else found.get_display_name()
    return (name or locale)[:1].upper() + (name or locale)[1:]


def tag(locale: str) -> str:
    """Write a locale as HTML and mail headers do (RFC 5646): "zh-Hans"."""
    return locale.replace("_", "-")


def _language_and_script(wanted: str) -> tuple[str, str | None] | None:
    try:
        language, territory, script, *_ = parse_locale(wanted.replace("-", "_"))
    except ValueError:
        return None
    return language, script or _likely_script(language, territory)


def _likely_script(language: str, territory: str | None) -> str | None:
    likely: dict[str, str] = get_global("likely_subtags")
    names = (f"{language}_{territory}", language)
    full = next((likely[name] for name in names if name in likely), "")
    return next((part for part in full.split("_") if len(part) == 4), None)

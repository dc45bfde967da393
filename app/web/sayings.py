"""Sentences about what houses send, with the houses' own names in them."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from babel.lists import format_list
from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.branding.catalogue import long_date
from app.kit.devices import device


def said(sentence: str, **parts: str) -> Markup:
    """Put parts into a translated sentence; parts that are no markup yet are escaped."""
    return Markup(sentence) % parts  # noqa: S704 - the sentence comes from a catalogue


def marked(words: str, lang: str) -> Markup:
    """Mark a house's words with their language, unless it is the reader's."""
    return Markup('<span lang="{}">{}</span>').format(lang, words) if lang else escape(words)


def named(words: str, lang: str) -> Markup:
    """Set a house's words off from the sentence around them, and mark them as `marked` does."""
    return Markup('<b lang="{}">{}</b>').format(lang, words) if lang else Markup("<b>{}</b>").format(words)


def device_name(user_agent: str | None) -> str:
    """Name what somebody uses, as far as it says: "Firefox on Linux"."""
    found = device(user_agent)
    name = _("%(browser)s on %(system)s", browser=found.browser, system=found.system) if all(found) else ""
    return name or found.browser or _("A device that does not say what it is")


def day(moment: datetime | None, locale: str) -> str:
    """Write out the day of a moment; nothing for none."""
    return _day(moment.date(), locale) if moment else ""


def listing(words: list[str], locale: str, style: str = "standard") -> str:
    """Join words as the language does: "Camille, Ostra and Vantour", in the style `or` with that for "and"."""
    return format_list(words, style, "en_GB" if locale == "en" else locale)  # type: ignore[arg-type] # a literal of Babel's


@lru_cache(maxsize=4_096)
def _day(moment: date, locale: str) -> str:
    return long_date(moment, locale)

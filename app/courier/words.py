"""What a mail says about one item, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.branding.catalogue import N_, long_date, translations
from app.branding.models import Topic, pick
from app.branding.wording import channel_words, frequency_words, how
from app.services.changes import Change, Kind
from app.services.check_in_words import declared
from app.services.letters import Letter, Line

AGREED = N_("%(how)s: yes, since %(day)s.")
SENTENCES = {
    Kind.JOINED: AGREED,
    Kind.LEFT: N_("%(how)s: you left on %(day)s."),
    Kind.PAUSED: N_("%(how)s: paused until %(until)s."),
    Kind.RESUMED: N_("%(how)s: no longer paused, since %(day)s."),
    Kind.FREQUENCY: N_("%(how)s from now on: %(often)s."),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """An item as the templates see it: a title, one quiet line, and what else was said."""

    title: str
    quiet: str = ""
    details: tuple[str, ...] = ()


def listed(letter: Letter) -> tuple[list[Listed], list[str]]:
    """Give the items of a letter, and the sentences that hold for all of them, which are said once."""
    if all(line.statement for line in letter.lines):
        return _without_footer(letter, *quote([line.statement for line in letter.lines]))
    return [_describe(line, letter) for line in letter.lines], []


def concerned(letter: Letter) -> list[Listed]:
    """Give what a question concerns, the house's name first where the letter is not from it."""
    named = translations(letter.locale).gettext("%(house)s: %(topic)s")
    found = []
    for each in letter.asked.concerned if letter.asked else ():
        is_own = each.house == letter.site.name
        title = each.name if is_own else named % {"house": each.house, "topic": each.name}
        found.append(Listed(title, capital(each.way)))
    return found


def quote(notices: Sequence[str]) -> tuple[list[Listed], list[str]]:
    """Quote wordings as they were seen, a line for each thought, of which the first names the item.

    What follows the description, or what several wordings have in common, is the same small print each time: it is
    given apart, to stand once.
    """
    texts = [notice.splitlines() for notice in notices]
    common = texts[0][2:] if len(texts) == 1 else [line for line in texts[0] if all(line in text for text in texts)]
    return [Listed(text[0], details=tuple(line for line in text[1:] if line not in common)) for text in texts], common


def _without_footer(letter: Letter, quoted: list[Listed], common: list[str]) -> tuple[list[Listed], list[str]]:
    """Leave out who is answerable where it was quoted: the foot of every mail says it."""
    answerable = (letter.site.controller.name, *letter.site.controller.postal_address)

    def kept(sentences: Sequence[str]) -> list[str]:
        return [each for each in sentences if not all(part in each for part in answerable)]

    return [replace(each, details=tuple(kept(each.details))) for each in quoted], kept(common)


def _describe(line: Line, letter: Letter) -> Listed:
    thing = declared(line.brand, line.item)
    name = pick(thing.name, letter.locale, line.brand.locales) if thing else line.item.key
    if line.brand.slug != letter.site.slug:
        name = translations(letter.locale).gettext("%(house)s: %(topic)s") % {"house": line.brand.name, "topic": name}
    return Listed(name, _quiet(line, letter.locale))


def _quiet(line: Line, locale: str) -> str:
    if line.item.channel is None:
        return _used(line, locale)
    change = line.change or Change(Kind.JOINED, line.since) if line.since else line.change
    way = _way(line, locale, change.frequency if change and change.kind is Kind.JOINED else None)
    if change is None:
        return way
    sentence = translations(locale).gettext(SENTENCES[change.kind])
    return sentence % {
        "how": way,
        "day": long_date(change.at, locale),
        "until": long_date(change.paused_until, locale) if change.paused_until else "",
        "often": frequency_words(change.frequency, locale) if change.frequency else "",
    }


def _used(line: Line, locale: str) -> str:
    """Say since when data is used for something."""
    change = line.change
    if change is None or change.kind is not Kind.JOINED:
        return ""
    return translations(locale).gettext("Yes since %(date)s.") % {"date": long_date(change.at, locale)}


def _way(line: Line, locale: str, frequency: str | None) -> str:
    if line.item.channel is None:
        return ""
    topic = declared(line.brand, line.item)
    if isinstance(topic, Topic) and (line.change is None or line.change.kind is Kind.JOINED):
        return how(topic, line.item.channel, locale, frequency)
    return capital(channel_words(line.item.channel, locale))


def capital(words: str) -> str:
    """Let words that end sentences stand alone."""
    return words[:1].upper() + words[1:]
